//! `check` and `inspect`: what is wrong is named, with what to do.

use crate::kit::{checkout, example, folder, plugin};
use serde_json::Value;
use std::{fs, path::Path};

/// A component that imports and exports nothing, with this manifest.
fn component(folder: &Path, text: &str, manifest: &str) {
    let code = wat::parse_str(text).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let packed = gantry_pack::pack(&code, &serde_json::to_vec(&manifest).unwrap(), &[]).unwrap();
    fs::write(folder.join("it.wasm"), packed).unwrap();
}

const MANIFEST: &str = "id = \"it\"\nname = \"It\"\nversion = \"1.0.0\"\ncontract = \"0.2\"\nauthor = \"A\"\n\
    description = \"D\"\nlicence = \"MIT\"\n";

/// Every problem of a component, by its code.
fn problems(text: &str, manifest: &str) -> Vec<Value> {
    let place = folder();
    component(place.path(), text, manifest);
    let ran = plugin(place.path(), ["check", "it.wasm", "--json"]);
    let problems = ran.json()["problems"].as_array().unwrap().clone();
    assert!(problems.iter().all(|each| each["remedy"].as_str().is_some_and(|remedy| remedy.len() > 10)));
    assert_eq!(ran.good, problems.iter().all(|each| each["severity"] != "error"), "{problems:?}");
    problems
}

#[track_caller]
fn has(problems: &[Value], code: &str, words: &str) {
    let found = problems.iter().find(|each| each["code"] == code).unwrap_or_else(|| panic!("{problems:?}"));
    assert!(found["message"].as_str().unwrap().contains(words), "{found}");
}

#[test]
fn the_examples_can_be_used() {
    for name in ["hello-rust", "teeworlds-rust", "chores-rust", "teeworlds-js"] {
        let place = folder();
        let file = example(name);
        let ran = plugin(place.path(), ["check", file.to_str().unwrap(), "--json"]);
        assert!(ran.good, "{name}: {}{}", ran.out, ran.errors);
    }
}

#[test]
fn what_a_template_says_of_itself_is_a_question_in_the_file_of_the_language() {
    for (language, file) in [("rust", "in plugin.toml"), ("declarative", "in [plugin] of blueprint.toml")] {
        let place = folder();
        plugin(place.path(), ["new", "it", "--language", language]).expect();
        let problems = plugin(&place.path().join("it"), ["check", "--json"]).json()["problems"].clone();
        let problems = problems.as_array().unwrap();
        has(problems, "missing-words", "the template's words as author");
        let words = problems.iter().filter(|each| each["code"] == "missing-words");
        assert!(words.clone().all(|each| each["remedy"].as_str().unwrap().contains(file)), "{problems:?}");
    }
}

#[test]
fn imports_that_no_host_has_are_named() {
    let wasi = r#"(component (import "wasi:clocks/wall-clock@0.2.0" (instance)))"#;
    has(&problems(wasi, MANIFEST), "import", "wasi:clocks/wall-clock@0.2.0");
    let query = r#"(component (import "gantry:plugin/query@0.2.0" (instance)))"#;
    has(&problems(query, MANIFEST), "capability", "`query`");
    let other = r#"(component (import "gantry:plugin/log@0.1.0" (instance)))"#;
    has(&problems(other, MANIFEST), "import", "gantry:plugin/log@0.1.0");
}

#[test]
fn a_manifest_is_held_against_the_rules_and_against_the_code() {
    let nothing = "(component)";
    has(&problems(nothing, &MANIFEST.replace("\"1.0.0\"", "\"one\"")), "manifest", "three numbers");
    has(&problems(nothing, &MANIFEST.replace("0.2", "0.9")), "manifest", "contract \"0.9\"");
    has(&problems(nothing, MANIFEST), "rejected", "exports nothing");
    let asks = format!("{MANIFEST}[[capabilities]]\nname = \"query\"\nreason = \"Asks.\"\n");
    has(&problems(nothing, &asks), "unused-capability", "never calls it");
    has(&problems(nothing, &MANIFEST.replace("licence = \"MIT\"\n", "")), "missing-words", "no licence");
}

#[test]
fn a_component_that_is_too_large_is_told_how_to_ask() {
    let place = folder();
    component(place.path(), "(component)", MANIFEST);
    let small = fs::read(place.path().join("it.wasm")).unwrap();
    let manifest = gantry_pack::manifest(&small).unwrap().unwrap().to_vec();
    let large = gantry_pack::pack(&small, &manifest, &[("big", &vec![7; 9 << 20])]).unwrap();
    fs::write(place.path().join("it.wasm"), large).unwrap();
    let ran = plugin(place.path(), ["check", "it.wasm", "--json"]);
    let problems = ran.json()["problems"].as_array().unwrap().clone();
    has(&problems, "too-large", "must be asked for");
    assert!(problems[0]["remedy"].as_str().unwrap().contains("large-component"));
}

#[test]
fn a_key_that_nobody_reads_is_told_with_its_file() {
    let place = folder();
    plugin(place.path(), ["new", "my-game", "--language", "declarative"]).expect();
    let home = place.path().join("my-game");
    let text = fs::read_to_string(home.join("blueprint.toml")).unwrap();
    fs::write(home.join("blueprint.toml"), text.replace("terminal = false", "terminals = false")).unwrap();
    let ran = plugin(&home, ["check", "--json"]);
    let problem = ran.json()["problems"][0].clone();
    let message = problem["message"].as_str().unwrap();
    assert!(message.contains("line ") && message.contains("did you mean `terminal`?"), "{message}");
}

#[test]
fn a_component_is_shown_as_it_is() {
    let place = folder();
    let file = example("teeworlds-rust");
    let shown = plugin(place.path(), ["inspect", file.to_str().unwrap(), "--json"]).json();
    assert_eq!((shown["id"].as_str(), shown["contract"].as_str()), (Some("teeworlds-example"), Some("0.2")));
    assert_eq!(shown["capabilities"][0]["name"], "query");
    assert!(shown["imports"].to_string().contains("gantry:plugin/query@0.2.0"));
    let words = plugin(place.path(), ["inspect", file.to_str().unwrap()]).expect();
    assert!(words.contains("asks for     query: Asks the game who plays"), "{words}");
    let frozen = checkout("sdk/host/tests/frozen/v0.1.wasm");
    let old = plugin(place.path(), ["check", frozen.to_str().unwrap(), "--json"]);
    assert!(old.good, "{}", old.out);
    has(old.json()["problems"].as_array().unwrap(), "old-contract", "contract 0.1");
}

#[test]
fn an_answer_of_another_shape_is_told_by_its_types() {
    let place = folder();
    plugin(place.path(), ["new", "my-game", "--language", "js"]).expect();
    let home = place.path().join("my-game");
    let text = fs::read_to_string(home.join("src/plugin.ts")).unwrap();
    fs::write(home.join("src/plugin.ts"), text.replace("val: { pattern: \"^Ready\" }", "val: \"^Ready\""))
        .unwrap();
    let ran = plugin(&home, ["check", "--json"]);
    let problems = ran.json()["problems"].as_array().unwrap().clone();
    has(&problems, "types", "src/plugin.ts(");
}
