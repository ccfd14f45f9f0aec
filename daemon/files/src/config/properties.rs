//! Java property files, as `server.properties` of Minecraft.
//!
//! Format: `java.util.Properties.load`. Characters beyond ASCII are written as `\uXXXX`, which every reader of the format
//! understands whichever encoding it expects.

use super::{Document, EditError, notation::check_text, rule::Rule};
use gantry_types::plan::Edit;

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut document = Document::parse(text);
    for edit in edits {
        set(&mut document, &Rule::of(edit)?)?;
    }
    Ok(document.render())
}

pub(super) fn look(text: &str, rules: &[Rule<'_>]) -> Vec<Result<(), EditError>> {
    let mut document = Document::parse(text);
    rules.iter().map(|rule| set(&mut document, rule)).collect()
}

fn set(document: &mut Document, rule: &Rule<'_>) -> Result<(), EditError> {
    if rule.at.is_empty() {
        return Err(rule.no_place("a key is needed"));
    }
    let mut found = false;
    let mut is_open = false;
    let mut at = 0;
    while at < document.lines.len() {
        let mut length = logical_length(&document.lines[at..]);
        is_open = length > 1 || !is_comment(&document.lines[at]);
        is_open &= is_continued(&document.lines[at + length - 1]);
        if let Some((prefix, there)) = entry(&logical(&document.lines[at..at + length]), rule.at) {
            found = true;
            if let Some(value) = rule.over(&there)? {
                check_text(rule, &value)?;
                let line = format!("{prefix}{}", escape(&value, Part::Value));
                document.lines.splice(at..at + length, [line]);
                length = 1;
            }
        }
        at += length;
    }
    if found {
        return Ok(());
    }
    let Some(value) = rule.fresh()? else { return Ok(()) };
    check_text(rule, &value)?;
    if is_open {
        // A last line that goes on would take the new one as its own; an empty one ends it.
        document.lines.push(String::new());
    }
    document.lines.push(format!("{}={}", escape(rule.at, Part::Key), escape(&value, Part::Value)));
    Ok(())
}

/// How many lines the first one continues over.
fn logical_length(lines: &[String]) -> usize {
    if lines.first().is_some_and(|line| is_comment(line)) {
        return 1;
    }
    (lines.iter().take_while(|line| is_continued(line)).count() + 1).min(lines.len())
}

/// The line that some lines make together.
fn logical(lines: &[String]) -> String {
    let last = lines.len().saturating_sub(1);
    let part = |(position, line): (usize, &String)| {
        let line = if position == 0 { line } else { line.trim_start() };
        let goes_on = is_continued(line) && (position < last || !is_comment(&lines[0]));
        line.strip_suffix('\\').filter(|_| goes_on).unwrap_or(line).to_owned()
    };
    lines.iter().enumerate().map(part).collect()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with(['#', '!'])
}

fn is_continued(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// All of the line in front of its value, and the value, if the line has this key.
fn entry(line: &str, key: &str) -> Option<(String, String)> {
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
    let prefix = &line[..line.len() - rest.len()];
    // A key alone has an empty value; one put right behind it would become part of the key.
    let prefix = if prefix.len() == end { format!("{prefix}=") } else { prefix.to_owned() };
    Some((prefix, unescape(rest)))
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

fn unescape(text: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text.chars();
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
    fn a_key_may_go_on_in_the_next_line() {
        assert_eq!(apply("mo\\\n  td=old\n", &edits(&[("motd", "new")])).unwrap(), "motd=new\n");
        assert_eq!(apply("mo\\\n  td=old\n", &edits(&[("mo", "x")])).unwrap(), "mo\\\n  td=old\nmo=x\n");
    }

    #[test]
    fn a_key_that_stands_alone_keeps_its_name() {
        assert_eq!(apply("motd\n", &edits(&[("motd", "hello")])).unwrap(), "motd=hello\n");
        assert_eq!(apply("motd \n", &edits(&[("motd", "hello")])).unwrap(), "motd hello\n");
    }

    #[test]
    fn a_last_line_that_goes_on_does_not_swallow_what_is_added() {
        let all = edits(&[("b", "2")]);
        let once = apply("a=1\\\n", &all).unwrap();
        assert_eq!(once, "a=1\\\n\nb=2\n");
        assert_eq!(apply(&once, &all).unwrap(), once);
        assert_eq!(apply("# a\\\n", &all).unwrap(), "# a\\\nb=2\n");
    }

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
