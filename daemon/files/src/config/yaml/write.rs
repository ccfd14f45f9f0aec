//! Spelling values as YAML that readers of 1.1 and of 1.2 understand alike.
//!
//! Text is written bare only where no reader takes it for anything else; trees are written in one line, with braces.

use crate::config::json::scan;
use regex::Regex;
use saphyr_parser::ScalarStyle;
use std::{fmt::Write as _, sync::LazyLock};

/// What readers take a bare word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Text,
    Null,
    Boolean,
    Number,
    Time,
}

static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let numbers = [
        r"(\.[0-9][0-9_]*|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?",
        r"0x[0-9a-fA-F_]+",
        r"0o[0-7_]+",
        r"0b[01_]+",
        r"[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?",
        r"\.(inf|Inf|INF|nan|NaN|NAN)",
    ];
    Regex::new(&format!("^[-+]?({})$", numbers.join("|"))).ok()
});
static TIME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t][-0-9:. \tZ+]*)?$").ok());

/// By the rules of both versions.
pub(super) fn class(word: &str) -> Class {
    let is =
        |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(word));
    match word.to_ascii_lowercase().as_str() {
        "" | "~" | "null" => Class::Null,
        "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n" => Class::Boolean,
        _ if is(&NUMBER) => Class::Number,
        _ if is(&TIME) => Class::Time,
        _ => Class::Text,
    }
}

/// Text, in the style of what stood there where that can hold it.
pub(super) fn text(text: &str, style: ScalarStyle) -> String {
    let in_line = text.chars().all(|letter| letter == ' ' || is_printed(letter));
    match style {
        ScalarStyle::SingleQuoted if in_line => format!("'{}'", text.replace('\'', "''")),
        ScalarStyle::Plain if may_be_bare(text) => text.to_owned(),
        _ => quoted(text),
    }
}

fn may_be_bare(text: &str) -> bool {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return false };
    let begins = match first {
        // Neither a number nor a time has more than one dot.
        '0'..='9' => text.matches('.').count() > 1,
        _ => first.is_alphabetic() || first == '/',
    };
    let plain = |letter: char| letter.is_alphanumeric() || " _-./+@()=$%;'!?".contains(letter);
    begins && class(text) == Class::Text && !text.ends_with(' ') && letters.all(plain)
}

fn is_printed(letter: char) -> bool {
    !letter.is_control()
        && !letter.is_whitespace()
        && !matches!(letter, '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}')
}

pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            ' ' => quoted.push(letter),
            _ if is_printed(letter) => quoted.push(letter),
            // Writing to a text does not fail, and control characters are below 0x10000.
            _ => drop(write!(quoted, "\\u{:04x}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}

/// JSON whose depth is bounded, in one line; text outside of trees in this style.
pub(super) fn of_json(json: &str, style: ScalarStyle) -> String {
    let whole = scan::value_at(json, 0);
    let inner = |value: &std::ops::Range<usize>| of_json(&json[value.clone()], ScalarStyle::DoubleQuoted);
    match json.as_bytes().get(whole.start) {
        Some(b'"') => text(&serde_json::from_str::<String>(&json[whole]).unwrap_or_default(), style),
        Some(b'[') => {
            let all: Vec<_> = scan::elements(json, &whole).iter().map(inner).collect();
            format!("[{}]", all.join(", "))
        }
        Some(b'{') => {
            let all = scan::members(json, &whole);
            let all: Vec<_> = all
                .iter()
                .map(|(key, value)| format!("{}: {}", text(key, ScalarStyle::Plain), inner(value)))
                .collect();
            format!("{{{}}}", all.join(", "))
        }
        _ => json[whole].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_any_reader_takes_for_something_else_are_quoted() {
        for word in
            ["yes", "No", "on", "null", "~", "5", "0x1f", "1_000", "1:30", ".inf", "2020-01-01", "1e3", ""]
        {
            assert_eq!(text(word, ScalarStyle::Plain), quoted(word));
        }
        for word in
            ["- a", "a: b", "a #b", "[a", "*a", "&a", "!a", "%a", "@a", "a ", " a", "---", "a,b", "a\nb"]
        {
            assert_eq!(text(word, ScalarStyle::Plain), quoted(word));
        }
        for word in ["Zoë's server", "127.0.0.1", "a.b-c_d", "/srv/x"] {
            assert_eq!(text(word, ScalarStyle::Plain), word);
        }
        assert_eq!(text("it's", ScalarStyle::SingleQuoted), "'it''s'");
        assert_eq!(text("a\u{7}\n", ScalarStyle::SingleQuoted), "\"a\\u0007\\n\"");
    }

    #[test]
    fn trees_stand_in_one_line() {
        let json = "{\"a\": [1, \"x\\ud83d\\ude00\\/\",\n null],\"b\":{}}";
        assert_eq!(of_json(json, ScalarStyle::Plain), "{a: [1, \"x😀/\", null], b: {}}");
    }
}
