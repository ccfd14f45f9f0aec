//! How many servers, and how much for them, an account may have.

use crate::kit::{Client, TestApp};
use serde_json::{Value, json};

/// A node that nobody connected, with addresses.
async fn node(admin: &Client, name: &str) -> Value {
    let location = admin.post("/api/locations", json!({ "name": name })).await.expect(201);
    let form = json!({ "name": name, "locationId": location["id"] });
    let node = admin.post("/api/nodes", form).await.expect(201)["id"].clone();
    let form = json!({ "address": "127.0.0.1", "ports": "30000-30009" });
    admin.post(&format!("/api/nodes/{}/allocations", node.as_str().unwrap()), form).await.expect(201);
    node
}

fn server(node: &Value, memory_mib: u32) -> Value {
    let limits =
        json!({ "memoryMib": memory_mib, "swapMib": 0, "cpuPercent": 100, "diskMib": 2048, "pids": 0 });
    json!({ "name": "Arena", "blueprintId": "openarena:openarena", "nodeId": node, "limits": limits })
}

#[tokio::test(flavor = "multi_thread")]
async fn person_makes_servers_as_far_as_the_allowance_goes_and_is_told_what_is_left() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = node(&admin, "Cellar").await;
    let grace = app.person(&admin, "grace", "user").await;
    let id = grace.get("/api/account").await.expect(200)["id"].as_str().unwrap().to_owned();
    let nothing = json!({ "servers": null, "memoryMib": null, "diskMib": null, "cpuPercent": null });
    assert_eq!(grace.get("/api/account/allowance").await.expect(200)["left"], nothing);

    let path = format!("/api/users/{id}/allowance");
    admin.put(&path, json!({ "memoryMib": 0 })).await.problem("validation_failed");
    admin.put(&path, json!({ "servers": 2, "memoryMib": 1500 })).await.expect(200);
    grace.put(&path, json!({})).await.problem("forbidden");
    grace.post("/api/servers", server(&node, 1000)).await.expect(201);
    let own = grace.get("/api/account/allowance").await.expect(200);
    assert_eq!((&own["left"]["servers"], &own["left"]["memoryMib"]), (&json!(1), &json!(500)));
    assert_eq!((&own["left"]["diskMib"], &own["used"]["diskMib"]), (&Value::Null, &json!(2048)));

    let preview = grace.post("/api/servers/preview", server(&node, 600)).await.expect(200);
    assert_eq!(preview["problems"][0]["key"], "limits.memoryMib", "{preview}");
    let refused = grace.post("/api/servers", server(&node, 600)).await;
    assert_eq!(refused.status, 422);
    let refused = refused.problem("allowance_exceeded");
    for part in ["1500 MiB of memory", "use 1000", "asks for 600", "500 are left"] {
        assert!(refused["detail"].as_str().unwrap().contains(part), "{refused}");
    }
    assert!(refused["remedy"].as_str().unwrap().contains("administrator"), "{refused}");

    // It counts for the owner, also when an administrator asks.
    let mut form = server(&node, 500);
    form["ownerId"] = json!(id);
    admin.post("/api/servers", form.clone()).await.expect(201);
    let refused = admin.post("/api/servers", form).await.problem("allowance_exceeded");
    assert_eq!(refused["fields"][0]["message"], "The account may own 2 servers, and owns 2.");
    admin.post("/api/servers", server(&node, 4000)).await.expect(201);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_many_servers_at_once_gets_no_more_than_the_allowance() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let nodes = [node(&admin, "Cellar").await, node(&admin, "Attic").await];
    let grace = app.person(&admin, "grace", "user").await;
    let id = grace.get("/api/account").await.expect(200)["id"].as_str().unwrap().to_owned();
    admin.put(&format!("/api/users/{id}/allowance"), json!({ "servers": 3 })).await.expect(200);
    let asked = (0..8).map(|number| grace.post("/api/servers", server(&nodes[number % 2], 500)));
    let mut made = 0;
    for answer in futures_util::future::join_all(asked).await {
        match answer.status.as_u16() {
            201 => made += 1,
            _ => drop(answer.problem("allowance_exceeded")),
        }
    }
    assert_eq!(made, 3);
    assert_eq!(grace.get("/api/account/allowance").await.expect(200)["left"]["servers"], 0);
    app.stop().await;
}
