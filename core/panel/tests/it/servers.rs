//! A server's life: made, installed, running, talked to, stopped, gone.

use crate::kit::{Client, Page, TestApp, TestNode};
use serde_json::{Value, json};

/// Makes a server and waits until it runs.
pub(crate) async fn running(admin: &Client, node: &TestNode) -> (String, Page) {
    let mut page = Page::live(admin, &["servers", "operations"]).await;
    let form =
        json!({ "name": "Arena", "blueprintId": "openarena:openarena", "nodeId": node.id, "start": true });
    let made = admin.post("/api/servers", form).await.expect(201);
    let id = made["server"]["id"].as_str().unwrap().to_owned();
    page.until(|frame| is_in_state(frame, "running")).await;
    (id, page)
}

pub(crate) fn is_in_state(frame: &Value, state: &str) -> bool {
    frame["type"] == "server" && frame["server"]["observed"]["state"] == state
}

#[tokio::test(flavor = "multi_thread")]
async fn server_is_made_runs_takes_a_command_stops_and_goes() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, mut page) = running(&admin, &node).await;

    let mut console = Page::console(&admin, &id).await;
    console.say(json!({ "type": "command", "id": "1", "command": "say hello" })).await;
    console.until(|frame| frame["type"] == "accepted" && frame["id"] == "1").await;
    let history = admin.get(&format!("/api/servers/{id}/console")).await.expect(200);
    assert!(history["lines"].to_string().contains("say hello"), "{history}");

    admin.post(&format!("/api/servers/{id}/power"), json!({ "action": "stop" })).await.expect(202);
    page.until(|frame| is_in_state(frame, "offline")).await;
    let operation = admin.delete(&format!("/api/servers/{id}")).await.expect(202);
    assert!(operation["operationId"].is_string());
    page.until(|frame| frame["type"] == "removed" && frame["serverId"] == id).await;
    admin.get(&format!("/api/servers/{id}")).await.problem("not_found");
    node.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn installation_is_called_off_and_a_deletion_is_not() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    // With its daemon away, nothing can end before it is called off.
    let id = node.id.clone();
    node.stop().await;
    let form = json!({ "name": "Arena", "blueprintId": "openarena:openarena", "nodeId": id });
    let made = admin.post("/api/servers", form).await.expect(201);
    let server = format!("/api/servers/{}", made["server"]["id"].as_str().unwrap());
    let cancel = |operation: &Value| format!("/api/operations/{}/cancel", operation.as_str().unwrap());

    let install = &made["server"]["operation"]["id"];
    assert_eq!(admin.post(&cancel(install), json!({})).await.expect(200)["state"], "cancelled");
    assert_eq!(admin.get(&server).await.expect(200)["operation"], Value::Null);
    admin.post(&cancel(install), json!({})).await.problem("conflict");

    let deletion = admin.delete(&server).await.expect(202);
    let refused = admin.post(&cancel(&deletion["operationId"]), json!({})).await.problem("conflict");
    assert!(refused["detail"].as_str().unwrap().contains("Only an installation"), "{refused}");
}

/// The rows of a list are remembered, so each is asked for twice and held against the server's own page, which must not
/// have changed meanwhile: the node still acknowledges what was asked of it.
async fn assert_listed(client: &Client, id: &str) -> Value {
    loop {
        let page = without_sample(client.get(&format!("/api/servers/{id}")).await.expect(200));
        let mut lists = Vec::new();
        for path in ["/api/servers", "/api/servers", "/api/servers?search=a"] {
            lists.push(client.get(path).await.expect(200));
        }
        if page != without_sample(client.get(&format!("/api/servers/{id}")).await.expect(200)) {
            continue;
        }
        for list in lists {
            let items: Vec<_> =
                list["items"].as_array().unwrap().iter().cloned().map(without_sample).collect();
            assert_eq!((items.as_slice(), &list["nextCursor"]), ([page.clone()].as_slice(), &Value::Null));
        }
        return page;
    }
}

fn without_sample(mut view: Value) -> Value {
    view.as_object_mut().unwrap().remove("sample").expect("it has its latest second, or null");
    view
}

#[tokio::test(flavor = "multi_thread")]
async fn list_shows_each_change_of_a_server_and_to_each_person_what_they_may_see() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let friend = app.person(&admin, "grace", "limited").await;
    assert_eq!(friend.get("/api/servers").await.expect(200), json!({ "items": [], "nextCursor": null }));
    let (id, mut page) = running(&admin, &node).await;
    let server = format!("/api/servers/{id}");
    let rights = json!(["server.read"]);
    let form = json!({ "email": "grace@example.com", "permissions": rights });
    let member = admin.post(&format!("{server}/members"), form).await.expect(201);
    let member = format!("{server}/members/{}", member["userId"].as_str().unwrap());
    assert_listed(&admin, &id).await;
    assert_eq!(assert_listed(&friend, &id).await["permissions"], rights);
    let list = friend.get("/api/servers").await.expect(200);
    assert_eq!(list["items"][0]["sample"], Value::Null, "neither numbers nor players may be seen");

    let more = json!(["server.read", "power.start"]);
    admin.patch(&member, json!({ "permissions": more })).await.expect(200);
    assert_eq!(assert_listed(&friend, &id).await["permissions"], more);
    admin.patch(&server, json!({ "name": "Areal" })).await.expect(200);
    assert_eq!(assert_listed(&friend, &id).await["name"], "Areal");
    admin.post(&format!("{server}/power"), json!({ "action": "stop" })).await.expect(202);
    page.until(|frame| is_in_state(frame, "offline")).await;
    assert_listed(&admin, &id).await;
    node.stop().await;
    page.until(|frame| frame["type"] == "server" && frame["server"]["node"]["connected"] == false).await;
    assert_eq!(assert_listed(&admin, &id).await["node"]["connected"], false);
    admin.delete(&member).await.expect(204);
    assert_eq!(friend.get("/api/servers").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_shows_plan_and_problems_without_making_anything() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let mut form = json!({ "name": "Arena", "blueprintId": "openarena:openarena", "nodeId": node.id });
    let fine = admin.post("/api/servers/preview", form.clone()).await.expect(200);
    assert_eq!(
        (&fine["problems"], fine["plan"]["steps"].as_array().unwrap().is_empty()),
        (&json!([]), false)
    );
    form["variables"] = json!({ "max_players": "900" });
    let wrong = admin.post("/api/servers/preview", form).await.expect(200);
    assert_eq!(wrong["problems"][0]["key"], "variables.max_players");
    assert_eq!(admin.get("/api/servers").await.expect(200)["items"], json!([]));
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suspended_server_refuses_to_start() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, mut page) = running(&admin, &node).await;
    let hold = admin.request(reqwest::Method::PUT, &format!("/api/servers/{id}/hold"));
    admin.send(hold.json(&json!({ "reason": "unpaid" }))).await.expect(200);
    page.until(|frame| is_in_state(frame, "offline")).await;
    admin
        .post(&format!("/api/servers/{id}/power"), json!({ "action": "start" }))
        .await
        .problem("server_held");
    node.stop().await;
}
