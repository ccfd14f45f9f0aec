//! Java property files, as `server.properties` of Minecraft.
//!
//! Format: `java.util.Properties.load`. Characters beyond ASCII are written as `\uXXXX`, which every reader of the format
//! understands whichever encoding it expects.

use super::{Document, EditError};
use gantry_types::plan::Edit;

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut document = Document::parse(text);
    for edit in edits {
        if edit.at.is_empty() {
            return Err(EditError::NoPlace { at: String::new(), why: "a key is needed" });
        }
        set(&mut document, edit);
    }
    Ok(document.render())
}

fn set(document: &mut Document, edit: &Edit) {
    let mut found = false;
    let mut at = 0;
    while at < document.lines.len() {
        let length = logical_length(&document.lines[at..]);
        if let Some(prefix) = prefix_of(&document.lines[at], &edit.at) {
            let line = format!("{}{}", &document.lines[at][..prefix], escape(&edit.value, Part::Value));
            document.lines.splice(at..at + length, [line]);
            at += 1;
            found = true;
        } else {
            at += length;
        }
    }
    if !found {
        document.lines.push(format!("{}={}", escape(&edit.at, Part::Key), escape(&edit.value, Part::Value)));
    }
}

/// How many lines the first one continues over.
fn logical_length(lines: &[String]) -> usize {
    let is_comment = lines.first().is_some_and(|line| line.trim_start().starts_with(['#', '!']));
    if is_comment {
        return 1;
    }
    let continued = |line: &&String| line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    (lines.iter().take_while(continued).count() + 1).min(lines.len())
}

/// Where the value of the line begins, if the line has this key.
fn prefix_of(line: &str, key: &str) -> Option<usize> {
    let start = line.len() - line.trim_start().len();
    if line[start..].starts_with(['#', '!']) || line[start..].is_empty() {
        return None;
    }
    let mut escaped = false;
    let end = line[start..].find(|character: char| {
        let ends = !escaped && matches!(character, '=' | ':' | ' ' | '\t' | '\u{c}');
        escaped = character == '\\' && !escaped;
        ends
    });
    let end = end.map_or(line.len(), |end| start + end);
    if unescape(&line[start..end]) != key {
        return None;
    }
    let rest = line[end..].trim_start();
    let rest = rest.strip_prefix(['=', ':']).map_or(rest, str::trim_start);
    Some(line.len() - rest.len())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Key,
    Value,
}

fn escape(text: &str, part: Part) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (position, character) in text.chars().enumerate() {
        match character {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{c}' => escaped.push_str("\\f"),
            ' ' if part == Part::Key || position == 0 => escaped.push_str("\\ "),
            '=' | ':' if part == Part::Key => escaped.extend(['\\', character]),
            '#' | '!' if part == Part::Key && position == 0 => escaped.extend(['\\', character]),
            ' '..='~' => escaped.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    escaped.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    escaped
}

fn unescape(key: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut rest = key.chars();
    while let Some(character) = rest.next() {
        let meant = match character {
            '\\' => match rest.next() {
                Some('u') => {
                    let digits: String = rest.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).unwrap_or(0xfffd));
                    continue;
                }
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => continue,
            },
            other => other,
        };
        units.extend(meant.encode_utf16(&mut [0; 2]).iter());
    }
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::edits;

    #[test]
    fn values_change_and_comments_order_and_spacing_stay() {
        let text = "#Minecraft server properties\nmotd=Old\nserver-port = 25565\n!note\nmax-players: 20\n";
        let edited =
            apply(text, &edits(&[("server-port", "30000"), ("max-players", "5"), ("pvp", "true")])).unwrap();
        let expected =
            "#Minecraft server properties\nmotd=Old\nserver-port = 30000\n!note\nmax-players: 5\npvp=true\n";
        assert_eq!(edited, expected);
    }

    #[test]
    fn a_value_cannot_bring_a_second_line() {
        let edited = apply("", &edits(&[("motd", "hi\nop=everybody \\ é")])).unwrap();
        assert_eq!(edited, "motd=hi\\nop=everybody \\\\ \\u00e9\n");
    }

    #[test]
    fn a_continued_value_is_replaced_whole() {
        assert_eq!(apply("a=1,\\\n  2\nb=3\n", &edits(&[("a", "9")])).unwrap(), "a=9\nb=3\n");
    }

    #[test]
    fn escaped_keys_are_recognised() {
        assert_eq!(apply("a\\:b\\u00e9 = 1\n", &edits(&[("a:bé", "2")])).unwrap(), "a\\:b\\u00e9 = 2\n");
    }

    #[test]
    fn a_key_that_stands_twice_is_set_twice() {
        assert_eq!(apply("a=1\na=2\n", &edits(&[("a", "3")])).unwrap(), "a=3\na=3\n");
    }
}
