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
    let Some(text) = said(line) else { return loading(line).map(Event::CrashCause) };
    if text == "Server started." {
        return Some(Event::Ready);
    }
    if let Some(who) = text.strip_prefix("Player connected: ") {
        return player(who).map(Event::Joined);
    }
    if let Some(who) = text.strip_prefix("Player disconnected: ") {
        return player(who).map(Event::Left);
    }
    end(text).map(Event::CrashCause)
}

/// What stands behind the time and the level. Some versions write that the log is one.
fn said(line: &str) -> Option<&str> {
    let line = line.strip_prefix("NO LOG FILE! - ").unwrap_or(line);
    let (head, text) = line.strip_prefix('[')?.split_once("] ")?;
    let (time, level) = head.rsplit_once(' ')?;
    let is_time = time.starts_with(|c: char| c.is_ascii_digit());
    (is_time && level.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(text)
}

/// The name before its number. Names of Xbox have letters of all kinds, spaces and digits.
fn player(who: &str) -> Option<String> {
    let (name, _) = who.rsplit_once(", xuid: ")?;
    (!name.is_empty() && name.chars().count() <= 32).then(|| name.to_owned())
}

fn because(cause: &str, remedy: &str) -> Option<CrashCause> {
    Some(CrashCause { cause: cause.to_owned(), remedy: Some(remedy.to_owned()) })
}

fn end(text: &str) -> Option<CrashCause> {
    if text.contains("] may be in use by another process") || text.contains("Network port occupied") {
        return because(
            "Something else has the game's port.",
            "Stop what uses it, or give the server another allocation.",
        );
    }
    if text.contains("LevelDB") && text.to_ascii_lowercase().contains("corrupt") {
        return because(
            "The world's files are damaged.",
            "Restore a backup, or give the world another folder.",
        );
    }
    None
}

/// What the system says where the program does not start.
fn loading(line: &str) -> Option<CrashCause> {
    if line.contains("error while loading shared libraries") {
        return because(
            "This version wants a library that its image does not have.",
            "Choose another version, and tell whoever makes the plugin.",
        );
    }
    if line.contains("bedrock_server: No such file") || line.contains("bedrock_server\": no such file") {
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
            ("./bedrock_server: error while loading shared libraries: libssl.so.1.1: cannot open", "library"),
        ] {
            let Some(Event::CrashCause(found)) = event(line) else { panic!("nothing of {line}") };
            assert!(found.cause.contains(word), "{found:?}");
        }
    }

    #[test]
    fn any_line_is_read() {
        for line in ["", "[", "[]", "[x] y", "[2026 INFO]", "Player connected: Eve, xuid: 1"] {
            assert_eq!(event(line), None, "{line}");
        }
    }
}
