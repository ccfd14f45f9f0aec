//! What people have done, typed into the server's console.
//!
//! The dedicated server takes the rest of a line for a name; TShock takes names between double quotes.

use crate::software::Software;
use gantry_plugin::{act::answer, prelude::*};

const NAME: &str = r#"[^"\\/<>\x00-\x1f\x7f]+"#;
const ONE_LINE: &str = r"[^\x00-\x1f\x7f]*";
const LONGEST: usize = 200;
const TIMES: [(&str, &str); 4] =
    [("dawn", "Dawn"), ("noon", "Noon"), ("dusk", "Dusk"), ("midnight", "Midnight")];

pub(crate) fn offer() -> Vec<ServerAction> {
    let text = Variable::text("text", "Message", "", 200).required().pattern(ONE_LINE, "One line of text.");
    let name = || Variable::text("player", "Name", "", 20).required().pattern(NAME, "A player's name.");
    vec![
        ServerAction::new("say", "Say something")
            .help("Everybody who plays reads it.")
            .icon("megaphone")
            .ask(text),
        ServerAction::new("kick", "Kick a player")
            .help("The player may come back.")
            .icon("user-x")
            .ask(name()),
        ServerAction::new("ban", "Ban a player")
            .icon("ban")
            .confirm("The player cannot come back until somebody lifts the ban.")
            .ask(name()),
        ServerAction::new("players", "List the players").icon("users"),
        ServerAction::new("save", "Save the world").help("Writes all of it to the disk now.").icon("save"),
        ServerAction::new("time", "Set the time of day")
            .icon("sun")
            .ask(Variable::one_of("time", "Time", "noon", &TIMES).required()),
    ]
}

pub(crate) fn perform(software: Software, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
    let done = |line: String| Ok(vec![command(line), message("The console says what came of it.")]);
    match id {
        "say" => say(answer(form, "text")).ok_or_else(|| Failure::new("empty", "There is nothing to say.")),
        "kick" => {
            let name = player(answer(form, "player"))?;
            done(match software {
                Software::Vanilla => format!("kick {name}"),
                Software::TShock => format!("kick \"{name}\""),
            })
        }
        "ban" => {
            let name = player(answer(form, "player"))?;
            done(match software {
                Software::Vanilla => format!("ban {name}"),
                Software::TShock => format!("ban add \"{name}\""),
            })
        }
        "players" => Ok(vec![command("playing"), message("The list stands on the console.")]),
        "save" => Ok([save(), vec![message("The world is saved.")]].concat()),
        "time" => {
            let time = answer(form, "time");
            let known = TIMES.iter().any(|(word, _)| *word == time);
            let time = known.then_some(time);
            let time = time.ok_or_else(|| Failure::new("unknown_choice", "That is none of the choices."))?;
            done(match software {
                Software::Vanilla => time.to_owned(),
                Software::TShock => format!("time {}", clock(time)),
            })
        }
        _ => Err(ServerAction::unknown(id)),
    }
}

/// TShock has words for four moments, of which two are spelled otherwise.
fn clock(time: &str) -> &str {
    match time {
        "dawn" => "day",
        "dusk" => "night",
        other => other,
    }
}

/// A form that was checked has a name; a second look costs nothing.
fn player(name: &str) -> Result<&str, Failure> {
    let other = |c: char| c.is_control() || matches!(c, '"' | '\\' | '/' | '<' | '>');
    let is_name = (1..=20).contains(&name.chars().count()) && !name.contains(other);
    is_name
        .then_some(name)
        .ok_or_else(|| Failure::new("no_such_player", format!("{name} is no player's name.")))
}

fn say(text: &str) -> Option<Vec<Effect>> {
    let plain: String = text.chars().filter(|each| !each.is_control()).take(LONGEST).collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| vec![command(format!("say {plain}"))])
}

/// Messages of the host's own, whose text nobody has checked against our pattern.
pub(crate) fn broadcast(text: &str) -> Vec<Effect> {
    say(text).unwrap_or_default()
}

/// The file is read once more after it was written, and that is the last that is said before its copy.
pub(crate) fn save() -> Vec<Effect> {
    vec![
        command("save"),
        Effect::await_line("Validating world save: 100%|Backing up world file|World saved", 120),
    ]
}

fn command(line: impl Into<String>) -> Effect {
    Effect::Command(line.into())
}

fn message(text: &str) -> Effect {
    Effect::Message(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(key: &str, value: &str) -> [Setting; 1] {
        [Setting { key: key.to_owned(), value: value.to_owned() }]
    }

    #[test]
    fn a_name_is_one_whatever_is_in_it() {
        let kick = |software, name| perform(software, "kick", &form("player", name));
        assert_eq!(kick(Software::Vanilla, "Ada L.").expect("effects")[0], command("kick Ada L."));
        assert_eq!(kick(Software::TShock, "Ada L.").expect("effects")[0], command("kick \"Ada L.\""));
        for other in ["", "a\" b", "Ada\nexit", "a name of more than twenty"] {
            assert_eq!(
                kick(Software::TShock, other).expect_err("a refusal").code,
                "no_such_player",
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_broadcast_is_one_line() {
        assert_eq!(broadcast("Back at 8\nexit"), [command("say Back at 8exit")]);
        assert!(broadcast("\n").is_empty());
    }

    #[test]
    fn everything_that_is_offered_is_done() {
        for software in crate::software::ALL {
            for action in offer() {
                let value = |question: &Variable| {
                    let given = question.default_value.clone().unwrap_or_default();
                    if given.is_empty() { "Ada".to_owned() } else { given }
                };
                let each =
                    |question: &Variable| Setting { key: question.key.clone(), value: value(question) };
                let form: Vec<Setting> = action.form.iter().map(each).collect();
                assert!(!perform(software, &action.id, &form).expect("effects").is_empty(), "{}", action.id);
            }
            assert_eq!(perform(software, "dance", &[]).expect_err("a refusal").code, "unknown_action");
        }
        assert_eq!(
            perform(Software::TShock, "time", &form("time", "dawn")).expect("effects")[0],
            command("time day")
        );
    }
}
