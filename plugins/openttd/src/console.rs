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
    if let Some(error) = said.strip_prefix("Error: ") {
        return error.starts_with("Failed to find a graphics set").then(|| {
            crash(
                "The game's graphics are missing, which it wants even where nobody looks.",
                "Reinstall the server, so that its image is built again.",
            )
        });
    }
    let debug = debug(said)?;
    if debug.starts_with("Could not bind socket on ") {
        return Some(crash("Another program has the game's port.", "Give the server another allocation."));
    }
    let warning = debug.strip_prefix("Loading game failed, ")?;
    Some(Event::Warning(format!("There was no world to go on with, {warning}.")))
}

/// What the network's part of the program says: `dbg: [net] …`, later with its level, `dbg: [net:0] …`, and where it is
/// asked for with the time in front, `[2026-01-02 03:04:05] dbg: …`. No line of chat begins so.
fn debug(said: &str) -> Option<&str> {
    let said = match said.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((time, rest)) if time.bytes().all(|byte| byte.is_ascii_digit() || b"-: ".contains(&byte)) => {
            rest
        }
        _ => said,
    };
    let (part, debug) = said.strip_prefix("dbg: [net")?.split_once("] ")?;
    let level = part.strip_prefix(':').is_some_and(|level| level.parse::<u8>().is_ok());
    (part.is_empty() || level).then_some(debug)
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
        // The founder's name may end as the farewell of somebody else begins.
        && !why.contains(" has started a new company (#")
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

    #[test]
    fn each_end_is_known_in_each_spelling() {
        for line in [
            "dbg: [net:0] Could not bind socket on 0.0.0.0:3979 (IPv4): Address already in use",
            "[2026-01-02 03:04:05] dbg: [net:0] Could not bind socket on [::]:3979 (IPv6): Address already in use",
            "Error: Failed to find a graphics set. Please acquire a graphics set for OpenTTD.",
        ] {
            assert!(
                matches!(&events(line)[..], [Event::CrashCause(cause)] if cause.remedy.is_some()),
                "{line}"
            );
        }
        let load = "dbg: [net] Loading game failed, so a new (random) game will be started";
        assert!(matches!(&events(load)[..], [Event::Warning(_)]));
    }

    #[test]
    fn no_players_words_are_an_end() {
        for words in [
            "Could not bind socket on 0.0.0.0:3979",
            "dbg: [net] Could not bind socket on 0.0.0.0:3979 (IPv4): Address already in use",
            "dbg: [net] Loading game failed, x",
            "Failed to find a graphics set",
            "Error: Failed to find a graphics set",
        ] {
            for said in [
                format!("[All] Eve: {words}"),
                format!("[Team] Eve: {words}"),
                format!("[Company] Eve: {words}"),
                format!("[Private] Eve: {words}"),
                format!("[Private] To Eve: {words}"),
                format!("[Spectators] Eve: {words}"),
                format!("*** {words} has joined the game (Client #2)"),
                format!("*** {words} has started a new company (#1)"),
                format!("*** Eve has left the game ({words})"),
                format!("[Eve] {words}"),
                format!("Client #2  name: '{words}'  company: 1  IP: 192.0.2.1"),
                format!("#:1(Blue) Company Name: '{words}'  Year Founded: 1950"),
                format!("dbg: [script] {words}"),
                format!("dbg: [net] {words} x")
                    .replace("net] Could", "net] Eve: Could")
                    .replace("net] dbg", "net] Eve: dbg"),
                format!("Eve: {words}"),
            ] {
                for line in [said.clone(), format!("\u{200e}{said}")] {
                    let found = events(&line);
                    let ends = |event: &Event| matches!(event, Event::CrashCause(_) | Event::Warning(_));
                    assert!(!found.iter().any(ends), "{line} is {found:?}");
                }
            }
        }
    }

    #[test]
    fn a_name_is_nobody_elses_farewell() {
        for line in [
            "*** Bob has left the game ( has started a new company (#1)",
            "*** Al has left the game (ab has started a new company (#12)",
        ] {
            assert!(events(line).is_empty(), "{line}");
        }
    }
}
