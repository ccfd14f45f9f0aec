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
    let silent = format!("{MANIFEST}[[capabilities]]\nname = \"query\"\n");
    has(&problems(nothing, &silent), "manifest", "cannot be read: capabilities[0]: missing field `reason`");
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
fn what_a_manifest_lacks_is_told_with_its_line_and_key() {
    let place = folder();
    plugin(place.path(), ["new", "it", "--language", "js"]).expect();
    let file = place.path().join("it/plugin.toml");
    let whole = fs::read_to_string(&file).unwrap();
    let line = whole.lines().count() + 2;
    let told = |text: String| {
        fs::write(&file, text).unwrap();
        let checked = plugin(place.path(), ["check", "it", "--json"]).json();
        let built = plugin(place.path(), ["build", "it", "--json"]).json();
        assert_eq!(built["problems"][0]["message"], checked["problems"][0]["message"]);
        let word = |key: &str| checked["problems"][0][key].as_str().unwrap().to_owned();
        assert_eq!(word("code"), "manifest");
        (word("at"), word("message"), word("remedy"))
    };
    let asks = format!("{whole}\n[[capabilities]]\nname = \"http\"\nhosts = [\"example.com\"]\n");
    let (at, message, remedy) = told(asks.clone());
    assert_eq!(at, format!("it/plugin.toml, line {line}, column 1, at capabilities[0].reason"));
    assert_eq!(message, "`reason` is missing");
    assert!(remedy.starts_with("Write `reason = \"…\"` there"), "{remedy}");
    let (at, message, _) = told(asks.replace("hosts = [\"example.com\"]", "reason = 5"));
    assert_eq!(at, format!("it/plugin.toml, line {}, column 10, at capabilities[0].reason", line + 2));
    assert!(message.contains("expected a string"), "{message}");
    let (at, message, _) = told(asks.replace("hosts", "reason = \"\"\nhosts"));
    assert_eq!(at, format!("it/plugin.toml, line {line}, column 1, at capabilities[0]"));
    assert!(message.contains("reason must have 1 to"), "{message}");
    let (at, message, _) = told(whole.replace("version = \"0.1.0\"", "version = \"one\""));
    assert_eq!(at, "it/plugin.toml, line 3, column 11, at version");
    assert!(message.contains("three numbers"), "{message}");
}

#[test]
fn a_default_of_another_kind_is_told_with_its_line_and_what_to_write() {
    let place = folder();
    plugin(place.path(), ["new", "it", "--language", "declarative"]).expect();
    let file = place.path().join("it/blueprint.toml");
    let text = fs::read_to_string(&file).unwrap();
    let line = text.lines().position(|line| line == "default = \"Hello\"").unwrap() + 1;
    fs::write(&file, text.replace("default = \"Hello\"", "default = 5")).unwrap();
    let problems = plugin(place.path(), ["check", "it", "--json"]).json()["problems"].clone();
    let told =
        format!("line {line}, column 11, at variables[0].default: a default of the kind `text` is text; ");
    has(problems.as_array().unwrap(), "not-packed", &(told + "write it in quotes: \"5\""));
}

#[test]
fn what_a_script_cannot_do_is_told_with_its_line_in_the_document() {
    let at = folder();
    plugin(at.path(), ["new", "it", "--language", "declarative"]).expect();
    let file = at.path().join("it/blueprint.toml");
    let text = fs::read_to_string(&file).unwrap();
    let line = text.lines().position(|line| line.starts_with("environment")).unwrap() + 1;
    let told = |script: &str| {
        let script = format!("{{ script = '''{script}''' }}");
        fs::write(&file, text.replace("\"{{settings.greeting}}\"", &script)).unwrap();
        let checked = plugin(at.path(), ["check", "it", "--json"]).json();
        let all = checked["problems"].as_array().unwrap();
        let found =
            all.iter().find(|each| each["severity"] == "error").unwrap_or_else(|| panic!("{checked}"));
        (found["message"].to_string(), found["log"][0].to_string(), found["remedy"].to_string())
    };
    let place = format!("blueprint.toml, line {line}, column ");
    let (message, _, remedy) = told("settings.greeting.zzz()");
    assert!(message.contains(&place) && message.contains(", at run.environment.GREETING"), "{message}");
    assert!(message.contains("zzz"), "{message}");
    assert!(remedy.contains("Correct the document"), "{remedy}");
    // One that cannot be read ends the call, and the log has the place.
    let (_, log, remedy) = told("1 +");
    assert!(log.contains(&place) && log.contains(", at run.environment.GREETING.script: "), "{log}");
    assert!(remedy.contains("the place in the document"), "{remedy}");
}

#[test]
fn what_no_plugin_in_typescript_has_is_told_with_what_there_is() {
    let place = folder();
    plugin(place.path(), ["new", "it", "--language", "js"]).expect();
    let file = place.path().join("it/src/plugin.ts");
    let text = fs::read_to_string(&file).unwrap();
    let told = |line: &str| {
        fs::write(&file, format!("{line}\n{text}")).unwrap();
        plugin(place.path(), ["check", "it", "--json"]).json()["problems"].as_array().unwrap().clone()
    };
    let node = told("import { readFileSync } from \"node:fs\"; export const parts = readFileSync;");
    has(
        &node,
        "types",
        "src/plugin.ts(1,30): error TS2307: a plugin has no module \"node:fs\": it runs without Node.js",
    );
    has(
        &node,
        "build-failed",
        "src/plugin.ts:1: a plugin has no module \"node:fs\": it runs without Node.js",
    );
    let bare = told("import each from \"lodash\"; each();");
    has(
        &bare,
        "build-failed",
        "src/plugin.ts:1: a plugin has no module \"lodash\": install it into the plugin's folder",
    );
    let console = told("console.log(\"hello\");");
    let says = "a plugin has no console: write to the plugin's log: `log.write(\"info\", text)`";
    has(&console, "types", &format!("src/plugin.ts(1,1): error TS2584: {says}"));
    has(&console, "build-failed", &format!("at <anonymous> (src/plugin.ts:1)\n{says}"));
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
