//! A drain of a real node, over HTTP: its game is saved and stops, nothing starts or is placed there, and all comes back.

use crate::{actions::House, kit::Page};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_drained_for_work_on_its_machine_and_comes_back() {
    let mut house = House::new().await;
    let path = format!("/api/nodes/{}/drain", house.node.id);
    let mut nodes = Page::live(&house.admin, &["nodes"]).await;
    let wish = json!({ "waitSeconds": 3, "message": "Down in {time}.", "backup": true });
    let begun = house.admin.put(&path, wish).await.expect(200);
    assert_eq!(begun["drain"]["by"], "Ada");

    // The owner sees why the server stops, and that it cannot be started.
    let server = house.path("").trim_end_matches('/').to_owned();
    let seen = house.owner.get(&server).await.expect(200);
    assert_eq!(seen["drain"]["backup"], true);
    let start = |seen: &Value| {
        let actions = seen["actions"].as_array().unwrap();
        actions.iter().find(|action| action["action"] == "restart").unwrap().clone()
    };
    assert_eq!((&start(&seen)["allowed"], &start(&seen)["code"]), (&json!(false), &json!("node_draining")));
    house.owner.get(&path).await.expect(403);
    house.owner.put(&path, json!({})).await.expect(403);

    let node = format!("/api/nodes/{}", house.node.id);
    let done = loop {
        let node = house.admin.get(&node).await.expect(200);
        if node["drain"]["done"] == true {
            break node;
        }
        nodes.until(|_| true).await;
    };
    assert_eq!(done["drain"]["progress"]["troubled"], 0, "{done}");
    let items = house.admin.get(&path).await.expect(200)["items"].clone();
    assert_eq!((&items[0]["state"], &items[0]["trouble"]), (&json!("drained"), &json!([])), "{items}");
    let backups = house.owner.get(&house.path("backups")).await.expect(200);
    assert_eq!(backups["items"][0]["cause"], json!({ "type": "drain", "name": "Ada" }));
    let lines = house.owner.get(&house.path("console")).await.expect(200).to_string();
    assert!(lines.contains("[drain] tell Down in 3 seconds.") && lines.contains("[drain] hush"), "{lines}");

    house.owner.post(&house.path("power"), json!({ "action": "start" })).await.problem("node_draining");
    let form = json!({ "name": "Castle", "blueprintId": "chores:chores", "nodeId": house.node.id });
    let refused = house.owner.post("/api/servers", form).await.expect(400);
    assert_eq!(refused["fields"][0]["key"], "nodeId", "{refused}");

    assert!(house.admin.delete(&path).await.expect(200)["drain"].is_null());
    while house.owner.get(&server).await.expect(200)["observed"]["state"] != "running" {
        house.page.until(|_| true).await;
    }
    house.end().await;
}
