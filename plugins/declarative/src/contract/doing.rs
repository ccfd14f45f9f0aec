//! What happens while the game runs, in the contract's words.

use super::{
    blueprint::{audience, variable},
    failure,
    plan::{config_edit, format, notation},
};
use crate::{console::Meaning, fill::plain};
use gantry_document::model as document;
use gantry_plugin::prelude as wit;

pub(super) fn found(line: usize, meaning: Meaning) -> wit::Found {
    let event = match meaning {
        Meaning::Ready => wit::Event::Ready,
        Meaning::Joined(player) => wit::Event::Joined(player),
        Meaning::Left(player) => wit::Event::Left(player),
        Meaning::Chat { player, text } => wit::Event::Chat((player, text)),
        Meaning::Warning(text) => wit::Event::Warning(text),
        Meaning::CrashCause { cause, remedy } => wit::Event::CrashCause(wit::CrashCause { cause, remedy }),
    };
    wit::Found { line: u32::try_from(line).unwrap_or(u32::MAX), event }
}

pub(super) fn effects(given: Vec<document::Effect>) -> Result<Vec<wit::Effect>, wit::Failure> {
    let effect = |given: document::Effect| {
        Ok(match given {
            document::Effect { command: Some(text), .. } => wit::Effect::Command(plain(&text).to_owned()),
            document::Effect { message: Some(text), .. } => wit::Effect::Message(plain(&text).to_owned()),
            document::Effect { await_line: Some(line), .. } => {
                let document::AwaitLine { pattern, timeout_ms } = line;
                wit::Effect::AwaitLine(wit::AwaitedLine { pattern, timeout_ms })
            }
            document::Effect { wait_ms: Some(time), .. } => wit::Effect::WaitMs(time),
            document::Effect { edit: Some(edit), .. } => wit::Effect::EditConfig(config_edit(&edit)),
            document::Effect { .. } => return Err(failure(&"an effect does nothing")),
        })
    };
    given.into_iter().map(effect).collect()
}

pub(super) fn action(given: document::Action) -> wit::ServerAction {
    wit::ServerAction {
        id: given.id,
        title: given.title,
        help: given.help,
        icon: given.icon,
        form: given.form.into_iter().map(variable).collect(),
        audience: audience(given.audience),
        available: match given.available {
            document::Presence::Running => wit::Availability::Running,
            document::Presence::Stopped => wit::Availability::Stopped,
            document::Presence::Always => wit::Availability::Always,
        },
        confirm: given.confirm,
    }
}

pub(super) fn config_file(given: &document::ConfigFile, path: String) -> wit::ConfigFile {
    let field = |field: &document::ConfigField| wit::Field {
        at: field.at.clone(),
        notation: notation(field.notation),
        question: variable(field.question.clone()),
    };
    wit::ConfigFile {
        id: given.id.clone(),
        title: given.title.clone(),
        help: given.help.clone(),
        path,
        format: format(given.format),
        fields: given.fields.iter().map(field).collect(),
    }
}
