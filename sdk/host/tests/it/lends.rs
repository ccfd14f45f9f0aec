//! Capabilities as calls are lent them: each works where it is granted, and says why where it does not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::{
    Beyond, CallContext, CallError, Connection, FileEntry, Files, Http, HttpRequest, HttpResponse, KeyValue,
    Lent, LentFailure, Origin, Plugin, Query, Reply, Secrets,
};
use gantry_types::hook::HookEvent;
use gantry_types::server::Endpoint;

use crate::components::{Guest, Import};
use crate::hosts::{Lines, TestHost, all, server};

/// Calls an import whose answer is a `result` at 1024, and answers the failure if it is one.
pub(crate) fn asks(call: &str) -> String {
    format!(
        "{call} (if (result i32) (i32.load8_u (i32.const 1024)) (then (i32.const 1024)) (else (i32.const 16)))"
    )
}

/// A capability: what a guest imports of it, how it asks, and what its manifest says of the scope.
struct Case {
    name: &'static str,
    import: Import,
    call: &'static str,
    scope: (&'static str, fn() -> serde_json::Value),
}

const TEXTS: &str = r#"(data (i32.const 512) "tokengamehttps://api.example.org/v1GET/etc/passwd")
    ;; A request: method, url, no headers, no body, at most 64 bytes.
    (data (i32.const 640) "\23\02\00\00\03\00\00\00\09\02\00\00\1a\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\40\00\00\00")"#;

fn none() -> serde_json::Value {
    serde_json::Value::Null
}

const KV: Case = Case {
    name: "kv",
    import: ("kv", "get", "kv_get", "(param i32 i32 i32)"),
    call: "(call $kv_get (i32.const 512) (i32.const 5) (i32.const 1024))",
    scope: ("quota_kib", none),
};
const SECRETS: Case = Case {
    name: "secrets",
    import: ("secrets", "get", "secret", "(param i32 i32 i32)"),
    call: "(call $secret (i32.const 512) (i32.const 5) (i32.const 1024))",
    scope: ("names", || serde_json::json!(["token"])),
};
const FILES: Case = Case {
    name: "files",
    import: ("files", "read", "read", "(param i32 i32 i32 i32)"),
    call: "(call $read (i32.const 512) (i32.const 5) (i32.const 64) (i32.const 1024))",
    scope: ("hosts", none),
};
const CONNECTIONS: Case = Case {
    name: "query",
    import: ("query", "[static]connection.open", "open", "(param i32 i32 i32 i32)"),
    call: "(call $open (i32.const 517) (i32.const 4) (i32.const 500) (i32.const 1024))",
    scope: ("hosts", none),
};
/// The list's first element has the shape of a result that stands alone.
const HTTP: Case = Case {
    name: "http",
    import: ("http", "send", "send", "(param i32 i32 i32)"),
    call: "(call $send (i32.const 640) (i32.const 1) (i32.const 2048))
           (memory.copy (i32.const 1024) (i32.load (i32.const 2048)) (i32.const 32))",
    scope: ("hosts", || serde_json::json!(["api.example.org"])),
};

impl Case {
    /// A guest with this part, whose function asks.
    fn guest(&self, part: &'static str, function: &'static str) -> Guest {
        let mut request = serde_json::json!({ "name": self.name, "reason": "to see whether it may" });
        let (key, scope) = (self.scope.0, (self.scope.1)());
        if !scope.is_null() {
            request[key] = scope;
        }
        let manifest = serde_json::json!({
            "id": "sample", "name": "Sample", "version": "1.0.0", "contract": "0.2", "capabilities": [request],
        });
        // The other part is there for what the world of this one does not import.
        Guest::of(&[part, if part == "acts" { "looks-up" } else { "acts" }])
            .importing(&[self.import])
            .prelude(TEXTS)
            .with(function, asks(self.call))
            .manifest(Some(manifest.to_string()))
    }
}

/// Lends everything, and writes down what was asked.
#[derive(Default)]
struct World {
    asked: Mutex<Vec<String>>,
    kept: Mutex<BTreeMap<String, Vec<u8>>>,
    beyond: Mutex<Vec<(&'static str, String)>>,
}

impl Beyond for World {
    fn refused(&self, capability: &'static str, target: &str) {
        self.beyond.lock().unwrap().push((capability, target.to_owned()));
    }
}

impl World {
    fn note(&self, what: impl Into<String>) {
        self.asked.lock().unwrap().push(what.into());
    }
}

#[async_trait]
impl Query for World {
    async fn datagram(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        panic!("no guest here sends datagrams")
    }
    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        panic!("no guest here exchanges")
    }
    async fn connect(
        &self,
        endpoint: &Endpoint,
        timeout: Duration,
    ) -> Result<Box<dyn Connection>, LentFailure> {
        self.note(format!("connect {} {timeout:?}", endpoint.name));
        Ok(Box::new(Silent))
    }
}

struct Silent;

#[async_trait]
impl Connection for Silent {
    async fn write(&mut self, _: Vec<u8>) -> Result<(), LentFailure> {
        Ok(())
    }
    async fn read(&mut self, _: u32, _: Duration) -> Result<Vec<u8>, LentFailure> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl KeyValue for World {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        self.note(format!("get {key}"));
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
        self.note(format!("secret {name}"));
        Ok("hush".to_owned())
    }
}

#[async_trait]
impl Files for World {
    async fn list(&self, _: &str) -> Result<Vec<FileEntry>, LentFailure> {
        Ok(Vec::new())
    }
    async fn read(&self, path: &str, max_bytes: u32) -> Result<Vec<u8>, LentFailure> {
        self.note(format!("read {path} {max_bytes}"));
        Ok(vec![7])
    }
    async fn write(&self, _: &str, _: Vec<u8>) -> Result<(), LentFailure> {
        Ok(())
    }
}

#[async_trait]
impl Http for World {
    async fn send(
        &self,
        hosts: &[String],
        request: HttpRequest,
        _: Duration,
    ) -> Result<HttpResponse, LentFailure> {
        self.note(format!("{} {} of {hosts:?}", request.method, request.url));
        Ok(HttpResponse { status: 200, headers: Vec::new(), body: vec![0; request.max_bytes as usize] })
    }
}

fn lent(world: &Arc<World>) -> Lent {
    Lent {
        query: Some(world.clone()),
        http: Some(world.clone()),
        kv: Some(world.clone()),
        secrets: Some(world.clone()),
        files: Some(world.clone()),
        beyond: Some(world.clone()),
    }
}

fn context(grants: &[&str], lent: Lent) -> CallContext {
    CallContext {
        log: Arc::new(Lines::default()),
        lent,
        ..CallContext::traced(grants.iter().copied().collect())
    }
}

/// Calls the function that the case's capability exists in.
async fn ask(plugin: &Plugin, case: &Case, call: &CallContext) -> Result<(), CallError> {
    match case.name {
        "http" | "secrets" => plugin.facts(call, &server()).await.map(drop),
        _ => plugin.perform(call, &server(), "any", &[]).await.map(drop),
    }
}

/// The part and function in which it exists.
fn home(case: &Case) -> (&'static str, &'static str) {
    match case.name {
        "http" | "secrets" => ("looks-up", "resolve"),
        _ => ("acts", "perform"),
    }
}

fn code(outcome: Result<(), CallError>) -> String {
    match outcome {
        Ok(()) => "ok".to_owned(),
        Err(CallError::Failed(failure)) => failure.code,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_capability_serves_a_granted_call_and_no_other() {
    let host = TestHost::new();
    for (case, asked) in [
        (KV, "get token"),
        (SECRETS, "secret token"),
        (FILES, "read token 64"),
        (CONNECTIONS, "connect game 500ms"),
        (HTTP, "GET https://api.example.org/v1 of [\"api.example.org\"]"),
    ] {
        let (part, function) = home(&case);
        let plugin = host.load(case.guest(part, function).build()).await;
        let world = Arc::new(World::default());
        let granted = context(&[case.name], lent(&world));
        assert_eq!(code(ask(&plugin, &case, &granted).await), "ok", "{}", case.name);
        assert_eq!(*world.asked.lock().unwrap(), [asked]);
        world.asked.lock().unwrap().clear();

        let denied = context(&[], lent(&world));
        assert_eq!(code(ask(&plugin, &case, &denied).await), "denied", "{}", case.name);
        let told = std::mem::take(&mut *world.beyond.lock().unwrap());
        assert_eq!(told, [(case.name, String::new())], "the embedder heard of it once");
        let nobody = context(&[case.name], Lent::default());
        assert_eq!(code(ask(&plugin, &case, &nobody).await), "unavailable", "{}", case.name);
        assert!(world.asked.lock().unwrap().is_empty(), "nothing reached the embedder of {}", case.name);
    }
}

#[tokio::test]
async fn a_capability_does_not_exist_in_calls_of_another_kind() {
    let host = TestHost::new();
    let world = Arc::new(World::default());
    let everything: Vec<&str> = gantry_host::CAPABILITIES.to_vec();
    let call = context(&everything, lent(&world));
    // What reaches the world is not lent beside the game, and the game is not lent to what asks the world.
    for case in [HTTP, SECRETS] {
        let plugin = host.load(case.guest("acts", "perform").build()).await;
        assert_eq!(code(plugin.perform(&call, &server(), "any", &[]).await.map(drop)), "unavailable");
    }
    for case in [FILES, CONNECTIONS] {
        let plugin = host.load(case.guest("looks-up", "resolve").build()).await;
        assert_eq!(code(plugin.facts(&call, &server()).await.map(drop)), "unavailable");
    }
    assert!(world.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_import_that_was_not_granted_keeps_every_capability_out() {
    let host = TestHost::new();
    for case in [KV, SECRETS, FILES, CONNECTIONS, HTTP] {
        let (part, function) = home(&case);
        let wasm = case.guest(part, function).build();
        let grants = all().iter().filter(|name| *name != case.name).collect();
        let refused = host.host.load(wasm, &grants).await.expect_err("it is not linked").to_string();
        assert!(refused.contains(&format!("the capability {:?} is not granted", case.name)), "{refused}");
    }
}

#[tokio::test]
async fn scopes_hold_what_was_granted_to_what_was_asked_for() {
    let host = TestHost::new();
    let world = Arc::new(World::default());
    let elsewhere = Case { scope: ("hosts", || serde_json::json!(["*.example.net", "example.org"])), ..HTTP };
    let other = Case { scope: ("names", || serde_json::json!(["tokens"])), ..SECRETS };
    for case in [elsewhere, other] {
        let plugin = host.load(case.guest("looks-up", "resolve").build()).await;
        let call = context(&[case.name], lent(&world));
        assert_eq!(code(plugin.facts(&call, &server()).await.map(drop)), "denied", "{}", case.name);
    }
    let told = std::mem::take(&mut *world.beyond.lock().unwrap());
    assert_eq!(told, [("http", "api.example.org".to_owned()), ("secrets", "token".to_owned())]);
    let outside =
        Case { call: "(call $read (i32.const 550) (i32.const 11) (i32.const 64) (i32.const 1024))", ..FILES };
    let plugin = host.load(outside.guest("acts", "perform").build()).await;
    let call = context(&["files"], lent(&world));
    assert_eq!(code(plugin.perform(&call, &server(), "any", &[]).await.map(drop)), "invalid");
    assert!(world.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_longer_answer_than_was_asked_for_is_no_answer() {
    struct Long;
    #[async_trait]
    impl Http for Long {
        async fn send(
            &self,
            _: &[String],
            request: HttpRequest,
            _: Duration,
        ) -> Result<HttpResponse, LentFailure> {
            let body = vec![0; request.max_bytes as usize + 1];
            Ok(HttpResponse { status: 200, headers: Vec::new(), body })
        }
    }
    let plugin = TestHost::new().load(HTTP.guest("looks-up", "resolve").build()).await;
    let call = context(&["http"], Lent { http: Some(Arc::new(Long)), ..Lent::default() });
    assert_eq!(code(plugin.facts(&call, &server()).await.map(drop)), "too_large");
}

#[tokio::test]
async fn a_call_holds_no_more_connections_than_it_may() {
    let five = "(call $open (i32.const 517) (i32.const 4) (i32.const 500) (i32.const 1024))".repeat(5);
    let guest = CONNECTIONS.guest("acts", "perform").with("perform", asks(&five));
    let plugin = TestHost::new().load(guest.build()).await;
    let world = Arc::new(World::default());
    let call = context(&["query"], lent(&world));
    assert_eq!(code(plugin.perform(&call, &server(), "any", &[]).await.map(drop)), "too_many");
    assert_eq!(world.asked.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn every_part_alone_is_a_plugin_and_answers() {
    let host = TestHost::new();
    let (call, server) = (context(&[], Lent::default()), server());
    let load = |part: &'static str| {
        let host = &host;
        async move { host.load(Guest::of(&[part]).build()).await }
    };
    let acts = load("acts").await;
    assert_eq!(acts.parts().iter().map(gantry_host::Part::interface).collect::<Vec<_>>(), ["actions"]);
    assert_eq!(acts.actions(&call, &server).await.unwrap(), []);
    assert_eq!(acts.perform(&call, &server, "say", &[]).await.unwrap(), []);
    let CallError::Failed(no) = acts.blueprints(&call).await.unwrap_err() else { panic!("it has none") };
    assert_eq!(no.code, "not_implemented");
    let quiets = load("quiets").await;
    assert_eq!(quiets.broadcast(&call, &server, "soon").await.unwrap(), []);
    assert_eq!(quiets.quiesce(&call, &server).await.unwrap(), []);
    assert_eq!(quiets.resume(&call, &server).await.unwrap(), []);
    assert_eq!(load("commands-games").await.send_command(&call, &server, "status").await.unwrap(), "");
    assert_eq!(load("lists").await.choices(&call, "versions", &[]).await.unwrap(), []);
    assert_eq!(load("looks-up").await.facts(&call, &server).await.unwrap(), []);
    assert_eq!(load("describes-files").await.config_files(&call, &server).await.unwrap(), []);
    let tabs = load("shows-tabs").await;
    assert_eq!(tabs.tabs(&call, &server).await.unwrap(), []);
    assert_eq!(tabs.render_tab(&call, &server, "map").await.unwrap(), []);
    let listens = load("listens").await;
    assert_eq!(listens.wanted_events(&call).await.unwrap(), Vec::<String>::new());
    assert_eq!(listens.settings(&call).await.unwrap(), []);
    let event = HookEvent {
        id: "1".to_owned(),
        kind: "server.crashed".to_owned(),
        at: chrono::DateTime::UNIX_EPOCH,
        server: None,
        actor: None,
        summary: "It crashed.".to_owned(),
        details: Vec::new(),
    };
    listens.handle(&call, &event, &[]).await.unwrap();
    // An importer answers a document with an id, and zeros are none.
    let CallError::Stopped(stop) =
        load("imports-games").await.import(&call, "a.json", &[1]).await.unwrap_err()
    else {
        panic!("an empty id is against the contract")
    };
    assert!(stop.message.contains("the id"), "{stop}");
}

#[tokio::test]
async fn a_component_reads_the_files_of_its_own_bundle() {
    // The file's first byte is the weight of nothing: it is compared in the guest, which traps where it is another.
    let body = "(call $file (i32.const 512) (i32.const 5) (i32.const 1024))
        (if (i32.eqz (i32.load8_u (i32.const 1024))) (then unreachable))
        (if (i32.ne (i32.load8_u (i32.load (i32.const 1028))) (i32.const 42)) (then unreachable))
        (i32.const 16)";
    let guest = Guest::of(&["game"])
        .importing(&[("bundle", "read", "file", "(param i32 i32 i32)")])
        .prelude(TEXTS)
        .with("install", body);
    let with = |content: &[u8]| {
        let wasm =
            crate::components::with_section(guest.clone().build().to_vec(), "gantry:file/token", content);
        Arc::<[u8]>::from(wasm)
    };
    let host = TestHost::new();
    let call = context(&[], Lent::default());
    let good = host.load(with(b"*")).await;
    assert_eq!(good.install_plan(&call, &server()).await.unwrap().steps, []);
    let other = host.load(with(b"+")).await;
    assert_ne!(good.digest(), other.digest(), "another file is another component");
    assert_eq!(good.load_report().origin, Origin::Compiled);
    assert_eq!(other.load_report().origin, Origin::Shared, "the same code is compiled once");
    assert!(matches!(other.install_plan(&call, &server()).await, Err(CallError::Stopped(_))));
    let twice = crate::components::with_section(with(b"*").to_vec(), "gantry:file/token", b"*");
    let refused = host.refusal(twice.into()).await;
    assert!(refused.contains("two files \"token\""), "{refused}");
}
