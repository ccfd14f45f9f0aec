//! What plugins look up: choices for forms and facts before installations, of publishers on an internet of the test's own.

use crate::{
    kit::{Client, Page, TestApp, TestNode, example},
    uploads::upload,
};
use gantry_outbound::testing::{Asked, Said, Site};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

const LIST: &str = "2.0 bbbb\n1.0 aaaa\n";

/// The publisher of `examples/versions-rust`: what it answers may change.
#[derive(Clone)]
struct Publisher(Arc<Mutex<Said>>);

impl Publisher {
    fn says(&self, said: Said) {
        *self.0.lock().unwrap() = said;
    }
}

struct House {
    app: TestApp,
    admin: Client,
    site: Site,
    publisher: Publisher,
    /// Its path.
    plugin: String,
}

impl House {
    async fn new() -> Self {
        let publisher = Publisher(Arc::new(Mutex::new(Said::body(LIST))));
        let answers = publisher.clone();
        let hosts = ["versions.example.org", "eu.mirrors.example.org", "elsewhere.example.com"];
        let site = Site::serve(&hosts, move |_: &Asked| answers.0.lock().unwrap().clone()).await.unwrap();
        let app = TestApp::on_internet(&site).await;
        let admin = app.admin().await;
        let made = upload(&admin, "?grant=http,kv,secrets", example("versions-rust")).await.expect(201);
        let plugin = format!("/api/plugins/{}", made["id"].as_str().unwrap());
        Self { app, admin, site, publisher, plugin }
    }

    async fn choices(&self, variables: Value) -> crate::kit::Answer {
        let path = "/api/blueprints/versions:versions/choices/versions";
        self.admin.post(path, json!({ "variables": variables })).await
    }

    /// What the audit log has of refusals, once there are as many.
    async fn denials(&self, count: usize) -> Vec<Value> {
        for _ in 0..400 {
            let log = self.admin.get("/api/audit?limit=50").await.expect(200);
            let lines = log["items"].as_array().unwrap().iter();
            let told: Vec<_> = lines.filter(|line| line["action"] == "plugin.denied").cloned().collect();
            if told.len() >= count {
                return told;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the audit log never had {count} refusals");
    }
}

fn form(node: &str, variables: Value) -> Value {
    let mut wish = json!({ "name": "V", "blueprintId": "versions:versions", "nodeId": node });
    wish["variables"] = variables;
    wish
}

fn ended(frame: &Value, id: &Value, state: &str) -> bool {
    frame["operation"]["id"] == *id && frame["operation"]["state"] == state
}

async fn content(admin: &Client, server: &str) -> String {
    let path = format!("/api/servers/{server}/files/content?path=VERSION");
    let text = admin.get(&path).await.expect(200);
    text["text"].as_str().or_else(|| text.as_str()).unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn facts_are_reviewed_kept_with_the_server_and_planned_with_on_its_node() {
    let house = House::new().await;
    let admin = &house.admin;
    let node = TestNode::join(admin).await;
    let mut page = Page::live(admin, &["operations"]).await;
    let wish = form(&node.id, json!({ "version": "latest" }));
    let preview = admin.post("/api/servers/preview", wish.clone()).await.expect(200);
    assert_eq!(preview["problems"], json!([]), "{preview}");
    let found = json!([{ "key": "version", "value": "2.0" }, { "key": "digest", "value": "bbbb" }]);
    assert_eq!(preview["facts"], found);
    assert_eq!(preview["plan"]["installedVersion"], "2.0");
    let asked = house.site.heard().len();

    let made = admin.post("/api/servers", wish).await.expect(201);
    assert_eq!(house.site.heard().len(), asked, "what was reviewed is what is installed");
    page.until(|frame| ended(frame, &made["operation"]["id"], "succeeded")).await;
    let server = made["server"]["id"].as_str().unwrap();
    assert_eq!(content(admin, server).await, "2.0 bbbb\n");

    house.publisher.says(Said::body("3.0 cccc\n"));
    let again = admin.post(&format!("/api/servers/{server}/reinstall"), json!({})).await.expect(202);
    page.until(|frame| ended(frame, &again["operationId"], "succeeded")).await;
    assert_eq!(content(admin, server).await, "3.0 cccc\n", "it was looked up anew");
    node.stop().await;
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_that_fails_refuses_with_its_reason_and_its_time_and_changes_nothing() {
    let house = House::new().await;
    let admin = &house.admin;
    let node = TestNode::join(admin).await;
    let mut page = Page::live(admin, &["operations"]).await;
    let made = admin.post("/api/servers", form(&node.id, json!({}))).await.expect(201);
    page.until(|frame| ended(frame, &made["operation"]["id"], "succeeded")).await;
    let server = format!("/api/servers/{}", made["server"]["id"].as_str().unwrap());
    let before = admin.get(&server).await.expect(200);

    house.publisher.says(Said::status(503));
    let wish = form(&node.id, json!({ "version": "1.0" }));
    let preview = admin.post("/api/servers/preview", wish.clone()).await.expect(200);
    let problem = &preview["problems"][0];
    assert_eq!(
        (&problem["key"], &problem["remedy"]),
        (&json!(""), &json!("Try again in 90 s.")),
        "{preview}"
    );
    assert!(problem["message"].as_str().unwrap().contains("versions.example.org is busy."), "{preview}");
    assert_eq!(preview["plan"], Value::Null);
    let unasked = admin.post("/api/servers/preview?lookUp=false", wish.clone()).await.expect(200);
    assert_eq!((&unasked["problems"], &unasked["plan"]), (&json!([]), &Value::Null), "nobody was asked");

    for (path, body) in [("/api/servers".to_owned(), wish), (format!("{server}/reinstall"), json!({}))] {
        let refused = admin.post(&path, body).await;
        assert_eq!(refused.header("retry-after"), "90", "{path}");
        let problem = refused.problem("look_up_failed");
        assert!(problem["detail"].as_str().unwrap().contains("versions.example.org is busy."), "{problem}");
    }
    let all = admin.get("/api/servers").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "nothing was made");
    let after = admin.get(&server).await.expect(200);
    assert_eq!((&before["operation"], &before["updatedAt"]), (&after["operation"], &after["updatedAt"]));
    let operations = admin.get(&format!("{server}/operations")).await.expect(200);
    assert_eq!(operations["items"].as_array().unwrap().len(), 1, "nothing was begun");

    house.publisher.says(Said::body(LIST));
    let again = admin.post(&format!("{server}/reinstall"), json!({})).await.expect(202);
    page.until(|frame| ended(frame, &again["operationId"], "succeeded")).await;
    node.stop().await;
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_looked_up_for_the_form_and_given_again_for_a_while() {
    let house = House::new().await;
    let list = house.choices(json!({})).await.expect(200);
    let values: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|choice| choice["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["latest", "2.0", "1.0"]);
    house.choices(json!({})).await.expect(200);
    house.choices(json!({ "version": "latest" })).await.expect(200);
    assert_eq!(house.site.heard().len(), 1, "the form says the same by its defaults");
    house.choices(json!({ "mirror": "eu.mirrors.example.org" })).await.expect(200);
    assert_eq!(house.site.heard()[1].host, "eu.mirrors.example.org", "what the form says goes to the plugin");

    house.publisher.says(Said::status(503));
    house.choices(json!({})).await.expect(200);
    let other = house.choices(json!({ "version": "2.0" })).await;
    assert_eq!(other.header("retry-after"), "90");
    other.problem("look_up_failed");
    house.publisher.says(Said::body(LIST));
    house.choices(json!({ "version": "2.0" })).await.expect(200);

    let path = "/api/blueprints/versions:versions/choices";
    house.admin.post(&format!("{path}/other"), json!({})).await.problem("not_found");
    house.admin.post(&format!("{path}/versions"), json!({ "x": 1 })).await.problem("invalid_request");
    let odd = house.choices(json!({ "mirror": "x".repeat(129), "unknown": "y" })).await;
    odd.expect(200);
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_beyond_the_grant_is_refused_and_stands_in_the_log_once() {
    let house = House::new().await;
    for _ in 0..2 {
        let refused = house.choices(json!({ "mirror": "elsewhere.example.com" })).await;
        let problem = refused.problem("look_up_failed");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("does not name the host \"elsewhere.example.com\""), "{detail}");
    }
    house.choices(json!({ "mirror": "127.0.0.1" })).await.problem("look_up_failed");
    assert_eq!(house.site.heard(), [], "nobody was asked");
    let told = house.denials(2).await;
    let targets: Vec<_> = told.iter().map(|line| line["after"]["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["127.0.0.1", "elsewhere.example.com"]);
    assert_eq!(
        (&told[0]["subjectId"], &told[0]["actor"], &told[0]["after"]["capability"]),
        (&json!("versions"), &Value::Null, &json!("http"))
    );
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_keeps_goes_on_for_a_server_and_ends_at_its_quota() {
    let house = House::new().await;
    let admin = &house.admin;
    let node = TestNode::join(admin).await;
    let mut page = Page::live(admin, &["operations"]).await;
    house.publisher.says(Said::body(LIST).with("etag", "\"one\""));
    let made = admin.post("/api/servers", form(&node.id, json!({}))).await.expect(201);
    page.until(|frame| ended(frame, &made["operation"]["id"], "succeeded")).await;
    let server = format!("/api/servers/{}", made["server"]["id"].as_str().unwrap());
    for known in [None, Some("\"one\"")] {
        let again = admin.post(&format!("{server}/reinstall"), json!({})).await.expect(202);
        page.until(|frame| ended(frame, &again["operationId"], "succeeded")).await;
        let asked = house.site.heard().pop().unwrap();
        assert_eq!(asked.header("if-none-match"), known);
    }
    house.publisher.says(Said::status(304));
    let again = admin.post(&format!("{server}/reinstall"), json!({})).await.expect(202);
    page.until(|frame| ended(frame, &again["operationId"], "succeeded")).await;

    let long: String = (0..400).map(|number| format!("{number}.0 {}\n", "d".repeat(8))).collect();
    house.publisher.says(Said::body(long).with("etag", "\"two\""));
    let refused = admin.post(&format!("{server}/reinstall"), json!({})).await.problem("look_up_failed");
    assert!(refused["detail"].as_str().unwrap().contains("keeps as much here"), "{refused}");
    let told = house.denials(1).await;
    assert_eq!(
        (&told[0]["after"]["capability"], &told[0]["after"]["target"]),
        (&json!("kv"), &json!("quota"))
    );
    let activity = admin.get(&format!("{server}/activity")).await.expect(200);
    assert_eq!(activity["items"][0]["action"], "plugin.denied", "whose server it is can read it");
    node.stop().await;
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_stored_by_name_goes_where_the_plugin_may_and_is_never_shown() {
    let house = House::new().await;
    let (admin, path) = (&house.admin, format!("{}/secrets", house.plugin));
    let listed = admin.get(&path).await.expect(200);
    assert_eq!(listed["items"], json!([{ "name": "token", "isAskedFor": true, "updatedAt": null }]));
    house.choices(json!({})).await.expect(200);
    assert_eq!(house.site.heard()[0].header("authorization"), None);

    let put =
        async |name: &str, value: &str| admin.put(&format!("{path}/{name}"), json!({ "value": value })).await;
    assert_eq!(put("token", "hush-42").await.status, 204);
    put("other", "hush-42").await.problem("not_found");
    put("token", "").await.problem("validation_failed");
    house.choices(json!({ "version": "1.0" })).await.expect(200);
    assert_eq!(house.site.heard()[1].header("authorization"), Some("Bearer hush-42"));

    let listed = admin.get(&path).await.expect(200);
    assert!(listed["items"][0]["updatedAt"].is_string(), "{listed}");
    let log = admin.get("/api/audit?limit=50").await.expect(200).to_string();
    let plugin = admin.get(&house.plugin).await.expect(200).to_string();
    assert!(log.contains("plugin.secret.set"));
    for shown in [log, plugin, listed.to_string()] {
        assert!(!shown.contains("hush-42"), "{shown}");
    }
    assert_eq!(admin.delete(&format!("{path}/token")).await.status, 204);
    admin.delete(&format!("{path}/token")).await.problem("not_found");
    house.choices(json!({ "version": "2.0" })).await.expect(200);
    assert_eq!(house.site.heard()[2].header("authorization"), None);
    house.app.stop().await;
}

/// What those publish who make server software for Minecraft, as their documentation says it. Samples are of our own making.
fn publishers(asked: &Asked) -> Said {
    let agent = asked.header("user-agent").unwrap_or_default();
    // PaperMC asks for a name and for whom to write to.
    if !agent.starts_with("Gantry/") || !agent.ends_with("(+ada@example.org)") {
        return Said::status(403);
    }
    let json = |value: Value| Said::body(value.to_string());
    let build = |id: u32, channel: &str| {
        json!({ "id": id, "channel": channel, "downloads": { "server:default": {
            "checksums": { "sha256": "b".repeat(64) },
            "url": format!("https://fill-data.papermc.io/v1/objects/b/paper-{id}.jar") } } })
    };
    match (asked.host.as_str(), asked.path.as_str()) {
        ("piston-meta.mojang.com", "/mc/game/version_manifest_v2.json") => json(json!({
            "latest": { "release": "1.21.4", "snapshot": "1.21.4" },
            "versions": [{ "id": "1.21.4", "type": "release",
                "url": "https://piston-meta.mojang.com/v1/packages/r/1.21.4.json" }] })),
        ("piston-meta.mojang.com", "/v1/packages/r/1.21.4.json") => {
            json(json!({ "downloads": {}, "javaVersion": { "majorVersion": 21 } }))
        }
        ("fill.papermc.io", "/v3/projects/paper") => json(json!({ "versions": { "1.21": ["1.21.4"] } })),
        ("fill.papermc.io", "/v3/projects/paper/versions/1.21.4/builds") => {
            json(json!([build(233, "ALPHA"), build(232, "STABLE")]))
        }
        _ => Said::status(404),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paper_is_found_with_those_who_publish_it_and_fetched_by_the_node() {
    let site = Site::serve(&["piston-meta.mojang.com", "fill.papermc.io"], publishers).await.unwrap();
    let app = TestApp::on_internet(&site).await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let catalog = "/api/blueprints/minecraft-java:paper/choices";
    let versions = admin.post(&format!("{catalog}/paper-versions"), json!({})).await.expect(200);
    assert_eq!(versions["items"][1]["value"], "1.21.4", "{versions}");
    let chosen = json!({ "variables": { "version": "1.21.4" } });
    let builds = admin.post(&format!("{catalog}/paper-builds"), chosen).await.expect(200);
    assert_eq!(builds["items"][2]["value"], "232", "{builds}");

    let mut page = Page::live(&admin, &["operations"]).await;
    let wish = json!({ "name": "World", "blueprintId": "minecraft-java:paper", "nodeId": node.id,
        "variables": { "eula": "true" } });
    let preview = admin.post("/api/servers/preview", wish.clone()).await.expect(200);
    assert_eq!(preview["problems"], json!([]), "{preview}");
    let download = &preview["plan"]["steps"][0]["action"];
    let url = "https://fill-data.papermc.io/v1/objects/b/paper-232.jar";
    assert_eq!((&download["url"], &download["expect"]["hex"]), (&json!(url), &json!("b".repeat(64))));

    let made = admin.post("/api/servers", wish).await.expect(201);
    // The node asks the world itself, which has no such file.
    let failed = page.until(|frame| ended(frame, &made["operation"]["id"], "failed")).await;
    let failure = failed["operation"]["failure"].to_string();
    assert!(failure.contains("fill-data.papermc.io"), "the node planned with what was looked up: {failure}");
    node.stop().await;
    app.stop().await;
}
