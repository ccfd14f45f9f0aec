//! TOML, with everything between the values kept.

use super::{
    EditError,
    json::scan,
    notation::{self, There},
    place::{Part, Way},
    rule::Rule,
};
use gantry_types::plan::{Edit, Notation};
use toml_edit::{Array, Decor, DocumentMut, InlineTable, Item, Table, TableLike, Value};

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut document = read(text)?;
    for edit in edits {
        set(&mut document, &Rule::of(edit)?)?;
    }
    let edited = document.to_string();
    read(&edited)?;
    Ok(edited)
}

pub(super) fn look(text: &str, rules: &[Rule<'_>]) -> Result<Vec<Result<(), EditError>>, EditError> {
    let mut document = read(text)?;
    Ok(rules.iter().map(|rule| set(&mut document, rule)).collect())
}

fn set(document: &mut DocumentMut, rule: &Rule<'_>) -> Result<(), EditError> {
    let way = Way::of(rule)?;
    let to = Errand { rule, way: &way };
    to.table(document.as_table_mut(), &way.parts, Manner::Headed)
}

fn read(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|error: toml_edit::TomlError| EditError::Malformed(error.message().to_owned()))
}

/// How a table is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Headed,
    Inline,
}

/// One edit on its way. The parser bounds how deep that is.
#[derive(Clone, Copy)]
struct Errand<'a> {
    rule: &'a Rule<'a>,
    way: &'a Way<'a>,
}

impl Errand<'_> {
    fn item(self, item: &mut Item, parts: &[Part<'_>]) -> Result<(), EditError> {
        if parts.is_empty() {
            return self.write_item(item);
        }
        match item {
            Item::Table(table) => self.table(table, parts, Manner::Headed),
            Item::ArrayOfTables(tables) => match parts {
                [Part::Each, rest @ ..] if !rest.is_empty() => {
                    tables.iter_mut().try_for_each(|table| self.table(table, rest, Manner::Headed))
                }
                [part, rest @ ..] if !rest.is_empty() => match position(*part).map(|at| tables.get_mut(at)) {
                    Some(Some(table)) => self.table(table, rest, Manner::Headed),
                    Some(None) => self.blocked("there are fewer tables"),
                    None => self.blocked("tables in a list need a position"),
                },
                _ => self.blocked("it is a table"),
            },
            Item::Value(value) => self.value(value, parts),
            Item::None => Ok(()),
        }
    }

    fn value(self, value: &mut Value, parts: &[Part<'_>]) -> Result<(), EditError> {
        let Some((part, rest)) = parts.split_first() else { return self.write(value) };
        match value {
            Value::InlineTable(table) => self.table(table, parts, Manner::Inline),
            Value::Array(array) if *part == Part::Each => {
                array.iter_mut().try_for_each(|value| self.value(value, rest))
            }
            Value::Array(array) => {
                let Some(at) = position(*part) else { return self.blocked("an array needs a position") };
                let length = array.len();
                match array.get_mut(at) {
                    Some(value) => self.value(value, rest),
                    None if at == length && matches!(part, Part::Place(_)) => {
                        if let Some(made) = self.made(rest)? {
                            array.push(made);
                        }
                        Ok(())
                    }
                    None => self.blocked("the array is shorter"),
                }
            }
            _ => self.blocked("something on the way is not a table"),
        }
    }

    fn table(self, table: &mut dyn TableLike, parts: &[Part<'_>], manner: Manner) -> Result<(), EditError> {
        let Some((part, rest)) = parts.split_first() else { return self.blocked("it is a table") };
        let key = match part {
            Part::Each => {
                let mut all = table.iter_mut();
                return all.try_for_each(|(mut key, item)| {
                    let was_value = item.is_value();
                    self.item(item, rest)?;
                    if !was_value && item.is_value() {
                        key.leaf_decor_mut().clear();
                    }
                    Ok(())
                });
            }
            Part::Place(_) => return self.blocked("no list stands there"),
            Part::Key(key) => *key,
        };
        if let Some(item) = table.get_mut(key) {
            let was_value = item.is_value();
            self.item(item, rest)?;
            if !was_value
                && item.is_value()
                && let Some(mut key) = table.key_mut(key)
            {
                // What stood around it was a heading's.
                key.leaf_decor_mut().clear();
            }
            return Ok(());
        }
        let are_keys = rest.iter().all(|part| matches!(part, Part::Key(_)));
        if !self.way.makes {
            return Ok(());
        }
        if rest.is_empty() || manner == Manner::Inline || !are_keys {
            if let Some(made) = self.made(rest)? {
                table.insert(key, Item::Value(made));
            }
            return Ok(());
        }
        let mut made = Table::new();
        made.set_implicit(true);
        self.table(&mut made, rest, Manner::Headed)?;
        table.insert(key, Item::Table(made));
        Ok(())
    }

    /// What is made where nothing stands, inside of what is missing on the way to it.
    fn made(self, parts: &[Part<'_>]) -> Result<Option<Value>, EditError> {
        if !self.way.makes {
            return Ok(None);
        }
        let Some(text) = self.rule.fresh()? else { return Ok(None) };
        let value = self.meant(&text, There::Other)?;
        let nested = parts.iter().rev().try_fold(value, |inner, part| match part {
            Part::Key(key) => Some(Value::from(InlineTable::from_iter([(*key, inner)]))),
            Part::Place(0) => Some(Value::from(Array::from_iter([inner]))),
            Part::Place(_) | Part::Each => None,
        });
        nested.map(Some).ok_or_else(|| self.rule.no_place("a list begins with its place 0"))
    }

    fn write_item(self, item: &mut Item) -> Result<(), EditError> {
        if let Item::Value(value) = item {
            return self.write(value);
        }
        let Some(text) = self.rule.over_tree(item.to_string().trim())? else { return Ok(()) };
        if self.rule.notation != Notation::Document {
            return Err(self.rule.no_place("it is a table"));
        }
        *item = Item::Value(self.meant(&text, There::Other)?);
        Ok(())
    }

    fn write(self, value: &mut Value) -> Result<(), EditError> {
        let (there, kind) = match &*value {
            Value::String(text) => (text.value().clone(), There::Text),
            other => {
                let mut bare = other.clone();
                *bare.decor_mut() = Decor::new("", "");
                (bare.to_string(), There::Other)
            }
        };
        let text = match value {
            Value::Array(_) | Value::InlineTable(_) => self.rule.over_tree(&there),
            _ => self.rule.over(&there),
        }?;
        if let Some(text) = text {
            let mut written = self.meant(&text, kind)?;
            // The comments around it belong to the key, which stays.
            *written.decor_mut() = value.decor().clone();
            *value = written;
        }
        Ok(())
    }

    fn meant(self, text: &str, there: There) -> Result<Value, EditError> {
        if self.rule.notation == Notation::LikeThere {
            let parsed = text.parse().ok().filter(|value| !matches!(value, Value::String(_)));
            let mut value = parsed.filter(|_| there == There::Other).unwrap_or_else(|| Value::from(text));
            value.decor_mut().clear();
            return Ok(value);
        }
        let json = notation::json(self.rule, text, there)?;
        let mut value = of_json(&json).ok_or_else(|| self.rule.unrepresentable())?;
        value.decor_mut().clear();
        Ok(value)
    }

    fn blocked(self, why: &'static str) -> Result<(), EditError> {
        self.way.blocked(self.rule, why)
    }
}

fn position(part: Part<'_>) -> Option<usize> {
    match part {
        Part::Place(position) => Some(position),
        Part::Key(key) => key.parse().ok(),
        Part::Each => None,
    }
}

/// JSON whose depth is bounded as TOML; none where it has a null or a number that TOML has not.
fn of_json(json: &str) -> Option<Value> {
    let whole = scan::value_at(json, 0);
    let inner = |range: &std::ops::Range<usize>| of_json(&json[range.clone()]);
    match json.as_bytes().get(whole.start)? {
        b'"' => serde_json::from_str::<String>(&json[whole]).ok().map(Value::from),
        b'[' => {
            let all = scan::elements(json, &whole);
            all.iter().map(inner).collect::<Option<Array>>().map(Value::from)
        }
        b'{' => {
            let all = scan::members(json, &whole);
            let all = all.into_iter().map(|(key, value)| Some((key, inner(&value)?)));
            all.collect::<Option<InlineTable>>().map(Value::from)
        }
        _ => json[whole].parse().ok(),
    }
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
    fn lists_and_stars_and_tables_in_lists() {
        let text = "a = [1, {b = 2}]\n[[t]]\nx = 1\n[[t]]\nx = \"y\" # c\n";
        let all = [
            ("a[0]", "7"),
            ("a[1].b", "8"),
            ("a[2]", "9"),
            ("a.1.c.d", "n"),
            ("t.*.x", "3"),
            ("t[0].z[0]", "1"),
        ];
        let edited = apply(text, &edits(&all)).unwrap();
        let expected =
            "a = [7, {b = 8, c = { d = \"n\" } }, 9]\n[[t]]\nx = 3\nz = [1]\n[[t]]\nx = \"3\" # c\n";
        assert_eq!(edited, expected);
        assert_eq!(apply(&edited, &edits(&all)).unwrap(), edited);
        assert!(matches!(apply(text, &edits(&[("a[5]", "1")])), Err(EditError::NoPlace { .. })));
    }

    #[test]
    fn a_notation_says_what_a_value_is() {
        let set = |notation, value: &str| {
            let edit = Edit { notation, ..Edit::new("a", value) };
            apply("a = \"x\" # c\n", &[edit])
        };
        assert_eq!(set(Notation::Number, "5").unwrap(), "a = 5 # c\n");
        assert_eq!(set(Notation::Boolean, "0").unwrap(), "a = false # c\n");
        assert_eq!(set(Notation::Text, "5").unwrap(), "a = \"5\" # c\n");
        let tree = set(Notation::Document, "{\"z\": [1, \"\\u00e9\"], \"b\": {}}").unwrap();
        assert_eq!(tree, "a = { z = [1, \"é\"], b = {} } # c\n");
        for (notation, value) in [
            (Notation::Number, "x"),
            (Notation::Document, "null"),
            (Notation::Document, "[18446744073709551616]"),
        ] {
            assert!(matches!(set(notation, value), Err(EditError::Unrepresentable { .. })), "{value}");
        }
        let edit = Edit { notation: Notation::Document, ..Edit::new("t", "[1]") };
        assert_eq!(apply("[t]\nx = 1\n[u]\n", &[edit]).unwrap(), "t = [1]\n[u]\n");
    }

    #[test]
    fn hostile_nesting_is_refused() {
        let deep = format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(apply(&deep, &edits(&[("a", "1")])), Err(EditError::Malformed(_))));
    }

    #[test]
    fn a_table_is_not_overwritten_by_a_value() {
        assert!(matches!(apply("[a]\nb=1\n", &edits(&[("a", "1")])), Err(EditError::NoPlace { .. })));
        assert!(matches!(apply("a = 1\n", &edits(&[("a.b", "1")])), Err(EditError::NoPlace { .. })));
    }
}
