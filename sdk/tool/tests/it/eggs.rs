//! `egg convert`: an egg becomes a document, with what is lost, and that document becomes a plugin.

use crate::kit::{Ran, checkout, folder, plugin, program};

#[test]
fn an_egg_becomes_a_document_and_the_document_a_plugin() {
    let place = folder();
    let egg = checkout("plugins/eggs/tests/samples/ptdl-v2.json");
    let convert = || {
        let mut program = program(place.path());
        Ran::of(program.args(["egg", "convert"]).arg(&egg).args(["-o", "game", "--json"]).output().unwrap())
    };
    let ran = convert();
    let json = ran.json();
    assert!(ran.good, "{}", ran.errors);
    assert_eq!(json["id"], "egg-sample-game");
    assert!(json["losses"].as_array().unwrap().iter().any(|loss| loss["at"] == "features/5"));
    assert_eq!(json["document"]["plugin"]["id"], "egg-sample-game");
    let built = plugin(place.path(), ["build", "game", "--json"]);
    assert!(built.good, "{}{}", built.out, built.errors);
    assert_eq!(built.json()["id"], "egg-sample-game");
    assert_eq!(convert().code(), "exists", "what stands there may have been worked on");
}

#[test]
fn what_is_no_egg_is_told() {
    let place = folder();
    std::fs::write(place.path().join("no.json"), "{}").unwrap();
    let ran = Ran::of(program(place.path()).args(["egg", "convert", "no.json", "--json"]).output().unwrap());
    assert_eq!(ran.code(), "no_egg");
    let lost = Ran::of(
        program(place.path())
            .env_remove("GANTRY_PLUGINS_DIR")
            .args(["egg", "convert", "no.json", "--json"])
            .output()
            .unwrap(),
    );
    assert_eq!(lost.code(), "no-importer");
}
