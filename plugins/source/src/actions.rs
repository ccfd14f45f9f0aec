//! What people have done to a game, by its own commands: on its standard input, or by RCON where there is a password.

use crate::games::Game;
use gantry_plugin::{act::answer, prelude::*, rules};
use gantry_wire::rcon;

/// Whether the game can be told anything.
fn is_open(game: &Game, server: &Server) -> bool {
    !game.by_rcon || !server.setting("rcon_password").is_empty()
}

pub(crate) fn offer(game: &Game, server: &Server) -> Vec<ServerAction> {
    if !is_open(game, server) {
        return Vec::new();
    }
    let plain = "No quotes, semicolons, backslashes, percent or dollar signs.";
    let text =
        |key, label, most| Variable::text(key, label, "", most).required().pattern(rules::PLAIN_TEXT, plain);
    let say = game.say.map(|_| {
        ServerAction::new("say", "Say something")
            .help("Everybody who plays reads it.")
            .icon("megaphone")
            .ask(text("text", "Message", 120))
    });
    let kick = game.kick.map(|_| {
        ServerAction::new("kick", "Kick a player")
            .help("The player may come back.")
            .icon("user-x")
            .ask(text("player", "Who", 64).help("The name, or the number that the list of players has."))
    });
    let list = game.list.map(|_| ServerAction::new("players", "List the players").icon("users"));
    let save = game.save.map(|_| ServerAction::new("save", "Save the world").icon("save"));
    [say, kick, list, save].into_iter().flatten().collect()
}

pub(crate) fn perform(
    game: &Game,
    server: &Server,
    id: &str,
    form: &[Setting],
) -> Result<Vec<Effect>, Failure> {
    let unknown = || ServerAction::unknown(id);
    match id {
        "say" => Ok(vec![around(game.say.ok_or_else(unknown)?, answer(form, "text"))?]),
        "kick" => Ok(vec![around(game.kick.ok_or_else(unknown)?, answer(form, "player"))?]),
        "players" => list(game, server, game.list.ok_or_else(unknown)?),
        "save" => Ok(vec![Effect::Command(game.save.ok_or_else(unknown)?.to_owned())]),
        _ => Err(unknown()),
    }
}

/// A text from people within a command. What would end it or begin another was refused by the form; a second look
/// costs nothing.
fn around((before, after): (&str, &str), text: &str) -> Result<Effect, Failure> {
    if text.is_empty() || !rules::is_plain(text) {
        let message =
            "Quotes, semicolons, backslashes, percent and dollar signs mean something else to the game.";
        return Err(Failure::new("not_plain", message));
    }
    Ok(Effect::Command(format!("{before}{text}{after}")))
}

fn list(game: &Game, server: &Server, command: &str) -> Result<Vec<Effect>, Failure> {
    if !game.by_rcon {
        let said = Effect::Message("The list stands on the console.".to_owned());
        return Ok(vec![Effect::Command(command.to_owned()), said]);
    }
    let said = rcon::send("rcon", server.setting("rcon_password"), command)?;
    Ok(vec![Effect::Message(if said.is_empty() { "The game named nobody.".to_owned() } else { said })])
}

/// Messages of the host's own, whose text nobody has checked against our pattern.
pub(crate) fn broadcast(game: &Game, server: &Server, text: &str) -> Vec<Effect> {
    let plain: String = text.chars().filter(|one| rules::is_plain(&one.to_string())).collect();
    let said = game.say.filter(|_| is_open(game, server)).and_then(|say| around(say, plain.trim()).ok());
    said.into_iter().collect()
}

pub(crate) fn saved(game: &Game, server: &Server) -> Vec<Effect> {
    let save = game.save.filter(|_| is_open(game, server));
    save.map(|command| Effect::Command(command.to_owned())).into_iter().collect()
}
