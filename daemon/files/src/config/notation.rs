//! What a value is written as.
//!
//! Formats that tell text from numbers take a value as JSON from here and spell it in their own way.

use super::{EditError, json::scan, rule::Rule};
use gantry_types::plan::Notation;
use serde::de::IgnoredAny;

/// How deep what is written may be nested, and what is read where a parser counts on us.
pub(super) const MAX_DEPTH: usize = 128;

/// What stands where the value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum There {
    Text,
    /// Anything else, or nothing.
    Other,
}

/// The value as JSON.
pub(super) fn json(rule: &Rule<'_>, value: &str, there: There) -> Result<String, EditError> {
    match (rule.notation, there) {
        (Notation::LikeThere, There::Text) | (Notation::Text, _) => Ok(quoted(value)),
        (Notation::LikeThere, There::Other) if is_document(value) && !value.trim_start().starts_with('"') => {
            Ok(value.trim().to_owned())
        }
        (Notation::LikeThere, There::Other) => Ok(quoted(value)),
        (Notation::Number, _) => number(value).ok_or_else(|| rule.unrepresentable()),
        (Notation::Boolean, _) => Ok(boolean(value).ok_or_else(|| rule.unrepresentable())?.to_string()),
        (Notation::Document, _) if is_document(value) => Ok(value.trim().to_owned()),
        (Notation::Document, _) => Err(rule.unrepresentable()),
    }
}

/// Refuses what the value is not, for formats that hold nothing but text.
pub(super) fn check_text(rule: &Rule<'_>, value: &str) -> Result<(), EditError> {
    let fits = match rule.notation {
        Notation::LikeThere | Notation::Text => true,
        Notation::Number => number(value).is_some(),
        Notation::Boolean => boolean(value).is_some(),
        Notation::Document => false,
    };
    if fits { Ok(()) } else { Err(rule.unrepresentable()) }
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn is_document(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok() && scan::depth(text) <= MAX_DEPTH
}

pub(super) fn boolean(value: &str) -> Option<bool> {
    match value {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A number as it is written where JSON can read that, else as JSON writes it.
fn number(value: &str) -> Option<String> {
    let value = value.trim();
    let meant = value.parse::<f64>().ok().filter(|meant| meant.is_finite())?;
    if serde_json::from_str::<IgnoredAny>(value).is_ok() {
        return Some(value.to_owned());
    }
    // A sign or zeros in front are no reason to lose digits.
    Some(value.parse::<i128>().map_or_else(|_| meant.to_string(), |whole| whole.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_types::plan::Edit;

    fn written(notation: Notation, value: &str) -> Option<String> {
        let edit = Edit { notation, ..Edit::new("a", "") };
        json(&Rule::of(&edit).unwrap(), value, There::Other).ok()
    }

    #[test]
    fn numbers_are_finite_and_spelled_as_json_spells_them() {
        for (value, spelled) in
            [("1.50", "1.50"), ("1e3", "1e3"), (" 5 ", "5"), ("+5", "5"), ("007", "7"), (".5", "0.5")]
        {
            assert_eq!(written(Notation::Number, value).as_deref(), Some(spelled));
        }
        for value in ["", "x", "1e999", "inf", "NaN", "0x1f", "1_000", "true"] {
            assert_eq!(written(Notation::Number, value), None, "{value}");
        }
    }

    #[test]
    fn booleans_are_two_words_or_two_digits() {
        assert_eq!(written(Notation::Boolean, "1").as_deref(), Some("true"));
        assert_eq!(written(Notation::Boolean, "false").as_deref(), Some("false"));
        assert_eq!(written(Notation::Boolean, "yes"), None);
    }

    #[test]
    fn documents_are_json_that_is_not_too_deep() {
        assert_eq!(written(Notation::Document, " {\"a\": [1]}\n").as_deref(), Some("{\"a\": [1]}"));
        assert_eq!(written(Notation::Document, "{a: 1}"), None);
        assert_eq!(written(Notation::Document, &("[".repeat(129) + &"]".repeat(129))), None);
        assert_eq!(written(Notation::Text, "1").as_deref(), Some("\"1\""));
    }
}
