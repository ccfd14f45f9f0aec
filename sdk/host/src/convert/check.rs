//! The small rules that conversions are made of. Each answers words that begin with the place.

use std::collections::HashSet;

use gantry_types::names;

use super::Checked;
use super::text;

/// Characters of a wrong value that a message quotes.
const QUOTED: usize = 64;
const PATH_BYTES: usize = 1_024;
/// Compiled size of a pattern, as nodes take it.
const PATTERN_BYTES: usize = 1 << 20;

pub(super) fn quote(value: &str) -> String {
    format!("{:?}", text::escaped(value, QUOTED))
}

/// One line that people read and take for what it says: a name, a title, a label. Nothing in it is unseen or reorders text.
pub(super) fn title(place: &str, value: String, least: usize, most: usize) -> Checked<String> {
    let value = line(place, value, least, most)?;
    match names::oddity(&value) {
        Some(oddity) => Err(format!("{place} must not contain {oddity}")),
        None => Ok(value),
    }
}

/// One line: no control characters, `least..=most` characters.
pub(super) fn line(place: &str, value: String, least: usize, most: usize) -> Checked<String> {
    let value = prose(place, value, least, most)?;
    if value.contains(names::leaves_line) {
        return Err(format!("{place} must be one line"));
    }
    Ok(value)
}

/// A regular expression for lines of the console.
pub(super) fn pattern(place: &str, value: String, most: usize) -> Checked<String> {
    let value = line(place, value, 1, most)?;
    match regex::RegexBuilder::new(&value).size_limit(PATTERN_BYTES).build() {
        Ok(_) => Ok(value),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Err(format!("{place}: {} is no regular expression: {why}", quote(&value)))
        }
    }
}

/// A place in a file. It may have tabs, since some lines begin with them.
pub(super) fn spot(place: &str, value: String) -> Checked<String> {
    let value = prose(place, value, 1, 1_024)?;
    if value.contains(|each| each != '\t' && names::leaves_line(each)) {
        return Err(format!("{place} must be one line"));
    }
    Ok(value)
}

/// Text of `least..=most` characters with line breaks and tabs, and no other control characters. `\r\n` is a line break.
pub(super) fn prose(place: &str, value: String, least: usize, most: usize) -> Checked<String> {
    let value = if value.contains("\r\n") { value.replace("\r\n", "\n") } else { value };
    let length = value.chars().count();
    if length < least || length > most {
        return Err(format!("{place} must have {least} to {most} characters; it has {length}"));
    }
    if value.chars().any(|each| each.is_control() && !matches!(each, '\n' | '\t')) {
        return Err(format!("{place} must not contain control characters"));
    }
    Ok(value)
}

/// File content or an argument: anything but NUL, up to `most` bytes.
pub(super) fn content(place: &str, value: String, most: usize) -> Checked<String> {
    if value.len() > most {
        return Err(format!("{place} has {} bytes; the limit is {most}", value.len()));
    }
    if value.contains('\0') {
        return Err(format!("{place} must not contain NUL"));
    }
    Ok(value)
}

pub(super) fn count<T>(place: &str, list: Vec<T>, most: usize) -> Checked<Vec<T>> {
    if list.len() > most {
        return Err(format!("{place} has {} entries; the limit is {most}", list.len()));
    }
    Ok(list)
}

pub(super) fn unique<'a>(place: &str, names: impl Iterator<Item = &'a str>) -> Checked<()> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("{place} {} occurs twice", quote(name)));
        }
    }
    Ok(())
}

/// Lower-case letters, digits and single hyphens, beginning with a letter.
pub(super) fn id(place: &str, value: String) -> Checked<String> {
    if crate::manifest::is_id(&value, 64) {
        return Ok(value);
    }
    Err(format!(
        "{place} {} must be lower-case letters, digits and single hyphens, at most 64",
        quote(&value)
    ))
}

/// A key: letters, digits and `_ - .`, beginning with a letter.
pub(super) fn key(place: &str, value: String) -> Checked<String> {
    let fits = value.len() <= 64
        && value.starts_with(|first: char| first.is_ascii_alphabetic())
        && value.bytes().all(|each| each.is_ascii_alphanumeric() || b"_-.".contains(&each));
    if fits {
        return Ok(value);
    }
    Err(format!(
        "{place} {} must be letters, digits, `_`, `-` and `.`, beginning with a letter, at most 64",
        quote(&value)
    ))
}

/// A relative path that stays below where it starts. `.` is the directory itself.
pub(crate) fn path(place: &str, value: String) -> Checked<String> {
    let credible = !value.is_empty() && value.len() <= PATH_BYTES && !value.chars().any(char::is_control);
    let inside = !value.starts_with('/') && !value.split('/').any(|part| part == "..");
    if credible && inside {
        return Ok(value);
    }
    Err(format!("{place} {} must be a path relative to the server's directory, without `..`", quote(&value)))
}

pub(super) fn at_least_one(place: &str, value: u64) -> Checked<()> {
    if value == 0 { Err(format!("{place} must be at least 1")) } else { Ok(()) }
}
