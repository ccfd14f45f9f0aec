//! `replay`: a call that was stopped is kept by `test` and fails again from its record alone.

use crate::kit::{folder, plugin};
use std::fs;

#[test]
fn a_panic_is_told_with_its_place_kept_and_repeated() {
    let place = folder();
    plugin(place.path(), ["new", "my-game"]).expect();
    let home = place.path().join("my-game");
    let source = fs::read_to_string(home.join("src/lib.rs")).unwrap();
    let broken = source
        .replace("let image =", "let word = server.setting(\"greeting\").split(' ').nth(1).unwrap();\n        assert!(word != \"evening\");\n        let image =")
        .replace("vec![Variable::text(\"greeting\"", "vec![Variable::secret(\"password\", \"Password\", 0, 40), Variable::text(\"greeting\"");
    fs::write(home.join("src/lib.rs"), broken).unwrap();
    let fixture = "server.settings = { greeting = \"Good evening\", password = \"open-sesame\" }\n[[run]]\n";
    fs::write(home.join("tests/console.toml"), fixture).unwrap();
    let tested = plugin(&home, ["test", "--json"]);
    let problem = tested.json()["cases"][0]["problem"].clone();
    assert_eq!(problem["code"], "trap");
    let message = problem["message"].as_str().unwrap();
    assert!(message.contains("my-game 0.1.0 was stopped in plans.run"), "{message}");
    assert!(problem["log"][0].as_str().unwrap().contains("src/lib.rs:"), "{problem}");
    let remedy = problem["remedy"].as_str().unwrap();
    assert!(
        remedy.starts_with("The log names the place of a panic.") && !remedy.contains("TypeScript"),
        "{remedy}"
    );
    assert!(remedy.contains("gantry plugin replay"), "{remedy}");

    let mut records = fs::read_dir(home.join(".gantry/records")).unwrap();
    let record = records.next().unwrap().unwrap().path();
    let text = fs::read_to_string(&record).unwrap();
    assert!(!text.contains("open-sesame") && text.contains("***********"), "{text}");
    let record = record.to_str().unwrap().to_owned();
    let again = plugin(&home, ["replay", &record, "--json"]);
    assert!(again.good, "{}{}", again.out, again.errors);
    let json = again.json();
    assert_eq!((json["same"].as_bool(), json["sameComponent"].as_bool()), (Some(true), Some(true)));
    assert!(json["log"][0].as_str().unwrap().contains("src/lib.rs:"), "{json}");

    let words = plugin(&home, ["replay", &record]).expect();
    assert!(words.contains("my-game was stopped in plans.run") && !words.contains("author"), "{words}");
    assert!(
        words.contains("It ends as recorded") && words.contains("  → The log names the place of a panic."),
        "{words}"
    );

    // Corrected, it answers.
    fs::write(home.join("src/lib.rs"), source).unwrap();
    let corrected = plugin(&home, ["replay", &record, "--json"]);
    assert!(!corrected.good);
    assert!(corrected.json()["ended"]["answer"].is_object(), "{}", corrected.out);
    fs::write(home.join("cut.jsonl"), text.lines().next().unwrap()).unwrap();
    assert_eq!(plugin(&home, ["replay", "cut.jsonl", "--json"]).code(), "record");
    // A host that was told more than it keeps says so in the record.
    fs::write(home.join("cut.jsonl"), text.replacen("{\"", "{\"cut\":true,\"", 1)).unwrap();
    assert_eq!(plugin(&home, ["replay", "cut.jsonl", "--json"]).code(), "record");
}

#[test]
fn a_collector_that_panics_before_it_asks_is_told_as_such_and_kept() {
    let place = folder();
    plugin(place.path(), ["new", "tees", "--template", "game"]).expect();
    let home = place.path().join("tees");
    let source = fs::read_to_string(home.join("src/lib.rs")).unwrap();
    let broken = source.replace("        info::collect()", "        panic!(\"nothing is collected yet\")");
    assert_ne!(broken, source);
    fs::write(home.join("src/lib.rs"), broken).unwrap();
    let tested = plugin(&home, ["test", "--json"]).json();
    let cases = tested["cases"].as_array().unwrap();
    let collecting: Vec<_> = cases.iter().filter(|case| case["outcome"] == "failed").collect();
    assert!(!collecting.is_empty(), "{tested}");
    for case in collecting {
        let problem = &case["problem"];
        assert_eq!(problem["code"], "trap", "{problem}");
        assert!(problem["log"][0].as_str().unwrap().contains("nothing is collected yet"), "{problem}");
        assert!(problem["remedy"].as_str().unwrap().contains("gantry plugin replay"), "{problem}");
    }
}
