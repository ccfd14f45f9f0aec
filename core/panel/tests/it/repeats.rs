//! `Idempotency-Key`: a request that is sent again, on purpose or by a network, makes one server.

use crate::kit::{Answer, Client, TestApp, TestNode};
use reqwest::Method;
use serde_json::{Value, json};

/// An administrator and a node with room for several servers.
async fn world() -> (TestApp, Client, TestNode) {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let form = json!({ "address": "127.0.0.1", "ports": "40000-40009" });
    admin.post(&format!("/api/nodes/{}/allocations", node.id), form).await.expect(201);
    (app, admin, node)
}

fn form(node: &TestNode, name: &str) -> Value {
    json!({ "name": name, "blueprintId": "openarena:openarena", "nodeId": node.id, "start": false })
}

async fn create(client: &Client, key: &str, form: &Value) -> Answer {
    let request = client.request(Method::POST, "/api/servers").header("idempotency-key", key);
    client.send(request.json(form)).await
}

async fn servers(client: &Client) -> usize {
    client.get("/api/servers").await.expect(200)["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_request_answers_the_same_server_and_makes_one() {
    let (_app, admin, node) = world().await;
    let first = create(&admin, "one", &form(&node, "Arena")).await.expect(201);
    assert_eq!(create(&admin, "one", &form(&node, "Arena")).await.expect(201), first);
    assert_eq!(servers(&admin).await, 1);
    let second = create(&admin, "two", &form(&node, "Arena")).await.expect(201);
    assert_ne!(second["server"]["id"], first["server"]["id"]);
    assert_eq!(servers(&admin).await, 2);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_with_one_key_at_the_same_time_make_one_server() {
    let (_app, admin, node) = world().await;
    let form = form(&node, "Arena");
    let answers = futures_util::future::join_all((0..6).map(|_| create(&admin, "one", &form))).await;
    let answers: Vec<Value> = answers.into_iter().map(|answer| answer.expect(201)).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(servers(&admin).await, 1);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_of_one_request_is_refused_for_another() {
    let (_app, admin, node) = world().await;
    create(&admin, "one", &form(&node, "Arena")).await.expect(201);
    create(&admin, "one", &form(&node, "Duel")).await.problem("idempotency_mismatch");
    let elsewhere = admin.request(Method::POST, "/api/locations").header("idempotency-key", "one");
    admin.send(elsewhere.json(&form(&node, "Arena"))).await.problem("invalid_request");
    let elsewhere = admin.request(Method::POST, "/api/locations").header("idempotency-key", "one");
    admin.send(elsewhere.json(&json!({ "name": "Attic" }))).await.problem("idempotency_mismatch");
    assert_eq!(servers(&admin).await, 1);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_is_ones_own() {
    let (app, admin, node) = world().await;
    let grace = app.person(&admin, "grace", "user").await;
    let one = create(&admin, "one", &form(&node, "Arena")).await.expect(201);
    let other = create(&grace, "one", &form(&node, "Arena")).await.expect(201);
    assert_ne!(one["server"]["id"], other["server"]["id"]);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_request_leaves_its_key_free() {
    let (_app, admin, node) = world().await;
    create(&admin, "one", &form(&node, "")).await.problem("validation_failed");
    create(&admin, "one", &form(&node, "Arena")).await.expect(201);
    for odd in ["", "two words", &"x".repeat(201)] {
        create(&admin, odd, &form(&node, "Arena")).await.problem("invalid_request");
    }
    assert_eq!(servers(&admin).await, 1);
    node.stop().await;
}
