//! What waits for a restart is said until there was one, however often it is asked and whoever changed it.

use crate::{
    kit::{TestApp, TestNode},
    servers::running,
};
use serde_json::{Value, json};

fn keys_that_wait(view: &Value) -> Vec<&str> {
    let items = view["items"].as_array().unwrap().iter();
    items
        .filter(|item| item["needsRestart"] == true)
        .map(|item| item["variable"]["key"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_wait_until_the_process_is_another() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, mut page) = running(&admin, &node).await;
    let (server, variables) = (format!("/api/servers/{id}"), format!("/api/servers/{id}/variables"));
    let fresh = admin.get(&server).await.expect(200);
    assert_eq!(
        (&fresh["waiting"], keys_that_wait(&admin.get(&variables).await.expect(200)).len()),
        (&json!([]), 0)
    );

    let change = json!({ "values": { "hostname": "Elsewhere", "map": "oa_dm1" } });
    let saved = admin.patch(&variables, change).await.expect(200);
    assert_eq!((keys_that_wait(&saved), &saved["needsRestart"]), (vec!["hostname"], &json!(true)));
    // Another change, which waits for nothing, does not make the first one forgotten; nor does asking.
    admin.patch(&server, json!({ "name": "Areal" })).await.expect(200);
    let read = admin.get(&variables).await.expect(200);
    assert_eq!((keys_that_wait(&read), &read["needsRestart"]), (vec!["hostname"], &json!(true)));

    let mut limits = fresh["limits"].clone();
    limits["diskMib"] = json!(limits["diskMib"].as_u64().unwrap() + 1);
    let wider = admin.patch(&format!("{server}/limits"), limits.clone()).await.expect(200);
    assert_eq!(wider["waiting"], json!([]), "the disk's limit holds at once");
    limits["memoryMib"] = json!(limits["memoryMib"].as_u64().unwrap() + 1);
    let larger = admin.patch(&format!("{server}/limits"), limits).await.expect(200);
    assert_eq!(larger["waiting"], json!(["limits"]));
    let more = json!({ "address": "127.0.0.1", "ports": "29000" });
    admin.post(&format!("/api/nodes/{}/allocations", node.id), more).await.expect(201);
    let endpoint = fresh["endpoints"][0]["name"].clone();
    admin.post(&format!("{server}/allocations"), json!({ "endpoint": endpoint })).await.expect(201);
    assert_eq!(admin.get(&server).await.expect(200)["waiting"], json!(["limits", "addresses"]));

    let power = async |action: &str| {
        admin.post(&format!("{server}/power"), json!({ "action": action })).await.expect(202)
    };
    power("stop").await;
    page.until(|frame| frame["server"]["observed"]["state"] == "offline").await;
    // Whatever is started takes in all: nothing waits while nothing runs.
    assert_eq!(admin.get(&server).await.expect(200)["waiting"], json!([]));
    assert_eq!(admin.get(&variables).await.expect(200)["needsRestart"], false);
    power("start").await;
    page.until(|frame| !frame["server"]["observed"]["startedAt"].is_null()).await;
    assert_eq!(admin.get(&server).await.expect(200)["waiting"], json!([]));
    assert_eq!(admin.get(&variables).await.expect(200)["needsRestart"], false);
    node.stop().await;
    app.stop().await;
}
