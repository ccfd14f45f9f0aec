//! Places in files: from how the other daemon reads them to how an edit says them.

use crate::words::leaves_line;
use gantry_document::model::FileFormat;

/// The place as an edit says it, or why it cannot.
pub(super) fn place(format: FileFormat, at: &str) -> Result<String, &'static str> {
    if at.trim().is_empty() {
        return Err("it is empty");
    }
    // Lines may begin with tabs.
    let strange = |each: char| leaves_line(each) && (each != '\t' || format != FileFormat::Lines);
    if at.contains(strange) || at.chars().count() > 1_000 {
        return Err("it has a control character or is too long");
    }
    match format {
        FileFormat::Lines | FileFormat::Properties => Ok(at.to_owned()),
        FileFormat::Ini => ini(at),
        FileFormat::Json | FileFormat::Yaml | FileFormat::Toml => way(format, at),
        FileFormat::Xml => xml(at),
    }
}

/// The first dot outside of brackets divides section and key; brackets are left out.
fn ini(at: &str) -> Result<String, &'static str> {
    let mut parts = vec![String::new()];
    let mut depth = 0;
    for character in at.chars() {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            '.' if depth == 0 && parts.len() == 1 => parts.push(String::new()),
            _ => parts.last_mut().expect("one at least").push(character),
        }
    }
    let key = parts.pop().unwrap_or_default();
    let section = parts.pop().unwrap_or_default();
    let (key, section) = (key.trim(), section.trim());
    if key.is_empty() || key.contains('=') || key.starts_with([';', '#']) {
        return Err("that is no key");
    }
    if section.is_empty() && !key.contains('.') {
        Ok(key.to_owned())
    } else {
        Ok(format!("[{section}].{key}"))
    }
}

/// Keys joined by dots, with places in lists.
fn way(format: FileFormat, at: &str) -> Result<String, &'static str> {
    if at.contains("~1") {
        return Err("the name of a key has a dot in it, and dots are what joins keys in a place");
    }
    let mut parts: Vec<String> = Vec::new();
    for part in at.replace("~0", "~").split('.') {
        let number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match parts.last_mut() {
            _ if part.is_empty() => return Err("a key is empty"),
            // Other formats say a place in a list in brackets alone.
            Some(before) if number && format != FileFormat::Json => before.push_str(&format!("[{part}]")),
            _ => parts.push(part.to_owned()),
        }
    }
    if parts.iter().filter(|part| *part == "*").count() > 1 {
        return Err("only one * is possible");
    }
    Ok(parts.join("."))
}

/// Names of elements from the root down.
fn xml(at: &str) -> Result<String, &'static str> {
    let at = at.trim_matches('.');
    let name = |part: &str| {
        let begins = part.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | ':'));
        begins && part.chars().all(|each| each.is_alphanumeric() || matches!(each, '_' | ':' | '-'))
    };
    let step = |part: &str| match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
        Some((part, number)) => {
            name(part) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => part == "*" || name(part),
    };
    if at.split('.').all(step) { Ok(at.to_owned()) } else { Err("that is no name of an element") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_dot_divides_unless_brackets_keep_it() {
        let ini = |at: &str| place(FileFormat::Ini, at).unwrap();
        assert_eq!(ini("Game.MaxPlayers"), "[Game].MaxPlayers");
        assert_eq!(ini("[/Script/A.B].C"), "[/Script/A.B].C");
        assert_eq!(ini("/Script/A.B.C"), "[/Script/A].B.C");
        assert_eq!(ini("General.[scum.Style]"), "[General].scum.Style");
        assert_eq!(ini("motd"), "motd");
        assert_eq!(ini("[a.b]"), "[].a.b");
        assert!(place(FileFormat::Ini, "a.").is_err());
    }

    #[test]
    fn ways_say_places_in_brackets() {
        assert_eq!(place(FileFormat::Json, "a.0.b").unwrap(), "a.0.b");
        assert_eq!(place(FileFormat::Yaml, "a.0.b").unwrap(), "a[0].b");
        assert_eq!(place(FileFormat::Json, "a~0b.*.c").unwrap(), "a~b.*.c");
        assert_eq!(
            place(FileFormat::Json, "a~1b"),
            Err("the name of a key has a dot in it, and dots are what joins keys in a place")
        );
        assert!(place(FileFormat::Json, "*.*").is_err() && place(FileFormat::Json, "a..b").is_err());
    }

    #[test]
    fn lines_may_begin_with_tabs() {
        assert_eq!(place(FileFormat::Lines, "\t\tport").unwrap(), "\t\tport");
        assert!(
            place(FileFormat::Properties, "\tport").is_err() && place(FileFormat::Lines, "a\nb").is_err()
        );
    }

    #[test]
    fn elements_have_names() {
        assert_eq!(place(FileFormat::Xml, "A.B.*.C").unwrap(), "A.B.*.C");
        assert!(place(FileFormat::Xml, "A.b c").is_err());
    }
}
