//! `test`: fixtures of the examples on their components, and what fails is told with its place.

use crate::kit::{Ran, checkout, example, folder, plugin, plugins};
use std::{fs, net::UdpSocket, path::Path};
use tempfile::TempDir;

/// The fixtures of the example, to be changed.
fn copied() -> TempDir {
    let place = folder();
    for entry in fs::read_dir(checkout("examples/teeworlds-rust/tests")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, place.path().join(path.file_name().unwrap())).unwrap();
    }
    place
}

fn tested(fixtures: &Path, component: &Path, more: &[&str]) -> Ran {
    let mut words = vec!["test", "--json", "--fixtures", fixtures.to_str().unwrap()];
    words.extend(["--component", component.to_str().unwrap()]);
    words.extend(more);
    plugin(fixtures, words)
}

#[test]
fn one_set_of_fixtures_holds_for_a_game_in_every_language() {
    for language in ["rust", "js", "python"] {
        let fixtures = checkout("examples/teeworlds-rust/tests");
        let ran = tested(&fixtures, &example(&format!("teeworlds-{language}")), &[]);
        assert!(ran.good, "{language}: {}{}", ran.out, ran.errors);
        assert_eq!(ran.json()["passed"], 7, "{language}");
    }
}

#[test]
fn first_party_plugins_keep_to_their_fixtures() {
    for name in ["luanti", "openarena"] {
        let component = plugins().join(name).with_extension("wasm");
        let ran = tested(&checkout(&format!("plugins/{name}/tests")), &component, &[]);
        assert!(ran.good, "{name}: {}{}", ran.out, ran.errors);
    }
}

#[test]
fn a_plugin_that_only_listens_is_told_events_and_its_requests_are_held_against_what_they_should_be() {
    let fixtures = checkout("examples/discord-rust/tests");
    let ran = tested(&fixtures, &example("discord-rust"), &[]);
    assert!(ran.good, "{}{}", ran.out, ran.errors);
    assert_eq!(ran.json()["passed"], 5);
}

#[test]
fn a_document_is_tested_like_a_program() {
    let game = checkout("examples/luanti-declarative");
    let ran = plugin(&game, ["test", "--json"]);
    assert!(ran.good, "{}{}", ran.out, ran.errors);
    assert_eq!(ran.json()["passed"], 6);
}

#[test]
fn an_answer_that_differs_is_shown_as_a_difference() {
    let place = copied();
    let golden = place.path().join("ours.run.json");
    let text = fs::read_to_string(&golden).unwrap();
    fs::write(&golden, text.replace("sv_name \\\"Ours\\\"", "sv_name \\\"Theirs\\\"")).unwrap();
    let ran = tested(place.path(), &example("teeworlds-rust"), &[]);
    let json = ran.json();
    assert_eq!((ran.good, json["failed"].as_u64()), (false, Some(1)));
    let case = json["cases"].as_array().unwrap().iter().find(|case| case["outcome"] == "failed").unwrap();
    let message = case["problem"]["message"].as_str().unwrap();
    assert!(message.contains("- ") && message.contains("Theirs") && message.contains("+ "), "{message}");
    assert!(case["problem"]["at"].as_str().unwrap().ends_with("ours.run.json"));
    let blessed = tested(place.path(), &example("teeworlds-rust"), &["--bless"]);
    assert_eq!(blessed.json()["blessed"], 1);
    assert_eq!(fs::read_to_string(&golden).unwrap(), text);
}

#[test]
fn questions_that_were_not_recorded_are_a_fault_and_so_are_answers_that_nobody_asked_for() {
    let place = copied();
    let file = place.path().join("ours.collect.exchange.json");
    let text = fs::read_to_string(&file).unwrap();
    let problem = |text: &str| {
        fs::write(&file, text).unwrap();
        let json = tested(place.path(), &example("teeworlds-rust"), &[]).json();
        let cases = json["cases"].as_array().unwrap().clone();
        cases.into_iter().find(|case| case["case"] == "collect").unwrap()["problem"].clone()
    };
    let strange = problem(&text.replacen("47747279", "47747278", 1));
    assert_eq!(strange["code"], "strange-question");
    assert!(strange["message"].as_str().unwrap().contains("query.datagram"), "{strange}");
    let mut told: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    told.push(told[0].clone());
    assert_eq!(problem(&serde_json::to_string(&told).unwrap())["code"], "unasked");
}

#[test]
fn a_live_server_is_recorded() {
    let place = copied();
    let told: Vec<serde_json::Value> =
        serde_json::from_str(&fs::read_to_string(place.path().join("ours.collect.exchange.json")).unwrap())
            .unwrap();
    fs::remove_file(place.path().join("ours.collect.exchange.json")).unwrap();
    // A game that answers as the recorded one did.
    let game = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = game.local_addr().unwrap().to_string();
    let playing = std::thread::spawn(move || {
        for told in told {
            let mut question = [0; 2_048];
            let (_, from) = game.recv_from(&mut question).unwrap();
            let answer = hex::decode(told["answer"][0]["payload"].as_str().unwrap()).unwrap();
            game.send_to(&answer, from).unwrap();
        }
    });
    tested(place.path(), &example("teeworlds-rust"), &["--record", &address, "--bless"]);
    playing.join().unwrap();
    let again = tested(place.path(), &example("teeworlds-rust"), &[]);
    assert!(again.good, "{}", again.out);
    let sample = fs::read_to_string(place.path().join("ours.collect.json")).unwrap();
    assert!(sample.contains("Hello world"), "{sample}");
}

#[test]
fn a_fixture_that_cannot_be_read_is_told_with_its_line() {
    let place = folder();
    fs::write(place.path().join("a.toml"), "[[run]]\n\n[[runs]]\n").unwrap();
    fs::write(place.path().join("b.toml"), "server.settings = { nmae = \"x\" }\n[[run]]\n").unwrap();
    let json = tested(place.path(), &example("teeworlds-rust"), &[]).json();
    let problem = |number: usize| json["cases"][number]["problem"].clone();
    assert!(problem(0)["at"].as_str().unwrap().ends_with("a.toml:3 (runs)"), "{}", problem(0));
    assert!(problem(1)["message"].as_str().unwrap().contains("no variable \"nmae\""), "{}", problem(1));
    let empty = folder();
    assert_eq!(tested(empty.path(), &example("hello-rust"), &[]).code(), "no-fixtures");
}
