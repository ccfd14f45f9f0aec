//! The life of a plugin while servers run: updates that wait, releases that are left and gone back to, servers that are moved,
//! and releases that are given up by their first plan.

use crate::{
    kit::{Client, Page, TestApp, TestNode},
    servers::is_in_state,
    uploads::{sample, upload},
};
use serde_json::{Value, json};
use std::time::Instant;

const QUERY: (&str, &str) = ("query", "to ask the game who plays");
const BUILD: (&str, &str) = ("image-build", "to build the game's image");
const KEEP: (&str, &str) = ("kv", "to remember who won");

/// OpenArena as a stranger's plugin of that version, asking for that.
fn release(version: &str, asks: &[(&str, &str)]) -> Vec<u8> {
    let asks: Vec<_> = asks.iter().map(|(name, reason)| json!({ "name": name, "reason": reason })).collect();
    sample(&json!({ "version": version, "capabilities": asks }))
}

struct House {
    app: TestApp,
    admin: Client,
    /// Of the plugin, which is at version 1.0.0 with all that it asks for.
    plugin: String,
}

impl House {
    async fn new() -> Self {
        let app = TestApp::with_games_and_no_limits().await;
        let admin = app.admin().await;
        let made =
            upload(&admin, "?grant=query,image-build", release("1.0.0", &[QUERY, BUILD])).await.expect(201);
        let plugin = format!("/api/plugins/{}", made["id"].as_str().unwrap());
        Self { app, admin, plugin }
    }

    async fn update(&self, version: &str, asks: &[(&str, &str)]) -> Value {
        upload(&self.admin, "", release(version, asks)).await.expect(201)
    }

    async fn view(&self) -> Value {
        self.admin.get(&self.plugin).await.expect(200)
    }

    async fn post(&self, rest: &str, body: Value) -> Value {
        self.admin.post(&format!("{}/{rest}", self.plugin), body).await.expect(200)
    }

    async fn releases(&self) -> Vec<Value> {
        let list = self.admin.get(&format!("{}/releases", self.plugin)).await.expect(200);
        list["items"].as_array().unwrap().clone()
    }

    async fn digest(&self, version: &str) -> String {
        let all = self.releases().await;
        let one = all.iter().find(|release| release["version"] == version);
        one.unwrap_or_else(|| panic!("no {version} in {all:?}"))["digest"].as_str().unwrap().to_owned()
    }

    /// The latest lines of the log: what was done, by whom.
    async fn log(&self) -> Vec<(String, Value)> {
        let lines = self.admin.get("/api/audit?limit=20").await.expect(200);
        let lines = lines["items"].as_array().unwrap().iter();
        lines
            .map(|line| (line["action"].as_str().unwrap().to_owned(), line["actor"]["name"].clone()))
            .collect()
    }

    /// Makes a server of the plugin; answers its path.
    async fn server(&self, node: &TestNode, page: &mut Page) -> String {
        let form =
            json!({ "name": "Arena", "blueprintId": "sample:openarena", "nodeId": node.id, "start": true });
        let made = self.admin.post("/api/servers", form).await.expect(201);
        page.until(|frame| is_in_state(frame, "running")).await;
        format!("/api/servers/{}", made["server"]["id"].as_str().unwrap())
    }
}

fn version(view: &Value) -> (&Value, &Value) {
    (&view["version"], &view["waiting"]["version"])
}

#[tokio::test(flavor = "multi_thread")]
async fn update_that_asks_for_no_more_is_current_at_once_with_what_was_granted() {
    let house = House::new().await;
    let began = Instant::now();
    let later = house.update("1.1.0", &[BUILD, QUERY]).await;
    eprintln!("an update over HTTP, from the first byte to current: {:?}", began.elapsed());
    assert_eq!(version(&later), (&json!("1.1.0"), &Value::Null));
    let granted: Vec<_> =
        later["capabilities"].as_array().unwrap().iter().map(|one| one["granted"].clone()).collect();
    assert_eq!(granted, [true, true]);
    assert_eq!(house.update("1.2.0", &[QUERY]).await["version"], "1.2.0", "less is no more");
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn update_that_asks_for_more_waits_while_the_release_before_it_goes_on_until_it_is_granted() {
    let house = House::new().await;
    let mut page = Page::live(&house.admin, &["plugins"]).await;
    let waits = house.update("2.0.0", &[QUERY, BUILD, KEEP]).await;
    assert_eq!(version(&waits), (&json!("1.0.0"), &json!("2.0.0")));
    page.until(|frame| frame["type"] == "plugin" && frame["pluginId"] == waits["id"]).await;
    let changes: Vec<_> = waits["waiting"]["asks"].as_array().unwrap().iter().collect();
    let told: Vec<_> = changes.iter().map(|ask| (&ask["name"], &ask["change"], &ask["granted"])).collect();
    assert_eq!(
        json!(told),
        json!([["query", "same", true], ["image-build", "same", true], ["kv", "new", false]])
    );
    let offered = house.admin.get("/api/blueprints/sample:openarena").await.expect(200);
    assert_eq!(offered["plugin"]["version"], "1.0.0");

    let grants = |digest: &str, names: Value| json!({ "digest": digest, "capabilities": names });
    let path = format!("{}/grants", house.plugin);
    let digest = waits["waiting"]["digest"].as_str().unwrap();
    house.admin.post(&path, grants(&"0".repeat(64), json!([]))).await.problem("conflict");
    house.admin.post(&path, grants(digest, json!(["query", "shell"]))).await.problem("validation_failed");
    // It imports what it is not granted, and is told so; nothing has changed.
    house.admin.post(&path, grants(digest, json!(["kv"]))).await.problem("plugin_rejected");
    assert_eq!(version(&house.view().await), (&json!("1.0.0"), &json!("2.0.0")));
    let began = Instant::now();
    let granted =
        house.admin.post(&path, grants(digest, json!(["query", "image-build", "kv"]))).await.expect(200);
    eprintln!("granting over HTTP: {:?}", began.elapsed());
    assert_eq!(version(&granted), (&json!("2.0.0"), &Value::Null));
    let log = house.log().await;
    assert_eq!(log[0], ("plugin.grant".to_owned(), json!("Ada")));
    assert_eq!(log[1], ("plugin.waiting".to_owned(), json!("Ada")));

    let less = house.admin.post(&path, grants(digest, json!(["query", "image-build"]))).await.expect(200);
    assert_eq!(less["capabilities"][2]["granted"], false, "the grants of the current one are narrowed");
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_release_is_declined_and_forgotten_or_overtaken() {
    let house = House::new().await;
    let waits = house.update("2.0.0", &[QUERY, BUILD, KEEP]).await;
    let path = format!("{}/releases/{}", house.plugin, waits["waiting"]["digest"].as_str().unwrap());
    house.admin.delete(&path).await.expect(204);
    assert_eq!(
        (version(&house.view().await), house.releases().await.len()),
        ((&json!("1.0.0"), &Value::Null), 1)
    );
    assert_eq!(house.log().await[0].0, "plugin.decline");
    house.admin.delete(&path).await.problem("not_found");

    house.update("2.0.0", &[QUERY, BUILD, KEEP]).await;
    let other = house.update("2.1.0", &[QUERY, BUILD, KEEP]).await;
    assert_eq!(version(&other), (&json!("1.0.0"), &json!("2.1.0")), "the later one waits in its place");
    assert_eq!(version(&house.update("2.2.0", &[QUERY, BUILD]).await), (&json!("2.2.0"), &Value::Null));
    let left: Vec<_> = house.releases().await.iter().map(|one| one["version"].clone()).collect();
    assert_eq!(left, ["2.2.0", "1.0.0"]);
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn release_that_waits_is_not_granted_by_a_policy_that_never_let_it_in() {
    let house = House::new().await;
    let waits = house.update("2.0.0", &[QUERY, BUILD, KEEP]).await;
    let nothing = json!({ "rules": { "offline": { "packages": "never", "components": "never" } } });
    house.admin.put("/api/trust", nothing).await.expect(200);
    let input =
        json!({ "digest": waits["waiting"]["digest"], "capabilities": ["query", "image-build", "kv"] });
    let path = format!("{}/grants", house.plugin);
    let refused = house.admin.post(&path, input).await.problem("conflict");
    assert!(refused["detail"].as_str().unwrap().starts_with("The trust policy was changed"), "{refused}");
    assert_eq!(version(&house.view().await), (&json!("1.0.0"), &json!("2.0.0")));
    let less = json!({ "digest": house.digest("1.0.0").await, "capabilities": ["query", "image-build"] });
    house.admin.post(&path, less).await.expect(200);
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_for_a_bundled_plugin_inherits_nothing_of_it() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let stranger = sample(&json!({ "id": "openarena", "version": "9.0.0" }));
    let waits = upload(&admin, "?replace=true", stranger).await.expect(201);
    assert_eq!((version(&waits), &waits["bundled"]), ((&json!("0.1.0"), &json!("9.0.0")), &json!(true)));
    assert_eq!(waits["waiting"]["asks"][0]["granted"], false);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_plugin_makes_nothing_new_and_its_servers_go_on() {
    let house = House::new().await;
    let node = TestNode::join(&house.admin).await;
    let mut page = Page::live(&house.admin, &["servers", "operations", "plugins"]).await;
    let server = house.server(&node, &mut page).await;
    let disabled = house.post("disable", json!({})).await;
    assert!(disabled["disabledAt"].is_string(), "{disabled}");
    page.until(|frame| frame["type"] == "plugin").await;
    let offered = house.admin.get("/api/blueprints").await.expect(200);
    assert!(!offered.to_string().contains("sample:openarena"), "{offered}");
    let form = json!({ "name": "More", "blueprintId": "sample:openarena", "nodeId": node.id });
    let refused = house.admin.post("/api/servers", form).await.problem("validation_failed");
    assert_eq!(refused["fields"][0]["message"], "Sample is disabled: nothing new is made of it.");

    house.admin.post(&format!("{server}/power"), json!({ "action": "restart" })).await.expect(202);
    page.until(|frame| frame["operation"]["kind"] == "restart" && frame["operation"]["state"] == "succeeded")
        .await;
    assert_eq!(house.post("enable", json!({})).await["disabledAt"], Value::Null);
    let log = house.log().await;
    assert!(log.iter().any(|(action, _)| action == "plugin.disable"), "{log:?}");
    assert_eq!(log[0].0, "plugin.enable");
    node.stop().await;
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_stay_pinned_until_they_are_moved_and_the_move_waits_for_a_restart() {
    let house = House::new().await;
    let node = TestNode::join(&house.admin).await;
    let mut page = Page::live(&house.admin, &["servers", "operations"]).await;
    let server = house.server(&node, &mut page).await;
    let release_path = format!("{server}/release");
    house.update("1.1.0", &[QUERY, BUILD]).await;
    let pinned = house.admin.get(&release_path).await.expect(200);
    assert_eq!((&pinned["version"], &pinned["later"]["version"]), (&json!("1.0.0"), &json!("1.1.0")));
    let (old, new) = (house.digest("1.0.0").await, house.digest("1.1.0").await);
    house.admin.delete(&format!("{}/releases/{old}", house.plugin)).await.problem("in_use");
    house.admin.delete(&format!("{}/releases/{new}", house.plugin)).await.problem("in_use");

    let to = |digest: &str| json!({ "digest": digest });
    house.admin.post(&release_path, to(&"0".repeat(64))).await.problem("not_found");
    let strange = json!({ "digest": new, "values": { "colour": "red" } });
    let refused = house.admin.post(&release_path, strange).await.problem("validation_failed");
    assert_eq!(refused["fields"][0]["key"], "variables.colour");
    let began = Instant::now();
    let moved = house.admin.post(&release_path, to(&new)).await.expect(200);
    eprintln!("moving a server over HTTP: {:?}", began.elapsed());
    assert_eq!(
        (&moved["blueprint"]["pluginVersion"], &moved["waiting"]),
        (&json!("1.1.0"), &json!(["release"]))
    );
    // It may have to go back.
    let kept = house.admin.delete(&format!("{}/releases/{old}", house.plugin)).await.problem("in_use");
    assert!(
        kept["detail"].as_str().unwrap().contains("One server was moved away from version 1.0.0"),
        "{kept}"
    );
    house.admin.post(&format!("{server}/power"), json!({ "action": "restart" })).await.expect(202);
    page.until(|frame| frame["operation"]["kind"] == "restart" && frame["operation"]["state"] == "succeeded")
        .await;
    assert_eq!(house.admin.get(&server).await.expect(200)["waiting"], json!([]));
    let releases = house.releases().await;
    assert_eq!(releases[0]["version"], "1.1.0");
    assert!(releases[0]["provedAt"].is_string(), "the restart was its first plan: {releases:?}");

    let began = Instant::now();
    let back = house.post("rollback", to(&old)).await;
    eprintln!("rolling back over HTTP: {:?}", began.elapsed());
    assert_eq!(back["version"], "1.0.0");
    let all = house.post("move", json!({ "from": new, "to": old })).await;
    assert_eq!(all, json!({ "moved": 1, "refused": [] }));
    let server = house.admin.get(&server).await.expect(200);
    assert_eq!(server["blueprint"]["pluginVersion"], "1.0.0");
    house.admin.delete(&format!("{}/releases/{new}", house.plugin)).await.expect(204);
    let log: Vec<_> = house.log().await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(log[..3], ["plugin.forget", "server.move", "plugin.rollback"]);
    node.stop().await;
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn release_whose_first_plan_fails_on_a_node_is_given_up_for_the_one_before() {
    let house = House::new().await;
    let node = TestNode::join(&house.admin).await;
    let mut page = Page::live(&house.admin, &["operations", "plugins"]).await;
    // It does not ask to build images, and its plan has one built all the same.
    let bad = house.update("1.1.0", &[QUERY]).await;
    assert_eq!(bad["version"], "1.1.0");
    let form = json!({ "name": "Arena", "blueprintId": "sample:openarena", "nodeId": node.id });
    house.admin.post("/api/servers", form).await.expect(201);
    let failed = page.until(|frame| frame["operation"]["state"] == "failed").await;
    assert_eq!(failed["operation"]["failure"]["code"], "capability_denied");
    let view = house.view().await;
    assert_eq!((&view["version"], &view["givenUp"]["version"]), (&json!("1.0.0"), &json!("1.1.0")));
    let failure = &view["givenUp"]["failure"];
    assert_eq!((&failure["serverName"], &failure["nodeName"]), (&json!("Arena"), &json!("Anvil")));
    assert!(failure["message"].as_str().unwrap().contains("`image-build`"), "{failure}");
    assert_eq!(house.log().await[0], ("plugin.given_up".to_owned(), Value::Null), "the system did it");
    let seen = house.admin.get(&format!("{}/failures", house.plugin)).await.expect(200);
    assert_eq!((&seen["items"][0]["version"], &seen["items"][0]["times"]), (&json!("1.1.0"), &json!(1)));
    node.stop().await;
    house.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn first_release_of_a_plugin_is_not_given_up_for_what_it_was_not_granted() {
    let app = TestApp::with_games_and_no_limits().await;
    let admin = app.admin().await;
    let made = upload(&admin, "?grant=query", release("1.0.0", &[QUERY])).await.expect(201);
    let node = TestNode::join(&admin).await;
    let mut page = Page::live(&admin, &["operations"]).await;
    let form = json!({ "name": "Arena", "blueprintId": "sample:openarena", "nodeId": node.id });
    admin.post("/api/servers", form).await.expect(201);
    let failed = page.until(|frame| frame["operation"]["state"] == "failed").await;
    assert_eq!(failed["operation"]["failure"]["code"], "capability_denied");
    let path = format!("/api/plugins/{}", made["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.expect(200)["givenUp"], Value::Null);
    let seen = admin.get(&format!("{path}/failures")).await.expect(200);
    assert_eq!(seen["items"][0]["code"], "capability_denied", "{seen}");
    node.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_is_not_moved_to_a_release_whose_plan_for_it_fails() {
    let house = House::new().await;
    let node = TestNode::join(&house.admin).await;
    let mut page = Page::live(&house.admin, &["servers"]).await;
    let server = house.server(&node, &mut page).await;
    house.update("1.1.0", &[QUERY]).await;
    let bad = house.digest("1.1.0").await;
    let path = format!("{server}/release");
    let refused = house.admin.post(&path, json!({ "digest": bad })).await.problem("plugin_failed");
    assert!(refused["detail"].as_str().unwrap().contains("image-build"), "{refused}");
    let view = house.view().await;
    assert_eq!((&view["version"], &view["givenUp"]["version"]), (&json!("1.0.0"), &json!("1.1.0")));
    let pinned = house.admin.get(&path).await.expect(200);
    assert_eq!(
        (&pinned["version"], &pinned["later"], &pinned["choices"]),
        (&json!("1.0.0"), &Value::Null, &json!([]))
    );
    house.admin.post(&path, json!({ "digest": bad })).await.problem("conflict");
    node.stop().await;
    house.app.stop().await;
}
