//! What plugins look up in the world for people: choices for a form, and facts before an installation.
//!
//! Both are asked with what is lent to them ([`crate::lend`]). Answers are kept for a while, so that a form that asks at each
//! turn does not ask the world each time. Modules in reading order: `memory`, `choices`.

mod choices;
mod memory;

use gantry_types::{blueprint::Choice, server::Setting};
use memory::Memory;
use std::time::Duration;

/// How long a catalog's answer is given again.
const CHOICES_FOR: Duration = Duration::from_secs(5 * 60);
/// Bytes of all answers of catalogs that are kept.
const CHOICES_BYTES: usize = 8 * 1024 * 1024;

/// Exactly this component, with exactly these grants, and what it was asked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asked {
    digest: String,
    granted: Vec<String>,
    what: String,
    settings: Vec<Setting>,
}

/// Answers that are given again.
pub(crate) struct Lookups {
    choices: Memory<Asked, Vec<Choice>>,
}

impl Default for Lookups {
    fn default() -> Self {
        let weight = |choices: &Vec<Choice>| {
            let help = |choice: &Choice| choice.help.as_ref().map_or(0, String::len);
            choices.iter().map(|each| each.value.len() + each.label.len() + help(each) + 96).sum()
        };
        Self { choices: Memory::new(CHOICES_FOR, CHOICES_BYTES, weight) }
    }
}
