//! What the console says of people and of ends.
//!
//! A line may stand behind the prompt, `: `. The dedicated server says what people write behind `<their name>`, and what they
//! do by `/me` behind an asterisk; TShock behind `their name: `, in a form that its owner chooses.

use crate::software::Software;
use gantry_plugin::prelude::*;

/// As many as the game lets a name have; TShock may tell the country behind it.
const LONGEST_NAME: usize = 64;

pub(crate) fn parse(software: Software, lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(software, line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn event(software: Software, line: &str) -> Option<Event> {
    let said = line.strip_prefix(": ").unwrap_or(line);
    if let Some(chat) = said.strip_prefix('<')
        && let Some((name, words)) = chat.split_once("> ")
    {
        // What this page had said itself.
        return (name != "Server").then(|| Event::Chat((name.to_owned(), words.to_owned())));
    }
    if let Some(name) = said.strip_suffix(" has joined.") {
        return player(software, name).map(Event::Joined);
    }
    if let Some(name) = said.strip_suffix(" has left.") {
        return player(software, name).map(Event::Left);
    }
    of_the_game(said)
}

/// A name, unless it is what somebody wrote.
fn player(software: Software, name: &str) -> Option<String> {
    let is_said = name.starts_with('*') || (software == Software::TShock && name.contains(": "));
    let length = name.chars().count();
    (!is_said && (1..=LONGEST_NAME).contains(&length)).then(|| name.to_owned())
}

fn of_the_game(said: &str) -> Option<Event> {
    if said == "Server started" {
        return Some(Event::Ready);
    }
    if is_of_sockets(said) {
        return Some(crash("Another program has the game's port.", "Give the server another allocation."));
    }
    if said == "You must install or update .NET to run this application." {
        return Some(crash(
            "The image has not the .NET that this TShock wants.",
            "Leave the setting for an own image empty, or name one with that version.",
        ));
    }
    // The whole line: a name has up to twenty characters, and lines begin with names.
    matches!(said, "Load failed!" | "Load failed!  No backup found.").then(|| {
        crash(
            "The world could not be read.",
            "Restore a backup, or put the file WORLD.wld.bak in the place of WORLD.wld below worlds.",
        )
    })
}

/// An exception by its class, which is longer than any name: `System.Net.Sockets.SocketException (98): Address already in use`.
fn is_of_sockets(said: &str) -> bool {
    let said = said.strip_prefix("Unhandled exception. ").unwrap_or(said);
    let Some(rest) = said.strip_prefix("System.Net.Sockets.SocketException") else { return false };
    // Its number, or that of all of its kind.
    let rest = match rest.strip_prefix(" (").and_then(|rest| rest.split_once(')')) {
        Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'x') => rest,
        Some(_) => return false,
        None => rest,
    };
    let why = rest.strip_prefix(": ");
    why.is_some_and(|why| {
        why == "Address already in use" || why.starts_with("Only one usage of each socket address")
    })
}

fn crash(cause: &str, remedy: &str) -> Event {
    Event::CrashCause(CrashCause { cause: cause.to_owned(), remedy: Some(remedy.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VANILLA: Software = Software::Vanilla;

    #[test]
    fn lines_say_who_came_and_went() {
        let joined = Some(Event::Joined("Ada L.".to_owned()));
        for line in ["Ada L. has joined.", ": Ada L. has joined."] {
            assert_eq!(event(VANILLA, line), joined, "{line}");
            assert_eq!(event(Software::TShock, line), joined, "{line}");
        }
        assert_eq!(event(VANILLA, "Ada L. has left."), Some(Event::Left("Ada L.".to_owned())));
        assert_eq!(event(VANILLA, " has left."), None, "nobody was named");
        assert_eq!(event(VANILLA, ": Server started"), Some(Event::Ready));
    }

    #[test]
    fn words_cannot_forge_a_join() {
        let chat = Event::Chat(("Eve".to_owned(), "Bob has joined.".to_owned()));
        assert_eq!(event(VANILLA, "<Eve> Bob has joined."), Some(chat));
        assert_eq!(event(VANILLA, "*Eve says that Bob has joined."), None);
        assert_eq!(event(Software::TShock, "Eve: Bob has joined."), None);
        assert_eq!(event(VANILLA, "<Server> Back at 8"), None, "we said it ourselves");
    }

    #[test]
    fn an_end_has_a_cause_and_a_remedy() {
        for line in [
            "System.Net.Sockets.SocketException: Address already in use",
            "System.Net.Sockets.SocketException (98): Address already in use",
            "Unhandled exception. System.Net.Sockets.SocketException (98): Address already in use",
            "System.Net.Sockets.SocketException (0x80004005): Address already in use",
            "System.Net.Sockets.SocketException: Only one usage of each socket address (protocol/network address/port) is normally permitted",
            "You must install or update .NET to run this application.",
            "Load failed!  No backup found.",
        ] {
            let found = event(Software::TShock, line);
            assert!(matches!(found, Some(Event::CrashCause(cause)) if cause.remedy.is_some()), "{line}");
        }
    }

    #[test]
    fn no_players_words_are_an_end_or_a_beginning() {
        for words in [
            "Address already in use",
            "System.Net.Sockets.SocketException: Address already in use",
            "Only one usage of each socket address",
            "You must install or update .NET to run this application.",
            "Load failed!",
            "Load failed!  No backup found.",
            "Server started",
        ] {
            // The longest name that there is, which lines begin with.
            let name: String = words.chars().take(20).collect();
            for line in [
                format!("<Eve> {words}"),
                format!("(Default) Eve: {words}"),
                format!("(Default) [i:1] Eve (FR): {words}"),
                format!("Eve: {words}"),
                format!("Eve (FR): {words}"),
                format!("*Eve {words}"),
                format!("*Eve says {words}"),
                format!("<From Eve> {words}"),
                format!("[Team] <Eve> {words}"),
                format!("Eve executed: /me {words}."),
                format!("(Server Broadcast) {words}"),
                format!("Eve was slain by {words}"),
                format!("{name} has joined."),
                format!("{name} has left."),
                format!("{name}: {words}"),
                format!("{name} was slain by a Zombie."),
                format!("{name} (192.0.2.1:1)"),
            ] {
                for line in [line.clone(), format!(": {line}")] {
                    for software in [VANILLA, Software::TShock] {
                        let found = event(software, &line);
                        assert!(
                            !matches!(found, Some(Event::CrashCause(_) | Event::Ready)),
                            "{line} is {found:?}"
                        );
                    }
                }
            }
        }
    }
}
