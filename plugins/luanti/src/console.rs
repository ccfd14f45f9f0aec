//! Who came and who left, from the server's action log:
//! `2026-01-02 03:04:05: ACTION[Server]: Alice [192.0.2.7] joins game. List of players: Alice`.

use gantry_plugin::prelude::*;

pub(crate) fn parse(lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn event(line: &str) -> Option<Event> {
    let said = behind_time(line)?;
    if let Some(error) = said.strip_prefix("ERROR[Main]: ") {
        return Some(Event::Warning(error.to_owned()));
    }
    let action = said.strip_prefix("ACTION[Server]: ")?;
    // A chat line begins `CHAT: <name> text` and may contain anything, so it is told apart first.
    if let Some(chat) = action.strip_prefix("CHAT: <") {
        let (name, said) = chat.split_once("> ")?;
        return Some(Event::Chat((player(name)?, said.to_owned())));
    }
    if let Some((who, _)) = action.split_once("] joins game.") {
        let (name, _) = who.split_once(" [")?;
        return player(name).map(Event::Joined);
    }
    let (who, _) = action.split_once(" leaves game.").or_else(|| action.split_once(" times out."))?;
    player(who).map(Event::Left)
}

/// The level comes straight behind the time, so that nobody's words are taken for one.
fn behind_time(line: &str) -> Option<&str> {
    let (time, said) = line.split_at_checked(19)?;
    let is_time = time.bytes().all(|byte| byte.is_ascii_digit() || b"-: ".contains(&byte));
    said.strip_prefix(": ").filter(|_| is_time)
}

/// Luanti allows these characters in names, at most 20 of them; anything else is not a name.
fn player(name: &str) -> Option<String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    ((1..=20).contains(&name.len()) && name.chars().all(valid)).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Option<Event> {
        event(line)
    }

    #[test]
    fn joins_and_leaves_are_found() {
        let join =
            "2026-11-21 02:09:52: ACTION[Server]: Alice [192.0.2.7] joins game. List of players: Alice";
        assert_eq!(one(join), Some(Event::Joined("Alice".to_owned())));
        let leave = "2026-11-21 02:10:52: ACTION[Server]: Alice leaves game. List of players: ";
        assert_eq!(one(leave), Some(Event::Left("Alice".to_owned())));
    }

    #[test]
    fn a_chat_line_cannot_forge_a_join() {
        let line = "2026-11-21 02:10:52: ACTION[Server]: CHAT: <Eve> Bob [::1] joins game. List of players:";
        assert!(matches!(one(line), Some(Event::Chat(_))));
        assert_eq!(one("2026-11-21 02:10:52: ACTION[Main]: World at [/data/world]"), None);
    }

    #[test]
    fn words_are_no_warning_and_no_farewell() {
        let error = "2026-11-21 02:10:52: ERROR[Main]: no such game";
        assert_eq!(one(error), Some(Event::Warning("no such game".to_owned())));
        for words in [": ERROR[Main]: all is lost", ": ACTION[Server]: Bob leaves game. List of players:"] {
            let chat = format!("2026-11-21 02:10:52: ACTION[Server]: CHAT: <Eve> {words}");
            assert!(matches!(one(&chat), Some(Event::Chat(_))), "{chat}");
            for line in [
                format!("2026-11-21 02:10:52: ACTION[Server]: Eve wrote \"{words}\" to the sign at (1,2,3)"),
                format!("2026-11-21 02:10:52: WARNING[Server]: Eve {words}"),
                format!("Eve{words}"),
            ] {
                assert_eq!(one(&line), None, "{line}");
            }
        }
    }
}
