//! Rules that the document has for settings, and whether its scripts can be read.

use crate::{
    Fault,
    fill::Filler,
    script::Scripts,
    server::{Local, Server},
};
use gantry_document::Document;
use regex::Regex;

/// What is wrong with settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub key: String,
    pub message: String,
    pub remedy: String,
}

/// Everything that the document's checks have against these settings.
///
/// # Errors
/// A check that cannot be asked.
pub fn settings(document: &Document, server: &Server) -> Result<Vec<Wrong>, Fault> {
    let filler = Filler::new(document, server, Local::Nothing);
    let mut wrong = Vec::new();
    for (number, check) in document.checks.iter().enumerate() {
        let at = format!("checks[{number}]");
        let value = match &check.value {
            Some(value) => filler.text(&format!("{at}.value"), value)?,
            None => server.settings.get(&check.key).cloned().unwrap_or_default(),
        };
        let found = |pattern: &String| {
            let pattern = Regex::new(pattern).map_err(|error| Fault::new(&at, error.to_string()))?;
            Ok(pattern.is_match(&value))
        };
        let asked = !value.is_empty();
        let fails = match (&check.matches, &check.matches_not, &check.fails_when) {
            (Some(pattern), ..) => asked && !found(pattern)?,
            (_, Some(pattern), _) => asked && found(pattern)?,
            (_, _, Some(condition)) => filler.condition(&format!("{at}.fails-when"), condition)?,
            (None, None, None) => false,
        };
        if fails {
            let (message, remedy) = (check.message.clone(), check.remedy.clone());
            wrong.push(Wrong { key: check.key.clone(), message, remedy });
        }
    }
    Ok(wrong)
}

/// Scripts of a document that cannot be read, wherever they stand.
#[must_use]
pub fn scripts(document: &Document) -> Vec<Fault> {
    let scripts = Scripts::new(document);
    let value = serde_json::to_value(document).unwrap_or_default();
    let mut faults = Vec::new();
    search(&value, "", &mut |at, script| faults.extend(scripts.compiles(at, script).err()));
    faults
}

/// Every field that holds a script has one of three names, and texts elsewhere are in tables of their own.
fn search(value: &serde_json::Value, at: &str, found: &mut impl FnMut(&str, &str)) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                let names = matches!(key.as_str(), "script" | "when" | "fails-when");
                // In these, keys are anybody's.
                let free = ["environment", "files", "set", "from", "reasons"]
                    .iter()
                    .any(|name| at.ends_with(&format!("{name}.{key}")));
                match value {
                    serde_json::Value::String(text) if names && !free => found(&at, text),
                    _ => search(value, &at, found),
                }
            }
        }
        serde_json::Value::Array(list) => {
            for (number, value) in list.iter().enumerate() {
                search(value, &format!("{at}[{number}]"), found);
            }
        }
        _ => {}
    }
}
