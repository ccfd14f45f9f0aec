//! From text to a document, with errors that its author can act on: where, what, and what was probably meant.

use crate::{Document, Problem, Source, check, source::position};
use std::fmt::Write as _;

/// Largest document that is read, in bytes: as much as a file that is packed into a component may hold.
pub const MAX_BYTES: usize = 2 << 20;

/// The two ways to write a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Toml,
    Json,
}

impl Format {
    /// By the ending of a file's name.
    pub fn of(file_name: &str) -> Option<Self> {
        match file_name.rsplit_once('.')?.1 {
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// Why a text is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("it has {0} bytes; a document has at most {MAX_BYTES}")]
    TooLarge(usize),
    /// `at` is a line and column, and the way to the field where it is known.
    #[error("{at}: {message}")]
    Shape { at: String, message: String },
    /// It can be read, and contradicts itself.
    #[error("{}", list(.0))]
    Content(Vec<Problem>),
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Document {
    /// Reads a document and checks it.
    ///
    /// # Errors
    /// The first thing that cannot be read, or all that contradicts itself.
    pub fn read(format: Format, text: &str) -> Result<Self, DocumentError> {
        bounded(text)?;
        let document = match format {
            Format::Toml => toml(text),
            Format::Json => json(text),
        }?;
        let problems = check::written(&document, Source::new(format, text).as_ref());
        if problems.is_empty() { Ok(document) } else { Err(DocumentError::Content(problems)) }
    }

    /// Reads a document that was checked when it was packed. Its errors have no place, and its code is a fraction: an
    /// interpreter of documents carries it.
    ///
    /// # Errors
    /// The first thing that cannot be read.
    pub fn read_again(format: Format, text: &str) -> Result<Self, DocumentError> {
        bounded(text)?;
        let wrong = |message: String| DocumentError::Shape { at: "the document".to_owned(), message };
        let value = match format {
            Format::Toml => {
                let table: toml::Table =
                    text.parse().map_err(|error: toml::de::Error| wrong(error.to_string()))?;
                from_toml(toml::Value::Table(table))
            }
            Format::Json => serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?,
        };
        serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
    }

    /// As JSON, for a component or for another program.
    ///
    /// # Panics
    /// Never: every document can be written as JSON.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a document has text keys and finite numbers alone")]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("every document can be written as JSON")
    }
}

fn bounded(text: &str) -> Result<(), DocumentError> {
    if text.len() > MAX_BYTES { Err(DocumentError::TooLarge(text.len())) } else { Ok(()) }
}

fn from_toml(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(value) => value.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(from_toml).collect(),
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, from_toml(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

fn toml(text: &str) -> Result<Document, DocumentError> {
    let shape = |way: &str, error: &toml::de::Error| {
        let place = error.span().map(|span| position(text, span.start));
        DocumentError::Shape { at: joined(place.as_deref(), way), message: helped(error.message()) }
    };
    let reader = toml::Deserializer::parse(text).map_err(|error| shape("", &error))?;
    serde_path_to_error::deserialize(reader).map_err(|error| shape(&error.path().to_string(), error.inner()))
}

fn json(text: &str) -> Result<Document, DocumentError> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let shape = |way: &str, error: &serde_json::Error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        DocumentError::Shape { at: joined(Some(&place), way), message: helped(message) }
    };
    let document = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| shape(&error.path().to_string(), error.inner()))?;
    reader.end().map_err(|error| shape("", &error))?;
    Ok(document)
}

/// A place in words: where, and the way to it.
pub(crate) fn joined(place: Option<&str>, way: &str) -> String {
    match (place, way) {
        (Some(place), "" | ".") => place.to_owned(),
        (Some(place), way) => format!("{place}, at {way}"),
        (None, way) => way.to_owned(),
    }
}

/// Adds what was probably meant to serde's `unknown field` and `unknown variant`, which list what there is.
fn helped(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let names_one = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let Some(given) = quoted.next().filter(|_| names_one) else { return message.to_owned() };
    let mut helped = format!("there is no `{given}` here");
    match nearest(given, quoted.clone()) {
        Some(meant) => {
            write!(helped, "; did you mean `{meant}`?").ok();
        }
        None => {
            let all: Vec<String> = quoted.map(|name| format!("`{name}`")).collect();
            write!(helped, "; there is {}", all.join(", ")).ok();
        }
    }
    helped
}

/// What somebody who wrote `given` probably meant.
pub fn nearest<'a>(given: &str, there: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let alike =
        |name: &&str| strsim::jaro_winkler(&given.to_lowercase().replace('_', "-"), &name.to_lowercase());
    let best = there.max_by(|one, other| alike(one).total_cmp(&alike(other)))?;
    (alike(&best) > 0.8).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[plugin]\nid = \"a\"\nversion = \"1.0.0\"\n[blueprint]\nid = \"a\"\nname = \"A\"\n\
                         [run]\nimage = \"debian\"\n";

    fn refused(text: &str) -> String {
        Document::read(Format::Toml, text).unwrap_err().to_string()
    }

    #[test]
    fn the_smallest_document_is_read_and_written() {
        let document = Document::read(Format::Toml, LEAST).unwrap();
        assert_eq!(Document::read(Format::Json, &document.to_json()).unwrap(), document);
        assert_eq!(Document::read_again(Format::Json, &document.to_json()).unwrap(), document);
        assert_eq!(Document::read_again(Format::Toml, LEAST).unwrap(), document);
    }

    #[test]
    fn an_unknown_key_is_told_with_its_place_and_what_was_meant() {
        let text = format!("{LEAST}\n[[run.edits]]\npath = \"a\"\nformat = \"ini\"\ncreat = true\n");
        assert_eq!(
            refused(&text),
            "line 13, column 1, at run.edits[0].creat: there is no `creat` here; did you mean `create`?"
        );
        let text = format!("{LEAST}\n[[run.edits]]\npath = \"a\"\nformat = \"jsn\"\n");
        assert!(
            refused(&text).ends_with("there is no `jsn` here; did you mean `json`?"),
            "{}",
            refused(&text)
        );
    }

    #[test]
    fn json_is_told_apart_alike() {
        let text = r#"{"plugin": {"id": "a", "version": "1.0.0", "licens": "MIT"}}"#;
        let error = Document::read(Format::Json, text).unwrap_err().to_string();
        assert!(
            error.contains("at plugin.licens: there is no `licens` here; did you mean `licence`?"),
            "{error}"
        );
    }

    #[test]
    fn numbers_and_booleans_stand_for_their_text() {
        let text =
            format!("{LEAST}\n[run.environment]\nA = 5\nB = true\nC = {{ literal = \"{{{{x}}}}\" }}\n");
        let document = Document::read(Format::Toml, &text).unwrap();
        let json = serde_json::to_value(&document.run.environment).unwrap();
        assert_eq!(json, serde_json::json!({"A": "5", "B": "true", "C": {"literal": "{{x}}"}}));
    }
}
