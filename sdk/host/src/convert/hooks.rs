//! What a plugin wants to hear, and how it is told.

use gantry_types::blueprint::Variable;
use gantry_types::hook::HookEvent;

use super::{Checked, blueprints, check};
use crate::bindings::{hooks as wit, types};
use crate::component::Parts;

const KINDS: usize = 64;
const SETTINGS: usize = 64;

/// Checks names of kinds of events: `server.crashed`, or `server.*` for a family.
pub(crate) fn wants(given: Vec<String>) -> Checked<Vec<String>> {
    let given = check::count("the list of wanted events", given, KINDS)?;
    check::unique("wanted event", given.iter().map(String::as_str))?;
    let kind = |kind: String| {
        let family = kind.strip_suffix(".*").unwrap_or(&kind);
        let sane = !family.is_empty()
            && family.len() <= 64
            && family.split('.').all(|part| {
                !part.is_empty() && part.bytes().all(|each| each.is_ascii_lowercase() || each == b'_')
            });
        if sane { Ok(kind) } else { Err(format!("{} is no kind of event", check::quote(&kind))) }
    };
    given.into_iter().map(kind).collect()
}

/// Checks the questions that an administrator answers for the plugin as a whole.
pub(crate) fn plugin_settings(given: Vec<types::Variable>, parts: Parts) -> Checked<Vec<Variable>> {
    let given = check::count("the plugin's settings", given, SETTINGS)?;
    check::unique("the plugin's setting", given.iter().map(|each| each.key.as_str()))?;
    given.into_iter().map(|each| blueprints::variable("the plugin's settings", each, parts)).collect()
}

/// An event in the contract's words.
pub(crate) fn event(given: &HookEvent) -> wit::Event {
    wit::Event {
        id: given.id.clone(),
        kind: given.kind.clone(),
        at_ms: u64::try_from(given.at.timestamp_millis()).unwrap_or_default(),
        server: given.server.as_ref().map(|server| wit::About {
            id: server.id.clone(),
            name: server.name.clone(),
            blueprint: server.blueprint.clone(),
            node: server.node.clone(),
        }),
        actor: given.actor.clone(),
        summary: given.summary.clone(),
        details: super::settings(&given.details),
    }
}
