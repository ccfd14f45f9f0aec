//! Editing configuration files as text, so that everything that is not edited stays as people left it.
//!
//! Comments, order, spacing and line ends are kept; only values are replaced, and what is missing is added in the
//! manner of the file. The edits are pure functions of text. A value that the format cannot hold is an error and never
//! something that would be read as another line, key or section.
//!
//! How `at` and `value` are read:
//!
//! | format | `at` | `value` |
//! |---|---|---|
//! | properties | a key | text, escaped as Java reads it |
//! | ini | `section.key`, split at the last dot; a key without dot stands before all sections | text, without space around it |
//! | json | keys and array positions, joined by dots | text where a string stands; else JSON if it is JSON but no string, else text |
//! | toml | keys, joined by dots | text where a string stands; else TOML if it is a TOML value but no string, else text |
//! | lines | the beginning of a line | the whole line |
//!
//! Quotes in a value are thus part of the text wherever it lands, at the first start and at every later one.
//!
//! Where a key stands several times every occurrence is set, so that first-wins and last-wins readers agree.
//!
//! Modules in reading order: [`lines`], [`properties`], [`ini`], [`json`], [`toml`].

mod ini;
mod json;
mod lines;
mod properties;
mod toml;

use gantry_types::plan::{ConfigFormat, Edit};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Largest file that is edited.
pub const MAX_BYTES: u64 = 4 << 20;
/// Most edits of one file.
pub const MAX_EDITS: usize = 1000;

/// A byte order mark, which is one at the beginning of a file alone.
const MARK: char = '\u{feff}';

/// Why a file cannot be edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum EditError {
    #[error("it is not text in UTF-8")]
    NotText,
    #[error("it is larger than {MAX_BYTES} bytes or has more than {MAX_EDITS} edits")]
    TooLarge,
    /// The file is not of its format.
    #[error("it cannot be understood: {0}")]
    Malformed(String),
    /// The place does not exist and cannot be made.
    #[error("there is no place {at:?}: {why}")]
    NoPlace { at: String, why: Cow<'static, str> },
    /// The format has no way to write the value.
    #[error("the value for {at:?} cannot be written in this format")]
    Unrepresentable { at: String },
}

/// The text after all edits, in their order.
pub fn apply(format: ConfigFormat, text: &str, edits: &[Edit]) -> Result<String, EditError> {
    if text.len() as u64 > MAX_BYTES || edits.len() > MAX_EDITS {
        return Err(EditError::TooLarge);
    }
    let (mark, body) = match text.strip_prefix(MARK) {
        Some(body) => ("\u{feff}", body),
        None => ("", text),
    };
    let edited = match format {
        ConfigFormat::Properties => properties::apply(body, edits),
        ConfigFormat::Ini => ini::apply(body, edits),
        ConfigFormat::Json => json::apply(body, edits),
        ConfigFormat::Toml => toml::apply(body, edits),
        ConfigFormat::Lines => lines::apply(body, edits),
    }?;
    if edited.len() as u64 > MAX_BYTES {
        return Err(EditError::TooLarge);
    }
    if mark.is_empty() && edited.starts_with(MARK) {
        // It would be read as the file's mark and no longer as what was set.
        let at = edits.iter().find(|edit| edit.at.contains(MARK) || edit.value.contains(MARK));
        return Err(EditError::Unrepresentable { at: at.map(|edit| edit.at.clone()).unwrap_or_default() });
    }
    Ok(format!("{mark}{edited}"))
}

/// Text as lines that remember which end the file uses.
struct Document {
    lines: Vec<String>,
    end: &'static str,
}

impl Document {
    fn parse(text: &str) -> Self {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        // A last line gets its end; half of one is none.
        let text = text.trim_end_matches('\r');
        Self { lines: text.lines().map(str::to_owned).collect(), end }
    }

    fn render(self) -> String {
        self.lines.into_iter().flat_map(|line| [line, self.end.to_owned()]).collect()
    }
}

fn one_line(edit: &Edit) -> Result<(), EditError> {
    if edit.value.contains(['\n', '\r', '\0']) || edit.at.contains(['\n', '\r', '\0']) {
        return Err(EditError::Unrepresentable { at: edit.at.clone() });
    }
    Ok(())
}

#[cfg(test)]
fn edits(all: &[(&str, &str)]) -> Vec<Edit> {
    all.iter().map(|(at, value)| Edit { at: (*at).to_owned(), value: (*value).to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [ConfigFormat; 5] = [
        ConfigFormat::Properties,
        ConfigFormat::Ini,
        ConfigFormat::Json,
        ConfigFormat::Toml,
        ConfigFormat::Lines,
    ];

    #[test]
    fn too_large_a_file_is_refused() {
        let text = "#".repeat(usize::try_from(MAX_BYTES).unwrap() + 1);
        assert_eq!(apply(ConfigFormat::Lines, &text, &[]), Err(EditError::TooLarge));
    }

    #[test]
    fn a_byte_order_mark_stays_in_front() {
        let edited = apply(ConfigFormat::Properties, "\u{feff}a=1\n", &edits(&[("a", "2")])).unwrap();
        assert_eq!(edited, "\u{feff}a=2\n");
    }

    #[test]
    fn what_would_be_read_as_a_byte_order_mark_is_refused() {
        for (at, value) in [("\u{feff}", ""), ("\u{feff}a", "1")] {
            let refused = Err(EditError::Unrepresentable { at: at.to_owned() });
            assert_eq!(apply(ConfigFormat::Ini, "", &edits(&[(at, value)])), refused);
        }
        let lines = apply(ConfigFormat::Lines, "", &edits(&[("a", "\u{feff}a")]));
        assert_eq!(lines, Err(EditError::Unrepresentable { at: "a".to_owned() }));
        assert!(apply(ConfigFormat::Ini, "b = 1\n", &edits(&[("\u{feff}a", "1")])).is_ok());
    }

    #[test]
    fn quotes_are_text_the_first_time_and_later() {
        for format in [ConfigFormat::Json, ConfigFormat::Toml] {
            let edit = edits(&[("name", "\"Ours\"")]);
            let once = apply(format, "", &edit).unwrap();
            assert_eq!(apply(format, &once, &edit).unwrap(), once);
            assert!(once.contains("Ours\\\"\"") || once.contains("'\"Ours\"'"), "{once}");
        }
    }

    #[test]
    fn half_a_line_end_at_the_end_is_made_whole() {
        let edit = edits(&[("b", "2")]);
        let once = apply(ConfigFormat::Properties, "a=1\r", &edit).unwrap();
        assert_eq!(once, "a=1\nb=2\n");
        assert_eq!(apply(ConfigFormat::Properties, &once, &edit).unwrap(), once);
    }

    proptest! {
        #[test]
        fn no_text_and_no_edit_makes_an_editor_panic(
            text in "[ -~\\n\\r\\té]{0,120}", at in "[ -~.\\n]{0,20}", value in "[ -~\\né\"]{0,20}",
        ) {
            for format in ALL {
                let edit = Edit { at: at.clone(), value: value.clone() };
                drop(apply(format, &text, &[edit]));
            }
        }

        #[test]
        fn an_edit_that_was_applied_changes_nothing_when_applied_again(
            text in "([a-c] ?= ?[0-9]\\n|# x\\n|\\[s\\]\\n){0,8}", at in "(s\\.)?[a-d]", value in "[0-9a-z]{1,5}",
        ) {
            for format in [ConfigFormat::Properties, ConfigFormat::Ini] {
                let edit = [Edit { at: at.clone(), value: value.clone() }];
                let once = apply(format, &text, &edit).unwrap();
                prop_assert_eq!(&apply(format, &once, &edit).unwrap(), &once);
            }
        }
    }
}
