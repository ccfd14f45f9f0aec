//! What the console says of people and of ends.
//!
//! What happens in the game stands behind its time and a word: `2026-01-02 03:04:05 [JOIN] Ada joined the game`. The game's
//! own log begins with the seconds since its start: `   0.578 Error Util.cpp:81: …`. What a command answers has no head.

use gantry_plugin::prelude::*;

pub(crate) fn parse(lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn event(line: &str) -> Option<Event> {
    match happened(line) {
        Some((word, text)) => of_the_game(word, text),
        None => of_its_log(line),
    }
}

/// The word and what stands behind it.
fn happened(line: &str) -> Option<(&str, &str)> {
    let (time, rest) = line.split_at_checked(19)?;
    let is_time = time.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        10 => byte == b' ',
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    });
    is_time.then_some(())?;
    rest.strip_prefix(" [")?.split_once("] ")
}

fn of_the_game(word: &str, text: &str) -> Option<Event> {
    match word {
        "JOIN" => text.strip_suffix(" joined the game").map(|name| Event::Joined(name.to_owned())),
        "LEAVE" => text.strip_suffix(" left the game").map(|name| Event::Left(name.to_owned())),
        "CHAT" => {
            let (name, said) = text.split_once(": ")?;
            // What this page had said itself.
            (name != "<server>").then(|| Event::Chat((name.to_owned(), said.to_owned())))
        }
        _ => None,
    }
}

/// `   0.578 Error Util.cpp:81: …`: the seconds, the level, the place in the program, and what it says.
fn of_its_log(line: &str) -> Option<Event> {
    let (seconds, said) = line.trim_start().split_once(' ')?;
    let is_time = seconds.contains('.') && seconds.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let (level, said) = said.split_once(' ').filter(|_| is_time)?;
    let (place, said) = said.split_once(": ")?;
    let (file, number) = place.rsplit_once(':')?;
    let is_place = file.ends_with(".cpp") && !file.contains(' ') && number.parse::<u32>().is_ok();
    match level {
        "Info" if is_place => (said.starts_with("updateTick(")
            && said.ends_with(" changing state from(CreatingGame) to(InGame)"))
        .then_some(Event::Ready),
        "Error" if is_place => Some(error(said)),
        _ => None,
    }
}

/// What an error means. What it quotes stands behind its own words, so that these are looked for where they belong.
fn error(said: &str) -> Event {
    if said.starts_with("Map version ")
        && said.contains(" cannot be loaded because it is higher than the game version (")
    {
        return crash(
            "The world was played with a newer version of the game.",
            "Choose that version or a newer one, and reinstall the server; or put an older save into the folder saves.",
        );
    }
    if said.starts_with("Hosting multiplayer game failed: Can't bind socket: Address already in use")
        || said == "MultiplayerManager failed: Host address is already in use."
    {
        return crash("Another program has one of the game's ports.", "Give the server another allocation.");
    }
    Event::Warning(said.to_owned())
}

fn crash(cause: &str, remedy: &str) -> Event {
    Event::CrashCause(CrashCause { cause: cause.to_owned(), remedy: Some(remedy.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_who_came_who_went_and_what_was_said() {
        let of = |text: &str| event(&format!("2026-01-02 03:04:05 {text}"));
        assert_eq!(of("[JOIN] Ada joined the game"), Some(Event::Joined("Ada".to_owned())));
        assert_eq!(of("[LEAVE] Ada left the game"), Some(Event::Left("Ada".to_owned())));
        let said = Event::Chat(("Eve".to_owned(), "Bob joined the game".to_owned()));
        assert_eq!(of("[CHAT] Eve: Bob joined the game"), Some(said));
        assert_eq!(of("[CHAT] <server>: Back at 8"), None, "we said it ourselves");
        assert_eq!(of("[KICK] Ada was kicked by <server>."), None, "that she left is said too");
    }

    #[test]
    fn the_answer_to_a_command_is_no_event() {
        for line in
            ["Players (1):", "  [JOIN] Ada joined the game", "2026-01-02 [JOIN] Ada joined the game", ""]
        {
            assert_eq!(event(line), None, "{line:?}");
        }
    }

    #[test]
    fn its_log_tells_when_it_is_ready_and_why_it_ended() {
        let ready = "   0.578 Info ServerMultiplayerManager.cpp:808: updateTick(926) changing state from(CreatingGame) to(InGame)";
        assert_eq!(event(ready), Some(Event::Ready));
        let newer = "   1.020 Error Util.cpp:81: Map version 2.0.76-0 cannot be loaded because it is higher than the game version (1.1.110-0).";
        assert!(matches!(event(newer), Some(Event::CrashCause(cause)) if cause.remedy.is_some()));
        let warning = Event::Warning("Got EOF on stdin; closing".to_owned());
        assert_eq!(
            event("   6.010 Error InterruptibleStdioStream.cpp:55: Got EOF on stdin; closing"),
            Some(warning)
        );
        assert_eq!(event("   0.577 Hosting game at IP ADDR:({0.0.0.0:34197})"), None);
    }

    #[test]
    fn each_end_has_its_cause_and_no_words_of_players_are_one() {
        for line in [
            "  10.558 Error CommandLineMultiplayer.cpp:355: Hosting multiplayer game failed: Can't bind socket: Address already in use",
            "   1.162 Error ServerMultiplayerManager.cpp:84: MultiplayerManager failed: Host address is already in use.",
        ] {
            assert!(
                matches!(event(line), Some(Event::CrashCause(cause)) if cause.remedy.is_some()),
                "{line}"
            );
        }
        for words in [
            "Address already in use",
            "Hosting multiplayer game failed: Can't bind socket: Address already in use",
            "Map version 2 cannot be loaded because it is higher than the game version (1)",
            "updateTick(1) changing state from(CreatingGame) to(InGame)",
            "   0.578 Error Util.cpp:81: Hosting multiplayer game failed: Can't bind socket: Address already in use",
        ] {
            for line in [
                format!("2026-01-02 03:04:05 [CHAT] Eve: {words}"),
                format!("2026-01-02 03:04:05 [SHOUT] Eve: {words}"),
                format!("2026-01-02 03:04:05 [COMMAND] Eve (command): {words}"),
                format!("2026-01-02 03:04:05 [KICK] Eve was kicked by Bob. Reason: {words}."),
                format!("2026-01-02 03:04:05 [COLOR] {words}"),
                format!("Eve: {words}"),
                format!("  inf Error {words}"),
                format!("  1e5 Error Util.cpp:81: {words}"),
                format!("   5.123 {words}"),
                format!("   5.123 Info ServerRouter.cpp:547: Peer {words}"),
                format!("   5.123 Script log(): {words}"),
                format!("   5.123 Error Eve says: {words}"),
                format!("   5.123 Error Peer.cpp:1: Eve {words}"),
            ] {
                let found = event(&line);
                assert!(!matches!(found, Some(Event::CrashCause(_) | Event::Ready)), "{line}");
            }
        }
    }
}
