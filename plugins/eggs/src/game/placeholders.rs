//! Placeholders of configuration values: `{{server.build.default.port}}` and its kin, in the old and the new structure.
//!
//! Only letters, digits, `_`, `-` and dots stand between the braces; anything else means itself.

use super::{values::BUILT_IN, variables::Variables};
use crate::{source::Log, words::line};
use gantry_document::model::Variable;
use std::{cell::Cell, fmt::Write as _};

/// The address of the machine as its containers see it, for proxies that reach other servers of the same machine.
const MACHINE: &str = "gantry.machine-address";

pub(super) struct Placeholders<'a> {
    pub(super) variables: &'a Variables,
    pub(super) log: &'a Log,
    needs_machine: Cell<bool>,
}

enum Meaning {
    /// A template's text.
    Template(String),
    /// It means itself.
    Itself,
    /// A variable that the egg has not.
    Absent,
    /// Nothing here stands for it.
    Unknown,
}

impl<'a> Placeholders<'a> {
    pub(super) fn new(variables: &'a Variables, log: &'a Log) -> Self {
        Self { variables, log, needs_machine: Cell::new(false) }
    }

    /// The value as a template of the document. `config.*` is filled in by the daemon, which does so for some formats.
    pub(super) fn template(&self, text: &str, at: &str, by_daemon: bool) -> String {
        let mut template = String::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once("{{") {
            template.push_str(&literal(before));
            let end = inside.find("}}").filter(|end| inside[..*end].chars().all(is_part));
            match end {
                Some(end) => {
                    self.one(&mut template, &inside[..end], at, by_daemon);
                    rest = &inside[end + 2..];
                }
                None => {
                    template.push_str(&literal("{{"));
                    rest = inside;
                    let what = format!("{:?} is no placeholder.", line(&format!("{{{{{inside}"), 60).text);
                    self.log.different("placeholder", at, what, "It is written as it stands, as elsewhere.");
                }
            }
        }
        template.push_str(&literal(rest));
        template
    }

    fn one(&self, template: &mut String, name: &str, at: &str, by_daemon: bool) {
        match self.meaning(name, by_daemon) {
            Meaning::Template(text) => template.push_str(&text),
            Meaning::Itself => {
                let what = format!("{{{{{name}}}}} stands for nothing.");
                self.log.different("placeholder", at, what, "It is written as it stands, as elsewhere.");
                write!(template, "{}{name}}}}}", literal("{{")).ok();
            }
            Meaning::Absent => {
                let what = format!("The egg has no variable for {{{{{name}}}}}.");
                self.log.different("placeholder", at, what, "Nothing is written in its place, as elsewhere.");
            }
            Meaning::Unknown => {
                let what = format!("Nothing here stands for {{{{{name}}}}}.");
                self.log.lost("placeholder", at, what, "Nothing is written in its place.");
            }
        }
    }

    fn meaning(&self, name: &str, by_daemon: bool) -> Meaning {
        let place = |text: &str| Meaning::Template(format!("{{{{{text}}}}}"));
        let parts: Vec<&str> = name.split('.').collect();
        match parts.as_slice() {
            ["server", "build", "env" | "environment", variable]
            | ["server", "environment" | "env", variable]
            | ["env" | "environment", variable] => self.variable(variable),
            ["server", "build" | "allocations", "default", "port"] => place("endpoints.game.port"),
            ["server", "build" | "allocations", "default", "ip"] => self.variable("SERVER_IP"),
            ["server", "build", "memory" | "memory_limit"] => place("limits.memory"),
            ["server", "build", "swap" | "swap_limit"] => place("limits.swap"),
            ["server", "build", "cpu" | "cpu_limit"] => place("limits.cpu"),
            ["server", "build", "disk" | "disk_space" | "disk_limit"] => place("limits.disk"),
            ["server", "uuid" | "id" | "identifier"] => place("server.id"),
            ["server", "name"] | ["server", "meta", "name"] => place("server.name"),
            ["config", "docker", "interface"] | ["config", "docker", "network", "interface"] if by_daemon => {
                self.needs_machine.set(true);
                place(&format!("settings.{MACHINE}"))
            }
            ["config", ..] if !by_daemon => Meaning::Itself,
            ["server" | "config" | "env" | "environment", ..] => Meaning::Unknown,
            _ => Meaning::Itself,
        }
    }

    fn variable(&self, name: &str) -> Meaning {
        if let Some(value) = self.variables.values.get(name) {
            return Meaning::Template(value.clone());
        }
        match BUILT_IN.iter().find(|(there, _)| *there == name) {
            Some((_, value)) => Meaning::Template((*value).to_owned()),
            None => Meaning::Absent,
        }
    }

    /// The variables that placeholders need.
    pub(super) fn variable_of_machine(&self, at: &str) -> Option<Variable> {
        self.needs_machine.get().then(|| {
            let what = "It wants the address of the machine as containers see it.";
            let meaning = "It is a variable, which begins with the usual address; who has another network sets another.";
            self.log.different("placeholder", at, what, meaning);
            Variable {
                key: MACHINE.to_owned(),
                label: "Address of the machine for its containers".to_owned(),
                default: Some("172.18.0.1".to_owned()),
                required: true,
                help: "A proxy reaches other servers of its machine there.".to_owned(),
                group: "Startup".to_owned(),
                max_length: Some(64),
                pattern: Some("[0-9A-Za-z.:-]+".to_owned()),
                needs_restart: true,
                ..Variable::default()
            }
        })
    }
}

fn is_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// Text that means itself, within a template.
fn literal(text: &str) -> String {
    text.replace("{{", "{{\"{{\"}}")
}
