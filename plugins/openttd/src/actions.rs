//! What people have done to a world, typed into the server's console.
//!
//! The console takes a backslash and a quote within double quotes for its own, and nothing else: what people typed stands
//! between quotes and has neither. Source: OpenTTD's `IConsoleCmdExec`.

use crate::run::{INPUT_PAUSE_MS, WORLD};
use gantry_plugin::{act::answer, prelude::*, rules};

const SAVED: &str = "^Map successfully saved to ";

pub(crate) fn offer() -> Vec<ServerAction> {
    let plain = "No quotes, semicolons, backslashes, percent or dollar signs.";
    vec![
        ServerAction::new("say", "Say something")
            .help("Everybody in the world reads it.")
            .icon("megaphone")
            .ask(Variable::text("text", "Message", "", 200).required().pattern(rules::PLAIN_TEXT, plain)),
        ServerAction::new("kick", "Kick a player").help("The player may come back.").icon("user-x").ask(
            // Number 1 is the server itself.
            Variable::number("client", "Number", 2, 2, 1_000_000)
                .required()
                .help("The console says it as a player joins, and the command clients lists all."),
        ),
        ServerAction::new("save", "Save the world").icon("save").help("As it is when the server is stopped."),
        ServerAction::new("pause", "Pause the world").icon("clock"),
        ServerAction::new("unpause", "Let the world go on").icon("skip"),
        ServerAction::new("new-world", "Begin a new world")
            .icon("sparkles")
            .help("With the settings of the start that this server had last.")
            .confirm("The world that is being played ends. What was saved under another name stays."),
    ]
}

pub(crate) fn perform(id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
    let number = |key| answer(form, key).parse::<u32>();
    Ok(match id {
        "say" => say(answer(form, "text")),
        "kick" => {
            let client =
                number("client").map_err(|_| Failure::new("no_number", "That is no number of a player."))?;
            vec![
                command(&format!("kick {client}")),
                Effect::await_line(r"has left the game \(kicked by server\)$", 5),
                message("The player was kicked."),
            ]
        }
        "save" => vec![save(), Effect::await_line(SAVED, 60), message("The world was saved.")],
        "pause" => vec![command("pause"), message("The world stands still.")],
        "unpause" => vec![command("unpause"), message("The world goes on.")],
        "new-world" => vec![command("newgame"), message("A new world begins.")],
        _ => return Err(ServerAction::unknown(id)),
    })
}

/// Messages of the host's own, whose text nobody has checked against our pattern.
pub(crate) fn broadcast(text: &str) -> Vec<Effect> {
    let plain: String = text
        .chars()
        .map(|one| if one == '"' { '\'' } else { one })
        .filter(|one| *one == '\'' || rules::is_plain(&one.to_string()))
        .collect();
    say(&plain)
}

/// While it is paused the game saves nothing by itself.
pub(crate) fn quiesce() -> Vec<Effect> {
    vec![command("pause"), Effect::WaitMs(INPUT_PAUSE_MS), save(), Effect::await_line(SAVED, 60)]
}

pub(crate) fn resume() -> Vec<Effect> {
    vec![command("unpause")]
}

fn say(text: &str) -> Vec<Effect> {
    vec![command(&format!("say \"{text}\"")), Effect::await_line(r"\[All\] ", 5)]
}

fn save() -> Effect {
    command(&format!("save {WORLD}"))
}

fn command(line: &str) -> Effect {
    Effect::Command(line.to_owned())
}

fn message(text: &str) -> Effect {
    Effect::Message(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(effects: &[Effect]) -> &Effect {
        &effects[0]
    }

    #[test]
    fn a_broadcast_is_one_quoted_line_whatever_is_in_it() {
        assert_eq!(first(&broadcast("Back at 8 (EU)")), &command("say \"Back at 8 (EU)\""));
        assert_eq!(first(&broadcast("a\"; quit \\$x\nquit")), &command("say \"a' quit xquit\""));
    }

    #[test]
    fn whoever_is_kicked_has_a_number() {
        let form = |value: &str| [Setting { key: "client".to_owned(), value: value.to_owned() }];
        assert_eq!(first(&perform("kick", &form("7")).expect("effects")), &command("kick 7"));
        assert_eq!(perform("kick", &form("7; quit")).expect_err("a refusal").code, "no_number");
    }

    #[test]
    fn everything_that_is_offered_is_done() {
        for action in offer() {
            let form: Vec<Setting> = action
                .form
                .iter()
                .map(|question| Setting {
                    key: question.key.clone(),
                    value: question.default_value.clone().unwrap_or_default(),
                })
                .collect();
            assert!(!perform(&action.id, &form).expect("effects").is_empty(), "{}", action.id);
        }
        assert_eq!(perform("dance", &[]).expect_err("a refusal").code, "unknown_action");
    }
}
