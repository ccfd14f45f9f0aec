//! Actions that a plugin offers, and the effects that it answers.

use gantry_types::action::{Availability, Effect, ServerAction};

use super::{Checked, blueprints, check, plans};
use crate::bindings::{actions as wit, types};
use crate::component::Parts;

const ACTIONS: usize = 64;
const FORM: usize = 32;
const EFFECTS: usize = 64;
const TITLE: usize = 64;
const COMMAND: usize = 1_024;
const MESSAGE: usize = 4_096;
/// All waiting of one list together: a game must not be held quiet for longer.
const PATIENCE_MS: u64 = 10 * 60_000;

/// Checks what is offered: ids are unique, forms ask sane questions.
pub(crate) fn actions(given: Vec<wit::Action>, parts: Parts) -> Checked<Vec<ServerAction>> {
    let given = check::count("the list of actions", given, ACTIONS)?;
    check::unique("action", given.iter().map(|each| each.id.as_str()))?;
    given.into_iter().map(|each| action(each, parts)).collect()
}

fn action(given: wit::Action, parts: Parts) -> Checked<ServerAction> {
    let id = check::id("action", given.id)?;
    let place = |what: &str| format!("action {id}: {what}");
    let form = check::count(&place("form"), given.form, FORM)?;
    check::unique(&place("question"), form.iter().map(|each| each.key.as_str()))?;
    let whose = format!("action {id}");
    Ok(ServerAction {
        title: check::title(&place("title"), given.title, 1, TITLE)?,
        help: check::prose(&place("help"), given.help, 0, MESSAGE)?,
        icon: check::title(&place("icon"), given.icon, 0, TITLE)?,
        form: form
            .into_iter()
            .map(|each| blueprints::variable(&whose, each, parts))
            .collect::<Checked<_>>()?,
        audience: blueprints::audience(given.audience),
        available: match given.available {
            wit::Availability::Running => Availability::Running,
            wit::Availability::Stopped => Availability::Stopped,
            wit::Availability::Always => Availability::Always,
        },
        confirm: given.confirm.map(|text| check::prose(&place("confirm"), text, 1, 512)).transpose()?,
        id,
    })
}

/// Checks what is to be done, in order.
pub(crate) fn effects(given: Vec<types::Effect>) -> Checked<Vec<Effect>> {
    let given = check::count("the list of effects", given, EFFECTS)?;
    let effects: Vec<Effect> = given.into_iter().map(effect).collect::<Checked<_>>()?;
    let waits = |effect: &Effect| match effect {
        Effect::AwaitLine { timeout_ms: ms, .. } | Effect::Wait { ms } => u64::from(*ms),
        Effect::Command { .. } | Effect::EditConfig(_) | Effect::Message { .. } => 0,
    };
    if effects.iter().map(waits).sum::<u64>() > PATIENCE_MS {
        return Err(format!("the effects wait for more than {PATIENCE_MS} ms together"));
    }
    Ok(effects)
}

fn effect(given: types::Effect) -> Checked<Effect> {
    Ok(match given {
        types::Effect::Command(line) => {
            Effect::Command { line: check::line("an effect's command", line, 1, COMMAND)? }
        }
        types::Effect::AwaitLine(given) => {
            check::at_least_one("an awaited line's timeout-ms", given.timeout_ms.into())?;
            Effect::AwaitLine {
                pattern: check::pattern("an awaited line's pattern", given.pattern, COMMAND)?,
                timeout_ms: given.timeout_ms,
            }
        }
        types::Effect::WaitMs(ms) => Effect::Wait { ms },
        types::Effect::EditConfig(given) => Effect::EditConfig(plans::config_edit("an effect", given)?),
        types::Effect::Message(text) => {
            Effect::Message { text: check::prose("an effect's message", text, 1, MESSAGE)? }
        }
    })
}
