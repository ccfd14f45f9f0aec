//! Who came and who left, from the server's action log:
//! `2026-01-02 03:04:05: ACTION[Server]: Alice [192.0.2.7] joins game. List of players: Alice`.

use gantry_plugin::prelude::*;

const ACTION: &str = ": ACTION[Server]: ";

pub(crate) fn parse(lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn event(line: &str) -> Option<Event> {
    if let Some((_, error)) = line.split_once(": ERROR[Main]: ") {
        return Some(Event::Warning(error.to_owned()));
    }
    let (_, action) = line.split_once(ACTION)?;
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
}
