//! What people have done to a match, typed into the server's console.
//!
//! The engine cuts a line at semicolons, but not between double quotes: whatever people typed stands between these, and
//! has none itself. Sources: ioquake3's `Cbuf_Execute`, `SV_ConSay_f`, `SV_Kick_f`, `SV_Map_f`.

use crate::blueprint::{self, MAPS};
use gantry_plugin::{act::answer, prelude::*, rules};
use gantry_wire::quake3;

/// To the engine these are everybody and every bot.
const NOT_ONE: [&str; 2] = ["all", "allbots"];

pub(crate) fn offer(server: &Server) -> Vec<ServerAction> {
    let plain = "No quotes, semicolons, backslashes, percent or dollar signs.";
    vec![
        ServerAction::new("say", "Say something")
            .help("Everybody in the arena reads it.")
            .icon("megaphone")
            .ask(Variable::text("text", "Message", "", 120).required().pattern(rules::PLAIN_TEXT, plain)),
        ServerAction::new("kick", "Kick a player").help("The player may come back.").icon("user-x").ask(
            Variable::text("player", "Name", "", 35)
                .required()
                .pattern(r#"[^"\x00-\x1f\x7f]+"#, "The name, without double quotes.")
                .help("As it stands on the page of players."),
        ),
        ServerAction::new("map", "Change the map")
            .help("The match on the present map ends.")
            .icon("map")
            .ask(Variable::one_of("map", "Map", first_map(server), MAPS).required())
            .confirm("The match that is being played ends at once."),
        ServerAction::new("restart-match", "Begin the match anew")
            .help("The same map from the beginning, all scores at zero.")
            .icon("rotate-ccw")
            .confirm("Everybody's scores are lost."),
    ]
}

fn first_map(server: &Server) -> &str {
    MAPS.iter().map(|(map, _)| *map).find(|map| *map == server.setting("map")).unwrap_or("oa_dm1")
}

pub(crate) fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
    match id {
        "say" => Ok(say(answer(form, "text"))),
        "kick" => kick(&present()?, answer(form, "player")),
        "map" => change_map(server, answer(form, "map")),
        "restart-match" => Ok(vec![
            command("map_restart 0"),
            Effect::await_line("^InitGame: ", 20),
            Effect::Message("The match has begun anew.".to_owned()),
        ]),
        _ => Err(ServerAction::unknown(id)),
    }
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

fn say(text: &str) -> Vec<Effect> {
    vec![command(&format!("say \"{text}\"")), Effect::await_line("^console: ", 5)]
}

fn command(line: &str) -> Effect {
    Effect::Command(line.to_owned())
}

/// Who plays, as the game says it this moment.
fn present() -> Result<Vec<String>, Failure> {
    Ok(quake3::sample("game")?.player_list.into_iter().map(|player| player.name).collect())
}

fn kick(present: &[String], wanted: &str) -> Result<Vec<Effect>, Failure> {
    let Some(name) = present.iter().find(|name| name.eq_ignore_ascii_case(wanted)) else {
        let who = match present {
            [] => "Nobody does.".to_owned(),
            names => format!("These do: {}.", names.join(", ")),
        };
        return Err(Failure::new("no_such_player", format!("Nobody called {wanted} plays. {who}")));
    };
    if name.contains('"') || NOT_ONE.iter().any(|word| name.eq_ignore_ascii_case(word)) {
        let message = format!("The game's console has no way to name {name} alone.");
        return Err(Failure::new("cannot_be_named", message));
    }
    Ok(vec![
        command(&format!("kick \"{name}\"")),
        Effect::await_line("was kicked", 5),
        Effect::Message(format!("{name} was kicked.")),
    ])
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
        command(&format!("map {map}")),
        Effect::await_line(&format!("^Server: {map}$"), 30),
        Effect::Message(format!("The match goes on at {map}.")),
    ])
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

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn server(mode: &str) -> Server {
        let settings = [("mode", mode), ("map", "oa_dm3")];
        Server {
            id: String::new(),
            name: String::new(),
            blueprint: "openarena".to_owned(),
            settings: settings
                .map(|(key, value)| Setting { key: key.to_owned(), value: value.to_owned() })
                .to_vec(),
            facts: Vec::new(),
            endpoints: Vec::new(),
            limits: Limits::new(128, 20, 256),
            time_zone: "UTC".to_owned(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn a_broadcast_is_one_quoted_line_whatever_is_in_it() {
        assert_eq!(commands(&broadcast("Back at 8 (EU)")), ["say \"Back at 8 (EU)\""]);
        assert_eq!(commands(&broadcast("a\"; quit $x\nquit")), ["say \"a' quit xquit\""]);
    }

    #[test]
    fn who_plays_is_kicked_by_the_name_that_the_game_knows() {
        let present = names(&["Sarge", "Grunt two", "ALL", "q\"te"]);
        assert_eq!(commands(&kick(&present, "grunt TWO").expect("effects")), ["kick \"Grunt two\""]);
        let code = |wanted| kick(&present, wanted).expect_err("a refusal").code;
        assert_eq!(code("Nobody"), "no_such_player");
        // To the engine it is everybody.
        assert_eq!(code("all"), "cannot_be_named");
        assert_eq!(code("q\"te"), "cannot_be_named");
        let refused = kick(&present[..1], "x").expect_err("a refusal");
        assert_eq!(refused.message, "Nobody called x plays. These do: Sarge.");
    }

    #[test]
    fn only_a_known_map_that_fits_the_mode_becomes_a_command() {
        assert_eq!(commands(&change_map(&server("0"), "oa_dm2").expect("effects")), ["map oa_dm2"]);
        assert_eq!(change_map(&server("0"), "x;quit").expect_err("a refusal").code, "unknown_map");
        assert_eq!(change_map(&server("4"), "oa_dm2").expect_err("a refusal").code, "no_flags");
    }

    #[test]
    fn the_first_map_is_what_is_asked_for_unless_somebody_says_otherwise() {
        let offer = offer(&server("0"));
        let ids: Vec<&str> = offer.iter().map(|action| action.id.as_str()).collect();
        assert_eq!(ids, ["say", "kick", "map", "restart-match"]);
        assert_eq!(offer[2].form[0].default_value.as_deref(), Some("oa_dm3"));
    }
}
