//! What editors and people read of the document: its JSON Schema and a reference page, both made from the model.

use crate::{Document, template::FILTERS};
use serde_json::{Map, Value};
use std::fmt::Write as _;

/// The JSON Schema as it is kept in `blueprint.schema.json`.
///
/// # Panics
/// Never: a schema can be written as JSON.
#[must_use]
#[expect(clippy::expect_used, reason = "a schema is JSON already")]
pub fn json() -> String {
    let mut schema = value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), "Gantry blueprint".into());
    }
    serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n"
}

fn value() -> Value {
    schemars::schema_for!(Document).to_value()
}

/// The reference as it is kept in `REFERENCE.md`.
#[must_use]
pub fn reference() -> String {
    let schema = value();
    let mut page = String::from(
        "# The declarative blueprint: reference\n\n\
         Made from the model in `src/model`; [README.md](README.md) tells how a document is written. Where a default is given, the \
         field may be left out; where it is *needed*, it may not.\n\n\
         ## Filters of templates\n\n| filter | what it makes of a value |\n|---|---|\n",
    );
    for (filter, what) in FILTERS {
        writeln!(page, "| `{filter}` | {what} |").ok();
    }
    let none = Map::new();
    section(&mut page, "Document", &schema);
    for (name, each) in schema.get("$defs").and_then(Value::as_object).unwrap_or(&none) {
        section(&mut page, name, each);
    }
    page
}

fn description(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.replace('\n', " ").replace('|', "\\|")
}

fn section(page: &mut String, name: &str, schema: &Value) {
    write!(page, "\n## {name}\n\n{}\n", description(schema)).ok();
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let name = |choice: &Value| match choice.get("const").and_then(Value::as_str) {
            Some(name) => vec![(name.to_owned(), description(choice))],
            None => list(choice.get("enum")).into_iter().map(|name| (name, String::new())).collect(),
        };
        page.push_str("\n| value | what |\n|---|---|\n");
        for (value, what) in choices.iter().flat_map(name) {
            writeln!(page, "| `{value}` | {what} |").ok();
        }
    } else if schema.get("enum").is_some() {
        writeln!(page, "\nOne of `{}`.", list(schema.get("enum")).join("`, `")).ok();
    }
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let needed = list(schema.get("required"));
    page.push_str("\n| field | is | default | what |\n|---|---|---|---|\n");
    for (field, each) in properties {
        let default = match each.get("default") {
            _ if needed.contains(field) => "*needed*".to_owned(),
            None | Some(Value::Null) => String::new(),
            Some(value) => format!("`{value}`"),
        };
        writeln!(page, "| `{field}` | {} | {default} | {} |", kind(each), description(each)).ok();
    }
}

fn list(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What a field is, with links to the sections that say more.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|way| way.rsplit('/').next()) {
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let kinds: Vec<String> = any.iter().map(kind).filter(|kind| kind != "null").collect();
        return kinds.join(" or ");
    }
    let names = match schema.get("type") {
        Some(Value::String(name)) => vec![name.clone()],
        names => list(names),
    };
    let named = |name: &String| match name.as_str() {
        "array" => format!("list of {}", schema.get("items").map(kind).unwrap_or_default()),
        "object" => format!("table of {}", schema.get("additionalProperties").map(kind).unwrap_or_default()),
        "string" => "text".to_owned(),
        other => other.to_owned(),
    };
    names.iter().filter(|name| *name != "null").map(named).collect::<Vec<_>>().join(" or ")
}
