//! Templates: text with places that are filled in for each server.
//!
//! `{{settings.slots}}` stands for a value and `{{settings.name | lower | default("me")}}` for one that passed filters. What is
//! filled in is never read as a template again, so a person's value stays a value. A template says nothing else: no loops
//! and no conditions, which are for `when`, `choose` and scripts.
//!
//! Modules in reading order: `filters`.

mod filters;

pub use filters::FILTERS;
use filters::{Filter, apply, filter};
use std::fmt;

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Value(Place, Vec<Filter>),
}

/// What a place in a template stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `settings.KEY`
    Setting(String),
    /// `endpoints.NAME.port`, `.address`, `.protocol`
    Endpoint(String, EndpointPart),
    /// `limits.memory` and the others
    Limit(Limit),
    /// `server.id`, `.name`, `.blueprint`, `.time-zone`
    Server(ServerPart),
    /// `facts.KEY`
    Fact(String),
    /// `match.NAME`, in console rules
    Match(String),
    /// `form.KEY`, in actions
    Form(String),
    /// `text`, in `broadcast`
    Text,
    /// A text in double quotes, such as `{{"{{"}}`.
    Quoted(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndpointPart {
    Port,
    Address,
    Protocol,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Memory,
    Swap,
    Cpu,
    Disk,
    Pids,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerPart {
    Id,
    Name,
    Blueprint,
    TimeZone,
}

/// Why a template cannot be read or filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError(pub String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TemplateError {}

fn fail<T>(message: impl Into<String>) -> Result<T, TemplateError> {
    Err(TemplateError(message.into()))
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What cannot be read, with the place in question.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once("{{") {
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let Some((expression, after)) = split_end(inside) else {
                return fail(format!("`{{{{{}` has no end `}}}}`", first(inside)));
            };
            parts.push(expression_of(expression)?);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// What it asks for.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(place, _) => Some(place),
            Part::Text(_) => None,
        })
    }

    /// The text, with what `value` answers filled in. `None` is nothing, and says that no such thing is there.
    ///
    /// # Errors
    /// What a filter refuses, and places for which `value` has an error.
    pub fn fill(
        &self,
        value: &dyn Fn(&Place) -> Result<Option<String>, TemplateError>,
    ) -> Result<String, TemplateError> {
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Value(Place::Quoted(text), filters) => {
                    filled.push_str(&filters.iter().try_fold(text.clone(), apply)?);
                }
                Part::Value(place, filters) => {
                    let text = value(place)?.unwrap_or_default();
                    filled.push_str(&filters.iter().try_fold(text, apply)?);
                }
            }
        }
        Ok(filled)
    }
}

fn first(text: &str) -> String {
    text.chars().take(24).collect()
}

/// What is before the next `}}` outside of quotes, and what is behind it.
fn split_end(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted && text[at..].starts_with("}}") => return Some((&text[..at], &text[at + 2..])),
            _ => {}
        }
    }
    None
}

/// A text split at a character that is not between quotes.
fn split(text: &str, by: char) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if character == by && !quoted => {
                parts.push(&text[start..at]);
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn expression_of(text: &str) -> Result<Part, TemplateError> {
    let mut parts = split(text, '|').into_iter().map(str::trim);
    let place = place(parts.next().unwrap_or_default())?;
    Ok(Part::Value(place, parts.map(filter).collect::<Result<_, _>>()?))
}

fn place(text: &str) -> Result<Place, TemplateError> {
    if let Some(quoted) = quoted(text) {
        return Ok(Place::Quoted(quoted));
    }
    if text == "text" {
        return Ok(Place::Text);
    }
    let unknown = || {
        fail(format!(
            "`{text}` is nothing that can be filled in; there is settings.KEY, endpoints.NAME.port, limits.memory, \
             server.name, facts.KEY, and where they exist match.NAME, form.KEY and text"
        ))
    };
    let Some((root, rest)) = text.split_once('.').filter(|(_, rest)| !rest.is_empty()) else {
        return unknown();
    };
    let rest_owned = || rest.to_owned();
    Ok(match (root, rest) {
        ("settings", _) => Place::Setting(rest_owned()),
        ("facts", _) => Place::Fact(rest_owned()),
        ("match", _) => Place::Match(rest_owned()),
        ("form", _) => Place::Form(rest_owned()),
        ("limits", "memory") => Place::Limit(Limit::Memory),
        ("limits", "swap") => Place::Limit(Limit::Swap),
        ("limits", "cpu") => Place::Limit(Limit::Cpu),
        ("limits", "disk") => Place::Limit(Limit::Disk),
        ("limits", "pids") => Place::Limit(Limit::Pids),
        ("server", "id") => Place::Server(ServerPart::Id),
        ("server", "name") => Place::Server(ServerPart::Name),
        ("server", "blueprint") => Place::Server(ServerPart::Blueprint),
        ("server", "time-zone") => Place::Server(ServerPart::TimeZone),
        ("endpoints", _) => match rest.rsplit_once('.') {
            Some((name, "port")) => Place::Endpoint(name.to_owned(), EndpointPart::Port),
            Some((name, "address")) => Place::Endpoint(name.to_owned(), EndpointPart::Address),
            Some((name, "protocol")) => Place::Endpoint(name.to_owned(), EndpointPart::Protocol),
            Some(_) | None => return unknown(),
        },
        _ => return unknown(),
    })
}

fn quoted(text: &str) -> Option<String> {
    text.starts_with('"').then(|| serde_json::from_str(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str, value: &str) -> Result<String, TemplateError> {
        Template::parse(template)?.fill(&|_| Ok(Some(value.to_owned())))
    }

    #[test]
    fn places_are_filled_and_what_they_bring_is_not_read_again() {
        assert_eq!(fill("a {{settings.name}} b {{ server.id }}", "{{x}}").unwrap(), "a {{x}} b {{x}}");
        assert_eq!(fill("{{\"{{\"}}VAR}}", "").unwrap(), "{{VAR}}");
    }

    #[test]
    fn filters_follow_each_other() {
        assert_eq!(fill(r#"{{settings.a | lower | replace("b", "}}|")}}"#, "AB").unwrap(), "a}}|");
        assert_eq!(fill(r#"{{settings.a | either("1", "0")}}"#, "false").unwrap(), "0");
        assert_eq!(fill(r#"{{settings.a | either("1", "0")}}"#, "").unwrap(), "");
        assert_eq!(fill("{{limits.memory | times(0.9)}}", "1025").unwrap(), "922");
        assert_eq!(fill("{{endpoints.game.port|plus(1)}}", "27015").unwrap(), "27016");
        assert_eq!(fill("{{settings.a | shell}}", "it's").unwrap(), r"'it'\''s'");
        assert_eq!(fill("{{settings.a | json}}", "a\"b").unwrap(), r#""a\"b""#);
        assert_eq!(fill("{{settings.a | url}}", "a b/ü").unwrap(), "a%20b%2F%C3%BC");
        assert_eq!(fill(r#"{{settings.a | default("x")}}"#, "").unwrap(), "x");
    }

    #[test]
    fn what_would_leave_its_quotes_is_refused() {
        assert!(fill("{{settings.a | quoted}}", "a\" b").is_err());
        assert!(fill("{{settings.a | line}}", "a\nb").is_err());
        assert_eq!(fill("{{settings.a | quoted}}", "a b").unwrap(), "\"a b\"");
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (template, says) in [
            ("{{settings.a", "has no end"),
            ("{{setting.a}}", "`setting.a` is nothing"),
            ("{{settings.a | lowr}}", "there is no filter `lowr`"),
            ("{{settings.a | default(x)}}", "there is no filter `default(x)`"),
            ("{{endpoints.game}}", "is nothing"),
        ] {
            let error = fill(template, "").unwrap_err().0;
            assert!(error.contains(says), "{template}: {error}");
        }
    }
}
