//! A call of a plugin that was stopped in production, handed out by an administrator, fails again at its author's desk.

use crate::{
    actions::House,
    conduct::{plugin, read_rules, rules},
    kit::{
        Client, Page, TestApp,
        listener::{Says, listener},
        plugins,
    },
    uploads::upload,
};
use serde_json::{Value, json};
use std::{path::Path, process::Command};

/// The records of the plugin at that path.
async fn records(admin: &Client, path: &str) -> Value {
    admin.get(&format!("{path}/records")).await.expect(200)
}

/// Where the file of a listed record is.
fn file(path: &str, record: &Value) -> String {
    let word = |name: &str| record[name].as_str().unwrap().to_owned();
    let node = record["nodeId"].as_str().map(|node| format!("&node={node}")).unwrap_or_default();
    format!("{path}/records/{}?digest={}{node}", word("id"), word("digest"))
}

/// What `gantry plugin replay` says of the record.
fn replay(text: &str, component: &Path) -> Value {
    let desk = tempfile::tempdir().unwrap();
    let file = desk.path().join("record.jsonl");
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gantry"));
    command.args(["plugin", "replay", "--json", "--component"]).arg(component).arg(&file);
    let done = command.current_dir(desk.path()).env("HOME", desk.path()).output().unwrap();
    let out = String::from_utf8(done.stdout).unwrap();
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{}", String::from_utf8_lossy(&done.stderr)))
}

async fn audited(admin: &Client) -> Vec<Value> {
    let lines = admin.get("/api/audit?limit=50").await.expect(200);
    let lines = lines["items"].as_array().unwrap().iter();
    lines.filter(|line| line["action"] == "plugin.record.read").cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_failed_on_at_its_node_fails_again_at_its_authors_desk() {
    let house = House::new().await;
    let (chores, path) = plugin(&house.admin, "chores").await;
    assert_eq!(
        records(&house.admin, &path).await,
        json!({ "items": [], "silent": [], "servers": {} }),
        "of calls that go well nothing is kept"
    );
    rules(&house, "Be \u{7}kind.\n{\"ended\":{\"answer\":null}}");
    for _ in 0..2 {
        read_rules(&house).await.problem("plugin_failed");
    }
    let listed = records(&house.admin, &path).await;
    let [record] = listed["items"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(
        (&record["nodeName"], &record["serverId"], &record["digest"], &record["version"]),
        (&json!("Anvil"), &json!(house.id), &chores["digest"], &chores["version"])
    );
    assert_eq!(
        (&record["call"], &record["reason"], &record["times"], &record["isWhole"]),
        (&json!("actions.perform"), &json!("answer"), &json!(2), &json!(true))
    );
    assert!(record["message"].as_str().unwrap().contains("must not contain control characters"), "{record}");
    assert_eq!(listed["servers"], json!({ house.id.as_str(): "House" }));

    let file = file(&path, record);
    house.owner.get(&format!("{path}/records")).await.problem("forbidden");
    house.owner.get(&file).await.problem("forbidden");
    assert_eq!(audited(&house.admin).await, Vec::<Value>::new());
    let answer = house.admin.get(&file).await;
    assert!(answer.header("content-disposition").starts_with("attachment; filename*=UTF-8''chores-"));
    assert_eq!(answer.header("content-type"), "application/jsonl");
    let text = answer.expect(200).as_str().unwrap().to_owned();
    assert_eq!(text.len() as u64, record["bytes"].as_u64().unwrap());
    let [line] = audited(&house.admin).await.try_into().unwrap();
    assert_eq!((&line["subjectId"], &line["actor"]["name"]), (&json!("chores"), &json!("Ada")));
    assert_eq!(
        line["after"],
        json!({ "record": record["id"], "digest": record["digest"], "nodeId": house.node.id })
    );

    let replayed = replay(&text, &plugins().join("examples/chores-rust.wasm"));
    assert_eq!((&replayed["same"], &replayed["sameComponent"]), (&json!(true), &json!(true)), "{replayed}");
    assert_eq!(replayed["ended"]["stopped"]["message"], record["message"]);
    // Mended rules are another answer: what was told is all that the call has.
    let mended = text.replace(&hex::encode("\u{7}kind"), &hex::encode(" kind"));
    let replayed = replay(&mended, &plugins().join("examples/chores-rust.wasm"));
    assert_eq!(replayed["same"], false, "{replayed}");
    assert!(replayed["ended"]["answer"].to_string().contains("Be  kind."), "{replayed}");

    let none = |id: &str| {
        format!("{path}/records/{id}?digest={}&node={}", chores["digest"].as_str().unwrap(), house.node.id)
    };
    house.admin.get(&none(&"0".repeat(32))).await.problem("not_found");
    house.admin.get(&none("..%2F..%2Fnode.key")).await.problem("not_found");
    let other = file.replace(chores["digest"].as_str().unwrap(), &"0".repeat(64));
    house.admin.get(&other).await.problem("not_found");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_away_is_named_and_keeps_its_records_to_itself() {
    let house = House::new().await;
    let (_, path) = plugin(&house.admin, "chores").await;
    rules(&house, "\u{7}");
    read_rules(&house).await.problem("plugin_failed");
    let listed = records(&house.admin, &path).await;
    let file = file(&path, &listed["items"][0]);
    let House { app, admin, node, .. } = house;
    let mut page = Page::live(&admin, &["nodes"]).await;
    node.stop().await;
    page.until(|frame| frame["type"] == "node" && frame["state"] == "disconnected").await;
    assert_eq!(records(&admin, &path).await, json!({ "items": [], "silent": ["Anvil"], "servers": {} }));
    admin.get(&file).await.problem("node_unreachable");
    assert_eq!(audited(&admin).await, Vec::<Value>::new(), "nobody read it");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_the_control_plane_happens_again_at_its_authors_desk() {
    let app = TestApp::with(|_| {}).await;
    let admin = app.admin().await;
    let component = listener("pitfall", "1.0.0", &["user.*"], Says::Nothing);
    let made = upload(&admin, "", component.clone()).await.expect(201);
    let path = format!("/api/plugins/{}", made["id"].as_str().unwrap());
    app.person(&admin, "olga", "user").await;
    let fallen = async {
        loop {
            let listed = records(&admin, &path).await;
            if let Some(record) = listed["items"].get(0) {
                return record.clone();
            }
            tokio::task::yield_now().await;
        }
    };
    let record = tokio::time::timeout(std::time::Duration::from_secs(60), fallen).await.unwrap();
    assert_eq!(
        (&record["nodeId"], &record["serverId"], &record["call"], &record["reason"]),
        (&Value::Null, &Value::Null, &json!("hooks.handle"), &json!("trap"))
    );
    let text = admin.get(&file(&path, &record)).await.expect(200).as_str().unwrap().to_owned();
    assert!(text.contains("user."), "the event is there: {text}");
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("pitfall.wasm");
    std::fs::write(&file, component).unwrap();
    let replayed = replay(&text, &file);
    assert_eq!((&replayed["same"], &replayed["sameComponent"]), (&json!(true), &json!(true)), "{replayed}");
    assert_eq!(replayed["recorded"]["stopped"]["reason"], "trap");
    app.stop().await;
}
