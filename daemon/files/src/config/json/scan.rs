//! Stepping over JSON that was checked to be some: brackets are counted, and nothing recurses.

use std::ops::Range;

/// How deep it is nested.
pub(in crate::config) fn depth(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut deepest) = (0, 0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// Keys and the ranges of their values.
pub(in crate::config) fn members(text: &str, object: &Range<usize>) -> Vec<(String, Range<usize>)> {
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

pub(in crate::config) fn elements(text: &str, array: &Range<usize>) -> Vec<Range<usize>> {
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
pub(in crate::config) fn skip(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    text.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len()
}

/// The range of the value that begins at or after `at`.
pub(in crate::config) fn value_at(text: &str, at: usize) -> Range<usize> {
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
