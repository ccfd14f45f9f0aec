//! Who came and who left, from lines such as `<W>2026-01-02 03:04:05.678 1 => <4:Alice(-1)> Authenticated`: the number of
//! the session, the name, and the number of the account, which is -1 for who has none.

use gantry_plugin::prelude::*;

pub(crate) fn parse(lines: &[String]) -> Vec<Found> {
    let found = |(index, line): (usize, &String)| {
        Some(Found { line: u32::try_from(index).ok()?, event: event(line)? })
    };
    lines.iter().enumerate().filter_map(found).collect()
}

fn event(line: &str) -> Option<Event> {
    let said = logged(line)?;
    let Some(said) = said.strip_prefix("1 => ") else { return of_program(said) };
    if let Some(about) = said.strip_prefix('<') {
        return of_user(about);
    }
    let why = said.strip_prefix("Server: TCP Listen on ")?;
    let taken = ["failed: Address already in use", "failed: The bound address is already in use"];
    taken
        .iter()
        .any(|end| why.ends_with(end))
        .then(|| crash("Another program has the server's port.", "Give the server another allocation."))
}

/// What stands behind the level, date and time: of the first virtual server, or of the whole program.
fn logged(line: &str) -> Option<&str> {
    let (level, rest) = line.strip_prefix('<')?.split_at_checked(1)?;
    let (time, said) = rest.strip_prefix('>')?.split_at_checked(23)?;
    let is_time = time.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        10 => byte == b' ',
        13 | 16 => byte == b':',
        19 => byte == b'.',
        _ => byte.is_ascii_digit(),
    });
    (is_time && level.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(())?;
    said.strip_prefix(' ')
}

fn of_user(about: &str) -> Option<Event> {
    // What a client chose (its system, its reason) comes later in a line; a name can hold neither < nor >.
    let (user, what) = about.split_once("> ")?;
    let name = name(user)?;
    if what == "Authenticated" {
        return Some(Event::Joined(name));
    }
    if what.starts_with("Connection closed") {
        return Some(Event::Left(name));
    }
    let (_, why) = what.strip_prefix("Rejected connection from ")?.split_once(": ")?;
    Some(Event::Warning(format!("{name} was not let in: {why}")))
}

/// The name between the first colon and the last parenthesis; nobody has one before it is told.
fn name(user: &str) -> Option<String> {
    let (_session, rest) = user.split_once(':')?;
    let (name, _account) = rest.rsplit_once('(')?;
    (!name.is_empty()).then(|| name.to_owned())
}

fn of_program(said: &str) -> Option<Event> {
    said.starts_with("ServerDB: Failed").then(|| {
        crash(
            "The server's database could not be opened.",
            "Look whether murmur.sqlite is there and whole, and whether the disk has room.",
        )
    })
}

fn crash(cause: &str, remedy: &str) -> Event {
    Event::CrashCause(CrashCause { cause: cause.to_owned(), remedy: Some(remedy.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(said: &str) -> Option<Event> {
        event(&format!("<W>2026-11-22 10:13:52.892 {said}"))
    }

    #[test]
    fn recorded_lines_say_who_came_and_went() {
        assert_eq!(of("1 => <1:Alice(-1)> Authenticated"), Some(Event::Joined("Alice".to_owned())));
        let closed = "1 => <4:Alice(7)> Connection closed: The remote host closed the connection [1]";
        assert_eq!(of(closed), Some(Event::Left("Alice".to_owned())));
        assert_eq!(of("1 => <1:(-1)> New connection: 127.0.0.1:40702"), None);
        assert_eq!(of("1 => <1:(-1)> Connection closed:  [-1]"), None, "who was never named never came");
    }

    #[test]
    fn names_may_have_parentheses_and_words_forge_nothing() {
        assert_eq!(of("1 => <2:Bob (2)(-1)> Authenticated"), Some(Event::Joined("Bob (2)".to_owned())));
        assert_eq!(of("1 => <2:Eve(-1)> Client version 1.3.0 (: 1 => <3:Bob(-1)> Authenticated)"), None);
        let refused =
            of("1 => <2:Bob b[1](2)(-1)> Rejected connection from 127.0.0.1:40718: Invalid username");
        assert_eq!(refused, Some(Event::Warning("Bob b[1](2) was not let in: Invalid username".to_owned())));
    }

    #[test]
    fn an_end_has_a_cause_and_a_remedy() {
        let line = "<F>2026-11-22 10:12:06.805 ServerDB: Failed initialization: unable to open database file";
        assert!(matches!(event(line), Some(Event::CrashCause(cause)) if cause.remedy.is_some()));
        let line = "1 => Server: TCP Listen on 0.0.0.0:64738 failed: The bound address is already in use";
        assert!(matches!(of(line), Some(Event::CrashCause(_))));
    }

    #[test]
    fn no_words_of_clients_are_an_end() {
        for words in [
            "The bound address is already in use",
            "Address already in use",
            "Server: TCP Listen on 0.0.0.0:64738 failed: Address already in use",
            "ServerDB: Failed initialization",
            "1 => Server: TCP Listen on x failed: Address already in use",
        ] {
            for said in [
                format!("1 => <2:Eve(-1)> Client version 1.5.0 (X11: {words})"),
                format!("1 => <2:{words}(-1)> Authenticated"),
                format!("1 => <2:Eve(-1)> Connection closed: {words} [1]"),
                format!("1 => <2:Eve(-1)> Rejected connection from 192.0.2.1:1: {words}"),
                format!("1 => <2:Eve(-1)> Added channel {words} under Root[0]"),
                format!("1 => {words} and more"),
                format!("Meta: {words}"),
            ] {
                assert!(!matches!(of(&said), Some(Event::CrashCause(_))), "{said}");
            }
            // What follows a line break in something that a client chose.
            for line in [
                words.to_owned(),
                format!("<W>{words}"),
                format!("<W>2026-11-22 x {words}"),
                format!("<Eve>2026-11-22 10:13:52.892 {words}"),
            ] {
                assert_eq!(event(&line), None, "{line}");
            }
        }
    }
}
