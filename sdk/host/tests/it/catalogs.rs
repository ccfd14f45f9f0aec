//! What must be looked up, in three languages: the components of `examples/versions-*` are given the same world and must ask
//! the same of it, keep the same, and answer the same.

use crate::hosts::{TestHost, all, call};
use async_trait::async_trait;
use gantry_host::{
    CallContext, CallError, Http, HttpRequest, HttpResponse, KeyValue, Lent, LentFailure, Plugin, Secrets,
};
use gantry_types::{
    blueprint::VariableKind,
    server::{ServerContext, Setting},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::sync::OnceCell;

const LANGUAGES: [&str; 3] = ["rust", "js", "python"];

/// A publisher, a place to keep things and a place for secrets, with all that was asked of them.
#[derive(Default)]
struct World {
    status: u16,
    body: &'static [u8],
    token: Option<&'static str>,
    kept: Mutex<BTreeMap<String, Vec<u8>>>,
    asked: Mutex<Vec<Value>>,
}

#[async_trait]
impl Http for World {
    async fn send(
        &self,
        _: &[String],
        request: HttpRequest,
        _: Duration,
    ) -> Result<HttpResponse, LentFailure> {
        let asked = json!([request.method, request.url, request.headers, request.max_bytes]);
        self.asked.lock().unwrap().push(asked);
        if self.status == 0 {
            return Err(LentFailure::new("unreachable", "nobody is there"));
        }
        let headers = vec![("etag".to_owned(), "\"7\"".to_owned())];
        Ok(HttpResponse { status: self.status, headers, body: self.body.to_vec() })
    }
}

#[async_trait]
impl KeyValue for World {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        Ok(self.kept.lock().unwrap().get(key).cloned())
    }
    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        self.kept.lock().unwrap().insert(key.to_owned(), value);
        Ok(())
    }
    async fn remove(&self, key: &str) -> Result<(), LentFailure> {
        self.kept.lock().unwrap().remove(key);
        Ok(())
    }
    async fn keys(&self, _: &str) -> Result<Vec<String>, LentFailure> {
        Ok(self.kept.lock().unwrap().keys().cloned().collect())
    }
}

#[async_trait]
impl Secrets for World {
    async fn get(&self, name: &str) -> Result<String, LentFailure> {
        assert_eq!(name, "token");
        let token = self.token.map(str::to_owned);
        token.ok_or_else(|| LentFailure::new("absent", "nothing is stored there"))
    }
}

/// The three, compiled once for all tests: the one in Python takes its time.
async fn plugins() -> &'static [(&'static str, Plugin)] {
    static PLUGINS: OnceCell<Vec<(&str, Plugin)>> = OnceCell::const_new();
    let load = async || {
        let host = TestHost::new();
        let mut loaded = Vec::new();
        for language in LANGUAGES {
            loaded.push((language, host.host.load(component(language), &all()).await.expect("it loads")));
        }
        loaded
    };
    PLUGINS.get_or_init(load).await
}

fn component(language: &str) -> Arc<[u8]> {
    let folder = std::env::var_os("GANTRY_TEST_PLUGINS")
        .map(PathBuf::from)
        .expect("GANTRY_TEST_PLUGINS names the folder that `cargo xtask plugins --examples --out DIR` made");
    let file = folder.join("examples").join(format!("versions-{language}.wasm"));
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).into()
}

/// What all three answer, ask and keep, which is the same.
async fn same<F>(world: impl Fn() -> World, question: F) -> Value
where
    F: AsyncFn(&Plugin, &CallContext) -> Result<Value, CallError>,
{
    let mut answers = Vec::new();
    for (language, plugin) in plugins().await {
        let world = Arc::new(world());
        let context = lending(&world);
        let answer = match question(plugin, &context).await {
            Ok(answer) => json!({ "answer": answer }),
            Err(CallError::Failed(failure)) => {
                json!({ "failure": [failure.code, failure.message, failure.retry_after.is_some()] })
            }
            Err(other) => panic!("{language}: {other}"),
        };
        let (asked, kept) = (world.asked.lock().unwrap().clone(), world.kept.lock().unwrap().clone());
        answers.push((language, json!({ "said": answer, "asked": asked, "kept": kept })));
    }
    let (_, first) = answers.first().expect("a language").clone();
    for (language, answer) in answers {
        assert_eq!(answer, first, "{language} does otherwise than {}", LANGUAGES[0]);
    }
    first
}

fn lending(world: &Arc<World>) -> CallContext {
    let lent = Lent {
        http: Some(world.clone()),
        kv: Some(world.clone()),
        secrets: Some(world.clone()),
        ..Lent::default()
    };
    CallContext { lent, ..CallContext::traced(all()) }
}

async fn choices(world: impl Fn() -> World, settings: &[Setting]) -> Value {
    same(world, async |plugin, context| Ok(json!(plugin.choices(context, "versions", settings).await?))).await
}

fn setting(key: &str, value: &str) -> Setting {
    Setting { key: key.to_owned(), value: value.to_owned() }
}

fn listing() -> World {
    World { status: 200, body: b"2.0 bbbb\n1.0 aaaa\n", ..World::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_choose_from_the_same_catalog() {
    same(World::default, async |plugin, _| Ok(json!(plugin.blueprints(&call()).await?))).await;
    let (_, plugin) = &plugins().await[0];
    let version = plugin.blueprints(&call()).await.expect("blueprints").remove(0).variables.remove(0);
    assert!(version.required && version.needs_reinstall);
    assert!(matches!(version.kind, VariableKind::FromCatalog { name, open: true } if name == "versions"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_list_the_same_and_remember_it() {
    let fresh = choices(listing, &[]).await;
    let values: Vec<&str> = fresh["said"]["answer"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["value"].as_str().unwrap())
        .collect();
    assert_eq!(values, ["latest", "2.0", "1.0"], "{fresh}");
    assert_eq!(fresh["asked"][0][2], json!([]), "{fresh}");
    let kept: BTreeMap<String, Vec<u8>> = serde_json::from_value(fresh["kept"].clone()).unwrap();
    let unchanged =
        || World { status: 304, token: Some("hush"), kept: Mutex::new(kept.clone()), ..World::default() };
    let again = choices(unchanged, &[]).await;
    assert_eq!(again["said"], fresh["said"]);
    let headers = json!([["if-none-match", "\"7\""], ["authorization", "Bearer hush"]]);
    assert_eq!(again["asked"][0][2], headers, "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_look_up_the_same_facts() {
    let (_, plugin) = &plugins().await[0];
    let blueprint = plugin.blueprints(&call()).await.expect("blueprints").remove(0);
    let server = |version: &str| ServerContext {
        settings: vec![setting("version", version), setting("mirror", "eu.mirrors.example.org")],
        ..crate::hosts::server_of(&blueprint)
    };
    for (version, found) in [("latest", json!(["2.0", "bbbb"])), ("1.0", json!(["1.0", "aaaa"]))] {
        let server = server(version);
        let looked =
            same(listing, async |plugin, context| Ok(json!(plugin.facts(context, &server).await?))).await;
        let facts = &looked["said"]["answer"];
        assert_eq!(json!([facts[0]["value"], facts[1]["value"]]), found, "{looked}");
        assert_eq!(looked["asked"][0][1], "https://eu.mirrors.example.org/versions.txt", "{looked}");
    }
    let server = server("9");
    let none = same(listing, async |plugin, context| Ok(json!(plugin.facts(context, &server).await?))).await;
    assert_eq!(none["said"]["failure"][0], "unknown_version", "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_languages_say_the_same_where_the_world_does_not_answer() {
    for (status, body, code, again) in [
        (0, &b""[..], "unreachable", false),
        (503, b"", "busy", true),
        (418, b"", "refused", false),
        (200, b"<html>", "bad_answer", false),
    ] {
        let answer = choices(|| World { status, body, ..World::default() }, &[]).await;
        let failure = &answer["said"]["failure"];
        assert_eq!((&failure[0], &failure[2]), (&json!(code), &json!(again)), "{answer}");
    }
    let other =
        same(listing, async |plugin, context| Ok(json!(plugin.choices(context, "maps", &[]).await?))).await;
    assert_eq!(other["said"]["failure"][0], "unknown_catalog", "{other}");
    assert_eq!(other["asked"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn frozen_guests_of_0_2_look_up_and_listen() {
    let plugin = crate::generations::frozen_of_0_2("versions").await;
    let blueprint = plugin.blueprints(&call()).await.unwrap().remove(0);
    let world = Arc::new(listing());
    let choices = plugin.choices(&lending(&world), "versions", &[]).await.unwrap();
    let values: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
    assert_eq!(values, ["latest", "2.0", "1.0"]);
    assert!(!world.kept.lock().unwrap().is_empty());
    let facts = plugin.facts(&lending(&world), &crate::hosts::server_of(&blueprint)).await.unwrap();
    assert_eq!(facts.iter().map(|fact| fact.value.as_str()).collect::<Vec<_>>(), ["2.0", "bbbb"]);

    let plugin = crate::generations::frozen_of_0_2("discord").await;
    assert!(plugin.wanted_events(&call()).await.unwrap().contains(&"server.*".to_owned()));
    assert!(!plugin.settings(&call()).await.unwrap().is_empty());
}
