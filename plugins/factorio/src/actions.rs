//! What people have done, typed into the server's console; and the remote console, for what wants an answer.
//!
//! The console takes a line that begins with a slash as a command, and any other as something to say.

use crate::run::remote_console;
use gantry_plugin::{act::answer, prelude::*};
use gantry_wire::rcon;

const NAME: &str = "[A-Za-z0-9_.-]{1,60}";
const ONE_LINE: &str = r"[^/\x00-\x1f\x7f][^\x00-\x1f\x7f]*";
const LONGEST: usize = 200;

/// An action that is one command about one player: id, title, icon, command, for whom, and the question before it.
struct Chore {
    id: &'static str,
    title: &'static str,
    icon: &'static str,
    command: &'static str,
    audience: Audience,
    confirm: Option<&'static str>,
}

const CHORES: [Chore; 5] = [
    Chore {
        id: "kick",
        title: "Kick a player",
        icon: "user-x",
        command: "/kick",
        audience: Audience::Members,
        confirm: None,
    },
    Chore {
        id: "ban",
        title: "Ban a player",
        icon: "ban",
        command: "/ban",
        audience: Audience::Members,
        confirm: Some("The player cannot come back until somebody lifts the ban."),
    },
    Chore {
        id: "unban",
        title: "Lift a ban",
        icon: "user-check",
        command: "/unban",
        audience: Audience::Members,
        confirm: None,
    },
    Chore {
        id: "promote",
        title: "Make an administrator",
        icon: "shield-check",
        command: "/promote",
        audience: Audience::Owners,
        confirm: Some("An administrator may use every command in the game."),
    },
    Chore {
        id: "demote",
        title: "Remove an administrator",
        icon: "shield-x",
        command: "/demote",
        audience: Audience::Owners,
        confirm: None,
    },
];

pub(crate) fn offer(server: &Server) -> Vec<ServerAction> {
    let text = Variable::text("text", "Message", "", 200).required();
    let text = text.pattern(ONE_LINE, "One line that does not begin with a slash, which begins a command.");
    let mut offer = vec![
        ServerAction::new("say", "Say something")
            .help("Everybody who plays reads it.")
            .icon("megaphone")
            .ask(text),
    ];
    for chore in CHORES {
        let name = Variable::text("player", "Name", "", 60).required();
        let name = name.pattern(NAME, "A player's name: letters, digits, dot, underscore and hyphen.");
        let mut action =
            ServerAction::new(chore.id, chore.title).icon(chore.icon).audience(chore.audience).ask(name);
        action.confirm = chore.confirm.map(str::to_owned);
        offer.push(action);
    }
    offer.push(
        ServerAction::new("save", "Save the world").help("Writes all of it to the disk now.").icon("save"),
    );
    offer.push(ServerAction::new("players", "List the players").icon("users"));
    if remote_console(server).is_some() {
        let command = Variable::text("command", "Command", "/players online", 400).required();
        offer.push(
            ServerAction::new("ask", "Ask the game")
                .help("Types a command into the remote console and shows the answer.")
                .icon("terminal")
                .audience(Audience::Owners)
                .ask(command.pattern(r"[^\x00-\x1f\x7f]*", "One line of text.")),
        );
    }
    offer
}

pub(crate) fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
    if let Some(chore) = CHORES.iter().find(|each| each.id == id) {
        return chore.on(answer(form, "player"));
    }
    match id {
        "say" => say(answer(form, "text")),
        "save" => Ok([save(), vec![message("The world is saved.")]].concat()),
        "players" => players(server),
        "ask" if remote_console(server).is_some() => Ok(vec![ask(server, answer(form, "command"))?]),
        _ => Err(ServerAction::unknown(id)),
    }
}

impl Chore {
    fn on(&self, player: &str) -> Result<Vec<Effect>, Failure> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if !(1..=60).contains(&player.len()) || !player.chars().all(is_name) {
            return Err(Failure::new("no_such_player", format!("{player} is no player's name.")));
        }
        Ok(vec![command(format!("{} {player}", self.command)), message("The console says what came of it.")])
    }
}

fn ask(server: &Server, line: &str) -> Result<Effect, Failure> {
    let said = rcon::send("rcon", server.setting("rcon_password"), line)?;
    Ok(Effect::Message(if said.is_empty() { "The game answers nothing.".to_owned() } else { said }))
}

/// Where there is no remote console, the list stands on the other one.
fn players(server: &Server) -> Result<Vec<Effect>, Failure> {
    const LIST: &str = "/players online";
    if remote_console(server).is_some() {
        return Ok(vec![ask(server, LIST)?]);
    }
    Ok(vec![
        command(LIST),
        Effect::await_line(r"(?i)players \([0-9]+\)", 5),
        message("The list stands on the console."),
    ])
}

/// A form that was checked has no command; a second look costs nothing.
fn say(text: &str) -> Result<Vec<Effect>, Failure> {
    if text.is_empty() || text.starts_with('/') || text.chars().any(char::is_control) {
        return Err(Failure::new("not_plain", "One line of text that does not begin with a slash."));
    }
    Ok(vec![command(text), Effect::await_line(r"\[CHAT\] <server>: ", 5)])
}

/// Messages of the host's own, whose text nobody has checked against our pattern.
pub(crate) fn broadcast(text: &str) -> Vec<Effect> {
    let plain: String = text.chars().filter(|each| !each.is_control()).take(LONGEST).collect();
    say(plain.trim_start_matches(|each: char| each == '/' || each.is_whitespace())).unwrap_or_default()
}

pub(crate) fn save() -> Vec<Effect> {
    vec![command("/server-save"), Effect::await_line("Saving finished", 120)]
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
    use crate::run::tests::server;

    fn form(key: &str, value: &str) -> [Setting; 1] {
        [Setting { key: key.to_owned(), value: value.to_owned() }]
    }

    #[test]
    fn nothing_that_is_said_becomes_a_command() {
        let said = perform(&server(&[]), "say", &form("text", "Back at 8 /quit")).expect("effects");
        assert_eq!(said[0], command("Back at 8 /quit"));
        for other in ["/quit", "", "a\n/quit"] {
            assert_eq!(say(other).expect_err("a refusal").code, "not_plain", "{other:?}");
        }
        assert_eq!(broadcast(" //quit\n/quit")[0], command("quit/quit"));
        assert!(broadcast("///").is_empty());
    }

    #[test]
    fn only_a_name_becomes_a_command() {
        let kick = |name| perform(&server(&[]), "kick", &form("player", name));
        assert_eq!(kick("Ada.L-1_x").expect("effects")[0], command("/kick Ada.L-1_x"));
        for other in ["", "Ada Bob", "Ada\n/quit"] {
            assert_eq!(kick(other).expect_err("a refusal").code, "no_such_player", "{other:?}");
        }
    }

    #[test]
    fn the_remote_console_is_offered_where_it_is_on() {
        let ids = |server: &Server| offer(server).into_iter().map(|action| action.id).collect::<Vec<_>>();
        let all = ["say", "kick", "ban", "unban", "promote", "demote", "save", "players"];
        assert_eq!(ids(&server(&[])), all);
        assert_eq!(ids(&server(&[("rcon_password", "open-sesame")])).last().map(String::as_str), Some("ask"));
        let refused = perform(&server(&[]), "ask", &form("command", "/time")).expect_err("a refusal");
        assert_eq!(refused.code, "unknown_action");
    }

    #[test]
    fn a_backup_has_the_world_as_it_is() {
        assert_eq!(save()[0], command("/server-save"));
        let listed = perform(&server(&[]), "players", &[]).expect("effects");
        assert_eq!(listed[0], command("/players online"));
    }
}
