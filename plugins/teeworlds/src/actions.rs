//! What people have done to a match, through the game's external console.
//!
//! The game cuts a line at semicolons, but not between double quotes: what people typed stands between these, and has none
//! itself. Source: Teeworlds' `CConsole::ExecuteLineStroked`.

use crate::{
    blueprint::{self, MAPS},
    econ,
};
use gantry_plugin::{act::answer, prelude::*, rules};

/// Nothing where no console is open.
pub(crate) fn offer(server: &Server) -> Vec<ServerAction> {
    if !econ::is_open(server) {
        return Vec::new();
    }
    let plain = "No quotes, semicolons, backslashes, percent or dollar signs.";
    vec![
        ServerAction::new("say", "Say something")
            .help("Everybody in the match reads it.")
            .icon("megaphone")
            .ask(Variable::text("text", "Message", "", 120).required().pattern(rules::PLAIN_TEXT, plain)),
        ServerAction::new("kick", "Kick a player")
            .help("The player may come back.")
            .icon("user-x")
            .ask(number()),
        ServerAction::new("ban", "Ban a player's address")
            .icon("ban")
            .ask(number())
            .ask(Variable::number("minutes", "For", 60, 1, 525_600).unit("minutes").required()),
        ServerAction::new("map", "Change the map")
            .help("The match on the present map ends.")
            .icon("map")
            .ask(Variable::one_of("map", "Map", first_map(server), MAPS).required())
            .confirm("The match that is being played ends at once."),
        ServerAction::new("restart-match", "Begin the match anew")
            .icon("rotate-ccw")
            .confirm("Everybody's scores are lost."),
    ]
}

fn number() -> Variable {
    Variable::number("player", "Number", 0, 0, 63)
        .required()
        .help("Each player's number stands before the name on the console, and the command status lists all.")
}

fn first_map(server: &Server) -> &str {
    MAPS.iter().map(|(map, _)| *map).find(|map| *map == server.setting("map")).unwrap_or("dm1")
}

pub(crate) fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
    let number = |key| {
        let parsed = answer(form, key).parse::<u32>();
        parsed.map_err(|_| Failure::new("no_number", format!("The field {key} has no number.")))
    };
    let command = match id {
        "say" => return Ok(say(answer(form, "text"))),
        "kick" => format!("kick {}", number("player")?),
        "ban" => format!("ban {} {}", number("player")?, number("minutes")?),
        "map" => return change_map(server, answer(form, "map")),
        "restart-match" => "restart".to_owned(),
        _ => return Err(ServerAction::unknown(id)),
    };
    let said = econ::send(server, &command)?;
    Ok(vec![Effect::Message(if said.is_empty() { "The game was told.".to_owned() } else { said })])
}

/// Messages of the host's own, whose text nobody has checked against our pattern.
pub(crate) fn broadcast(server: &Server, text: &str) -> Vec<Effect> {
    if !econ::is_open(server) {
        return Vec::new();
    }
    let plain: String = text
        .chars()
        .map(|one| if one == '"' { '\'' } else { one })
        .filter(|one| *one == '\'' || rules::is_plain(&one.to_string()))
        .collect();
    say(&plain)
}

fn say(text: &str) -> Vec<Effect> {
    vec![Effect::Command(format!("say \"{text}\"")), Effect::await_line(r"\[chat\]: \*\*\* ", 5)]
}

fn change_map(server: &Server, map: &str) -> Result<Vec<Effect>, Failure> {
    // A form that was checked names one of them; a second look costs nothing, and this becomes a command.
    if !MAPS.iter().any(|(known, _)| *known == map) {
        return Err(Failure::new("unknown_map", format!("There is no map {map}.")));
    }
    if let Some(problem) = blueprint::without_flags(server.setting("mode"), map) {
        return Err(Failure::new("no_flags", problem));
    }
    Ok(vec![
        Effect::Command(format!("change_map {map}")),
        Effect::await_line(&format!(r"\[server\]: maps/{map}\.map crc is "), 20),
        Effect::Message(format!("The match goes on at {map}.")),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::tests::server;

    #[test]
    fn a_broadcast_is_one_quoted_line_whatever_is_in_it() {
        let open = server(&[("console_password", "x")]);
        assert_eq!(
            broadcast(&open, "a\"; shutdown $x\nb")[0],
            Effect::Command("say \"a' shutdown xb\"".to_owned())
        );
        assert!(broadcast(&server(&[]), "a").is_empty());
    }

    #[test]
    fn nothing_is_offered_where_no_console_is_open() {
        assert!(offer(&server(&[])).is_empty());
        let open = server(&[("console_password", "x"), ("map", "dm6")]);
        let offer = offer(&open);
        let ids: Vec<&str> = offer.iter().map(|action| action.id.as_str()).collect();
        assert_eq!(ids, ["say", "kick", "ban", "map", "restart-match"]);
        assert_eq!(offer[3].form[0].default_value.as_deref(), Some("dm6"));
    }

    #[test]
    fn only_a_known_map_that_fits_the_mode_becomes_a_command() {
        let open = server(&[("mode", "ctf")]);
        assert_eq!(change_map(&open, "x;shutdown").expect_err("a refusal").code, "unknown_map");
        assert_eq!(change_map(&open, "dm2").expect_err("a refusal").code, "no_flags");
        assert_eq!(
            change_map(&open, "ctf2").expect("effects")[0],
            Effect::Command("change_map ctf2".to_owned())
        );
    }

    #[test]
    fn a_number_that_is_none_is_no_command() {
        let form = [Setting { key: "player".to_owned(), value: "1;shutdown".to_owned() }];
        let open = server(&[("console_password", "x")]);
        assert_eq!(perform(&open, "kick", &form).expect_err("a refusal").code, "no_number");
    }
}
