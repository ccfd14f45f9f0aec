//! `config.files`: what is written into the game's own files before each start.
//!
//! Gantry's edits keep comments, order and spacing, which the daemon of other panels does not for most formats. How a place
//! is found in each format is what that daemon does; where it can only be said in another way, it is told.
//!
//! Modules in reading order: [`place`], [`grouped`].

mod grouped;
mod place;

use super::{placeholders::Placeholders, variables::Variables};
use crate::source::{Node, Tree};
use gantry_document::model::{ConfigEdit, Edit, Existing, FileFormat, Notation, Step, Text, Variable, Write};
use place::place;
use std::collections::BTreeMap;

/// Most files and edits of one file.
const MOST_FILES: usize = 60;
const MOST_EDITS: usize = 1_000;
/// Longest value, in bytes, with room for what is filled in.
const LONGEST: usize = 32 * 1024;

#[derive(Default)]
pub(super) struct Files {
    pub(super) edits: Vec<ConfigEdit>,
    /// What must be there before it is edited.
    pub(super) steps: Vec<Step>,
    pub(super) variable: Option<Variable>,
}

pub(super) fn read(egg: &Node<'_>, variables: &Variables) -> Files {
    let mut files = Files::default();
    let Some(list) = egg.get("config").and_then(|config| config.get("files")) else { return files };
    let placeholders = Placeholders::new(variables, egg.log);
    if let Tree::Text(text) = list.tree {
        if !text.trim().is_empty() {
            egg.log.lost("files", &list.at, "It cannot be read.", "No configuration file is edited.");
        }
        list.read();
    }
    for (path, node) in list.entries() {
        file(&path, &node, &placeholders, &mut files);
    }
    files.variable = placeholders.variable_of_machine(&list.at);
    files
}

fn file(path: &str, node: &Node<'_>, placeholders: &Placeholders<'_>, files: &mut Files) {
    let Some(relative) = relative(path) else {
        let what = format!("{path:?} is no path within the server's directory.");
        node.log.lost("file", &node.at, what, "The file is not edited.");
        return node.read();
    };
    let parser = node.text_of("parser");
    let format = match parser.as_str() {
        "file" => FileFormat::Lines,
        "properties" => FileFormat::Properties,
        "ini" => FileFormat::Ini,
        "json" => FileFormat::Json,
        "yaml" | "yml" => FileFormat::Yaml,
        "toml" => FileFormat::Toml,
        "xml" => FileFormat::Xml,
        _ => {
            let what = format!("Nothing here edits files as {parser:?}.");
            node.log.lost("file", &node.at, what, "The file is not edited.");
            return node.read();
        }
    };
    if node.text_of("create_file") == "false" {
        let what = "The file is not to be made where it is missing.";
        node.log.different("file", &format!("{}/create_file", node.at), what, "It is made.");
    }
    let Some(find) = node.get("find") else { return };
    let mut edits = Vec::new();
    for (at, value) in find.entries() {
        replacement(format, &at, &value, placeholders, &mut edits);
    }
    overlapping(format, &edits, &find);
    if files.edits.len() == MOST_FILES || edits.len() > MOST_EDITS {
        let what = format!("There are more than {MOST_FILES} files, or {MOST_EDITS} edits of one.");
        node.log.lost("file", &node.at, what, "The file is not edited.");
    } else if !edits.is_empty() {
        files.steps.extend(first_file(format, &relative, &edits, files.steps.len()));
        let path = Text::literal(relative);
        files.edits.push(ConfigEdit {
            path,
            format,
            create: true,
            set: BTreeMap::new(),
            edits,
            script: None,
            when: None,
        });
    }
}

/// Within the server's directory, which is the root of what people of these panels see.
fn relative(path: &str) -> Option<String> {
    let path = path.trim().trim_start_matches("/home/container/");
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let inside = !parts.is_empty()
        && path.len() <= 1_000
        && !parts.contains(&"..")
        && !path.chars().any(char::is_control);
    inside.then(|| parts.join("/"))
}

/// One place of a file: a value, or values by what stands there.
fn replacement(
    format: FileFormat,
    at: &str,
    value: &Node<'_>,
    placeholders: &Placeholders<'_>,
    edits: &mut Vec<Edit>,
) {
    let log = value.log;
    let place = match place(format, at) {
        Ok(place) => place,
        Err(why) => {
            log.lost(
                "place",
                &value.at,
                format!("The place {:?} cannot be said: {why}.", at.replace("~1", ".").replace("~0", "~")),
                "It is not edited.",
            );
            return value.read();
        }
    };
    if let Tree::Map(_) = value.tree {
        for (there, replacement) in value.entries() {
            let Some(text) = replacement.text() else { continue };
            let found = one(format, &place, &text, &replacement, placeholders);
            edits.extend(found.into_iter().flat_map(|edit| conditioned(format, edit, &there, &replacement)));
        }
    } else if let Some(text) = value.text() {
        edits.extend(one(format, &place, &text, value, placeholders));
    }
}

/// The edit, or two where what stands decides how the value is written.
fn one(
    format: FileFormat,
    place: &str,
    text: &str,
    node: &Node<'_>,
    placeholders: &Placeholders<'_>,
) -> Vec<Edit> {
    let mut place = place.to_owned();
    let mut text = text.trim_end_matches(['\r', '\n']);
    let structured = matches!(format, FileFormat::Json | FileFormat::Yaml | FileFormat::Toml);
    if text.contains('\0') || text.len() > LONGEST || (text.contains(['\n', '\r']) && !structured) {
        let what = "The value has several lines, has a NUL, or is too long.";
        node.log.lost("value", &node.at, what, "It is not written; the place stays as the game has it.");
        return Vec::new();
    }
    if format == FileFormat::Xml
        && let Some((name, value)) =
            text.strip_prefix('[').and_then(|text| text.strip_suffix("']")?.split_once("='"))
    {
        place = format!("{place}@{name}");
        text = value;
    }
    // The daemon fills in its own placeholders but for lines.
    let template = placeholders.template(text, &node.at, format != FileFormat::Lines);
    let notation = match node.tree {
        Tree::Boolean(_) if structured => Notation::Boolean,
        Tree::Number(_) if structured => Notation::Number,
        _ => Notation::LikeThere,
    };
    // A line that is not there is not added.
    let only = if format == FileFormat::Lines { Existing::Present } else { Existing::Any };
    let edit = Edit { at: Text::literal(place), value: template.into(), only, notation, ..Edit::default() };
    let looks_otherwise = structured
        && notation == Notation::LikeThere
        && !text.contains("{{")
        && text.parse::<i64>().is_err()
        && serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| !value.is_string());
    if looks_otherwise {
        // Text that looks like something else is text where nothing says otherwise.
        let there = Edit { only: Existing::Present, ..edit.clone() };
        return vec![there, Edit { only: Existing::Absent, notation: Notation::Text, ..edit }];
    }
    vec![edit]
}

/// The edit under the condition that this stands there. Only some formats ask it.
fn conditioned(format: FileFormat, edit: Edit, there: &str, node: &Node<'_>) -> Vec<Edit> {
    match (format, there.strip_prefix("regex:")) {
        (FileFormat::Lines | FileFormat::Ini, _) => vec![edit],
        (FileFormat::Json | FileFormat::Yaml | FileFormat::Toml, Some(pattern)) => {
            grouped::edits(&edit, pattern, node)
        }
        (_, _) if edit.only == Existing::Absent => Vec::new(),
        (_, _) if there.contains('\0') || there.len() > LONGEST => {
            let what = "What must stand there has a NUL, or is too long.";
            node.log.lost("condition", &node.at, what, "The value is not edited.");
            Vec::new()
        }
        (_, _) => vec![Edit { only: Existing::Any, if_equals: Some(Text::literal(there)), ..edit }],
    }
}

/// Two beginnings that one line can have: elsewhere both are written into it, one behind the other.
fn overlapping(format: FileFormat, edits: &[Edit], find: &Node<'_>) {
    if format != FileFormat::Lines {
        return;
    }
    let beginnings: Vec<&str> = edits.iter().filter_map(|edit| plain(&edit.at)).collect();
    for (number, one) in beginnings.iter().enumerate() {
        for other in &beginnings[number + 1..] {
            if one.starts_with(other) || other.starts_with(one) {
                let what = format!("A line may begin with both {one:?} and {other:?}.");
                let meaning = "Each is asked in turn of what stands there then; elsewhere both texts are written into the line.";
                find.log.different("place", &find.at, what, meaning);
            }
        }
    }
}

fn plain(text: &Text) -> Option<&str> {
    match text {
        Text::Template(text) | Text::Literal(text) => Some(text),
        Text::Choose(_) | Text::Script(_) => None,
    }
}

/// XML has a root before anything can be edited; elsewhere the daemon makes one.
fn first_file(format: FileFormat, path: &str, edits: &[Edit], number: usize) -> Option<Step> {
    let at = plain(&edits.first()?.at)?;
    let root = at.split(['.', '@', '[']).next().filter(|root| *root != "*" && format == FileFormat::Xml)?;
    let content = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<{root}/>\n");
    Some(Step {
        title: Text::literal(format!(
            "Begin {} where it is missing",
            path.chars().take(100).collect::<String>()
        )),
        id: Some(format!("begin-file-{}", number + 1)),
        weight: 1,
        may_fail: false,
        when: None,
        download: None,
        extract: None,
        write: Some(Write {
            path: Text::literal(path),
            content: Text::literal(content),
            mode: None,
            only_if_missing: true,
        }),
        edit: None,
        image: None,
        run: None,
        make_directory: None,
        remove: None,
        copy: None,
        move_to: None,
        set_mode: None,
        link: None,
        script: None,
    })
}
