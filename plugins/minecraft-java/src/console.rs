//! What the console says of people and of ends.
//!
//! A line of the game's log begins with its time, thread and level, in the spelling of vanilla and Fabric
//! (`[12:00:00] [Server thread/INFO]: `, also with a logger's name in round brackets) or of Paper (`[12:00:00 INFO]: `). What
//! people say stands behind `<their name>`, so that no chat line looks like a join. What Java itself says has no such head.

use crate::ping::is_player;
use gantry_plugin::prelude::*;

pub(crate) fn parse(lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn event(line: &str) -> Option<Event> {
    match said(line) {
        Some(text) => of_the_game(text),
        None => of_java(line).map(Event::CrashCause),
    }
}

/// What stands behind the head of a line of the log.
fn said(line: &str) -> Option<&str> {
    let (time, rest) = line.strip_prefix('[')?.split_at_checked(8)?;
    time.bytes().all(|byte| byte.is_ascii_digit() || byte == b':').then_some(())?;
    if let Some(rest) = rest.strip_prefix(' ') {
        let (level, text) = rest.split_once("]: ")?;
        return level.bytes().all(|byte| byte.is_ascii_uppercase()).then_some(text);
    }
    let (thread, text) = rest.strip_prefix("] [")?.split_once(']')?;
    let (_, level) = thread.rsplit_once('/')?;
    level.bytes().all(|byte| byte.is_ascii_uppercase()).then_some(())?;
    if let Some(text) = text.strip_prefix(": ") {
        return Some(text);
    }
    let (_, text) = text.strip_prefix(" (")?.split_once(')')?;
    text.strip_prefix(": ").or_else(|| text.strip_prefix(' '))
}

fn of_the_game(text: &str) -> Option<Event> {
    let text = text.strip_prefix("[Not Secure] ").unwrap_or(text);
    if let Some(chat) = text.strip_prefix('<') {
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
    end(text).map(Event::CrashCause)
}

fn player(name: &str) -> Option<String> {
    is_player(name).then(|| name.to_owned())
}

fn because(cause: &str, remedy: impl Into<String>) -> Option<CrashCause> {
    Some(CrashCause { cause: cause.to_owned(), remedy: Some(remedy.into()) })
}

/// Why the game says that it ends.
fn end(text: &str) -> Option<CrashCause> {
    if text.contains("You need to agree to the EULA") {
        return because("The Minecraft EULA is not accepted.", "Accept it in the settings and start again.");
    }
    if text.starts_with("**** FAILED TO BIND TO PORT!") {
        return because(
            "Something else has the game's port.",
            "Stop what uses it, or give the server another allocation.",
        );
    }
    if text.starts_with("Failed to load world data from") || text.contains("World files may be corrupted") {
        return because(
            "The world's files are damaged.",
            "Restore a backup, or give the world another folder.",
        );
    }
    if text.contains("is being accessed from another location")
        || text.contains("Failed to check session lock")
    {
        return because(
            "Something else has the world open.",
            "Stop what else uses this folder, then start again.",
        );
    }
    if text.contains("attempted to load chunk saved with newer version") {
        return because(
            "The world was played in a newer version of Minecraft.",
            "Install that version again, or restore a backup from before.",
        );
    }
    if text.contains("Watching Server") || text.contains("A single server tick took ") {
        return because(
            "The game did not move for too long and ended itself.",
            "Look for what was slow: too little processor, a slow disk, or a mod or plugin.",
        );
    }
    None
}

/// What Java says where there is no game yet, or no more.
fn of_java(line: &str) -> Option<CrashCause> {
    let memory = [
        "java.lang.OutOfMemoryError",
        "Could not reserve enough space for",
        "insufficient memory for the Java",
    ];
    let head =
        ["Error", "Exception in thread", "Caused by: ", "Terminating due to ", "java.lang.", "# There is "];
    let line = line.trim_start();
    if !head.iter().any(|begin| line.starts_with(begin)) {
        return None;
    }
    if memory.iter().any(|words| line.contains(words)) {
        return because(
            "The game ran out of memory.",
            "Raise the server's memory limit, or lower the view distance and the number of mods.",
        );
    }
    if let Some((_, class)) = line.split_once("UnsupportedClassVersionError") {
        let version = class.split_once("class file version ").map_or("", |(_, version)| version);
        let number = version.split(['.', ')']).next().and_then(|number| number.parse::<u32>().ok());
        // Version 52 of the format came with Java 8, and each Java has had the next since.
        let java = number.and_then(|number| number.checked_sub(44)).filter(|java| *java > 7);
        let remedy = java.map_or("Choose a newer Java in the settings.".to_owned(), |java| {
            format!("It wants Java {java}: choose it in the settings, or \"What this version wants\".")
        });
        return because("The game, a mod or a plugin wants a newer Java.", remedy);
    }
    if line.contains("Unable to access jarfile") || line.contains("Invalid or corrupt jarfile") {
        return because("The server software is not there, or not whole.", "Install the server once more.");
    }
    None
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
    fn each_end_has_its_cause() {
        let cases = [
            (
                "[12:00:00] [ServerMain/INFO]: You need to agree to the EULA in order to run the server.",
                "EULA",
            ),
            ("[12:00:00 WARN]: **** FAILED TO BIND TO PORT!", "port"),
            ("java.lang.OutOfMemoryError: Java heap space", "memory"),
            ("Terminating due to java.lang.OutOfMemoryError: Java heap space", "memory"),
            (
                "Error occurred during initialization of VM: Could not reserve enough space for object heap",
                "memory",
            ),
            (
                "Exception in thread \"main\" java.lang.UnsupportedClassVersionError: x has been compiled by a more recent \
                 version of the Java Runtime (class file version 65.0), this version recognizes up to 61.0",
                "Java",
            ),
            ("Error: Unable to access jarfile server.jar", "software"),
            (
                "[12:00:00] [main/ERROR]: Failed to load world data from ./world/level.dat and ./world/level.dat_old. World \
                 files may be corrupted. Shutting down.",
                "damaged",
            ),
            ("[12:00:00] [Server Watchdog/ERROR]: A single server tick took 60.00 seconds", "move"),
        ];
        for (line, word) in cases {
            let Some(Event::CrashCause(found)) = event(line) else { panic!("nothing of {line}") };
            assert!(found.cause.contains(word), "{found:?}");
            assert!(found.remedy.is_some());
        }
        let Some(Event::CrashCause(java)) = event(cases[5].0) else { panic!("a cause") };
        assert!(java.remedy.is_some_and(|remedy| remedy.contains("Java 21")));
    }

    #[test]
    fn any_line_is_read() {
        for line in ["", "[", "[12:00:0\u{e9}", "[12:00:00]", "[12:00:00] [x", "[12:00:00 ]: ", "Error"] {
            assert_eq!(event(line), None, "{line}");
        }
    }
}
