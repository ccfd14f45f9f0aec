//! What a game's plugin lets people do beyond power: offered, asked for, refused, and told in the log.

use crate::{
    kit::{Client, Page, TestApp, TestNode, example},
    servers::{is_in_state, running},
};
use serde_json::{Value, json};

const SECRET: &str = "hunter2-hunter2";

/// A control plane with a node and a running server of `examples/chores-rust`, of Olga's.
pub(crate) struct House {
    pub(crate) app: TestApp,
    pub(crate) admin: Client,
    pub(crate) owner: Client,
    pub(crate) node: TestNode,
    pub(crate) id: String,
    pub(crate) page: Page,
}

impl House {
    pub(crate) async fn new() -> Self {
        let app = TestApp::with_games_and_no_limits().await;
        let admin = app.admin().await;
        let upload = admin.request(reqwest::Method::POST, "/api/plugins?grant=files,kv");
        let upload = upload.header("content-type", "application/wasm").body(example("chores-rust"));
        admin.send(upload).await.expect(201);
        let node = TestNode::join(&admin).await;
        let owner = app.person(&admin, "olga", "user").await;
        let mut page = Page::live(&owner, &["servers"]).await;
        let form =
            json!({ "name": "House", "blueprintId": "chores:chores", "nodeId": node.id, "start": true });
        let made = owner.post("/api/servers", form).await.expect(201);
        let id = made["server"]["id"].as_str().unwrap().to_owned();
        page.until(|frame| is_in_state(frame, "running")).await;
        Self { app, admin, owner, node, id, page }
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/servers/{}/{rest}", self.id)
    }

    /// Somebody who may use actions and nothing more.
    async fn member(&self) -> Client {
        self.member_with(&["server.read", "actions.use"]).await
    }

    /// Somebody with these rights alone.
    pub(crate) async fn member_with(&self, permissions: &[&str]) -> Client {
        let grace = self.app.person(&self.admin, "grace", "limited").await;
        let rights = json!({ "email": "grace@example.com", "permissions": permissions });
        self.owner.post(&self.path("members"), rights).await.expect(201);
        grace
    }

    pub(crate) async fn activity(&self) -> Vec<Value> {
        let lines = self.owner.get(&self.path("activity")).await.expect(200);
        lines["items"].as_array().unwrap().clone()
    }

    /// Waits until so many actions were asked for.
    async fn performed(&self, many: usize) {
        loop {
            let lines = self.activity().await;
            if lines.iter().filter(|line| line["action"] == "action.perform").count() >= many {
                return;
            }
        }
    }

    pub(crate) async fn end(self) {
        self.node.stop().await;
        self.app.stop().await;
    }
}

fn ids(offer: &Value) -> Vec<&str> {
    let items = offer["items"].as_array().unwrap().iter();
    items.map(|item| item["action"]["id"].as_str().unwrap()).collect()
}

fn item<'a>(offer: &'a Value, id: &str) -> &'a Value {
    offer["items"].as_array().unwrap().iter().find(|item| item["action"]["id"] == id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_are_offered_to_those_they_are_for_and_say_when_they_are_possible() {
    let mut house = House::new().await;
    let member = house.member().await;
    let offer = house.owner.get(&house.path("actions")).await.expect(200);
    assert_eq!(ids(&offer), ["repeat", "listen", "refuse", "rules", "open", "later", "farewell"]);
    assert_eq!(item(&offer, "repeat")["allowed"], true);
    assert_eq!(item(&offer, "open")["reason"], "The server has to be stopped first.");
    assert_eq!(offer["broadcast"]["allowed"], true);
    let offer = member.get(&house.path("actions")).await.expect(200);
    assert_eq!(ids(&offer), ["repeat", "listen", "refuse", "rules", "farewell"], "the door is its owner's");
    member.post(&house.path("actions/open"), json!({})).await.problem("not_found");

    house.owner.post(&house.path("power"), json!({ "action": "stop" })).await.expect(202);
    house.page.until(|frame| is_in_state(frame, "offline")).await;
    let offer = house.owner.get(&house.path("actions")).await.expect(200);
    assert_eq!(item(&offer, "open")["allowed"], true);
    assert_eq!(item(&offer, "repeat")["reason"], "The server is not running.");
    assert_eq!(offer["broadcast"]["code"], "conflict");
    let refused = member.post(&house.path("actions/repeat"), json!({ "form": { "word": "moss" } })).await;
    assert_eq!(refused.problem("conflict")["detail"], "The server is not running.");
    let done = house.owner.post(&house.path("actions/open"), json!({ "form": { "open": "false" } })).await;
    assert_eq!(done.expect(200)["messages"], json!(["The door knows."]));
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_done_with_a_form_that_was_checked_and_the_log_knows_no_secret() {
    let house = House::new().await;
    let member = house.member().await;
    let path = house.path("actions/repeat");
    let wrong = json!({ "form": { "word": "NO", "times": "9", "colour": "red" } });
    let problem = member.post(&path, wrong).await.problem("validation_failed");
    let keys: Vec<_> =
        problem["fields"].as_array().unwrap().iter().map(|field| field["key"].clone()).collect();
    assert_eq!(keys, ["form.colour", "form.word", "form.times"], "{problem}");
    let refused = member.post(&path, json!({ "form": {} })).await.problem("validation_failed");
    assert_eq!(refused["fields"][0]["key"], "form.word");
    assert_eq!(house.activity().await[0]["action"], "member.create", "nothing was asked for yet");

    let form = json!({ "form": { "word": "moss", "key": SECRET } });
    let done = member.post(&path, form).await.expect(200);
    assert_eq!(done, json!({ "messages": ["Somebody said moss."] }));
    let line = house.activity().await.remove(0);
    assert_eq!(
        (&line["action"], &line["actor"]["name"]),
        (&json!("action.perform"), &json!("grace")),
        "{line}"
    );
    let told = json!({ "id": "repeat", "title": "Repeat a word", "form": { "word": "moss", "times": "1", "key": "(secret)" } });
    assert_eq!(line["after"], told);
    assert!(!house.admin.get("/api/audit").await.expect(200).to_string().contains(SECRET));
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugins_no_is_told_in_its_own_words_and_stands_in_the_log() {
    let house = House::new().await;
    let refused = house.owner.post(&house.path("actions/refuse"), json!({})).await;
    assert_eq!(refused.status, 422);
    assert_eq!(refused.problem("action_refused")["detail"], "There is no paint left in the house.");
    let lines = house.activity().await;
    let actions: Vec<_> = lines[..2].iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["action.refused", "action.perform"]);
    assert_eq!(lines[0]["after"]["reason"], "There is no paint left in the house.");
    house.owner.post(&house.path("actions/dance"), json!({})).await.problem("not_found");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_outlives_whoever_hangs_up_and_not_their_right() {
    let house = House::new().await;
    let member = house.member().await;
    let path = house.path("actions/listen");
    let listening = json!({ "form": { "word": "moss", "seconds": "300" } });
    // Each caller hangs up as soon as the wish stands in the log; the places stay taken all the same.
    for begun in 1..=8 {
        tokio::select! {
            _ = member.post(&path, listening.clone()) => panic!("nobody said the word"),
            () = house.performed(begun) => {}
        }
    }
    let ninth = member.post(&path, listening.clone()).await;
    ninth.problem("rate_limited");
    house.owner.post(&house.path("actions/rules"), json!({})).await.expect(200);

    let grace = house.owner.get(&house.path("members")).await.expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["user"]["name"] == "grace" || one["name"] == "grace")
        .cloned()
        .unwrap();
    let id = grace["user"]["id"].as_str().or(grace["userId"].as_str()).unwrap().to_owned();
    house.owner.delete(&house.path(&format!("members/{id}"))).await;
    let ended = async {
        loop {
            let lines = house.activity().await;
            if lines.iter().filter(|line| line["action"] == "action.refused").count() == 8 {
                return;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), ended).await.expect("they go on");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn players_are_told_one_line_where_the_plugin_knows_how() {
    let house = House::new().await;
    let path = house.path("broadcast");
    for bad in ["", "two\nlines"] {
        let problem = house.owner.post(&path, json!({ "text": bad })).await.problem("validation_failed");
        assert_eq!(problem["fields"][0]["key"], "text");
    }
    house.owner.post(&path, json!({ "text": "Dinner is ready." })).await.expect(200);
    let mut console = Page::console(&house.owner, &house.id).await;
    console.until(|frame| frame.to_string().contains("tell Dinner is ready.")).await;
    let line = house.activity().await.remove(0);
    assert_eq!(
        (&line["action"], &line["after"]),
        (&json!("broadcast.send"), &json!({ "text": "Dinner is ready." }))
    );
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_to_be_kicked_has_to_play() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, _page) = running(&admin, &node).await;
    let offer = admin.get(&format!("/api/servers/{id}/actions")).await.expect(200);
    assert_eq!(ids(&offer), ["say", "kick", "map", "restart-match"]);
    let kick = json!({ "form": { "player": "Sarge" } });
    let refused =
        admin.post(&format!("/api/servers/{id}/actions/kick"), kick).await.problem("action_refused");
    assert_eq!(refused["detail"], "Nobody called Sarge plays. These do: Grace.");
    node.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_that_reads_no_commands_says_so_and_offers_nothing() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let form = json!({ "name": "World", "blueprintId": "luanti:luanti", "nodeId": node.id });
    let made = admin.post("/api/servers", form).await.expect(201);
    let id = made["server"]["id"].as_str().unwrap();
    let server = admin.get(&format!("/api/servers/{id}")).await.expect(200);
    assert_eq!(server["blueprint"]["commands"], "none");
    let command =
        server["actions"].as_array().unwrap().iter().find(|one| one["action"] == "command").unwrap();
    assert_eq!(command["reason"], "This game reads no commands.");
    let typed = admin.post(&format!("/api/servers/{id}/console"), json!({ "command": "/help" })).await;
    assert_eq!(typed.problem("conflict")["detail"], "This game reads no commands.");
    let offer = admin.get(&format!("/api/servers/{id}/actions")).await.expect(200);
    assert_eq!(offer, json!({ "items": [], "broadcast": null }));
    let told = admin.post(&format!("/api/servers/{id}/broadcast"), json!({ "text": "Hello" })).await;
    assert_eq!(told.problem("conflict")["detail"], "This game's plugin cannot tell players anything.");
    node.stop().await;
    app.stop().await;
}
