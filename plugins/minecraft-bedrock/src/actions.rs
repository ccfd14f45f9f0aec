//! What people have done, typed into the server's console.
//!
//! Names may have spaces, so they stand between double quotes and have none themselves.

use gantry_plugin::{act::answer, prelude::*};

const NAME: &str = r#"[^"@\\\x00-\x1f\x7f]+"#;
const ONE_LINE: &str = r"[^\x00-\x1f\x7f\x{a7}@]*";
const LONGEST: usize = 200;

/// An action that is one command about one player: id, title, icon, command, what the game says then, what people are told.
type Chore = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const CHORES: [Chore; 5] = [
    ("kick", "Kick a player", "user-x", "kick", "Kicked ", "was kicked."),
    ("op", "Make an operator", "shield-check", "op", "Opped: |Could not op", "is an operator."),
    ("deop", "Remove an operator", "shield-x", "deop", "De-opped: |Could not de-op", "is no operator."),
    (
        "allowlist-add",
        "Add to the allowlist",
        "user-plus",
        "allowlist add",
        "Player added to allowlist|Player already in allowlist",
        "is on the allowlist.",
    ),
    (
        "allowlist-remove",
        "Remove from the allowlist",
        "user-minus",
        "allowlist remove",
        "Player removed from allowlist|Player not in allowlist",
        "is not on the allowlist.",
    ),
];

pub(crate) fn offer() -> Vec<ServerAction> {
    let mut offer = vec![
        ServerAction::new("say", "Say something")
            .help("Everybody who plays reads it.")
            .icon("megaphone")
            .ask(Variable::text("text", "Message", "", 200).required().pattern(
                ONE_LINE,
                "One line, without @ and section signs, which the game reads as more than text.",
            )),
    ];
    for (id, title, icon, ..) in CHORES {
        let name = Variable::text("player", "Name", "", 32).required().pattern(NAME, "A player's name.");
        let audience = if id.ends_with("op") { Audience::Owners } else { Audience::Members };
        offer.push(ServerAction::new(id, title).icon(icon).audience(audience).ask(name));
    }
    offer
}

pub(crate) fn perform(id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
    if id == "say" {
        return Ok(vec![say(answer(form, "text"))]);
    }
    let Some((.., command, says, told)) = CHORES.iter().find(|(chore, ..)| *chore == id) else {
        return Err(ServerAction::unknown(id));
    };
    let player = answer(form, "player");
    if player.is_empty() || player.contains(|c: char| matches!(c, '"' | '@' | '\\') || c.is_control()) {
        return Err(Failure::new("no_such_player", format!("{player} is no player's name.")));
    }
    Ok(vec![
        Effect::Command(format!("{command} \"{player}\"")),
        Effect::await_line(says, 5),
        Effect::Message(format!("{player} {told}")),
    ])
}

/// The game prints nothing when it has said something.
fn say(text: &str) -> Effect {
    Effect::Command(format!("say {text}"))
}

/// Messages of the host's own, whose text nobody has checked against our pattern.
pub(crate) fn broadcast(text: &str) -> Vec<Effect> {
    let plain = text.chars().filter(|c| !c.is_control() && *c != '\u{a7}');
    let plain: String = plain.map(|c| if c == '@' { '\u{ff20}' } else { c }).take(LONGEST).collect();
    vec![say(&plain)]
}

/// `save hold` begins to write, and `save query` says whether that is done, as often as it is asked. Files may then be
/// copied while the game goes on, since it leaves them alone until `save resume`.
pub(crate) fn quiesce() -> Vec<Effect> {
    let command = |line: &str| Effect::Command(line.to_owned());
    vec![
        command("save hold"),
        Effect::await_line(r"Saving\.\.\.|The command is already running", 10),
        Effect::WaitMs(2_000),
        command("save query"),
        // A large world takes longer.
        Effect::WaitMs(5_000),
        command("save query"),
        Effect::await_line(r"Data saved\. Files are now ready to be copied\.", 30),
    ]
}

/// Nothing is awaited: a game that saves already says something else, and one that is gone says nothing.
pub(crate) fn resume() -> Vec<Effect> {
    vec![Effect::Command("save resume".to_owned())]
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

    fn of(id: &str, player: &str) -> Result<Vec<Effect>, Failure> {
        perform(id, &[Setting { key: "player".to_owned(), value: player.to_owned() }])
    }

    #[test]
    fn only_a_name_becomes_a_command() {
        assert_eq!(commands(&of("kick", "Ada L").expect("effects")), ["kick \"Ada L\""]);
        for other in ["@a", "a\" stop", "", "a\nstop", "a\\"] {
            assert_eq!(of("kick", other).expect_err("a refusal").code, "no_such_player", "{other:?}");
        }
        assert_eq!(of("fly", "Ada").expect_err("a refusal").code, "unknown_action");
    }

    #[test]
    fn a_broadcast_is_one_line_of_text_whatever_is_in_it() {
        assert_eq!(commands(&broadcast("Back at 8\nstop @a \u{a7}c!")), ["say Back at 8stop \u{ff20}a c!"]);
    }

    #[test]
    fn a_backup_holds_the_world_and_lets_it_go() {
        assert_eq!(commands(&quiesce()), ["save hold", "save query", "save query"]);
        assert_eq!(commands(&resume()), ["save resume"]);
    }
}
