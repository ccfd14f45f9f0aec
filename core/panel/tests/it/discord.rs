//! The example that tells Discord, through all of Gantry: a server crashes, a fake of Discord hears it.

use crate::{
    kit::{Client, PASSWORD, Page, TestApp, TestNode, example},
    servers::is_in_state,
    uploads::{sample, upload},
};
use gantry_outbound::testing::{Asked, Said, Site};
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

const WEBHOOK: &str = "https://discord.com/api/webhooks/1234/hunter2-hunter2";

/// Discord, as far as webhooks go: it says what it is told to, once each, and then takes whatever comes.
struct Discord {
    site: Site,
    says: Arc<Mutex<VecDeque<Said>>>,
}

impl Discord {
    async fn new() -> Self {
        let says: Arc<Mutex<VecDeque<Said>>> = Arc::default();
        let next = Arc::clone(&says);
        let answer = move |_: &Asked| next.lock().unwrap().pop_front().unwrap_or_else(|| Said::status(204));
        Self { site: Site::serve(&["discord.com"], answer).await.unwrap(), says }
    }

    fn says(&self, answer: Said) {
        self.says.lock().unwrap().push_back(answer);
    }

    /// Waits for so many messages; answers them.
    async fn heard(&self, many: usize) -> Vec<Value> {
        let waiting = async {
            while self.site.heard().len() < many {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("Discord heard nothing");
        let heard = self.site.heard();
        assert!(heard.iter().all(|asked| asked.path == "/api/webhooks/1234/hunter2-hunter2"), "{heard:?}");
        heard.iter().map(|asked| serde_json::from_slice(&asked.body).unwrap()).collect()
    }
}

/// Kind and id, as they stand below a message.
fn footer(message: &Value) -> &str {
    message["embeds"][0]["footer"]["text"].as_str().unwrap()
}

async fn set(admin: &Client, plugin: &str, values: Value) -> Value {
    admin.patch(&format!("{plugin}/settings"), json!({ "values": values })).await.expect(200)
}

/// Takes the notifier in; answers its path.
async fn notifier(admin: &Client) -> String {
    let made = upload(admin, "?grant=http", example("discord-rust")).await.expect(201);
    format!("/api/plugins/{}", made["id"].as_str().unwrap())
}

/// Waits until nothing waits.
async fn all_told(admin: &Client, plugin: &str) -> Value {
    let waiting = async {
        loop {
            let all = admin.get(&format!("{plugin}/deliveries")).await.expect(200);
            if all["waiting"] == 0 {
                return all;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("something still waits")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_heard_and_again_with_the_same_id_after_discord_was_busy() {
    let discord = Discord::new().await;
    let app = TestApp::on_the_internet_of(&discord.site).await;
    let admin = app.admin().await;
    let plugin = notifier(&admin).await;
    let asks = ["query", "image-build"].map(|name| json!({ "name": name, "reason": "to run the game" }));
    upload(&admin, "?grant=query,image-build", sample(&json!({ "capabilities": asks }))).await.expect(201);
    set(&admin, &plugin, json!({ "webhook": WEBHOOK, "power": "false", "servers": "false" })).await;
    let node = TestNode::join(&admin).await;
    let mut page = Page::live(&admin, &["servers"]).await;
    let form = json!({
        "name": "@everyone **free**", "blueprintId": "sample:openarena", "nodeId": node.id, "start": true,
    });
    let made = admin.post("/api/servers", form).await.expect(201);
    page.until(|frame| is_in_state(frame, "running")).await;

    discord.says(Said { body: br#"{"retry_after": 0.4}"#.to_vec(), ..Said::status(429) });
    let console = format!("/api/servers/{}/console", made["server"]["id"].as_str().unwrap());
    admin.post(&console, json!({ "command": "crash" })).await;
    let messages = discord.heard(2).await;
    assert_eq!(messages[0], messages[1], "told again as it was");
    assert!(footer(&messages[1]).starts_with("server.crashed \u{b7} "), "{messages:?}");
    let embed = &messages[1]["embeds"][0];
    assert_eq!(messages[1]["allowed_mentions"], json!({ "parse": [] }));
    let said = embed["description"].as_str().unwrap();
    assert!(said.starts_with(r"\@everyone \*\*free\*\* crashed\:"), "{said}");
    all_told(&admin, &plugin).await;
    assert_eq!(discord.heard(2).await.len(), 2, "once it was taken it is not told again");
    node.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_its_restore_and_a_drain_are_heard() {
    let discord = Discord::new().await;
    let app = TestApp::on_the_internet_of(&discord.site).await;
    let admin = app.admin().await;
    let plugin = notifier(&admin).await;
    let asks = ["query", "image-build"].map(|name| json!({ "name": name, "reason": "to run the game" }));
    upload(&admin, "?grant=query,image-build", sample(&json!({ "capabilities": asks }))).await.expect(201);
    let node = TestNode::join(&admin).await;
    let mut page = Page::live(&admin, &["servers"]).await;
    let form =
        json!({ "name": "Arena", "blueprintId": "sample:openarena", "nodeId": node.id, "start": false });
    let made = admin.post("/api/servers", form).await.expect(201);
    page.until(|frame| is_in_state(frame, "offline")).await;
    set(&admin, &plugin, json!({ "webhook": WEBHOOK, "backups": "true" })).await;

    let backups = format!("/api/servers/{}/backups", made["server"]["id"].as_str().unwrap());
    let made = admin.post(&backups, json!({ "name": "nightly" })).await.expect(202);
    let first = discord.heard(1).await[0].clone();
    assert!(footer(&first).starts_with("backup.ready \u{b7} "), "{first}");
    let said = first["embeds"][0]["description"].as_str().unwrap();
    assert!(said.starts_with(r"Arena has a new backup\, nightly\."), "{said}");
    admin.post(&format!("{backups}/{}/restore", made["id"].as_str().unwrap()), json!({})).await.expect(202);
    assert!(footer(&discord.heard(2).await[1]).starts_with("server.restored \u{b7} "));
    let drain = format!("/api/nodes/{}/drain", node.id);
    admin.put(&drain, json!({})).await.expect(200);
    let told = discord.heard(3).await[2].clone();
    assert!(footer(&told).starts_with("node.draining \u{b7} "), "{told}");
    admin.delete(&drain).await.expect(200);
    assert!(footer(&discord.heard(4).await[3]).starts_with("node.drain_ended \u{b7} "));
    all_told(&admin, &plugin).await;
    node.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_discord_did_not_take_is_told_by_the_control_plane_that_comes_after() {
    let discord = Discord::new().await;
    let app = TestApp::on_the_internet_of(&discord.site).await;
    let admin = app.admin().await;
    let plugin = notifier(&admin).await;
    set(&admin, &plugin, json!({ "webhook": WEBHOOK })).await;
    discord.says(Said::status(503));
    admin.post(&format!("{plugin}/deliveries/test"), json!({})).await.expect(200);
    let first = footer(&discord.heard(1).await[0]).to_owned();
    let app = app.again().await;
    // The pause after a first failure is over in some seconds, and nobody asks.
    let messages = discord.heard(2).await;
    assert_eq!(footer(&messages[1]), first);
    let admin = app.visitor();
    admin.sign_in("ada@example.com", PASSWORD).await.expect(200);
    let all = all_told(&admin, &plugin).await;
    assert_eq!((&all["items"][0]["state"], &all["givenUp"]), (&json!("told"), &json!(0)));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_checked_and_secrets_among_them_come_back_nowhere() {
    let discord = Discord::new().await;
    let app = TestApp::on_the_internet_of(&discord.site).await;
    let admin = app.admin().await;
    let plugin = notifier(&admin).await;
    let test = format!("{plugin}/deliveries/test");
    let deaf = admin.post(&test, json!({})).await.problem("conflict");
    assert_eq!(deaf["detail"], "Settings that the plugin needs are missing. Set them first.");
    let view = admin.get(&format!("{plugin}/settings")).await.expect(200);
    assert_eq!((&view["missing"], &view["items"][0]["isSet"]), (&json!(["Webhook URL"]), &json!(false)));
    let path = format!("{plugin}/settings");
    let wrong = json!({ "values": { "webhook": "https://example.com/api/webhooks/1/x", "players": "maybe", "nose": "x" } });
    let problem = admin.patch(&path, wrong).await.problem("validation_failed");
    let keys: Vec<_> =
        problem["fields"].as_array().unwrap().iter().map(|field| field["key"].clone()).collect();
    assert_eq!(keys, ["values.nose", "values.webhook", "values.players"], "{problem}");

    let view = set(&admin, &plugin, json!({ "webhook": WEBHOOK, "players": "true" })).await;
    assert_eq!((&view["items"][0]["value"], &view["items"][0]["isSet"]), (&Value::Null, &json!(true)));
    assert_eq!(view["missing"], json!([]));
    // Its own words of a failure have no secret in them either.
    discord.says(Said::status(404));
    admin.post(&test, json!({})).await.expect(200);
    discord.heard(1).await;
    admin.post(&test, json!({})).await.problem("conflict");
    admin.post(&format!("{plugin}/deliveries/retry"), json!({})).await.expect(200);
    all_told(&admin, &plugin).await;
    for path in [
        "/api/audit?limit=100",
        &path,
        &plugin,
        &format!("{plugin}/deliveries"),
        &format!("{plugin}/failures"),
    ] {
        let body = admin.get(path).await.expect(200).to_string();
        assert!(!body.contains("hunter2"), "{path}: {body}");
    }
    let log = admin.get("/api/audit?limit=20").await.expect(200);
    let lines = log["items"].as_array().unwrap();
    let line = lines.iter().find(|line| line["action"] == "plugin.settings").unwrap();
    assert_eq!(line["after"], json!({ "webhook": "(secret)", "players": "true" }));
    app.stop().await;
}
