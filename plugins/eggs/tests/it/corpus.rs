//! Every egg of the corpus becomes a document, with all of its variables.

use crate::{Server, corpus, laravel};
use gantry_document::model::{Audience, Document, Kind, Variable};
use gantry_plugin_eggs::{Conversion, convert};
use serde_json::Value;
use std::collections::BTreeMap;

/// Read by another program than the import's own.
pub(crate) fn independent(name: &str, content: &[u8]) -> Value {
    let text = std::str::from_utf8(content).unwrap().trim_start_matches('\u{feff}');
    if name.ends_with(".json") {
        serde_json::from_str(text).unwrap()
    } else {
        serde_saphyr::from_str(text).unwrap()
    }
}

#[test]
fn every_egg_of_the_corpus_becomes_a_document() {
    let eggs = corpus();
    let mut losses: BTreeMap<(String, &str), (usize, usize)> = BTreeMap::new();
    let mut without = 0;
    for (name, content) in &eggs {
        let Conversion { document, losses: lost } = convert(name, content).unwrap();
        let json = document.to_json();
        assert_eq!(Document::read(gantry_document::Format::Json, &json).unwrap(), document, "{name}");
        assert!(document.plugin.id.starts_with("egg-"), "{name}");
        let mut seen = std::collections::BTreeSet::new();
        for loss in &lost {
            let row = losses.entry((format!("{:?}", loss.severity), loss.kind)).or_default();
            row.0 += 1;
            if loss.severity == gantry_plugin_eggs::Severity::Lost {
                println!("{name}: {}: {} {}", loss.at, loss.what, loss.meaning);
            }
            row.1 += usize::from(seen.insert((loss.severity, loss.kind)));
        }
        without += usize::from(lost.is_empty());
    }
    println!("{} eggs, {without} without any loss", eggs.len());
    println!("{:<10} {:<12} {:>6} {:>6}", "severity", "kind", "count", "eggs");
    for ((severity, kind), (count, eggs)) in losses {
        println!("{severity:<10} {kind:<12} {count:>6} {eggs:>6}");
    }
}

#[test]
fn variables_keep_name_default_rules_and_rights() {
    for (name, content) in corpus() {
        let egg = independent(&name, &content);
        let Conversion { document, losses } = convert(&name, &content).unwrap();
        let told =
            |at: &str, kind: &str| losses.iter().any(|loss| loss.kind == kind && loss.at.starts_with(at));
        for (number, variable) in egg["variables"].as_array().unwrap().iter().enumerate() {
            let at = format!("variables/{number}");
            let place = format!("{name} {at}");
            let environment = variable["env_variable"].as_str().unwrap();
            let value = serde_json::to_value(&document.run.environment[environment]).unwrap();
            let value = value.as_str().unwrap();
            let default = match &variable["default_value"] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            if let Some(endpoint) =
                value.strip_prefix("{{endpoints.").and_then(|rest| rest.strip_suffix(".port}}"))
            {
                assert!(told(&at, "port"), "{place}");
                let endpoint = document.endpoints.iter().find(|each| each.name == endpoint).unwrap();
                assert_eq!(endpoint.port.unwrap_or(0), default.parse().unwrap_or(0), "{place}");
                continue;
            }
            let key = value.strip_prefix("{{settings.").unwrap().split(['}', ' ']).next().unwrap();
            let made = document.variables.iter().find(|each| each.key == key).unwrap();
            compare(made, variable, &place);
            let spelled =
                made.default.as_deref().map(|default| handed_on(&document, environment, key, default));
            if spelled.as_deref().unwrap_or_default() != default {
                assert!(told(&at, "default"), "{place}: {default:?} became {spelled:?}");
            }
            rules(
                &document,
                made,
                &variable["rules"],
                &default,
                &place,
                told(&format!("{at}/rules"), "rule"),
            );
        }
    }
}

fn compare(made: &Variable, given: &Value, place: &str) {
    let text = |key: &str| given[key].as_str().unwrap_or_default();
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let label = if text("name").trim().is_empty() { text("env_variable") } else { text("name") };
    assert_eq!(words(&made.label), words(label), "{place}");
    assert_eq!(words(&made.help), words(text("description")), "{place}");
    let audience = |is: bool| if is { Audience::Members } else { Audience::Administrators };
    let (see, edit) = (given["user_viewable"].as_bool().unwrap(), given["user_editable"].as_bool().unwrap());
    assert_eq!((made.viewable, made.editable), (audience(see), audience(see && edit)), "{place}");
    assert!(made.key == text("env_variable") || text("env_variable").starts_with('_'), "{place}");
}

/// What the game gets where somebody set this.
fn handed_on(document: &Document, environment: &str, key: &str, value: &str) -> String {
    let mut server = Server::usual(document);
    server.settings.insert(key, value);
    server.text(&document.run.environment[environment])
}

/// Every value that the panels refuse is refused, and every other taken, by variable and checks together.
fn rules(document: &Document, made: &Variable, given: &Value, default: &str, place: &str, told: bool) {
    let rules = laravel::list(given);
    let long = "x".repeat(300);
    let numbers = [
        "0",
        "1",
        "2",
        "5",
        "8",
        "20",
        "64",
        "1024",
        "65535",
        "65536",
        "-1",
        "2.5",
        "123456789",
        "76561198000000000",
    ];
    let texts = [
        "",
        "a",
        "abc",
        "a b",
        "ü",
        "a_b-c",
        "server.jar",
        "x==",
        "https://a.b/c",
        "true",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456",
        &long,
    ];
    let choices = rules.iter().filter_map(|rule| rule.strip_prefix("in:")).flat_map(|rule| rule.split(','));
    let all: Vec<&str> = numbers.into_iter().chain(texts).chain([default]).chain(choices).collect();
    for value in all {
        let Some(expected) = laravel::passes(&rules, value) else {
            assert!(told, "{place}: {rules:?}");
            continue;
        };
        // What a switch hands on stands for what it is set to.
        let set = match (made.kind, value) {
            (Kind::Boolean, "1") if handed_on_digits(document, made) => "true",
            (Kind::Boolean, "0") if handed_on_digits(document, made) => "false",
            (Kind::Boolean, "true") => continue,
            (_, value) => value,
        };
        let is = |pattern: &str| regex::Regex::new(pattern).unwrap().is_match(set);
        let own = document.checks.iter().filter(|check| check.key == made.key && !set.is_empty());
        let checked = own.clone().all(|check| {
            check.matches.as_deref().is_none_or(is) && !check.matches_not.as_deref().is_some_and(is)
        });
        if own.clone().any(|check| check.fails_when.is_some()) {
            continue;
        }
        // Numbers beyond what a double holds are kept out where nothing else is said.
        let huge = made.kind == Kind::Number && value.len() > 16;
        assert!(
            (made.takes(set) && checked) == expected || told || huge,
            "{place}: {rules:?} of {value:?}: {made:?}"
        );
    }
}

fn handed_on_digits(document: &Document, made: &Variable) -> bool {
    document.run.environment.values().any(|text| {
        serde_json::to_value(text)
            .unwrap()
            .as_str()
            .is_some_and(|text| text.contains(&format!("settings.{} | either", made.key)))
    })
}
