//! Plugins over HTTP: what is taken in, and everything that is not, which leaves nothing behind.

use crate::kit::{Answer, Client, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;

const SECTION: &str = "gantry:manifest";

/// The component of a bundled plugin.
fn bundled(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(std::env::var_os("GANTRY_TEST_PLUGINS").unwrap());
    std::fs::read(folder.join(name).with_extension("wasm")).unwrap()
}

/// What a manifest says, with some of it said otherwise.
fn manifest(change: &Value) -> String {
    let mut manifest = json!({
        "id": "sample", "name": "Sample", "version": "1.2.0", "contract": "0.2",
        "capabilities": [{ "name": "query", "reason": "to ask the game who plays" }],
    });
    for (key, value) in change.as_object().unwrap() {
        manifest[key] = value.clone();
    }
    manifest.to_string()
}

fn leb128(bytes: &[u8]) -> (usize, usize) {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let value = bytes[..length].iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, length)
}

/// A component of ours without its manifest.
fn bare(component: &[u8]) -> Vec<u8> {
    let (mut kept, mut at) = (component[..8].to_vec(), 8);
    while at < component.len() {
        let (size, length) = leb128(&component[at + 1..]);
        let (content, end) = (at + 1 + length, at + 1 + length + size);
        let named = component[at] == 0 && component[content + 1..end].starts_with(SECTION.as_bytes());
        if !named {
            kept.extend(&component[at..end]);
        }
        at = end;
    }
    assert!(kept.len() < component.len(), "there was no manifest");
    kept
}

/// The component with a manifest.
pub(crate) fn with_manifest(mut component: Vec<u8>, manifest: &str) -> Vec<u8> {
    let content = [&[SECTION.len() as u8], SECTION.as_bytes(), manifest.as_bytes()].concat();
    component.push(0);
    let mut left = content.len();
    while left > 0x7f {
        component.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    component.push(left as u8);
    component.extend(content);
    component
}

/// OpenArena under another manifest. It imports the capability `query`.
pub(crate) fn sample(change: &Value) -> Vec<u8> {
    with_manifest(bare(&bundled("openarena")), &manifest(change))
}

/// A component in WebAssembly text.
fn written(text: &str) -> Vec<u8> {
    with_manifest(wat::parse_str(text).unwrap(), &manifest(&json!({})))
}

/// A function of some kilobytes that takes a compiler gigabytes, in a component that looks like a plugin.
fn compile_bomb() -> Vec<u8> {
    let number = 2_000;
    let mut body: String = (0..number).map(|each| format!("(local $l{each} i32)")).collect();
    body.push_str(&"(loop ".repeat(number));
    for each in 0..number {
        body.push_str(&format!("(local.set $l{each} (i32.add (local.get $l{each}) (i32.const 1)))"));
    }
    body.push_str(&"(br_if 0 (local.get $l0)))".repeat(number));
    written(&format!(
        "(component (core module (func {body}))
            (import \"gantry:plugin/types@0.2.0\" (instance $i))
            (export \"gantry:plugin/blueprints@0.2.0\" (instance $i))
            (export \"gantry:plugin/plans@0.2.0\" (instance $i)))"
    ))
}

pub(crate) async fn upload(client: &Client, query: &str, component: Vec<u8>) -> Answer {
    let request = client.request(Method::POST, &format!("/api/plugins{query}"));
    client.send(request.header("content-type", "application/wasm").body(component)).await
}

/// Everything that an upload could leave behind.
async fn traces(admin: &Client) -> Value {
    let mut all = Vec::new();
    for path in ["/api/plugins", "/api/blueprints", "/api/audit?limit=100"] {
        all.push(admin.get(path).await.expect(200)["items"].clone());
    }
    json!(all)
}

/// The problem of an upload that is refused, after which everything is as before.
async fn refused(admin: &Client, query: &str, component: Vec<u8>, code: &str) -> String {
    let before = traces(admin).await;
    let problem = upload(admin, query, component).await.problem(code);
    assert_eq!(traces(admin).await, before, "something stayed of {problem}");
    let field = problem["fields"][0]["key"].as_str().unwrap_or("");
    format!("{} {field}", problem["detail"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn plugin_is_taken_in_and_updated_and_offers_its_blueprints() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let made = upload(&admin, "?grant=query", sample(&json!({}))).await.expect(201);
    assert_eq!((&made["manifestId"], &made["version"]), (&json!("sample"), &json!("1.2.0")));
    admin.get("/api/blueprints/sample:openarena").await.expect(200);
    let later = upload(&admin, "?grant=query", sample(&json!({ "version": "1.10.0" }))).await.expect(201);
    assert_eq!((&later["id"], &later["version"]), (&made["id"], &json!("1.10.0")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plugin_is_refused_and_leaves_nothing() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    for (component, reason) in [
        (b"\x7fELF and so on".to_vec(), "not a well-formed component"),
        (Vec::new(), "not a well-formed component"),
        (wat::parse_str("(module)").unwrap(), "it is a core module"),
        (bare(&bundled("openarena")), "no custom section"),
        (with_manifest(bundled("openarena"), &manifest(&json!({}))), "more than one custom section"),
        (sample(&json!({ "contract": "0.9" })), "built for contract \"0.9\""),
        (sample(&json!({ "id": "../etc" })), "its manifest's id"),
        (sample(&json!({ "version": "latest" })), "three numbers"),
        (sample(&json!({ "capabilities": [] })), "gantry:plugin/query"),
        (
            sample(&json!({ "capabilities": [{ "name": "shell", "reason": "to own the node" }] })),
            "the capability \"shell\", which this host does not have",
        ),
        (written("(component)"), "it exports nothing of the contract 0.2"),
        (
            written("(component (import \"wasi:filesystem/types@0.2.0\" (instance)))"),
            "it imports \"wasi:filesystem/types@0.2.0\", which no plugin may",
        ),
    ] {
        let detail = refused(&admin, "", component, "plugin_rejected").await;
        assert!(detail.contains(reason), "{detail}, and not {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn capability_that_the_plugin_does_not_ask_for_is_not_granted() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let detail = refused(&admin, "?grant=query,shell", sample(&json!({})), "validation_failed").await;
    assert!(detail.ends_with(" grant"), "{detail}");
    refused(&admin, "?grants=query", sample(&json!({})), "invalid_request").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answer_before_the_whole_upload_was_read_says_that_the_connection_ends() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let early = upload(&admin, "?grants=query", sample(&json!({}))).await;
    assert_eq!(early.header("connection"), "close");
    early.problem("invalid_request");
    let read = upload(&admin, "", b"none".to_vec()).await;
    assert_eq!(read.header("connection"), "");
    read.problem("plugin_rejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn component_that_is_too_large_is_refused_at_the_door() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let limit = gantry_api::routes().iter().find(|route| route.id == "installPlugin").unwrap().body_limit;
    assert_eq!(
        limit,
        gantry_host::Budgets::default().compile_large.component_bytes,
        "the host would refuse it"
    );
    let detail = refused(&admin, "", vec![0; limit + 1], "payload_too_large").await;
    assert!(detail.contains(&limit.to_string()), "{detail}");
    refused(&admin, "", vec![0; limit], "plugin_rejected").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn component_of_another_media_type_is_refused() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let request = admin.request(Method::POST, "/api/plugins").header("content-type", "application/zip");
    admin.send(request.body(sample(&json!({})))).await.problem("unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn id_of_a_bundled_plugin_is_taken_unless_taking_it_is_meant() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let ours = || sample(&json!({ "id": "openarena", "version": "9.0.0" }));
    let detail = refused(&admin, "?grant=query", ours(), "conflict").await;
    assert!(detail.contains("comes with Gantry") && detail.contains("replace=true"), "{detail}");
    let made = upload(&admin, "?grant=query&replace=true", ours()).await.expect(201);
    assert_eq!((&made["version"], &made["bundled"]), (&json!("9.0.0"), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn older_version_is_refused_unless_going_back_is_meant() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    upload(&admin, "?grant=query", sample(&json!({ "version": "1.10.0" }))).await.expect(201);
    let detail = refused(&admin, "?grant=query", sample(&json!({})), "conflict").await;
    assert!(detail.contains("1.10.0") && detail.contains("1.2.0"), "{detail}");
    let back = upload(&admin, "?grant=query&replace=true", sample(&json!({}))).await.expect(201);
    assert_eq!(back["version"], "1.2.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn component_that_takes_the_compiler_too_much_is_refused_and_others_are_served() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let detail = refused(&admin, "", compile_bomb(), "plugin_rejected").await;
    assert!(detail.contains("ompiling took more than") && detail.contains("functions smaller"), "{detail}");
    upload(&admin, "?grant=query", sample(&json!({}))).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_an_administrator_uploads() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let grace = app.person(&admin, "grace", "user").await;
    upload(&grace, "", sample(&json!({}))).await.problem("forbidden");
    upload(&app.visitor(), "", sample(&json!({}))).await.problem("not_signed_in");
}
