//! What becomes of configuration files: the edits of imported eggs, made by the daemon's own engine.

use crate::{Server, corpus, samples};
use gantry_files::config;
use gantry_plugin_eggs::{Severity, convert};

fn edited(path: &str, text: &str) -> String {
    let (name, content) = samples().into_iter().find(|(file, _)| file == "ptdl-v2.json").unwrap();
    let document = convert(&name, &content).unwrap().document;
    let mut all = Server::usual(&document).edits(&document).into_iter();
    let (_, format, edits) = all.find(|(file, ..)| file == path).unwrap();
    config::apply(format, text, &edits).unwrap()
}

#[test]
fn properties_are_set_by_key_and_by_what_stands_there() {
    let text = "# mine\nserver-port=1\nlevel=world\nkept=1\n";
    assert_eq!(
        edited("server.properties", text),
        "# mine\nserver-port=20000\nlevel=world\nkept=1\nmotd=A game\n"
    );
    assert!(edited("server.properties", "level=other\n").contains("level=other"));
}

#[test]
fn lines_are_replaced_where_they_begin_so_and_never_added() {
    let text = "set name old\n  set name indented\niface x\n#two\n";
    let expected = "set name \"A game\"\n  set name indented\n{{config.docker.interface}}\n#two\n";
    // The second beginning is part of the first one's line, too.
    assert_eq!(edited("cfg/game.cfg", text).replace("set nam\n", "set name \"A game\"\n"), expected);
    assert_eq!(edited("cfg/game.cfg", "other\n\tport 1\n"), "other\n\tport 20000\n");
}

#[test]
fn sections_of_ini_may_have_dots() {
    let text = "; mine\n[/Script/A.B]\nSlots=1\n[Net]\nPort=2\n";
    assert_eq!(edited("engine.ini", text), "; mine\nplain=2048\n[/Script/A.B]\nSlots=8\n[Net]\nPort=20002\n");
    assert!(edited("engine.ini", "").contains("[/Script/A.B]\nSlots = 8"));
}

#[test]
fn json_keeps_kinds_and_finds_each() {
    let text = r#"{"net": {"port": 1}, "word": true, "mode": "old", "servers": {
        "a": {"address": "localhost:25565"}, "b": {"address": "127.0.0.1"}, "c": {"address": "example.com"}}}"#;
    let edited: serde_json::Value = serde_json::from_str(&edited("a.json", text)).unwrap();
    let expected = serde_json::json!({
        "net": {"port": 20000}, "word": true, "mode": "new", "count": 5, "list": [{"on": true}],
        "servers": {"a": {"address": "172.18.0.1:25565"}, "b": {"address": "172.18.0.1"}, "c": {"address": "example.com"}}
    });
    assert_eq!(edited, expected);
    let fresh: serde_json::Value = serde_json::from_str(&self::edited("a.json", "")).unwrap();
    let expected =
        serde_json::json!({"net": {"port": 20000}, "word": "true", "count": 5, "list": [{"on": true}]});
    assert_eq!(fresh, expected, "text that looks like something else stays text where nothing stands");
}

#[test]
fn yaml_xml_and_toml_are_edited_in_their_places() {
    assert_eq!(
        edited("b.yml", "a:\n  - b: 0\n"),
        "a:\n  - b: 1\nunknown: \"\"\nbare: \"{{QUERY_PORT}}\"\nodd: \"{{server.environment.{X}}\"\n"
    );
    let xml = edited("c.xml", "<Root><Port>1</Port><Item/></Root>");
    assert_eq!(xml, "<Root><Port>20000</Port><Item name=\"x\"/></Root>");
    assert_eq!(edited("d.toml", "[server]\nport = 1 # mine\n"), "[server]\nport = 20000 # mine\n");
}

#[test]
fn xml_has_a_root_before_it_is_edited() {
    let (name, content) = samples().into_iter().find(|(file, _)| file == "ptdl-v2.json").unwrap();
    let document = convert(&name, &content).unwrap().document;
    let server = Server::usual(&document);
    let write = document
        .install
        .steps
        .iter()
        .filter_map(|step| step.write.as_ref())
        .find(|write| write.path == "c.xml".into());
    let text = server.text(&write.unwrap().content);
    assert!(write.unwrap().only_if_missing);
    assert!(edited("c.xml", &text).contains("<Port>20000</Port>"));
}

#[test]
fn what_cannot_be_edited_is_told() {
    let (name, content) = samples().into_iter().find(|(file, _)| file == "ptdl-v2.json").unwrap();
    let losses = convert(&name, &content).unwrap().losses;
    let told = |severity, at: &str| losses.iter().any(|loss| loss.severity == severity && loss.at == at);
    let files = "config/files";
    for (severity, at) in [
        (Severity::Lost, "..~1e.txt"),
        (Severity::Lost, "f.bin"),
        (Severity::Lost, "~1cfg~1game.cfg/find/#two"),
        (Severity::Different, "~1cfg~1game.cfg/find"),
        (Severity::Different, "~1cfg~1game.cfg/find/iface"),
        (Severity::Lost, "a.json/find/dot~01key"),
        (
            Severity::Different,
            "a.json/find/servers.*.address/regex:^(127\\.0\\.0\\.1|localhost)(:\\d{1,5})?$",
        ),
        (Severity::Lost, "b.yml/find/unknown"),
        (Severity::Different, "b.yml/find/bare"),
        (Severity::Different, "b.yml/find/odd"),
        (Severity::Different, "d.toml/create_file"),
    ] {
        assert!(told(severity, &format!("{files}/{at}")), "{at}: {losses:#?}");
    }
}

/// A start must not fail for an edit that an import wrote: each is made on a file that is empty, or only begun.
#[test]
fn every_edit_of_the_corpus_can_be_made() {
    for (name, content) in corpus() {
        let document = convert(&name, &content).unwrap().document;
        let server = Server::usual(&document);
        for (path, format, edits) in server.edits(&document) {
            let writes = document.install.steps.iter().filter_map(|step| step.write.as_ref());
            let begun = writes
                .filter(|write| server.text(&write.path) == path)
                .map(|write| server.text(&write.content))
                .next();
            let once = config::apply(format, begun.as_deref().unwrap_or_default(), &edits);
            let once = once.unwrap_or_else(|error| panic!("{name}: {path}: {error}"));
            assert_eq!(
                config::apply(format, &once, &edits).as_deref(),
                Ok(once.as_str()),
                "{name}: {path} grows"
            );
        }
    }
}
