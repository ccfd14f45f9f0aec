//! The text of a document, asked once more about one place: where it stands, and what it was written as.
//!
//! A document that was read says neither any more: lines are gone, and a default is text whatever it was written as. Problems name
//! their place as a way (`run.edits[0].path`), so a way is what is looked up. Where it leads to what is not there, the last thing
//! on it that is there counts: what a table lacks is told with the table.

use crate::Format;
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// What a value is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Text,
    Number,
    Boolean,
}

/// A document's text as a tree.
#[derive(Debug)]
pub struct Source<'a> {
    text: &'a str,
    format: Format,
    root: Node,
}

#[derive(Debug)]
struct Node {
    /// The first byte, where the format tells it.
    start: Option<usize>,
    value: Value,
}

#[derive(Debug)]
enum Value {
    Table(Vec<(String, Node)>),
    List(Vec<Node>),
    Plain(Written),
    /// No value, or a date: nothing in a document is one.
    Other,
}

impl<'a> Source<'a> {
    /// Nothing where the text cannot be read at all.
    #[must_use]
    pub fn new(format: Format, text: &'a str) -> Option<Self> {
        let root = match format {
            Format::Toml => {
                let table = DeTable::parse(text).ok()?.into_inner();
                Node { start: None, value: Value::Table(entries(table)) }
            }
            Format::Json => of_json(serde_json::from_str(text).ok()?),
        };
        Some(Self { text, format, root })
    }

    /// Line and column, in words. JSON is told by the way alone: its reader keeps no places.
    #[must_use]
    pub fn place(&self, way: &str) -> Option<String> {
        let start = along(&self.root, way).iter().rev().find_map(|node| node.start)?;
        Some(position(self.text, start))
    }

    /// What stands at the end of a way. Text in JSON says nothing, for documents travel in that form and every default is text
    /// there.
    pub(crate) fn written(&self, way: &str) -> Option<Written> {
        match (&along(&self.root, way).last()?.value, self.format) {
            (Value::Plain(Written::Text), Format::Json) => None,
            (Value::Plain(written), Format::Toml | Format::Json) => Some(*written),
            (Value::Table(_) | Value::List(_) | Value::Other, _) => None,
        }
    }
}

fn entries(table: DeTable<'_>) -> Vec<(String, Node)> {
    let entry = |(key, value): (toml::Spanned<_>, toml::Spanned<DeValue<'_>>)| {
        (std::borrow::Cow::into_owned(key.into_inner()), of_toml(value))
    };
    table.into_iter().map(entry).collect()
}

fn of_toml(value: toml::Spanned<DeValue<'_>>) -> Node {
    let Range { start, end } = value.span();
    let value = match value.into_inner() {
        DeValue::String(_) => Value::Plain(Written::Text),
        DeValue::Integer(_) | DeValue::Float(_) => Value::Plain(Written::Number),
        DeValue::Boolean(_) => Value::Plain(Written::Boolean),
        DeValue::Datetime(_) => Value::Other,
        DeValue::Array(list) => Value::List(list.into_iter().map(of_toml).collect()),
        DeValue::Table(table) => Value::Table(entries(table)),
    };
    // A table that dotted keys alone make stands nowhere.
    Node { start: (end > start).then_some(start), value }
}

fn of_json(value: serde_json::Value) -> Node {
    let value = match value {
        serde_json::Value::Null => Value::Other,
        serde_json::Value::Bool(_) => Value::Plain(Written::Boolean),
        serde_json::Value::Number(_) => Value::Plain(Written::Number),
        serde_json::Value::String(_) => Value::Plain(Written::Text),
        serde_json::Value::Array(list) => Value::List(list.into_iter().map(of_json).collect()),
        serde_json::Value::Object(map) => {
            Value::Table(map.into_iter().map(|(key, value)| (key, of_json(value))).collect())
        }
    };
    Node { start: None, value }
}

/// Everything on a way that is there.
fn along<'n>(root: &'n Node, way: &str) -> Vec<&'n Node> {
    let (mut found, mut rest) = (vec![root], way);
    while let Some((node, behind)) = found.last().and_then(|node| next(node, rest)) {
        found.push(node);
        rest = behind;
    }
    found
}

/// One step on a way, and what is left of it.
fn next<'n, 'w>(node: &'n Node, rest: &'w str) -> Option<(&'n Node, &'w str)> {
    match &node.value {
        Value::List(list) => {
            let (number, behind) = rest.strip_prefix('[')?.split_once(']')?;
            Some((list.get(number.parse::<usize>().ok()?)?, behind))
        }
        Value::Table(table) => {
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            // A key may have dots of its own, so the longest that fits is meant.
            let fits = |(key, node): &'n (String, Node)| {
                let behind =
                    rest.strip_prefix(key.as_str()).or_else(|| rest.strip_prefix(&format!("{key:?}")))?;
                let ends = behind.is_empty() || behind.starts_with(['.', '[']);
                ends.then_some((node, behind))
            };
            table.iter().filter_map(fits).min_by_key(|(_, behind)| behind.len())
        }
        Value::Plain(_) | Value::Other => None,
    }
}

/// A byte of a text, as people count.
pub(crate) fn position(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[run]\nimage = \"x\"\nenvironment = { A = \"1\" }\n\n[[run.edits]]\npath = \"a\"\n\
                        set.\"a.b\" = 1\nset.a = 2\n\n[[run.edits]]\n";

    #[test]
    fn a_way_leads_to_its_line_and_column() {
        let source = Source::new(Format::Toml, TEXT).unwrap();
        for (way, place) in [
            ("run.image", "line 2, column 9"),
            ("run.environment.A", "line 3, column 21"),
            ("run.edits[0].path", "line 6, column 8"),
            ("run.edits[0].set.\"a.b\"", "line 7, column 13"),
            ("run.edits[0].set.a.b", "line 7, column 13"),
            ("run.edits[0].set.a", "line 8, column 9"),
        ] {
            assert_eq!(source.place(way).as_deref(), Some(place), "{way}");
        }
    }

    #[test]
    fn what_is_not_there_is_where_it_would_be() {
        let source = Source::new(Format::Toml, TEXT).unwrap();
        assert_eq!(source.place("run.edits[1].path").as_deref(), Some("line 10, column 1"));
        assert_eq!(source.place("run.edits[7]"), source.place("run.edits"));
        assert_eq!(source.place("nobody"), None);
        assert_eq!(source.written("run.edits[1].path"), None);
    }
}
