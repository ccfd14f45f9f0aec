//! How a daemon becomes a node, and what a node says of the machine below it: live, and as history.

use crate::kit::{Page, TestApp, TestNode};
use gantry_agent::enroll::{Enrollment, enroll};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn daemon_with_a_used_token_is_told_where_the_next_one_is_made() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let location = admin.post("/api/locations", json!({ "name": "Cellar" })).await.expect(201);
    let form = json!({ "name": "Anvil", "locationId": location["id"] });
    let id = admin.post("/api/nodes", form).await.expect(201)["id"].as_str().unwrap().to_owned();
    let enrollment = admin.post(&format!("/api/nodes/{id}/enrollment"), json!({})).await.expect(201);
    let enlist = async || {
        let data = tempfile::tempdir().unwrap();
        let enrollment = Enrollment {
            url: admin.url.parse().unwrap(),
            token: enrollment["token"].as_str().unwrap().to_owned(),
            data_dir: data.path().to_owned(),
            extra_ca: None,
            agent_version: "0.1.0".to_owned(),
        };
        enroll(enrollment).await
    };
    enlist().await.unwrap();
    let told = enlist().await.unwrap_err().to_string();
    for part in ["used already", "Make a new token on the node's page"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("permission"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn machine_of_a_node_is_watched_live_and_has_a_history() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (path, topic) = (format!("/api/nodes/{}", node.id), format!("node:{}", node.id));

    let mut page = Page::live(&admin, &[&topic]).await;
    let measured = |frame: &Value| frame["type"] == "node_sample" && frame["sample"]["cpu"].is_object();
    let frame = page.until(measured).await;
    let sample = &frame["sample"];
    assert_eq!(frame["nodeId"], node.id);
    assert!(sample["memory"]["usedBytes"].as_u64().unwrap() > 0, "{sample}");
    assert!(!sample["cores"].as_array().unwrap().is_empty(), "{sample}");
    let usage = admin.get(&path).await.expect(200)["usage"].clone();
    assert!(usage["cpuPercent"].is_number() && usage["memoryTotalBytes"].as_u64().unwrap() > 0, "{usage}");

    // Rates are differences: a bucket that holds the daemon's first sample alone has none.
    let mut point = Value::Null;
    for _ in 0..240 {
        let history = admin.get(&format!("{path}/statistics")).await.expect(200);
        assert_eq!(history["stepSeconds"], 10);
        let points = history["points"].as_array().unwrap();
        if let Some(whole) = points.iter().find(|point| point["cpuPercent"].is_number()) {
            point = whole.clone();
            break;
        }
        // Buckets are written every ten seconds, of which nobody is told.
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(point.is_object(), "no bucket with rates was ever written");
    for name in
        ["cpuPercent", "memoryBytes", "memoryTotalBytes", "loadOne", "networkRxBytes", "tcpEstablished"]
    {
        assert!(point[name].is_number(), "{name} of {point}");
    }
    let cores = admin.get(&format!("{path}/statistics/parts?kind=core")).await.expect(200);
    let (steps, series) = (cores["at"].as_array().unwrap().len(), cores["series"].as_array().unwrap());
    assert_eq!(series.len(), sample["cores"].as_array().unwrap().len(), "{cores}");
    assert!(steps > 0, "{cores}");
    for one in series {
        assert_eq!(
            (&one["measure"], one["values"].as_array().unwrap().len()),
            (&"busy".into(), steps),
            "{one}"
        );
    }
    admin.get(&format!("{path}/statistics/parts?kind=fan")).await.problem("invalid_request");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machine_of_a_node_is_nothing_for_people() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let path = format!("/api/nodes/{}", node.id);
    let mut page = Page::live(&admin, &[&format!("node:{}", node.id)]).await;
    page.until(|frame| frame["type"] == "node_sample").await;

    let person = app.person(&admin, "eve", "user").await;
    person.get(&format!("{path}/statistics")).await.problem("forbidden");
    person.get(&format!("{path}/statistics/parts?kind=core")).await.problem("forbidden");
    let seen = person.get(&path).await.expect(200);
    assert_eq!((&seen["usage"], &seen["report"]), (&Value::Null, &Value::Null));
    admin.get("/api/nodes/00000000-0000-7000-8000-000000000000/statistics").await.problem("not_found");
    node.stop().await;
}
