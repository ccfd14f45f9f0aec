//! Documents as users have them: an egg is imported by a plugin, packed beside the interpreter, and answers as that game.

use std::path::Path;
use std::sync::Arc;

use gantry_document::{Document, Format};
use gantry_host::{CallError, Part};
use gantry_types::foreign::Severity;
use gantry_types::plan::{Action, StepUser};
use gantry_types::sample::ConsoleEvent;

use super::hosts::{Lines, TestHost, call, logging, server_of};

const LUANTI: &str = include_str!("../../../../examples/luanti-declarative/blueprint.toml");
const EGG: &[u8] = include_bytes!("../../../../plugins/eggs/tests/samples/ptdl-v2.json");

/// A component that `cargo xtask plugins` built.
fn built(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("GANTRY_TEST_PLUGINS");
    let folder = folder
        .expect("GANTRY_TEST_PLUGINS names the folder that `cargo xtask plugins --examples --out DIR` made");
    let file = Path::new(&folder).join(name);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; build the plugins anew", file.display()))
}

fn packed(document: &Document) -> Arc<[u8]> {
    gantry_pack::pack_document(&built("declarative.wasm"), document).unwrap().into()
}

#[tokio::test]
async fn a_game_in_a_document_is_a_plugin() {
    let document = Document::read(Format::Toml, LUANTI).unwrap();
    let test = TestHost::new();
    let plugin = test.load(packed(&document)).await;
    assert_eq!(plugin.manifest().id, "luanti-declarative");
    let blueprints = plugin.blueprints(&call()).await.unwrap();
    assert_eq!(blueprints[0].id, "luanti");
    let mut server = server_of(&blueprints[0]);
    assert_eq!(plugin.validate(&call(), &server).await.unwrap(), []);
    server.settings.iter_mut().find(|setting| setting.key == "damage").unwrap().value = "false".to_owned();
    assert_eq!(plugin.validate(&call(), &server).await.unwrap()[0].key, "pvp");
    let plan = plugin.install_plan(&call(), &server).await.unwrap();
    assert!(matches!(plan.steps[0].action, Action::BuildImage { .. }));
    let run = plugin.run_spec(&call(), &server).await.unwrap();
    assert_eq!(run.command.last().unwrap(), "30000");
    let value = run.edits[0].edits.iter().find(|edit| edit.at == "enable_damage").unwrap();
    assert_eq!(value.value, "false");
    assert_eq!(plugin.config_files(&call(), &server).await.unwrap()[0].id, "world");
    assert_eq!(plugin.actions(&call(), &server).await.unwrap().len(), 0);
    let line = "2026: ACTION[Server]: Alice [192.0.2.7] joins game. List of players: Alice";
    // As many as a busy game prints at once, within the budget of one call.
    let lines = vec![line.to_owned(); 200];
    let found = plugin.console_events(&call(), &server, &lines).await.unwrap();
    assert_eq!((found.len(), &found[0].1), (200, &ConsoleEvent::Joined { player: "Alice".to_owned() }));
}

#[tokio::test]
async fn an_egg_becomes_a_plugin() {
    let test = TestHost::new();
    let importer = test.load(built("eggs.wasm").into()).await;
    assert!(importer.has(Part::Importer) && !importer.has(Part::Game));
    let imported = importer.import(&call(), "egg.json", EGG).await.unwrap();
    assert_eq!((imported.id.as_str(), imported.name.as_str()), ("egg-sample-game", "Sample Game"));
    assert!(imported.losses.iter().any(|loss| loss.severity == Severity::Lost && loss.at == "features/5"));
    let component = gantry_pack::document(&built("declarative.wasm"), &imported.document).unwrap();
    let plugin = test.load(component.into()).await;
    assert_eq!(plugin.manifest().id, imported.id);
    let blueprints = plugin.blueprints(&call()).await.unwrap();
    let server = server_of(&blueprints[0]);
    let plan = plugin.install_plan(&call(), &server).await.unwrap();
    let Action::Run(script) = &plan.steps[0].action else { panic!("the script is run: {:?}", plan.steps[0]) };
    assert_eq!((script.user, plan.steps[0].may_fail), (StepUser::Root, true));
    let run = plugin.run_spec(&call(), &server).await.unwrap();
    let startup = run.environment.iter().find(|setting| setting.key == "STARTUP").unwrap();
    assert!(startup.value.starts_with("./game -p {{SERVER_PORT}}"));
    let lines = vec!["You need to agree to the EULA in order to run the server".to_owned(); 100];
    let found = plugin.console_events(&call(), &server, &lines).await.unwrap();
    assert!(matches!(found[0].1, ConsoleEvent::CrashCause { .. }));
    let refused = importer.import(&call(), "no.json", b"{}").await.unwrap_err();
    assert!(matches!(refused, CallError::Failed(failure) if failure.code == "no_egg"));
}

/// Where `GANTRY_CORPUS` names a corpus; what becomes of each egg is the importer's own tests.
#[tokio::test]
async fn every_egg_of_the_corpus_is_imported_within_the_limits_of_a_call() {
    let Some(corpus) = std::env::var_os("GANTRY_CORPUS") else { return };
    let folder = Path::new(&corpus).join("eggs");
    let index: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap();
    let test = TestHost::new();
    let importer = test.load(built("eggs.wasm").into()).await;
    for entry in index {
        let file = entry["file"].as_str().unwrap();
        let content = std::fs::read(folder.join(file)).unwrap();
        let imported = importer.import(&call(), file, &content).await;
        let document = imported.unwrap_or_else(|error| panic!("{file}: {error}")).document;
        Document::read(Format::Json, &document).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

#[tokio::test]
async fn a_document_that_cannot_be_used_is_told_with_its_place() {
    let text = LUANTI.replace("settings.pvp && !settings.damage", "settings.pvp &&");
    let document = Document::read(Format::Toml, &text).unwrap();
    let test = TestHost::new();
    let plugin = test.load(packed(&document)).await;
    let lines = Arc::new(Lines::default());
    plugin.blueprints(&logging(lines.clone())).await.unwrap_err();
    let told = lines.taken().into_iter().map(|(_, _, text)| text).collect::<Vec<_>>().join("\n");
    assert!(told.contains("checks[0].fails-when"), "{told}");
}
