//! What people have done, typed into the server's console, and what it says when it is done.
//!
//! The console takes a line as one command whatever stands in it; names are held to what names are, so that none is a
//! selector (`@a`) that means everybody.

use crate::{ping::is_player, remote};
use gantry_plugin::{act::answer, prelude::*};

const PLAYER: &str = r"[.*]?[A-Za-z0-9_]{1,16}";
const ONE_LINE: &str = r"[^\x00-\x1f\x7f\x{a7}@]*";
const LONGEST: usize = 200;

/// An action that is one command about one player: its command, what the game says then, what people are told.
struct Chore {
    id: &'static str,
    title: &'static str,
    icon: &'static str,
    command: &'static str,
    /// With `NAME` in the player's place.
    says: &'static str,
    told: &'static str,
    audience: Audience,
    confirm: Option<&'static str>,
}

const CHORES: [Chore; 7] = [
    Chore {
        id: "kick",
        title: "Kick a player",
        icon: "user-x",
        command: "kick",
        says: "Kicked NAME",
        told: "was kicked.",
        audience: Audience::Members,
        confirm: None,
    },
    Chore {
        id: "ban",
        title: "Ban a player",
        icon: "ban",
        command: "ban",
        says: "Banned (player )?NAME|already banned",
        told: "is banned.",
        audience: Audience::Members,
        confirm: Some("The player cannot come back until somebody lifts the ban."),
    },
    Chore {
        id: "pardon",
        title: "Lift a ban",
        icon: "user-check",
        command: "pardon",
        says: "Unbanned (player )?NAME|isn't banned",
        told: "is not banned.",
        audience: Audience::Members,
        confirm: None,
    },
    Chore {
        id: "op",
        title: "Make an operator",
        icon: "shield-check",
        command: "op",
        says: "Made NAME a server operator|Opped NAME|already is an operator",
        told: "is an operator.",
        audience: Audience::Owners,
        confirm: Some("An operator may use every command in the game."),
    },
    Chore {
        id: "deop",
        title: "Remove an operator",
        icon: "shield-x",
        command: "deop",
        says: "Made NAME no longer a server operator|De-opped NAME|is not an operator",
        told: "is no operator.",
        audience: Audience::Owners,
        confirm: None,
    },
    Chore {
        id: "whitelist-add",
        title: "Add to the whitelist",
        icon: "user-plus",
        command: "whitelist add",
        says: "Added NAME to the whitelist|already whitelisted",
        told: "is on the whitelist.",
        audience: Audience::Members,
        confirm: None,
    },
    Chore {
        id: "whitelist-remove",
        title: "Remove from the whitelist",
        icon: "user-minus",
        command: "whitelist remove",
        says: "Removed NAME from the whitelist|is not whitelisted",
        told: "is not on the whitelist.",
        audience: Audience::Members,
        confirm: None,
    },
];

pub(crate) fn offer(server: &Server) -> Vec<ServerAction> {
    let mut offer = vec![
        ServerAction::new("say", "Say something")
            .help("Everybody who plays reads it.")
            .icon("megaphone")
            .ask(Variable::text("text", "Message", "", 200).required().pattern(
                ONE_LINE,
                "One line, without @ and section signs, which the game reads as more than text.",
            )),
    ];
    for chore in CHORES {
        let name = Variable::text("player", "Name", "", 17).required().pattern(PLAYER, "A player's name.");
        let mut action =
            ServerAction::new(chore.id, chore.title).icon(chore.icon).audience(chore.audience).ask(name);
        action.confirm = chore.confirm.map(str::to_owned);
        offer.push(action);
    }
    offer.extend([
        ServerAction::new("save", "Save the world").help("Writes all of it to the disk now.").icon("save"),
        ServerAction::new("time", "Set the time of day").icon("sun").ask(
            Variable::one_of(
                "time",
                "Time",
                "day",
                &[("day", "Day"), ("noon", "Noon"), ("night", "Night"), ("midnight", "Midnight")],
            )
            .required(),
        ),
        ServerAction::new("weather", "Set the weather").icon("cloud").ask(
            Variable::one_of(
                "weather",
                "Weather",
                "clear",
                &[("clear", "Clear"), ("rain", "Rain"), ("thunder", "Thunder")],
            )
            .required(),
        ),
    ]);
    if has_remote(server) {
        offer.push(
            ServerAction::new("ask", "Ask the game")
                .help("Types a command into the remote console and shows the answer.")
                .icon("terminal")
                .audience(Audience::Owners)
                .ask(
                    Variable::text("command", "Command", "list", 400)
                        .required()
                        .pattern(r"[^\x00-\x1f\x7f]*", "One line of text."),
                ),
        );
    }
    offer
}

fn has_remote(server: &Server) -> bool {
    server.port("rcon").is_ok() && !server.setting("rcon_password").is_empty()
}

pub(crate) fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
    if let Some(chore) = CHORES.iter().find(|each| each.id == id) {
        return chore.on(answer(form, "player"));
    }
    match id {
        "say" => Ok(say(answer(form, "text"))),
        "save" => Ok([save(), vec![Effect::Message("The world is saved.".to_owned())]].concat()),
        "time" => Ok(done(format!("time set {}", one_of(answer(form, "time"))?), "Set the time to")),
        "weather" => Ok(done(
            format!("weather {}", one_of(answer(form, "weather"))?),
            "Set the weather to|Changing to",
        )),
        "ask" if has_remote(server) => {
            let command = answer(form, "command").trim_start_matches('/');
            let said = remote::ask(server.setting("rcon_password"), command)?;
            let said = if said.is_empty() { "The game answers nothing.".to_owned() } else { said };
            Ok(vec![Effect::Message(said)])
        }
        _ => Err(ServerAction::unknown(id)),
    }
}

/// A form that was checked has one of our words; a second look costs nothing, and this becomes a command.
fn one_of(word: &str) -> Result<&str, Failure> {
    let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    plain.then_some(word).ok_or_else(|| Failure::new("unknown_choice", "That is none of the choices."))
}

impl Chore {
    fn on(&self, player: &str) -> Result<Vec<Effect>, Failure> {
        if !is_player(player) {
            return Err(Failure::new("no_such_player", format!("{player} is no player's name.")));
        }
        let named = player.replace('.', r"\.").replace('*', r"\*");
        let says = format!("(?i){}", self.says.replace("NAME", &named));
        Ok(vec![
            command(format!("{} {player}", self.command)),
            Effect::await_line(&says, 5),
            Effect::Message(format!("{player} {}", self.told)),
        ])
    }
}

fn command(line: impl Into<String>) -> Effect {
    Effect::Command(line.into())
}

fn done(line: String, says: &str) -> Vec<Effect> {
    vec![command(line), Effect::await_line(says, 5)]
}

fn say(text: &str) -> Vec<Effect> {
    vec![command(format!("say {text}")), Effect::await_line(r"\[Server\] ", 5)]
}

fn save() -> Vec<Effect> {
    vec![command("save-all flush"), Effect::await_line("Saved the (game|world)", 120)]
}

/// Messages of the host's own, whose text nobody has checked against our pattern.
pub(crate) fn broadcast(text: &str) -> Vec<Effect> {
    let plain = text.chars().filter(|c| !c.is_control() && *c != '\u{a7}');
    let plain: String = plain.map(|c| if c == '@' { '\u{ff20}' } else { c }).take(LONGEST).collect();
    say(&plain)
}

/// What is in memory goes to the disk, and stays there as it is.
pub(crate) fn quiesce() -> Vec<Effect> {
    let off = "(?i)saving is (now disabled|already turned off)|turned off world auto-saving";
    [vec![command("save-off"), Effect::await_line(off, 10)], save()].concat()
}

/// Nothing is awaited: a game that saves already says something else, and one that is gone says nothing.
pub(crate) fn resume() -> Vec<Effect> {
    vec![command("save-on")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands(effects: &[Effect]) -> Vec<&str> {
        let mut lines = Vec::new();
        for effect in effects {
            if let Effect::Command(line) = effect {
                lines.push(line.as_str());
            }
        }
        lines
    }

    #[test]
    fn a_broadcast_is_one_line_of_text_whatever_is_in_it() {
        assert_eq!(commands(&broadcast("Back at 8\nstop @a \u{a7}c!")), ["say Back at 8stop \u{ff20}a c!"]);
    }

    #[test]
    fn only_a_name_becomes_a_command() {
        let kick = &CHORES[0];
        assert_eq!(commands(&kick.on("Ada").expect("effects")), ["kick Ada"]);
        for other in ["@a", "Ada x", "", "Ada\nstop", "a234567890123456x"] {
            assert_eq!(kick.on(other).expect_err("a refusal").code, "no_such_player", "{other:?}");
        }
        let effects = kick.on(".Grace").expect("effects");
        let Effect::AwaitLine(awaited) = &effects[1] else { panic!("{effects:?}") };
        assert_eq!(awaited.pattern, r"(?i)Kicked \.Grace");
    }

    #[test]
    fn a_backup_finds_a_world_that_keeps_still_and_the_game_goes_on_after_it() {
        assert_eq!(commands(&quiesce()), ["save-off", "save-all flush"]);
        assert_eq!(commands(&resume()), ["save-on"]);
    }
}
