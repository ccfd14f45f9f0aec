//! The images of an egg: one, or a choice of several.

use crate::{
    source::{Node, Tree},
    words::line,
};
use gantry_document::model::{Choice, ImageText, Kind, Text, Variable};

/// No name of an environment has a dot in an egg, so that this collides with none.
pub(super) const KEY: &str = "gantry.image";

pub(super) struct Images {
    pub(super) image: ImageText,
    /// Where there is a choice.
    pub(super) variable: Option<Variable>,
}

pub(super) fn read(egg: &Node<'_>) -> Result<Images, String> {
    let mut choices: Vec<Choice> = Vec::new();
    for (label, node) in named(egg) {
        let Some(given) = node.text() else { continue };
        let mut reference = given.trim().to_owned();
        if let Some(local) = reference.strip_prefix('~') {
            let what = "The image is one that is not pulled.";
            egg.log.different("image", &node.at, what, "Each node pulls it if it can.");
            reference = local.to_owned();
        }
        if reference.is_empty()
            || reference.len() > 256
            || reference.starts_with('-')
            || reference.contains(char::is_whitespace)
            || line(&reference, 256).text != reference
        {
            egg.log.lost(
                "image",
                &node.at,
                format!("{given:?} is no name of an image."),
                "It cannot be chosen.",
            );
        } else if let Some(there) = choices.iter_mut().find(|there| there.value == reference) {
            there.label = line(&format!("{} / {}", there.shown(), label.trim()), 128).told(egg.log, &node.at);
        } else {
            let label = line(&label, 128).told(egg.log, &node.at);
            // What is shown without a label is the reference, which may be longer than a label.
            let label =
                if label.is_empty() || label == reference { line(&reference, 128).text } else { label };
            let label = if label == reference { String::new() } else { label };
            choices.push(Choice { value: reference, label, help: String::new() });
        }
    }
    let first = choices.first().ok_or("it names no image to run in")?.value.clone();
    if choices.len() == 1 {
        return Ok(Images { image: ImageText::Reference(Text::literal(first)), variable: None });
    }
    let variable = Variable {
        key: KEY.to_owned(),
        label: "Image".to_owned(),
        kind: Kind::OneOf,
        default: Some(first),
        required: true,
        help: "What the game runs in: another has another version of Java, Wine or the like.".to_owned(),
        group: "Startup".to_owned(),
        choices,
        needs_restart: true,
        ..Variable::default()
    };
    let image = ImageText::Reference(format!("{{{{settings.{KEY}}}}}").into());
    Ok(Images { image, variable: Some(variable) })
}

/// Labels and references, as each version has them.
fn named<'a>(egg: &Node<'a>) -> Vec<(String, Node<'a>)> {
    let list = |node: Node<'a>| match node.tree {
        Tree::Map(_) => node.entries(),
        Tree::List(_) => {
            node.entries().into_iter().map(|(_, node)| (node.tree.text().unwrap_or_default(), node)).collect()
        }
        Tree::Null | Tree::Boolean(_) | Tree::Number(_) | Tree::Text(_) => {
            vec![(node.tree.text().unwrap_or_default(), node)]
        }
    };
    let version = egg.get("meta").map(|meta| meta.text_of("version")).unwrap_or_default();
    let old = if version == "PTDL_v1" { ["docker_images", "images", "image"] } else { ["docker_images"; 3] };
    let mut all: Vec<(String, Node<'a>)> = Vec::new();
    for key in old {
        let found = egg.get(key).map(list).unwrap_or_default();
        all.extend(
            found
                .into_iter()
                .filter(|(_, node)| !all.iter().any(|(_, there)| there.at == node.at))
                .collect::<Vec<_>>(),
        );
    }
    all
}
