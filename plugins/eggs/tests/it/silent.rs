//! Nothing is dropped silently: whatever an egg says makes a difference, or is told with its place.

use crate::{corpus, corpus::independent, samples};
use gantry_plugin_eggs::{Conversion, convert};
use serde_json::{Map, Value};

const STRANGE: &str = "something-strange";

/// With what is JSON within a text as what it is, so that every value is one of its own.
fn opened(name: &str, content: &[u8]) -> Value {
    let mut egg = independent(name, content);
    for key in ["files", "startup", "logs"] {
        if let Some(Ok(value)) = egg["config"][key].as_str().map(serde_json::from_str) {
            egg["config"][key] = value;
        }
    }
    egg
}

fn converted(egg: &Value) -> Conversion {
    let mut converted = convert("egg.json", egg.to_string().as_bytes()).unwrap();
    // It has a digest of all.
    converted.document.plugin.version.clear();
    converted
}

/// Maps whose keys are names that anybody chooses.
fn is_free(at: &[String]) -> bool {
    let at: Vec<&str> = at.iter().map(String::as_str).collect();
    matches!(
        at.as_slice(),
        ["docker_images" | "images" | "features" | "tags" | "file_denylist" | "startup_commands"]
            | ["config", "files"]
            | ["config", "files", _, "find", ..]
            | ["variables", _, "rules"]
            // A log that is somewhere is told as a whole.
            | ["config", "logs"]
    )
}

fn strange(value: &mut Value, at: &mut Vec<String>, places: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                at.push(key.clone());
                strange(value, at, places);
                at.pop();
            }
            if !is_free(at) {
                map.insert(STRANGE.to_owned(), "x".into());
                let way = at.iter().map(|part| part.replace('~', "~0").replace('/', "~1") + "/");
                places.push(way.collect::<String>() + STRANGE);
            }
        }
        Value::Array(list) => {
            for (number, value) in list.iter_mut().enumerate() {
                at.push(number.to_string());
                strange(value, at, places);
                at.pop();
            }
        }
        _ => {}
    }
}

#[test]
fn a_key_that_nobody_knows_is_told_wherever_it_stands() {
    for (name, content) in samples().into_iter().chain(corpus()) {
        let mut egg = opened(&name, &content);
        let mut places = Vec::new();
        strange(&mut egg, &mut Vec::new(), &mut places);
        let losses = converted(&egg).losses;
        for place in places {
            let told =
                losses.iter().any(|loss| place == loss.at || place.starts_with(&format!("{}/", loss.at)));
            assert!(told, "{name}: nobody tells of {place}");
        }
    }
}

/// Ways to all that is no list and no map.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    let part = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| leaves(value, &part(key), found)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, value)| leaves(value, &part(&n.to_string()), found))
        }
        _ => found.push(at.to_owned()),
    }
}

fn other(value: &Value) -> Value {
    match value {
        Value::Bool(value) => Value::Bool(!value),
        Value::Number(number) => (number.as_i64().unwrap_or(0) + 7).into(),
        Value::String(text) if text.ends_with('3') => format!("{text}4").into(),
        Value::String(text) if text.is_empty() || text.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{text}3").into()
        }
        Value::String(text) => format!("{text}x").into(),
        Value::Null => "3".into(),
        Value::Array(_) | Value::Object(Map { .. }) => unreachable!("a leaf"),
    }
}

/// What says nothing of the game, or nothing beside the rest.
fn says_nothing(at: &str) -> bool {
    at == "/_comment"
        || at.ends_with("/sort")
        || at.ends_with("/strip_ansi")
        || at.starts_with("/config/startup/_comment")
}

fn changes(name: &str, egg: &Value, keep: impl Fn(usize) -> bool) {
    let before = converted(egg);
    let mut all = Vec::new();
    leaves(egg, "", &mut all);
    for (_, at) in all.iter().enumerate().filter(|(number, at)| keep(*number) && !says_nothing(at)) {
        let mut changed = egg.clone();
        let value = changed.pointer_mut(at).unwrap();
        *value = other(value);
        let Ok(mut after) = convert("egg.json", changed.to_string().as_bytes()) else { continue };
        after.document.plugin.version.clear();
        let told = |loss: &gantry_plugin_eggs::Loss| {
            at[1..] == loss.at || at[1..].starts_with(&format!("{}/", loss.at))
        };
        let same = after.document == before.document && after.losses == before.losses;
        assert!(
            !same || before.losses.iter().any(told),
            "{name}: {at} makes no difference, and nobody tells of it"
        );
    }
}

#[test]
fn every_value_of_our_own_eggs_makes_a_difference_or_is_told() {
    for (name, content) in samples() {
        changes(&name, &opened(&name, &content), |_| true);
    }
}

#[test]
fn values_of_the_corpus_make_a_difference_or_are_told() {
    // A few of each egg, others of each, since all of all take minutes.
    for (number, (name, content)) in corpus().into_iter().enumerate() {
        changes(&name, &opened(&name, &content), |leaf| (leaf * 31 + number * 17) % 23 == 0);
    }
}
