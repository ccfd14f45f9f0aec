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
//! | ini | `section.key`, split at the last dot; `[section].key`, whose key may have dots; a key without dot stands before all sections | text, without space around it |
//! | json | a way | text where a string stands; else JSON if it is JSON but no string, else text |
//! | yaml | a way | text where a string stands; a word of the kind of the word that stands; else as for json |
//! | toml | a way | text where a string stands; else TOML if it is a TOML value but no string, else text |
//! | xml | names of elements from the root down, joined by dots; `[1]` behind one is the second of that name, `*` stands for every child; `@name` at the end is an attribute | text |
//! | lines | the beginning of a line | the whole line |
//!
//! A way is keys, joined by dots. `[0]` behind a key is a place in a list (json reads `.0.` as well), and the place behind
//! the last one is made. One `*` stands for all that an object or a list holds: it creates nothing, and edits each.
//! Keys that have dots cannot be reached.
//!
//! Quotes in a value are thus part of the text wherever it lands, at the first start and at every later one. A notation says
//! otherwise: text, a number, a boolean, or JSON for a whole tree. Formats that hold nothing but text write all of them as
//! text, and no trees.
//!
//! A condition looks at the text of what stands: a string without its quotes, anything else as it is written, a whole line.
//! A place that it leaves alone is no error, and where it asks for something that stands, nothing is made.
//!
//! Where a key stands several times every occurrence is set, so that first-wins and last-wins readers agree.
//!
//! Forms look by the very rules by which edits write: see [`form`].
//!
//! Modules in reading order: [`rule`], [`place`], [`notation`], [`splice`], [`lines`], [`properties`], [`ini`], [`json`],
//! [`toml`], [`yaml`], [`xml`], [`form`].

pub mod form;
mod ini;
mod json;
mod lines;
mod notation;
mod place;
mod properties;
mod rule;
mod splice;
mod toml;
mod xml;
mod yaml;

use gantry_types::plan::{Condition, ConfigFormat, Edit};
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
    /// What the edit asks of the place makes no sense.
    #[error("the condition for {at:?} cannot be used: {why}")]
    Condition { at: String, why: Cow<'static, str> },
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
    let edited = settled(format, body, edits)?;
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

/// Edits are made before every start: one that would find its own work and do it once more never comes to an end. That can
/// only be so where what stands is part of what is written, so those are tried twice.
fn settled(format: ConfigFormat, text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let looks = |edit: &Edit| matches!(edit.condition, Condition::Matches(_));
    let mut edited = if edits.is_empty() { all(format, text, edits)? } else { text.to_owned() };
    for run in edits.chunk_by(|one, next| !looks(one) && !looks(next)) {
        edited = all(format, &edited, run)?;
        if let [edit] = run
            && looks(edit)
            && all(format, &edited, run).as_deref() != Ok(edited.as_str())
        {
            let why = "what it writes matches its own pattern, and would change at every start";
            return Err(EditError::Condition { at: edit.at.clone(), why: why.into() });
        }
    }
    Ok(edited)
}

fn all(format: ConfigFormat, text: &str, edits: &[Edit]) -> Result<String, EditError> {
    match format {
        ConfigFormat::Properties => properties::apply(text, edits),
        ConfigFormat::Ini => ini::apply(text, edits),
        ConfigFormat::Json => json::apply(text, edits),
        ConfigFormat::Yaml => yaml::apply(text, edits),
        ConfigFormat::Toml => toml::apply(text, edits),
        ConfigFormat::Xml => xml::apply(text, edits),
        ConfigFormat::Lines => lines::apply(text, edits),
    }
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
    all.iter().map(|(at, value)| Edit::new(*at, *value)).collect()
}

#[cfg(test)]
mod tests;
