//! What a plugin found in the world: choices, facts, and documents out of foreign descriptions.

use gantry_types::blueprint::Choice;
use gantry_types::foreign::{Imported, Loss, Severity};
use gantry_types::server::Setting;

use super::{Checked, blueprints, check, text};
use crate::bindings::{importer as wit, types};

const FACTS: usize = 256;
const FACT_BYTES: usize = 4 * 1024;
const DOCUMENT_BYTES: usize = 1024 * 1024;
const LOSSES: usize = 1_024;
const WORDS: usize = 1_024;
const REPLY: usize = 16 * 1024;

/// Checks what a catalog lists.
pub(crate) fn catalog(given: Vec<types::Choice>) -> Checked<Vec<Choice>> {
    blueprints::listed("the catalog", given)
}

/// Checks what was looked up for a plan.
pub(crate) fn facts(given: Vec<types::Setting>) -> Checked<Vec<Setting>> {
    let given = check::count("the list of facts", given, FACTS)?;
    check::unique("fact", given.iter().map(|each| each.key.as_str()))?;
    let convert = |fact: types::Setting| {
        let key = check::key("fact", fact.key)?;
        Ok(Setting { value: check::content(&format!("fact {key}"), fact.value, FACT_BYTES)?, key })
    };
    given.into_iter().map(convert).collect()
}

/// Checks what an importer made.
pub(crate) fn imported(given: wit::Imported) -> Checked<Imported> {
    let losses = check::count("the list of losses", given.losses, LOSSES)?;
    let words = |text: String| text::escaped(&text, WORDS);
    let convert = |loss: wit::Loss| Loss {
        severity: match loss.severity {
            wit::Severity::Different => Severity::Different,
            wit::Severity::Lost => Severity::Lost,
        },
        at: words(loss.at),
        what: words(loss.what),
        meaning: words(loss.meaning),
    };
    Ok(Imported {
        id: check::id("the id", given.id)?,
        name: check::title("the name", given.name, 1, 128)?,
        document: check::content("the document", given.document, DOCUMENT_BYTES)?,
        losses: losses.into_iter().map(convert).collect(),
    })
}

/// What a game said to a command: its own words, cut and cleaned, line breaks kept.
pub(crate) fn reply_line(given: &str) -> String {
    let lines = given.lines().map(|line| text::cleaned(line, REPLY));
    lines.collect::<Vec<_>>().join("\n").chars().take(REPLY).collect()
}
