//! Who came, left, and said what, from lines such as `*** Ada has joined the game (Client #2)`. The game marks their
//! direction for terminals by a character that nobody sees.

use gantry_plugin::prelude::*;

const LEFT_TO_RIGHT: char = '\u{200e}';

pub(crate) fn parse(lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        let line_number = u32::try_from(index).unwrap_or(u32::MAX);
        events(line).into_iter().map(move |event| Found { line: line_number, event })
    };
    lines.iter().enumerate().flat_map(found).collect()
}

fn events(line: &str) -> Vec<Event> {
    let said = line.trim_start_matches(LEFT_TO_RIGHT);
    if let Some(notice) = said.strip_prefix("*** ") {
        return notice_of(notice);
    }
    one(said).into_iter().collect()
}

fn one(said: &str) -> Option<Event> {
    if let Some(chat) = said.strip_prefix("[All] ") {
        let (name, words) = chat.split_once(": ")?;
        return Some(Event::Chat((name.to_owned(), words.to_owned())));
    }
    if said.contains("Could not bind socket on ") {
        return Some(crash("Another program has the game's port.", "Give the server another allocation."));
    }
    if said.contains("Failed to find a graphics set") {
        return Some(crash(
            "The game's graphics are missing, which it wants even where nobody looks.",
            "Reinstall the server, so that its image is built again.",
        ));
    }
    let warning = said.strip_prefix("dbg: [net] Loading game failed, ")?;
    Some(Event::Warning(format!("There was no world to go on with, {warning}.")))
}

fn crash(cause: &str, remedy: &str) -> Event {
    Event::CrashCause(CrashCause { cause: cause.to_owned(), remedy: Some(remedy.to_owned()) })
}

/// A name may hold any words, so what stands at the end decides.
fn notice_of(notice: &str) -> Vec<Event> {
    if let Some((name, client)) = notice.rsplit_once(" has joined the game (Client #")
        && client.strip_suffix(')').is_some_and(|number| number.parse::<u32>().is_ok())
    {
        return vec![Event::Joined(name.to_owned())];
    }
    if let Some((name, why)) = notice.rsplit_once(" has left the game (")
        && why.ends_with(')')
    {
        return vec![Event::Left(name.to_owned())];
    }
    match notice.split_once(" has changed their name to ") {
        Some((before, after)) => vec![Event::Left(before.to_owned()), Event::Joined(after.to_owned())],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(name: &str) -> Event {
        Event::Joined(name.to_owned())
    }

    fn left(name: &str) -> Event {
        Event::Left(name.to_owned())
    }

    #[test]
    fn recorded_lines_say_who_came_and_went() {
        let lines = [
            "\u{200e}*** Game paused (connecting clients)",
            "\u{200e}*** Ada [x] has left has joined the game (Client #2)",
            "\u{200e}*** Ada [x] has left has started a new company (#1)",
            "\u{200e}*** Ada [x] has left has left the game (kicked by server)",
        ]
        .map(str::to_owned);
        let found = parse(&lines);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].line, &found[0].event), (1, &joined("Ada [x] has left")));
        assert_eq!((found[1].line, &found[1].event), (3, &left("Ada [x] has left")));
    }

    #[test]
    fn a_new_name_is_a_farewell_and_a_welcome() {
        assert_eq!(events("\u{200e}*** Ada has changed their name to Grace"), [left("Ada"), joined("Grace")]);
    }

    #[test]
    fn words_cannot_forge_a_join() {
        let line = "\u{200e}[All] Eve: *** Bob has joined the game (Client #3)";
        assert!(matches!(&events(line)[..], [Event::Chat((name, _))] if name == "Eve"));
        assert!(events("\u{200e}[Private] To Ada: *** Bob has joined the game (Client #3)").is_empty());
    }

    #[test]
    fn an_end_has_a_cause_and_a_remedy() {
        let line = "dbg: [net] Could not bind socket on 0.0.0.0:3979 (IPv4): Address already in use";
        assert!(matches!(&events(line)[..], [Event::CrashCause(cause)] if cause.remedy.is_some()));
    }
}
