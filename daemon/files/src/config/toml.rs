//! TOML, with everything between the values kept.

use super::EditError;
use gantry_types::plan::Edit;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let parsed = text.parse::<DocumentMut>();
    let mut document = parsed.map_err(|error| EditError::Malformed(error.message().to_owned()))?;
    for edit in edits {
        set(document.as_table_mut(), edit)?;
    }
    Ok(document.to_string())
}

fn set(root: &mut Table, edit: &Edit) -> Result<(), EditError> {
    let no_place = |why: &'static str| EditError::NoPlace { at: edit.at.clone(), why: why.into() };
    let (path, key) = edit.at.rsplit_once('.').unwrap_or(("", &edit.at));
    if edit.at.split('.').any(str::is_empty) {
        return Err(no_place("a key is empty"));
    }
    let mut table: &mut dyn TableLike = root;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let item = table.entry(part).or_insert_with(|| {
            let mut made = Table::new();
            made.set_implicit(true);
            Item::Table(made)
        });
        table = item.as_table_like_mut().ok_or_else(|| no_place("something on the way is not a table"))?;
    }
    let old = table.get(key);
    if old.is_some_and(|item| item.is_table() || item.is_array_of_tables()) {
        return Err(no_place("it is a table"));
    }
    let old = old.and_then(Item::as_value);
    let mut value = match old {
        Some(Value::String(_)) => Value::from(edit.value.as_str()),
        _ => match edit.value.parse() {
            Ok(Value::String(_)) | Err(_) => Value::from(edit.value.as_str()),
            Ok(value) => value,
        },
    };
    match old {
        Some(old) => *value.decor_mut() = old.decor().clone(),
        None => *value.decor_mut() = toml_edit::Decor::default(),
    }
    match table.get_mut(key) {
        // The comments above it belong to the key, which stays.
        Some(item) => *item = Item::Value(value),
        None => drop(table.insert(key, Item::Value(value))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::edits;

    #[test]
    fn values_change_and_comments_stay() {
        let text = "# mine\nport = 1 # the port\n\n[server] # s\nname = \"Old\"\n";
        let all = [("port", "2"), ("server.name", "5"), ("server.slots", "8"), ("chat.rules.on", "true")];
        let edited = apply(text, &edits(&all)).unwrap();
        let expected = "# mine\nport = 2 # the port\n\n[server] # s\nname = \"5\"\nslots = 8\n\n[chat.rules]\non = true\n";
        assert_eq!(edited, expected);
    }

    #[test]
    fn a_value_cannot_bring_a_key() {
        let edited = apply("a = \"x\"\n", &edits(&[("a", "y\"\nadmin = \"me")])).unwrap();
        let read: DocumentMut = edited.parse().unwrap();
        assert_eq!(read.as_table().len(), 1, "{edited}");
        assert_eq!(read["a"].as_str(), Some("y\"\nadmin = \"me"));
    }

    #[test]
    fn a_table_is_not_overwritten_by_a_value() {
        assert!(matches!(apply("[a]\nb=1\n", &edits(&[("a", "1")])), Err(EditError::NoPlace { .. })));
        assert!(matches!(apply("a = 1\n", &edits(&[("a.b", "1")])), Err(EditError::NoPlace { .. })));
    }
}
