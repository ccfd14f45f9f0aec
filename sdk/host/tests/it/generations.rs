//! Older generations of the contract: what was built for them loads and answers as on the day it was built.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::{CONTRACT, CallError, HostError, LentFailure, Plugin, Query, Reply};
use gantry_types::action::Effect;
use gantry_types::plan::{Action, Edit, Image, Probe, StopStep};
use gantry_types::sample::ConsoleEvent;
use gantry_types::server::Endpoint;

use crate::components::{Guest, component, manifest};
use crate::hosts::{TestHost, call, server};

/// `examples/teeworlds-rust` as the last SDK for contract 0.1 built it. Never built anew: that is its use.
const FROZEN_V0_1: &[u8] = include_bytes!("../frozen/v0.1.wasm");

#[tokio::test]
async fn frozen_guest_of_0_1_answers_every_call() {
    let plugin = TestHost::new().load(FROZEN_V0_1.into()).await;
    assert_eq!((plugin.manifest().id.as_str(), plugin.manifest().contract.as_str()), ("teeworlds", "0.1"));
    let blueprints = plugin.blueprints(&call()).await.unwrap();
    assert_eq!(blueprints.len(), 1);
    assert!(!blueprints[0].variables.is_empty() && !blueprints[0].endpoints.is_empty());
    let server = crate::hosts::server_of(&blueprints[0]);
    assert_eq!(plugin.validate(&call(), &server).await.unwrap(), vec![]);
    let plan = plugin.install_plan(&call(), &server).await.unwrap();
    assert!(plan.steps.iter().any(|step| matches!(step.action, Action::BuildImage { .. })), "{plan:?}");
    assert!(plan.steps.iter().all(|step| !step.may_fail));
    let spec = plugin.run_spec(&call(), &server).await.unwrap();
    assert!(matches!(spec.image, Image::Recipe { .. }));
    assert!(
        matches!(spec.ready.as_slice(), [Probe::Udp { endpoint, payload }] if endpoint == "game" && !payload.is_empty()),
        "{spec:?}"
    );
    assert_eq!(spec.stop, [StopStep::Signal { signal: "SIGTERM".to_owned() }, StopStep::Wait { ms: 5_000 }]);
    assert!(
        spec.edits.iter().flat_map(|edit| &edit.edits).all(|edit| *edit == Edit::new(&edit.at, &edit.value))
    );
}

/// Examples as the SDK built them when contract 0.2 was released, which have all of its parts but `commands` and `importer` between
/// them. Never built anew.
const FROZEN_V0_2: [(&str, &[u8]); 4] = [
    ("chores", include_bytes!("../frozen/v0.2-chores.wasm")),
    ("discord", include_bytes!("../frozen/v0.2-discord.wasm")),
    ("teeworlds-example", include_bytes!("../frozen/v0.2-teeworlds.wasm")),
    ("versions", include_bytes!("../frozen/v0.2-versions.wasm")),
];

pub(crate) async fn frozen_of_0_2(id: &str) -> Plugin {
    let (_, component) = FROZEN_V0_2.into_iter().find(|(one, _)| *one == id).unwrap();
    let plugin = TestHost::new().load(component.into()).await;
    assert_eq!((plugin.manifest().id.as_str(), plugin.manifest().contract.as_str()), (id, "0.2"));
    plugin
}

#[tokio::test]
async fn frozen_game_of_0_2_plans_and_is_understood() {
    let plugin = frozen_of_0_2("teeworlds-example").await;
    let blueprints = plugin.blueprints(&call()).await.unwrap();
    let server = crate::hosts::server_of(&blueprints[0]);
    assert_eq!(plugin.validate(&call(), &server).await.unwrap(), vec![]);
    let plan = plugin.install_plan(&call(), &server).await.unwrap();
    assert!(plan.steps.iter().any(|step| matches!(step.action, Action::BuildImage { .. })), "{plan:?}");
    let spec = plugin.run_spec(&call(), &server).await.unwrap();
    assert!(matches!(spec.image, Image::Recipe { .. }) && !spec.ready.is_empty(), "{spec:?}");
    let joins = "[2026-01-02 03:04:05][game]: team_join player='0:Alice' team=0".to_owned();
    let heard = plugin.console_events(&call(), &server, &[joins]).await.unwrap();
    assert_eq!(heard, [(0, ConsoleEvent::Joined { player: "Alice".to_owned() })]);
    let asked = Arc::new(Asked::default());
    plugin.collect(&crate::hosts::granted().querying(asked.clone()), &server).await.unwrap_err();
    assert_eq!(asked.0.lock().unwrap()[0].0, server.endpoints[0].name);
}

#[tokio::test]
async fn frozen_guest_of_0_2_acts_and_shows() {
    let (plugin, server) = (frozen_of_0_2("chores").await, server());
    let actions = plugin.actions(&call(), &server).await.unwrap();
    let ids: Vec<&str> = actions.iter().map(|action| action.id.as_str()).collect();
    assert_eq!(ids, ["repeat", "listen", "refuse", "rules", "open", "later", "farewell"]);
    let done = plugin.perform(&call(), &server, "farewell", &[]).await.unwrap();
    assert_eq!(done, [Effect::Command { line: "farewell from Test".to_owned() }]);
    let told = plugin.broadcast(&call(), &server, "Hello").await.unwrap();
    assert_eq!(told, [Effect::Command { line: "tell Hello".to_owned() }]);
    assert_eq!(plugin.quiesce(&call(), &server).await.unwrap().len(), 2);
    assert_eq!(plugin.resume(&call(), &server).await.unwrap().len(), 1);
    let files = plugin.config_files(&call(), &server).await.unwrap();
    assert_eq!(files.iter().map(|file| file.fields.len()).collect::<Vec<_>>(), [4, 1]);
    let tabs = plugin.tabs(&call(), &server).await.unwrap();
    assert_eq!(tabs.iter().map(|tab| tab.title.as_str()).collect::<Vec<_>>(), ["House", "Books"]);
    let Err(CallError::Failed(no)) = plugin.render_tab(&call(), &server, "books").await else { panic!() };
    assert_eq!(no.code, "locked");
}

/// Keeps what it is asked and says nothing.
#[derive(Default)]
struct Asked(Mutex<Vec<(String, Vec<u8>)>>);

#[async_trait]
impl Query for Asked {
    async fn datagram(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        self.0.lock().unwrap().push((endpoint.name.clone(), payload));
        Err(LentFailure::new("timeout", "nothing came"))
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        Err(LentFailure::new("timeout", "nothing came"))
    }
}

#[tokio::test]
async fn frozen_guest_of_0_1_reaches_its_game() {
    let plugin = TestHost::new().load(FROZEN_V0_1.into()).await;
    let blueprints = plugin.blueprints(&call()).await.unwrap();
    let server = crate::hosts::server_of(&blueprints[0]);
    let asked = Arc::new(Asked::default());
    plugin.collect(&crate::hosts::granted().querying(asked.clone()), &server).await.unwrap_err();
    let asked = asked.0.lock().unwrap();
    assert_eq!(asked[0].0, server.endpoints[0].name);
    assert!(!asked[0].1.is_empty());
}

#[tokio::test]
async fn guests_of_both_generations_load_side_by_side() {
    let host = TestHost::new();
    for guest in [Guest::new(), Guest::new().old(), Guest::least(), Guest::least().old()] {
        let plugin = host.load(guest.build()).await;
        assert_eq!(plugin.blueprints(&call()).await.unwrap(), vec![]);
        assert_eq!(plugin.install_plan(&call(), &server()).await.unwrap().steps, vec![]);
    }
}

#[tokio::test]
async fn newest_contract_is_the_one_to_write_for() {
    let plugin = TestHost::new().load(Guest::least().build()).await;
    assert_eq!(plugin.manifest().contract, CONTRACT);
}

#[tokio::test]
async fn component_that_mixes_generations_is_refused() {
    let wasm = component(
        r#"(component
            (import "gantry:plugin/log@0.1.0" (instance))
            (import "gantry:plugin/types@0.2.0" (instance $i))
            (export "gantry:plugin/blueprints@0.2.0" (instance $i))
            (export "gantry:plugin/plans@0.2.0" (instance $i)))"#,
        &manifest("sample", &[]),
    );
    assert_eq!(
        TestHost::new().refusal(wasm).await,
        "its manifest says contract 0.2, and it imports \"gantry:plugin/log@0.1.0\"; build it anew for one of them"
    );
}

#[tokio::test]
async fn manifest_of_another_generation_than_the_exports_is_refused() {
    let host = TestHost::new();
    let old = manifest("sample", &[]).replace("\"0.2\"", "\"0.1\"");
    let error = host.host.load(Guest::least().manifest(Some(old)).build(), &crate::hosts::all()).await;
    let Err(HostError::Rejected(reason)) = error else { panic!("{error:?}") };
    assert!(reason.contains("contract 0.1") || reason.contains("does not export"), "{reason}");
}
