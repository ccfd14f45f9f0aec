//! JSON, edited in its text so that order, spacing and numbers stay as they are.
//!
//! The text is first checked as a whole, so that the scanner may trust its shape. The scanner steps over values by
//! counting brackets and never recurses.

use super::EditError;
use gantry_types::plan::Edit;
use serde::de::IgnoredAny;
use std::ops::Range;

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut text = if text.trim().is_empty() { "{}\n".to_owned() } else { text.to_owned() };
    check(&text)?;
    for edit in edits {
        text = set(&text, edit)?;
    }
    check(&text)?;
    Ok(text)
}

fn check(text: &str) -> Result<(), EditError> {
    let checked = serde_json::from_str::<IgnoredAny>(text);
    checked.map(drop).map_err(|error| EditError::Malformed(error.to_string()))
}

fn set(text: &str, edit: &Edit) -> Result<String, EditError> {
    let no_place = |why: &'static str| EditError::NoPlace { at: edit.at.clone(), why: why.into() };
    if edit.at.split('.').any(str::is_empty) {
        return Err(no_place("a key is empty"));
    }
    let mut value = value_at(text, 0);
    let mut parts = edit.at.split('.');
    while let Some(part) = parts.next() {
        let found = match text.as_bytes()[value.start] {
            b'{' => members(text, &value).into_iter().rfind(|(key, _)| key == part).map(|(_, found)| found),
            b'[' => {
                let position: usize = part.parse().map_err(|_| no_place("an array needs a position"))?;
                let found = elements(text, &value).into_iter().nth(position);
                Some(found.ok_or_else(|| no_place("the array is shorter"))?)
            }
            _ => return Err(no_place("something on the way holds no keys")),
        };
        match found {
            Some(found) => value = found,
            None => return Ok(insert(text, &value, part, parts, &edit.value)),
        }
    }
    let written = if text.as_bytes()[value.start] == b'"' { quoted(&edit.value) } else { typed(&edit.value) };
    Ok(splice(text, value, &written))
}

/// Adds a key to an object, with objects for the keys that follow it.
fn insert<'a>(
    text: &str,
    object: &Range<usize>,
    key: &str,
    rest: impl Iterator<Item = &'a str>,
    value: &str,
) -> String {
    let rest: Vec<_> = rest.collect();
    let nested = rest.iter().rev().fold(typed(value), |inner, key| format!("{{{}: {inner}}}", quoted(key)));
    let member = format!("{}: {nested}", quoted(key));
    let inside = object.start + 1..object.end - 1;
    let Some((_, last)) = members(text, object).pop() else {
        let line_start = text[..object.start].rfind('\n').map_or(0, |end| end + 1);
        let outer: String = text[line_start..].chars().take_while(|c| *c == ' ' || *c == '\t').collect();
        return splice(text, inside, &format!("\n{outer}  {member}\n{outer}"));
    };
    // As the first member is set off from the brace, so is this one from the last.
    let first = text[inside].find('"').map_or("", |start| &text[object.start + 1..object.start + 1 + start]);
    splice(text, last.end..last.end, &format!(",{first}{member}"))
}

fn splice(text: &str, range: Range<usize>, with: &str) -> String {
    let mut edited = text.to_owned();
    edited.replace_range(range, with);
    edited
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn typed(text: &str) -> String {
    let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    if is_json && !text.trim_start().starts_with('"') { text.trim().to_owned() } else { quoted(text) }
}

/// Keys and the ranges of their values.
fn members(text: &str, object: &Range<usize>) -> Vec<(String, Range<usize>)> {
    let mut members = Vec::new();
    let mut at = skip(text, object.start + 1);
    while text.as_bytes().get(at) == Some(&b'"') {
        let key = value_at(text, at);
        let name = serde_json::from_str(&text[key.clone()]).unwrap_or_default();
        let value = value_at(text, skip(text, key.end) + 1);
        at = skip(text, value.end);
        members.push((name, value));
        if text.as_bytes().get(at) == Some(&b',') {
            at = skip(text, at + 1);
        }
    }
    members
}

fn elements(text: &str, array: &Range<usize>) -> Vec<Range<usize>> {
    let mut elements = Vec::new();
    let mut at = skip(text, array.start + 1);
    while at < array.end - 1 {
        let value = value_at(text, at);
        at = skip(text, value.end);
        elements.push(value);
        if text.as_bytes().get(at) == Some(&b',') {
            at = skip(text, at + 1);
        }
    }
    elements
}

/// The first place from `at` on that is not space.
fn skip(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    text.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len()
}

/// The range of the value that begins at or after `at`.
fn value_at(text: &str, at: usize) -> Range<usize> {
    let start = skip(text, at);
    let bytes = text.as_bytes();
    let (mut end, mut depth) = (start, 0_usize);
    loop {
        match bytes.get(end) {
            Some(b'"') => end = string_end(bytes, end),
            Some(b'{' | b'[') => {
                depth += 1;
                end += 1;
            }
            Some(b'}' | b']') => {
                depth = depth.saturating_sub(1);
                end += 1;
            }
            Some(b',' | b':' | b' ' | b'\t' | b'\n' | b'\r') => end += 1,
            // A number or a word.
            Some(_) => {
                let word = bytes[end..]
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
                    .count();
                end += word.max(1);
            }
            None => break,
        }
        if depth == 0 {
            break;
        }
    }
    start..end.min(bytes.len())
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::edits;

    #[test]
    fn values_change_and_order_and_spacing_stay() {
        let text = "{\n    \"b\": 1.50,\n    \"a\": {\"x\": [1, {\"y\": \"no\"}]},\n    \"c\": true\n}\n";
        let edited = apply(text, &edits(&[("a.x.1.y", "7"), ("c", "false"), ("d", "new")])).unwrap();
        let expected = "{\n    \"b\": 1.50,\n    \"a\": {\"x\": [1, {\"y\": \"7\"}]},\n    \"c\": false,\n    \"d\": \"new\"\n}\n";
        assert_eq!(edited, expected);
    }

    #[test]
    fn missing_objects_are_made() {
        let edited = apply("", &edits(&[("game.port", "30000"), ("game.name", "A \"b\"")])).unwrap();
        let value: serde_json::Value = serde_json::from_str(&edited).unwrap();
        assert_eq!(value, serde_json::json!({"game": {"port": 30000, "name": "A \"b\""}}));
    }

    #[test]
    fn a_value_cannot_bring_a_key() {
        let edited = apply("{\"a\": \"x\"}", &edits(&[("a", "y\", \"admin\": \"me")])).unwrap();
        let value: serde_json::Value = serde_json::from_str(&edited).unwrap();
        assert_eq!(value, serde_json::json!({"a": "y\", \"admin\": \"me"}));
    }

    #[test]
    fn brackets_and_quotes_in_strings_do_not_confuse() {
        let text = r#"{"a": "}]\"{", "b\"c": [], "z": 1}"#;
        let edited = apply(text, &edits(&[("z", "2"), ("b\"c", "[3]")])).unwrap();
        assert_eq!(edited, r#"{"a": "}]\"{", "b\"c": [3], "z": 2}"#);
    }

    #[test]
    fn what_is_not_json_is_left_alone() {
        assert!(matches!(apply("{\"a\": }", &edits(&[("a", "1")])), Err(EditError::Malformed(_))));
        assert!(matches!(apply("[1]", &edits(&[("5", "1")])), Err(EditError::NoPlace { .. })));
        assert!(matches!(apply("3", &edits(&[("a", "1")])), Err(EditError::NoPlace { .. })));
    }
}
