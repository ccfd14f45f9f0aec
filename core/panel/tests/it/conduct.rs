//! How plugins fare, for administrators: what they used and what stopped them in each place, what they wrote, and the end
//! of a hold.

use crate::{
    actions::House,
    kit::{
        Answer, Client, Page, TestApp,
        listener::{Says, listener},
    },
    uploads::upload,
};
use serde_json::{Value, json};

/// Calls of a kind that have to be stopped before a plugin is on hold.
const UNTIL_HELD: u32 = 5;

/// What the house's plugin reads on its node and shows: with a character that no message may have, its answer is refused.
pub(crate) fn rules(house: &House, text: &str) {
    let path = house.node.data().join("servers").join(&house.id).join("data/rules.txt");
    std::fs::write(path, text).unwrap();
}

pub(crate) async fn read_rules(house: &House) -> Answer {
    house.owner.post(&house.path("actions/rules"), json!({})).await
}

/// Has the house's plugin answer what it may not, until it is on hold for the house.
async fn fail(house: &House) {
    rules(house, "Be \u{7}kind.");
    for _ in 0..UNTIL_HELD {
        read_rules(house).await.problem("plugin_failed");
    }
}

/// The plugin of that manifest id, and its path.
pub(crate) async fn plugin(admin: &Client, id: &str) -> (Value, String) {
    let plugins = admin.get("/api/plugins").await.expect(200);
    let plugin = plugins["items"].as_array().unwrap().iter().find(|one| one["manifestId"] == id);
    let plugin = plugin.unwrap().clone();
    let path = format!("/api/plugins/{}", plugin["id"].as_str().unwrap());
    (plugin, path)
}

/// How the release fares on the house's node.
async fn on_its_node(house: &House, path: &str) -> Value {
    let conduct = house.admin.get(&format!("{path}/conduct")).await.expect(200);
    let mut places = conduct["places"].as_array().unwrap().iter();
    let place = places.find(|place| place["nodeName"] == "Anvil").unwrap_or_else(|| panic!("{conduct}"));
    assert_eq!((&place["nodeId"], &conduct["silent"]), (&json!(house.node.id), &json!([])));
    place["releases"][0].clone()
}

/// Seconds between two moments.
fn seconds(from: &Value, to: &Value) -> i64 {
    let at = |value: &Value| value.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    (at(to) - at(from)).num_seconds()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_keeps_failing_is_on_hold_on_its_node_and_says_when_it_is_tried_again() {
    let house = House::new().await;
    let (chores, path) = plugin(&house.admin, "chores").await;
    assert_eq!(house.admin.get("/api/plugins/holds").await.expect(200), json!({ "items": [], "silent": [] }));
    fail(&house).await;
    let refused = read_rules(&house).await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let detail = refused.problem("plugin_on_hold")["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("is on hold for this server since it kept failing in actions.perform"),
        "{detail}"
    );
    // Its page is the same plugin's, and shared by all who look: the second is told what the first was.
    for _ in 0..2 {
        let page = house.owner.get(&house.path("tabs/house")).await;
        let wait: u64 = page.header("retry-after").parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        page.problem("plugin_on_hold");
    }

    let release = on_its_node(&house, &path).await;
    assert_eq!((&release["digest"], &release["version"]), (&chores["digest"], &chores["version"]));
    let figures = &release["figures"];
    assert_eq!(figures["stopped"], json!({ "answer": UNTIL_HELD }));
    assert_eq!((&figures["refused"], &figures["broken"]), (&json!(2), &json!(0)));
    assert!(figures["calls"].as_u64().unwrap() > u64::from(UNTIL_HELD), "{figures}");
    assert!(figures["memoryPeakBytes"].as_u64().unwrap() > 0 && figures["hostCalls"].as_u64().unwrap() > 0);
    let [hold] = release["holds"].as_array().unwrap().as_slice() else { panic!("{release}") };
    assert_eq!(
        (&hold["serverId"], &hold["call"], &hold["times"]),
        (&json!(house.id), &json!("actions.perform"), &json!(1))
    );
    assert!(hold["reason"].as_str().unwrap().contains("must not contain control characters"), "{hold}");
    assert_eq!(seconds(&hold["since"], &hold["until"]), 30);
    let conduct = house.admin.get(&format!("{path}/conduct")).await.expect(200);
    assert_eq!(conduct["servers"], json!({ house.id.as_str(): "House" }));
    let [server] = release["servers"].as_array().unwrap().as_slice() else { panic!("{release}") };
    assert_eq!(server["serverId"], json!(house.id));
    for share in ["stopped", "refused", "broken"] {
        assert_eq!(
            server["figures"][share], figures[share],
            "{share}: all that went wrong was about this server"
        );
    }

    let of = format!(
        "plugin=\"chores\",version=\"{}\",place=\"node\",node=\"Anvil\"",
        chores["version"].as_str().unwrap()
    );
    let numbers = house.app.numbers().await;
    for line in [
        format!("gantry_plugin_stopped_total{{{of}}} {UNTIL_HELD}\n"),
        format!("gantry_plugin_server_stopped_total{{{of},server=\"{}\"}} {UNTIL_HELD}\n", house.id),
        format!("gantry_plugin_server_refused_total{{{of},server=\"{}\"}} 2\n", house.id),
    ] {
        assert!(numbers.contains(&line), "{line} is not in {numbers}");
    }

    let holds = house.admin.get("/api/plugins/holds").await.expect(200);
    let [held] = holds["items"].as_array().unwrap().as_slice() else { panic!("{holds}") };
    assert_eq!(
        (&held["pluginId"], &held["nodeName"], &held["serverId"], &held["until"]),
        (&chores["id"], &json!("Anvil"), &json!(house.id), &hold["until"])
    );
    // Who plays there is told that, too, and not how it failed.
    let told = house.owner.get(&house.path("plugin-holds")).await.expect(200);
    let [here] = told["items"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!(
        (&told["pluginId"], &told["version"], &told["nodeAnswered"]),
        (&chores["id"], &chores["version"], &json!(true))
    );
    let same = ["call", "since", "until"];
    assert_eq!(same.map(|key| &here[key]), same.map(|key| &hold[key]), "{here}");
    assert_eq!(
        ["onNode", "onlyHere", "reason"].map(|key| &here[key]),
        [&json!(true), &json!(true), &Value::Null]
    );
    let told = house.admin.get(&house.path("plugin-holds")).await.expect(200);
    assert_eq!(told["items"][0]["reason"], hold["reason"]);
    let House { app, node, id, admin, .. } = house;
    node.stop().await;
    let told = admin.get(&format!("/api/servers/{id}/plugin-holds")).await.expect(200);
    assert_eq!((&told["items"], &told["nodeAnswered"]), (&json!([]), &json!(false)));
    let numbers = app.numbers().await;
    assert!(!numbers.contains("Anvil"), "numbers of a node that is away stand still: {numbers}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_lifts_a_hold_and_the_log_tells_of_both() {
    let house = House::new().await;
    let (chores, path) = plugin(&house.admin, "chores").await;
    fail(&house).await;
    let digest = chores["digest"].as_str().unwrap();
    let log = format!("{path}/log?digest={digest}&node={}", house.node.id);
    let written = house.admin.get(&format!("{log}&server={}", house.id)).await.expect(200);
    let stops: Vec<&Value> =
        written["items"].as_array().unwrap().iter().filter(|line| line["kind"] == "stopped").collect();
    assert_eq!(stops.len(), UNTIL_HELD as usize, "{written}");
    assert_eq!((&stops[0]["call"], &stops[0]["serverId"]), (&json!("actions.perform"), &json!(house.id)));
    assert_eq!(written["servers"], json!({ house.id.as_str(): "House" }));
    assert_eq!(house.admin.get(&log).await.expect(200)["items"], written["items"]);
    let nobody = house.admin.get(&format!("{log}&server={}", house.node.id)).await.expect(200);
    assert_eq!(nobody, json!({ "items": [], "servers": {} }), "no such server has lines");
    house.admin.get(&format!("{path}/log?digest={}", "0".repeat(64))).await.problem("not_found");

    let lift = json!({ "digest": digest, "nodeId": house.node.id, "serverId": house.id });
    house.owner.post(&format!("{path}/lift"), lift.clone()).await.problem("forbidden");
    read_rules(&house).await.problem("plugin_on_hold");
    rules(&house, "Be kind.");
    house.admin.post(&format!("{path}/lift"), lift.clone()).await.expect(204);
    assert_eq!(read_rules(&house).await.expect(200)["messages"][0], "Be kind.");
    assert_eq!(on_its_node(&house, &path).await["holds"], json!([]));
    let lines = house.admin.get("/api/audit?limit=10").await.expect(200);
    let mut lines = lines["items"].as_array().unwrap().iter();
    let line = lines.find(|line| line["action"] == "plugin.hold.lift").unwrap();
    assert_eq!(
        (&line["subjectId"], &line["actor"]["name"], &line["after"]),
        (&json!("chores"), &json!("Ada"), &lift)
    );
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_away_is_named_and_strangers_learn_nothing() {
    let House { app, admin, owner, node, .. } = House::new().await;
    let (chores, path) = plugin(&admin, "chores").await;
    for rest in ["/conduct".to_owned(), format!("/log?digest={}", chores["digest"].as_str().unwrap())] {
        owner.get(&format!("{path}{rest}")).await.problem("forbidden");
    }
    owner.get("/api/plugins/holds").await.problem("forbidden");
    let (id, mut page) = (node.id.clone(), Page::live(&admin, &["nodes"]).await);
    node.stop().await;
    page.until(|frame| frame["type"] == "node" && frame["state"] == "disconnected").await;
    let conduct = admin.get(&format!("{path}/conduct")).await.expect(200);
    assert_eq!(conduct["silent"], json!(["Anvil"]));
    let places = conduct["places"].as_array().unwrap();
    assert!(places.iter().all(|place| place["nodeId"].is_null()), "what it knew went with it: {conduct}");
    assert_eq!(admin.get("/api/plugins/holds").await.expect(200)["silent"], json!(["Anvil"]));
    let away = format!("{path}/log?digest={}&node={id}", chores["digest"].as_str().unwrap());
    admin.get(&away).await.problem("node_unreachable");
    let lift = json!({ "digest": chores["digest"], "nodeId": id });
    admin.post(&format!("{path}/lift"), lift).await.problem("node_unreachable");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_the_control_plane_is_on_hold_there_and_says_what_stopped_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let made =
        upload(&admin, "", listener("trapdoor", "1.0.0", &["user.*"], Says::Nothing)).await.expect(201);
    let path = format!("/api/plugins/{}", made["id"].as_str().unwrap());
    app.person(&admin, "olga", "user").await;
    let held = async {
        loop {
            let holds = admin.get("/api/plugins/holds").await.expect(200);
            if let Some(hold) = holds["items"].get(0) {
                return hold.clone();
            }
            // Nobody waits for the pause between two attempts here.
            admin.post(&format!("{path}/deliveries/retry"), json!({})).await.expect(200);
        }
    };
    let held = tokio::time::timeout(std::time::Duration::from_secs(60), held).await.unwrap();
    assert_eq!(
        (&held["pluginId"], &held["nodeId"], &held["serverId"], &held["call"]),
        (&made["id"], &Value::Null, &Value::Null, &json!("hooks.handle"))
    );
    let conduct = admin.get(&format!("{path}/conduct")).await.expect(200);
    let [place] = conduct["places"].as_array().unwrap().as_slice() else { panic!("{conduct}") };
    assert_eq!(place["releases"][0]["figures"]["stopped"]["trap"], UNTIL_HELD);
    let log = admin.get(&format!("{path}/log?digest={}", made["digest"].as_str().unwrap())).await.expect(200);
    assert_eq!(log["items"].as_array().unwrap().len(), UNTIL_HELD as usize, "{log}");
    let measured = |name: &str, value: u32| {
        format!("{name}{{plugin=\"trapdoor\",version=\"1.0.0\",place=\"control_plane\"}} {value}\n")
    };
    let numbers = app.numbers().await;
    for line in [measured("gantry_plugin_stopped_total", UNTIL_HELD), measured("gantry_plugin_holds", 1)] {
        assert!(numbers.contains(&line), "{line} is not in {numbers}");
    }
    admin.post(&format!("{path}/lift"), json!({ "digest": made["digest"] })).await.expect(204);
    assert!(app.numbers().await.contains(&measured("gantry_plugin_holds", 0)));
    assert_eq!(
        admin.get(&format!("{path}/conduct")).await.expect(200)["places"][0]["releases"][0]["holds"],
        json!([])
    );
    app.stop().await;
}
