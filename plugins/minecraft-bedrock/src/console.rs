//! What the console says of people and of ends.
//!
//! A line begins with its time and level: `[2026-01-02 03:04:05:678 INFO] Player connected: Ada, xuid: 2535…`. Chat is
//! not printed, so that nobody forges a line.

use gantry_plugin::prelude::*;

/// What the game says once it can be joined.
pub(crate) const READY: &str = r"Server started\.$";

pub(crate) fn parse(lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn event(line: &str) -> Option<Event> {
    let Some((level, text)) = said(line) else { return loading(line).map(Event::CrashCause) };
    if text == "Server started." {
        return Some(Event::Ready);
    }
    if let Some(who) = text.strip_prefix("Player connected: ") {
        return player(who).map(Event::Joined);
    }
    if let Some(who) = text.strip_prefix("Player disconnected: ") {
        return player(who).map(Event::Left);
    }
    end(level, text).map(Event::CrashCause)
}

/// The level and what stands behind it. Some versions write that the log is one, and leave the time out of some lines.
fn said(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("NO LOG FILE! - ").unwrap_or(line);
    let (head, text) = line.strip_prefix('[')?.split_once("] ")?;
    let (time, level) = head.rsplit_once(' ').unwrap_or(("", head));
    let is_time = time.bytes().all(|byte| byte.is_ascii_digit() || b"-: ".contains(&byte));
    let is_level = matches!(level, "INFO" | "WARN" | "ERROR" | "FATAL");
    (is_time && is_level).then_some((level, text))
}

/// The name before its number. Names of Xbox have letters of all kinds, spaces and digits.
fn player(who: &str) -> Option<String> {
    let (name, _) = who.rsplit_once(", xuid: ")?;
    (!name.is_empty() && name.chars().count() <= 32).then(|| name.to_owned())
}

fn because(cause: &str, remedy: &str) -> Option<CrashCause> {
    Some(CrashCause { cause: cause.to_owned(), remedy: Some(remedy.to_owned()) })
}

/// What players chose stands in lines of the level INFO, or behind the name of what logs it.
fn end(level: &str, text: &str) -> Option<CrashCause> {
    let port = text.strip_prefix("Port [").and_then(|rest| rest.split_once(']'));
    let occupied = port.is_some_and(|(number, rest)| {
        number.parse::<u16>().is_ok() && rest.starts_with(" may be in use by another process")
    });
    if level == "INFO" {
        return None;
    }
    if occupied || text.starts_with("Network port occupied, can't start server.") {
        return because(
            "Something else has the game's port.",
            "Stop what uses it, or give the server another allocation.",
        );
    }
    if text.starts_with("LevelDB ") && text.contains(" status NOT OK(Corruption: ") {
        return because(
            "The world's files are damaged.",
            "Restore a backup, or give the world another folder.",
        );
    }
    None
}

/// What the system says where the program does not start. An answer to a command has no head either, and may begin with a
/// player's name.
fn loading(line: &str) -> Option<CrashCause> {
    if line.starts_with("./bedrock_server: error while loading shared libraries: ") {
        return because(
            "This version wants a library that its image does not have.",
            "Choose another version, and tell whoever makes the plugin.",
        );
    }
    let missing = [
        "exec ./bedrock_server: no such file or directory",
        "exec: \"./bedrock_server\": no such file or directory",
        "./bedrock_server: No such file or directory",
        "exec ./bedrock_server: No such file or directory",
    ];
    if missing.iter().any(|begin| line.starts_with(begin)) {
        return because("The server software is not there.", "Install the server once more.");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_come_and_go() {
        let of = |text: &str| event(&format!("[2026-01-02 03:04:05:678 INFO] {text}"));
        assert_eq!(of("Player connected: Ada L, xuid: 2535"), Some(Event::Joined("Ada L".to_owned())));
        let left = Some(Event::Left("Ada, xuid: 1".to_owned()));
        assert_eq!(of("Player disconnected: Ada, xuid: 1, xuid: 2535, pfid: x"), left);
        assert_eq!(of("Server started."), Some(Event::Ready));
        assert_eq!(of("Player Spawned: Ada xuid: 2535"), None);
        assert_eq!(
            event("NO LOG FILE! - [2026-01-02 03:04:05:678 INFO] Server started."),
            Some(Event::Ready)
        );
    }

    #[test]
    fn each_end_has_its_cause() {
        for (line, word) in [
            ("[2026-01-02 03:04:05:678 ERROR] Network port occupied, can't start server.", "port"),
            ("[2026-01-02 03:04:05:678 ERROR] Port [19132] may be in use by another process.", "port"),
            ("NO LOG FILE! - [ERROR] Network port occupied, can't start server.", "port"),
            (
                "[WARN] LevelDB worlds/A/db status NOT OK(Corruption: 26 missing files; e.g.: worlds/A/db/1.ldb). Trying repair.",
                "damaged",
            ),
            ("./bedrock_server: No such file or directory", "software"),
            ("./bedrock_server: error while loading shared libraries: libssl.so.1.1: cannot open", "library"),
        ] {
            let Some(Event::CrashCause(found)) = event(line) else { panic!("nothing of {line}") };
            assert!(found.cause.contains(word), "{found:?}");
        }
    }

    #[test]
    fn no_players_words_are_an_end_or_a_beginning() {
        for words in [
            "Network port occupied, can't start server.",
            "Port [19132] may be in use by another process.",
            "LevelDB worlds/A/db status NOT OK(Corruption: x)",
            "LevelDB corrupt",
            "Server started.",
            "./bedrock_server: error while loading shared libraries: x",
            "bedrock_server: No such file",
        ] {
            for line in [
                format!("[2026-01-02 03:04:05:678 INFO] Player connected: {words}, xuid: 1"),
                format!("[2026-01-02 03:04:05:678 INFO] Player Spawned: {words} xuid: 1"),
                format!("[2026-01-02 03:04:05:678 INFO] Kicked {words} from the game"),
                format!("[2026-01-02 03:04:05:678 INFO] [Scripting] <Eve> {words}"),
                format!("[2026-01-02 03:04:05:678 WARN] [Scripting] {words}"),
                format!("[2026-01-02 03:04:05:678 ERROR] [Scripting] Eve: {words}"),
                format!("[2026-01-02 03:04:05:678 WARN] Eve {words}"),
                format!("[Eve] {words}"),
                format!("[chat INFO] {words}"),
                format!("[9 Eve INFO] {words}"),
                format!("<Eve> {words}"),
                format!("* Eve {words}"),
                format!("Bob, {words}"),
            ] {
                let found = event(&line);
                assert!(matches!(found, None | Some(Event::Joined(_))), "{line} is {found:?}");
            }
        }
    }

    #[test]
    fn any_line_is_read() {
        for line in ["", "[", "[]", "[x] y", "[2026 INFO]", "Player connected: Eve, xuid: 1"] {
            assert_eq!(event(line), None, "{line}");
        }
    }
}
