//! Who came and who left, from lines like `[2026-01-02 03:04:05][game]: leave player='0:Alice'`.

use gantry_plugin::prelude::*;

pub(crate) fn parse(lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn event(line: &str) -> Option<Event> {
    // Time and channel come from the game, so a line of chat cannot look like one of the channel `game`.
    let (time, rest) = line.strip_prefix('[')?.split_once("][")?;
    let (channel, said) = rest.split_once("]: ")?;
    match (time.len(), channel) {
        (19, "game") => game(said),
        (19, "chat") => chat(said),
        _ => None,
    }
}

/// `team_join player='0:Alice' team=0` as somebody joins; with `team=0->1` somebody only changes sides. A name may hold
/// quotes, so its end is looked for from the right.
fn game(said: &str) -> Option<Event> {
    if let Some(rest) = said.strip_prefix("team_join player='") {
        let (who, team) = rest.rsplit_once("' team=")?;
        team.parse::<i32>().ok()?;
        return name(who).map(Event::Joined);
    }
    let who = said.strip_prefix("leave player='")?.strip_suffix('\'')?;
    name(who).map(Event::Left)
}

/// `1:0:Alice: hello`: to whom, the speaker's number, the name, the words. What the game itself says has no numbers. A
/// colon and a space within the name are taken for its end; nothing but the display hangs on it.
fn chat(said: &str) -> Option<Event> {
    let (to, rest) = said.split_once(':')?;
    let (speaker, rest) = rest.split_once(':')?;
    to.parse::<i32>().ok()?;
    speaker.parse::<i32>().ok()?;
    let (name, words) = rest.split_once(": ")?;
    Some(Event::Chat((name.to_owned(), words.to_owned())))
}

/// The name behind a player's number.
fn name(who: &str) -> Option<String> {
    let (number, name) = who.split_once(':')?;
    number.parse::<u8>().ok()?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(said: &str) -> Option<Event> {
        event(&format!("[2026-11-21 05:14:16]{said}"))
    }

    #[test]
    fn recorded_lines_say_who_came_and_went() {
        let name = || "Grüße 'x'".to_owned();
        assert_eq!(one("[game]: team_join player='0:Grüße 'x'' team=0"), Some(Event::Joined(name())));
        assert_eq!(one("[game]: leave player='0:Grüße 'x''"), Some(Event::Left(name())));
        assert_eq!(one("[server]: player has entered the game. ClientID=0 addr=127.0.0.1:58014"), None);
    }

    #[test]
    fn changing_sides_is_no_join() {
        assert_eq!(one("[game]: team_join player='3:Alice' team=0->1"), None);
        assert_eq!(one("[game]: team_join player='3:' team=0' team=1->0"), None);
    }

    #[test]
    fn words_cannot_forge_a_leave() {
        let line = "[chat]: 1:0:Eve: [2026-11-21 05:14:16][game]: leave player='1:Bob'";
        assert!(matches!(one(line), Some(Event::Chat((name, _))) if name == "Eve"));
        assert_eq!(one("[chat]: *** 'Eve: 0:1: x' entered and joined the game"), None);
    }
}
