//! From nothing to a component: `new`, `build`, `check`, `test` and `sdk`, in a folder that is in no checkout.

use crate::kit::{folder, plugin};
use std::{fs, path::Path};

/// A new plugin builds, has nothing to object to, and passes its own fixture.
fn from_nothing(language: &str) {
    let place = folder();
    plugin(place.path(), ["new", "my-game", "--language", language]).expect();
    let home = place.path().join("my-game");
    let built = plugin(&home, ["build", "--json"]);
    assert!(built.good, "{}{}", built.out, built.errors);
    assert_eq!(built.json()["id"], "my-game");
    let component = home.join("dist/my-game.wasm");
    let bytes = fs::read(&component).unwrap();
    let said = String::from_utf8_lossy(&bytes);
    assert!(!said.contains(place.path().to_str().unwrap()), "where its author works is nobody's business");
    // The engines of the other languages say where their own makers work.
    assert!(language != "rust" || !said.contains(".cargo/registry"), "nor is who its author is");
    let checked = plugin(&home, ["check", "dist/my-game.wasm", "--json"]);
    assert!(checked.good, "{}{}", checked.out, checked.errors);
    let component = component.to_str().unwrap();
    let tested = plugin(&home, ["test", "--component", component, "--bless", "--json"]);
    assert_eq!(tested.json()["blessed"], 2, "{}", tested.out);
    plugin(&home, ["test", "--component", component]).expect();
    let golden = fs::read_to_string(home.join("tests/console.run.json")).unwrap();
    assert!(golden.contains("Good evening") && golden.contains("You said"), "{golden}");
    assert_eq!(fs::read_to_string(home.join(".gitignore")).unwrap().lines().nth(1), Some("/.gantry/"));
}

#[test]
fn a_plugin_in_rust_begins_from_nothing() {
    from_nothing("rust");
}

#[test]
fn a_plugin_in_typescript_begins_from_nothing() {
    from_nothing("js");
}

#[test]
fn a_plugin_in_python_begins_from_nothing() {
    from_nothing("python");
}

#[test]
fn a_document_begins_from_nothing() {
    from_nothing("declarative");
}

#[test]
fn all_languages_answer_the_same_to_the_same_fixture() {
    let place = folder();
    let golden = |language: &str| {
        let home = place.path().join(language);
        let name = home.to_str().unwrap();
        plugin(place.path(), ["new", name, "--language", language, "--id", "same"]).expect();
        plugin(&home, ["test", "--bless"]).expect();
        let json = fs::read_to_string(home.join("tests/console.run.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&json).unwrap()
    };
    assert_eq!(golden("rust"), golden("declarative"));
}

#[test]
fn the_template_of_a_whole_game_keeps_its_fixtures() {
    let place = folder();
    plugin(place.path(), ["new", "tees", "--template", "game", "--name", "Our tees"]).expect();
    let home = place.path().join("tees");
    plugin(&home, ["test"]).expect();
    let shown = plugin(&home, ["inspect", "--json"]).json();
    assert_eq!((shown["id"].as_str(), shown["name"].as_str()), (Some("tees"), Some("Our tees")));
    assert_eq!(shown["version"], "0.1.0");
}

/// All that is written in a folder of sources.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: std::path::PathBuf| {
        if path.is_dir() {
            sources(&path)
        } else {
            String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
        }
    };
    entries.map(text).collect()
}

/// A new game of the whole template answers to its id, and has the title that was given.
fn is_titled(language: &str) {
    let place = folder();
    let name = r#"Bob's "small" \o/ game"#;
    let words = ["new", "ours", "--language", language, "--template", "game", "--name", name];
    plugin(place.path(), words).expect();
    let home = place.path().join("ours");
    fs::write(home.join("tests/ours.toml"), "[server]\nblueprint = \"ours\"\n[[run]]\nname = \"titled\"\n")
        .unwrap();
    let tested = plugin(&home, ["test", "--bless", "--json"]);
    assert!(tested.good, "{}{}", tested.out, tested.errors);
    assert_eq!(plugin(&home, ["inspect", "--json"]).json()["name"], name);
    // The name of a document's plugin is its game's title; code has the title by itself.
    if language != "declarative" {
        let source = sources(&home.join("src"));
        assert!(
            source.contains(r#""Bob's \"small\" \\o/ game""#) && !source.contains("\"Teeworlds\""),
            "{source}"
        );
    }
}

#[test]
fn a_game_in_rust_has_the_title_that_was_given() {
    is_titled("rust");
}

#[test]
fn a_game_in_typescript_has_the_title_that_was_given() {
    is_titled("js");
}

#[test]
fn a_game_in_python_has_the_title_that_was_given() {
    is_titled("python");
}

#[test]
fn a_game_in_a_document_has_the_title_that_was_given() {
    is_titled("declarative");
}

#[test]
fn a_name_is_one_line_and_stays_within_the_texts_of_the_least_plugin() {
    let place = folder();
    assert_eq!(plugin(place.path(), ["new", "ours", "--name", "a\nb", "--json"]).code(), "name");
    for language in ["rust", "js", "python", "declarative"] {
        let name = r#"*/ """ \"#;
        plugin(place.path(), ["new", language, "--language", language, "--name", name]).expect();
        let built = plugin(&place.path().join(language), ["inspect", "--json"]);
        assert!(built.good, "{language}: {}{}", built.out, built.errors);
        assert_eq!(built.json()["name"], name);
    }
}

#[test]
fn what_a_compiler_says_reaches_the_author() {
    let place = folder();
    plugin(place.path(), ["new", "broken"]).expect();
    let home = place.path().join("broken");
    let source = fs::read_to_string(home.join("src/lib.rs")).unwrap();
    fs::write(home.join("src/lib.rs"), source.replace("Ok(InstallPlan::new())", "Ok(InstallPlan::now())"))
        .unwrap();
    let built = plugin(&home, ["build", "--json"]);
    assert_eq!(built.code(), "build-failed");
    let message = built.json()["problems"][0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("src/lib.rs:") && message.contains("now"), "{message}");
}

#[test]
fn what_typescript_throws_is_told_with_the_authors_own_line() {
    let place = folder();
    plugin(place.path(), ["new", "thrown", "--language", "js"]).expect();
    let (home, own) = (place.path().join("thrown"), "src/plugin.ts");
    let source = fs::read_to_string(home.join(own)).unwrap();
    let throws = "  install: () => {\n    throw new TypeError(\"oh\");\n  },";
    let source = source.replace("  install: () => installPlan([]),", throws).replace("installPlan, ", "");
    let source = source.replace("terminal: false", "terminal: 0 as never");
    let at = |what: &str| source.lines().position(|line| line.contains(what)).unwrap() + 1;
    let (line, begins) = (at("TypeError"), at("  run: (server)"));
    fs::write(home.join(own), source).unwrap();
    let checked = plugin(&home, ["check", "--json"]).json();
    let problems = checked["problems"].as_array().unwrap();
    let trap = problems.iter().find(|each| each["code"] == "trap").unwrap_or_else(|| panic!("{checked}"));
    let log: Vec<&str> = trap["log"].as_array().unwrap().iter().map(|each| each.as_str().unwrap()).collect();
    assert!(log[0].contains("plans.install threw TypeError: oh"), "{log:?}");
    assert!(log[1].contains(&format!("{own}:{line}")), "{log:?}");
    assert!(trap["remedy"].as_str().unwrap().contains("what in the answer does not fit"), "{trap}");
    let words = "error: plans.run does not fit the contract: its answer.terminal is a number, where true or false belongs";
    let told = serde_json::json!([words, format!("error:     at run ({own}:{begins})")]);
    assert!(problems.iter().any(|each| each["code"] == "trap" && each["log"] == told), "{checked}");
}

#[test]
fn what_python_raises_is_told_with_the_authors_own_line() {
    let place = folder();
    plugin(place.path(), ["new", "raised", "--language", "python"]).expect();
    let (home, own) = (place.path().join("raised"), "src/plugin.py");
    let source = fs::read_to_string(home.join(own)).unwrap();
    let raises = "        return make.install_plan({}[\"nothing\"])";
    let source =
        source.replace("        return make.install_plan()", raises).replace("terminal=False", "terminal=0");
    let at = |what: &str| source.lines().position(|line| line.starts_with(what)).unwrap() + 1;
    let (line, begins) = (at(raises), at("    def run("));
    fs::write(home.join(own), source).unwrap();
    let checked = plugin(&home, ["check", "--json"]).json();
    let problems = checked["problems"].as_array().unwrap();
    let trap = problems.iter().find(|each| each["code"] == "trap").unwrap_or_else(|| panic!("{checked}"));
    let log: Vec<&str> = trap["log"].as_array().unwrap().iter().map(|each| each.as_str().unwrap()).collect();
    let told =
        ["error: plans.install raised KeyError: 'nothing'", &format!("error:     at install ({own}:{line})")];
    assert_eq!(log, told);
    assert!(trap["remedy"].as_str().unwrap().contains("`open` and `time`"), "{trap}");
    let words =
        "error: plans.run does not fit the contract: its answer.terminal is 0, where True or False belongs";
    let told = serde_json::json!([words, format!("error:     at run ({own}:{begins})")]);
    assert!(problems.iter().any(|each| each["code"] == "trap" && each["log"] == told), "{checked}");
    assert!(!home.join("src/__pycache__").exists(), "nothing is left beside the author's sources");
    // Of a component alone nobody knows what it was written in.
    plugin(&home, ["build"]).expect();
    let bare = plugin(&home, ["check", "dist/raised.wasm", "--json"]).json();
    let trap = bare["problems"].as_array().unwrap().iter().find(|each| each["code"] == "trap").unwrap();
    let remedy = trap["remedy"].as_str().unwrap();
    assert!(
        !remedy.contains("Python") && !remedy.contains("TypeScript") && !remedy.contains("`open`"),
        "{remedy}"
    );
}

#[test]
fn a_clone_without_its_sdk_gets_it_again() {
    let place = folder();
    plugin(place.path(), ["new", "cloned"]).expect();
    let home = place.path().join("cloned");
    fs::remove_dir_all(home.join(".gantry")).unwrap();
    plugin(&home, ["sdk"]).expect();
    assert!(home.join(".gantry/sdk/wit/since-v0.2/plans.wit").is_file());
    assert!(home.join(".gantry/sdk/plugin/src/lib.rs").is_file());
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let place = folder();
    fs::write(place.path().join("mine"), "").unwrap();
    assert_eq!(plugin(place.path(), ["new", ".", "--json"]).code(), "exists");
    assert_eq!(plugin(place.path(), ["new", "9 lives", "--json"]).code(), "id");
    assert_eq!(plugin(place.path(), ["build", "--json"]).code(), "no-plugin");
    assert!(!place.path().join(".gantry").exists(), "nothing was put there");
}

#[test]
fn files_of_the_bundle_travel_in_the_component() {
    let place = folder();
    plugin(place.path(), ["new", "carrier", "--language", "rust"]).expect();
    let home = place.path().join("carrier");
    fs::create_dir_all(home.join("bundle/maps")).unwrap();
    fs::write(home.join("bundle/maps/first.txt"), "a map").unwrap();
    let shown = plugin(&home, ["inspect", "--json"]).json();
    assert_eq!(shown["files"], serde_json::json!([{ "name": "maps/first.txt", "bytes": 5 }]));
    assert!(Path::new(&home).join(".gantry").is_dir());
}
