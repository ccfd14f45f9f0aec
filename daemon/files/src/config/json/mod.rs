//! JSON, edited in its text so that order, spacing and numbers stay as they are.
//!
//! The text is first checked as a whole, so that the scanner may trust its shape. The scanner ([`scan`]) steps over values
//! by counting brackets and never recurses.

pub(super) mod scan;

use super::{
    EditError,
    notation::{self, There, quoted},
    place::{Part, Way},
    rule::Rule,
    splice::Splices,
};
use gantry_types::plan::Edit;
use scan::{elements, members, skip, value_at};
use serde::de::IgnoredAny;
use std::ops::Range;

pub(super) fn apply(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut text = begun(text).to_owned();
    check(&text)?;
    for edit in edits {
        let rule = Rule::of(edit)?;
        text = set(&text, &rule)?.apply(&text);
    }
    check(&text)?;
    Ok(text)
}

pub(super) fn look(text: &str, rules: &[Rule<'_>]) -> Result<Vec<Result<(), EditError>>, EditError> {
    let text = begun(text);
    check(text)?;
    Ok(rules.iter().map(|rule| set(text, rule).map(drop)).collect())
}

/// An empty file is an empty object.
fn begun(text: &str) -> &str {
    if text.trim().is_empty() { "{}\n" } else { text }
}

fn check(text: &str) -> Result<(), EditError> {
    let checked = serde_json::from_str::<IgnoredAny>(text);
    checked.map(drop).map_err(|error| EditError::Malformed(error.to_string()))
}

fn set(text: &str, rule: &Rule<'_>) -> Result<Splices, EditError> {
    let way = Way::of(rule)?;
    let mut splices = Splices::default();
    let mut places = vec![value_at(text, 0)];
    for (number, part) in way.parts.iter().enumerate() {
        let mut next = Vec::new();
        for place in places {
            match step(text, &place, part) {
                Step::To(found) => next.extend(found),
                Step::Missing if way.makes => {
                    add(text, &place, &way.parts[number..], rule, &mut splices)?;
                }
                Step::Missing => {}
                Step::Blocked(why) => way.blocked(rule, why)?,
            }
        }
        places = next;
    }
    for place in places {
        let there = &text[place.clone()];
        let (read, kind) = match serde_json::from_str::<String>(there) {
            Ok(read) => (read, There::Text),
            Err(_) => (there.to_owned(), There::Other),
        };
        let value = match text.as_bytes()[place.start] {
            b'{' | b'[' => rule.over_tree(&read),
            b'n' => rule.over_nothing(&read),
            _ => rule.over(&read),
        }?;
        if let Some(value) = value {
            splices.push(place, notation::json(rule, &value, kind)?)?;
        }
    }
    Ok(splices)
}

enum Step {
    To(Vec<Range<usize>>),
    Missing,
    Blocked(&'static str),
}

fn step(text: &str, place: &Range<usize>, part: &Part<'_>) -> Step {
    let is_list = match text.as_bytes()[place.start] {
        b'{' => false,
        b'[' => true,
        _ => return Step::Blocked("something on the way holds no keys"),
    };
    match part {
        Part::Each if is_list => Step::To(elements(text, place)),
        Part::Each => Step::To(members(text, place).into_iter().map(|(_, value)| value).collect()),
        Part::Key(key) if is_list => match key.parse::<usize>() {
            Ok(position) => match elements(text, place).into_iter().nth(position) {
                Some(found) => Step::To(vec![found]),
                None => Step::Blocked("the array is shorter"),
            },
            Err(_) => Step::Blocked("an array needs a position"),
        },
        Part::Key(key) => match members(text, place).into_iter().rfind(|(name, _)| name == key) {
            Some((_, found)) => Step::To(vec![found]),
            None => Step::Missing,
        },
        Part::Place(_) if !is_list => Step::Blocked("no list stands there"),
        Part::Place(position) => {
            let all = elements(text, place);
            match all.get(*position) {
                Some(found) => Step::To(vec![found.clone()]),
                None if *position == all.len() => Step::Missing,
                None => Step::Blocked("the array is shorter"),
            }
        }
    }
}

/// Adds what the first part names to what holds it, with all that the others name inside.
fn add(
    text: &str,
    holder: &Range<usize>,
    parts: &[Part<'_>],
    rule: &Rule<'_>,
    splices: &mut Splices,
) -> Result<(), EditError> {
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    let Some(value) = rule.fresh()? else { return Ok(()) };
    let nested = nest(rest, notation::json(rule, &value, There::Other)?)
        .ok_or_else(|| rule.no_place("a list begins with its place 0"))?;
    let member = match first {
        Part::Key(key) => format!("{}: {nested}", quoted(key)),
        Part::Place(_) | Part::Each => nested,
    };
    let last = match first {
        Part::Key(_) => members(text, holder).pop().map(|(_, value)| value),
        Part::Place(_) | Part::Each => elements(text, holder).pop(),
    };
    let inside = holder.start + 1..holder.end - 1;
    let Some(last) = last else {
        let line_start = text[..holder.start].rfind('\n').map_or(0, |end| end + 1);
        let outer: String = text[line_start..].chars().take_while(|c| *c == ' ' || *c == '\t').collect();
        return splices.push(inside, format!("\n{outer}  {member}\n{outer}"));
    };
    // As the first member is set off from the bracket, so is this one from the last.
    let first = &text[inside.start..skip(text, inside.start)];
    splices.push(last.end..last.end, format!(",{first}{member}"))
}

/// The value inside of objects and lists; none if it would not be the first of a list.
pub(super) fn nest(parts: &[Part<'_>], value: String) -> Option<String> {
    parts.iter().rev().try_fold(value, |inner, part| match part {
        Part::Key(key) => Some(format!("{{{}: {inner}}}", quoted(key))),
        Part::Place(0) => Some(format!("[{inner}]")),
        Part::Place(_) | Part::Each => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::edits;

    #[test]
    fn values_change_and_order_and_spacing_stay() {
        let text = "{\n    \"b\": 1.50,\n    \"a\": {\"x\": [1, {\"y\": \"no\"}]},\n    \"c\": true\n}\n";
        let edited = apply(text, &edits(&[("a.x.1.y", "7"), ("c", "false"), ("d", "new")])).unwrap();
        let expected = "{\n    \"b\": 1.50,\n    \"a\": {\"x\": [1, {\"y\": \"7\"}]},\n    \"c\": false,\n    \"d\": \"new\"\n}\n";
        assert_eq!(edited, expected);
    }

    #[test]
    fn missing_objects_are_made() {
        let edited = apply("", &edits(&[("game.port", "30000"), ("game.name", "A \"b\"")])).unwrap();
        let value: serde_json::Value = serde_json::from_str(&edited).unwrap();
        assert_eq!(value, serde_json::json!({"game": {"port": 30000, "name": "A \"b\""}}));
    }

    #[test]
    fn a_value_cannot_bring_a_key() {
        let edited = apply("{\"a\": \"x\"}", &edits(&[("a", "y\", \"admin\": \"me")])).unwrap();
        let value: serde_json::Value = serde_json::from_str(&edited).unwrap();
        assert_eq!(value, serde_json::json!({"a": "y\", \"admin\": \"me"}));
    }

    #[test]
    fn brackets_and_quotes_in_strings_do_not_confuse() {
        let text = r#"{"a": "}]\"{", "b\"c": [], "z": 1}"#;
        let edited = apply(text, &edits(&[("z", "2"), ("b\"c", "[3]")])).unwrap();
        assert_eq!(edited, r#"{"a": "}]\"{", "b\"c": [3], "z": 2}"#);
    }

    #[test]
    fn what_is_not_json_is_left_alone() {
        assert!(matches!(apply("{\"a\": }", &edits(&[("a", "1")])), Err(EditError::Malformed(_))));
        assert!(matches!(apply("[1]", &edits(&[("5", "1")])), Err(EditError::NoPlace { .. })));
        assert!(matches!(apply("3", &edits(&[("a", "1")])), Err(EditError::NoPlace { .. })));
    }
}
