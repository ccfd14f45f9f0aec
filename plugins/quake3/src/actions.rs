//! What people have done to a match, typed into the server's console.
//!
//! The engine cuts a line at semicolons, but not between double quotes: what people typed stands between these, and has
//! none itself. Sources: ioquake3's `Cbuf_Execute`, `SV_ConSay_f`, `SV_KickNum_f`, `SV_Map_f`.

use crate::blueprint::WORD;
use gantry_plugin::{act::answer, prelude::*, rules};

pub(crate) fn offer(server: &Server) -> Vec<ServerAction> {
    let plain = "No quotes, semicolons, backslashes, percent or dollar signs.";
    vec![
        ServerAction::new("say", "Say something")
            .help("Everybody in the arena reads it.")
            .icon("megaphone")
            .ask(Variable::text("text", "Message", "", 120).required().pattern(rules::PLAIN_TEXT, plain)),
        ServerAction::new("kick", "Kick a player").help("The player may come back.").icon("user-x").ask(
            Variable::number("client", "Number", 0, 0, 63)
                .required()
                .help("The command status lists the numbers of all who play."),
        ),
        ServerAction::new("map", "Change the map")
            .icon("map")
            .ask(Variable::text("map", "Map", server.setting("map"), 64).required().pattern(WORD.0, WORD.1))
            .confirm("The match that is being played ends at once."),
        ServerAction::new("restart-match", "Begin the match anew")
            .icon("rotate-ccw")
            .confirm("Everybody's scores are lost."),
    ]
}

pub(crate) fn perform(id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
    Ok(match id {
        "say" => say(answer(form, "text")),
        "kick" => {
            let number = answer(form, "client").parse::<u8>();
            let number = number.map_err(|_| Failure::new("no_number", "That is no number of a player."))?;
            vec![
                command(&format!("clientkick {number}")),
                Effect::await_line("was kicked|Client [0-9]+ is not active", 5),
            ]
        }
        "map" => change_map(answer(form, "map"))?,
        "restart-match" => vec![
            command("map_restart 0"),
            Effect::await_line("^InitGame: |Game Initialization", 20),
            Effect::Message("The match has begun anew.".to_owned()),
        ],
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

fn say(text: &str) -> Vec<Effect> {
    vec![command(&format!("say \"{text}\""))]
}

fn change_map(map: &str) -> Result<Vec<Effect>, Failure> {
    // A form that was checked has one word; a second look costs nothing, and this becomes a command.
    let is_word = map.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if map.is_empty() || !is_word {
        return Err(Failure::new("no_map", format!("{map} is no name of a map.")));
    }
    Ok(vec![
        command(&format!("map {map}")),
        Effect::await_line(&format!("^Server: {map}$"), 30),
        Effect::Message(format!("The match goes on at {map}.")),
    ])
}

fn command(line: &str) -> Effect {
    Effect::Command(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_stays_within_its_command() {
        assert_eq!(broadcast("a\"; quit $x\nb"), [command("say \"a' quit xb\"")]);
        assert_eq!(change_map("q3dm1;quit").expect_err("a refusal").code, "no_map");
        assert_eq!(change_map("q3dm6").expect("effects")[0], command("map q3dm6"));
        let form = [Setting { key: "client".to_owned(), value: "1;quit".to_owned() }];
        assert_eq!(perform("kick", &form).expect_err("a refusal").code, "no_number");
    }
}
