//! The startup command: the program that the images' entrypoint hands to a shell.
//!
//! It is given as it is, with its `{{NAME}}`, which the entrypoint replaces by the environment. Nothing of it is read here.

use super::names::{free, slug};
use crate::{
    source::Node,
    words::{line, prose},
};
use gantry_document::model::{Choice, Choose, Kind, Text, Variable};
use std::collections::{BTreeMap, BTreeSet};

const KEY: &str = "gantry.startup";
/// Longest value of an environment's variable.
const LONGEST: usize = 64 * 1024;

pub(super) struct Startup {
    /// Ids, labels and commands.
    commands: Vec<(String, String, String)>,
    /// Where there is a choice.
    pub(super) variable: Option<Variable>,
}

impl Startup {
    /// All commands, to be searched.
    pub(super) fn all(&self) -> String {
        self.commands.iter().map(|(_, _, command)| command.as_str()).collect::<Vec<_>>().join("\n")
    }
    /// The value of STARTUP.
    pub(super) fn value(&self) -> Text {
        match self.commands.as_slice() {
            [] => Text::default(),
            [(_, _, command)] => Text::literal(command),
            all => {
                let case = |(id, _, command): &(String, String, String)| (id.clone(), Text::literal(command));
                let from: BTreeMap<String, Text> = all.iter().map(case).collect();
                let choose = format!("{{{{settings.{KEY}}}}}").into();
                Text::Choose(Box::new(Choose { choose, from, otherwise: None }))
            }
        }
    }
}

pub(super) fn read(egg: &Node<'_>) -> Result<Startup, String> {
    let mut commands = Vec::new();
    let mut ids = BTreeSet::new();
    let several = egg.get("startup_commands").map(|node| node.entries()).unwrap_or_default();
    let one = egg.get("startup").map(|node| ("Default".to_owned(), node));
    for (label, node) in several.into_iter().chain(one) {
        let Some(command) = node.text() else { continue };
        if command.len() > LONGEST || command.contains('\0') {
            return Err(format!(
                "{} is no command: it is longer than {LONGEST} bytes, or has a NUL",
                node.at
            ));
        }
        if commands.iter().any(|(_, _, there)| *there == command) {
            continue;
        }
        let id = free(
            &Some(slug(&label, 40)).filter(|id| !id.is_empty()).unwrap_or("command".to_owned()),
            &mut ids,
        );
        commands.push((id, line(&label, 128).told(egg.log, &node.at), command));
    }
    commands.retain(|(_, _, command)| !command.is_empty());
    let variable = (commands.len() > 1).then(|| Variable {
        key: KEY.to_owned(),
        label: "Startup command".to_owned(),
        kind: Kind::OneOf,
        default: commands.first().map(|(id, ..)| id.clone()),
        required: true,
        group: "Startup".to_owned(),
        choices: commands
            .iter()
            .map(|(id, label, command)| Choice {
                value: id.clone(),
                label: if label.is_empty() { id.clone() } else { label.clone() },
                help: prose(command, 1_000).text,
            })
            .collect(),
        needs_restart: true,
        ..Variable::default()
    });
    Ok(Startup { commands, variable })
}
