//! What the console says of people and of ends.
//!
//! A line of the game's log begins with its time, thread and level, in the spelling of vanilla and Fabric
//! (`[12:00:00] [Server thread/INFO]: `, also with a logger's name in round brackets) or of Paper (`[12:00:00 INFO]: `). What
//! people say stands behind `<their name>`, so that no chat line looks like a join. What Java itself says has no such head.

use crate::{ends, ping::is_player};
use gantry_plugin::prelude::*;

pub(crate) fn parse(lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn event(line: &str) -> Option<Event> {
    match said(line) {
        Some((level, text)) => of_the_game(level, text),
        None => ends::of_java(line).map(Event::CrashCause),
    }
}

/// The level and what stands behind the head of a line of the log.
fn said(line: &str) -> Option<(&str, &str)> {
    let (time, rest) = line.strip_prefix('[')?.split_at_checked(8)?;
    time.bytes().all(|byte| byte.is_ascii_digit() || byte == b':').then_some(())?;
    let is_level = |level: &str| level.bytes().all(|byte| byte.is_ascii_uppercase());
    if let Some(rest) = rest.strip_prefix(' ') {
        let (level, text) = rest.split_once("]: ")?;
        return is_level(level).then_some((level, text));
    }
    let (thread, text) = rest.strip_prefix("] [")?.split_once(']')?;
    let (_, level) = thread.rsplit_once('/')?;
    is_level(level).then_some(())?;
    if let Some(text) = text.strip_prefix(": ") {
        return Some((level, text));
    }
    let (_, text) = text.strip_prefix(" (")?.split_once(')')?;
    Some((level, text.strip_prefix(": ").or_else(|| text.strip_prefix(' '))?))
}

fn of_the_game(level: &str, text: &str) -> Option<Event> {
    if let Some(chat) = text.strip_prefix("[Not Secure] ").unwrap_or(text).strip_prefix('<') {
        let (name, said) = chat.split_once("> ")?;
        return Some(Event::Chat((player(name)?, said.to_owned())));
    }
    if let Some(name) = text.strip_suffix(" joined the game") {
        // Who has changed their name is said to have been somebody else.
        let name = name.split_once(" (formerly known as ").map_or(name, |(name, _)| name);
        return player(name).map(Event::Joined);
    }
    if let Some(name) = text.strip_suffix(" left the game") {
        return player(name).map(Event::Left);
    }
    if text.starts_with("Done (") && text.contains(")! For help, type ") {
        return Some(Event::Ready);
    }
    if text.starts_with("Can't keep up! ") || text.starts_with("**** SERVER IS RUNNING IN OFFLINE") {
        return Some(Event::Warning(text.to_owned()));
    }
    ends::of_the_game(level, text).map(Event::CrashCause)
}

fn player(name: &str) -> Option<String> {
    is_player(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_come_and_go_in_each_spelling() {
        for head in [
            "[12:00:00] [Server thread/INFO]: ",
            "[12:00:00 INFO]: ",
            "[12:00:00] [Server thread/INFO] (Minecraft) ",
            "[12:00:00] [Server thread/INFO] (MinecraftServer): ",
        ] {
            let of = |text: &str| event(&format!("{head}{text}"));
            assert_eq!(of("Ada joined the game"), Some(Event::Joined("Ada".to_owned())), "{head}");
            assert_eq!(
                of("Eve (formerly known as Bob) joined the game"),
                Some(Event::Joined("Eve".to_owned()))
            );
            assert_eq!(of(".Grace left the game"), Some(Event::Left(".Grace".to_owned())));
            let chat = Some(Event::Chat(("Ada".to_owned(), "hi > there".to_owned())));
            assert_eq!(of("<Ada> hi > there"), chat);
            assert_eq!(of("[Not Secure] <Ada> hi > there"), chat);
            assert_eq!(of("Done (12.345s)! For help, type \"help\""), Some(Event::Ready));
        }
    }

    #[test]
    fn nobody_forges_an_event() {
        for line in [
            "[12:00:00 INFO]: [Server] Bob joined the game",
            "[12:00:00 INFO]: * Eve Bob joined the game",
            "[12:00:00] [Server thread/INFO]: Eve was slain by Bob joined the game",
            "[12:00:00] [Server thread/INFO]: [Eve: Bob left the game]",
            "Bob joined the game",
            "[12:00:00 INFO] Bob joined the game",
        ] {
            assert_eq!(event(line), None, "{line}");
        }
        let told = "[12:00:00 INFO]: <Eve> java.lang.OutOfMemoryError: Java heap space";
        assert!(matches!(event(told), Some(Event::Chat(_))));
        let told = "[12:00:00] [Server thread/INFO]: <Eve> **** FAILED TO BIND TO PORT!";
        assert!(matches!(event(told), Some(Event::Chat(_))));
    }

    #[test]
    fn any_line_is_read() {
        for line in ["", "[", "[12:00:0\u{e9}", "[12:00:00]", "[12:00:00] [x", "[12:00:00 ]: ", "Error"] {
            assert_eq!(event(line), None, "{line}");
        }
    }
}
