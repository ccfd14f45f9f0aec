//! Meaning in lines: the first rule that matches a line decides.

use crate::{
    Fault,
    fill::Filler,
    server::{Local, Server},
};
use gantry_document::{
    Document,
    model::{ConsoleRule, Event, Text},
};
use regex::{Captures, Regex};
use std::collections::BTreeMap;

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    Ready,
    Joined(String),
    Left(String),
    Chat { player: String, text: String },
    Warning(String),
    CrashCause { cause: String, remedy: Option<String> },
}

/// Meanings of lines, each with the line's place in the batch.
///
/// # Errors
/// A rule that cannot be filled.
pub fn parse(document: &Document, server: &Server, lines: &[String]) -> Result<Vec<(usize, Meaning)>, Fault> {
    let compiled: Vec<(usize, &ConsoleRule, Regex)> = document
        .console
        .iter()
        .enumerate()
        .map(|(number, rule)| {
            let pattern = Regex::new(&rule.pattern);
            let pattern = pattern
                .map_err(|error| Fault::new(format!("console[{number}].pattern"), error.to_string()))?;
            Ok((number, rule, pattern))
        })
        .collect::<Result<_, Fault>>()?;
    let mut found = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let hit = compiled
            .iter()
            .find_map(|(number, rule, pattern)| Some((number, rule, pattern, pattern.captures(line)?)));
        if let Some((number, rule, pattern, captures)) = hit {
            let groups = groups(pattern, &captures);
            found.push((place, meaning(document, server, *number, rule, groups, line)?));
        }
    }
    Ok(found)
}

fn groups(pattern: &Regex, captures: &Captures<'_>) -> BTreeMap<String, String> {
    let names = pattern.capture_names().flatten();
    names
        .map(|name| (name.to_owned(), captures.name(name).map_or("", |group| group.as_str()).to_owned()))
        .collect()
}

fn meaning(
    document: &Document,
    server: &Server,
    number: usize,
    rule: &ConsoleRule,
    groups: BTreeMap<String, String>,
    line: &str,
) -> Result<Meaning, Fault> {
    let group = |name: &str| groups.get(name).cloned();
    let (player, text) = (group("player"), group("text"));
    let filler = Filler::new(document, server, Local::Match(groups));
    let or = |name: &str, given: &Option<Text>, usual: Option<String>| match given {
        Some(given) => filler.text(&format!("console[{number}].{name}"), given),
        None => Ok(usual.unwrap_or_default()),
    };
    Ok(match rule.event {
        Event::Ready => Meaning::Ready,
        Event::Joined => Meaning::Joined(or("player", &rule.player, player)?),
        Event::Left => Meaning::Left(or("player", &rule.player, player)?),
        Event::Chat => {
            Meaning::Chat { player: or("player", &rule.player, player)?, text: or("text", &rule.text, text)? }
        }
        Event::Warning => Meaning::Warning(or("text", &rule.text, text.or_else(|| Some(line.to_owned())))?),
        Event::CrashCause => {
            let remedy = or("remedy", &rule.remedy, None)?;
            let cause = or("cause", &rule.cause, None)?;
            Meaning::CrashCause { cause, remedy: (!remedy.is_empty()).then_some(remedy) }
        }
    })
}
