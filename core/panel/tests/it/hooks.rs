//! Plugins that listen: taken in, told what happens, told again, given up, and none of them in another's way.

use crate::{
    kit::{
        Client, TestApp,
        listener::{Says, listener},
    },
    uploads::upload,
};
use serde_json::{Value, json};
use std::time::Duration;

const USERS: &[&str] = &["user.*"];

/// Takes a listener in; answers its path.
async fn taken_in(admin: &Client, id: &str, wants: &[&str], says: Says) -> String {
    let made = upload(admin, "", listener(id, "1.0.0", wants, says)).await.expect(201);
    format!("/api/plugins/{}", made["id"].as_str().unwrap())
}

/// Waits until deliveries are so.
async fn until(admin: &Client, plugin: &str, are: impl Fn(&Value) -> bool) -> Value {
    let waiting = async {
        loop {
            let all = admin.get(&format!("{plugin}/deliveries")).await.expect(200);
            if are(&all) {
                return all;
            }
        }
    };
    match tokio::time::timeout(Duration::from_secs(60), waiting).await {
        Ok(all) => all,
        Err(_) => panic!("never: {}", admin.get(&format!("{plugin}/deliveries")).await.body),
    }
}

/// Waits until the plugin has failed so often.
async fn failed(admin: &Client, plugin: &str, times: u32) {
    let waiting = async {
        while admin.get(&format!("{plugin}/failures")).await.expect(200)["items"][0]["times"] != times {}
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("it fails");
}

fn is(state: &str) -> impl Fn(&Value) -> bool {
    move |all| all["items"][0]["state"] == state
}

async fn retry(admin: &Client, plugin: &str) {
    admin.post(&format!("{plugin}/deliveries/retry"), json!({})).await.expect(200);
}

async fn actions(admin: &Client) -> Vec<String> {
    let lines = admin.get("/api/audit?limit=20").await.expect(200);
    let lines = lines["items"].as_array().unwrap().iter();
    lines.map(|line| line["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_only_listens_is_taken_in_told_updated_disabled_and_removed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let plugin = taken_in(&admin, "echo", USERS, Says::Well).await;
    let view = admin.get(&plugin).await.expect(200);
    assert_eq!((&view["hasGames"], &view["listens"]), (&json!(false), &json!(USERS)));
    assert_eq!(view["blueprints"], json!([]));
    let settings = admin.get(&format!("{plugin}/settings")).await.expect(200);
    assert_eq!(settings, json!({ "items": [], "missing": [], "wants": USERS }));

    app.person(&admin, "olga", "user").await;
    let all = until(&admin, &plugin, is("told")).await;
    let told = &all["items"][0];
    assert_eq!((&told["kind"], &told["summary"]), (&json!("user.created"), &json!("olga has an account.")));
    assert_eq!((&told["attempts"], &all["waiting"], &all["givenUp"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(all["lastToldAt"], told["endedAt"]);

    let later = upload(&admin, "", listener("echo", "1.1.0", &["plugin.*"], Says::Well)).await.expect(201);
    assert_eq!((&later["version"], &later["listens"]), (&json!("1.1.0"), &json!(["plugin.*"])));
    until(&admin, &plugin, |all| all["items"][0]["kind"] == "plugin.installed" && is("told")(all)).await;
    admin.post(&format!("{plugin}/deliveries/test"), json!({})).await.expect(200);
    until(&admin, &plugin, |all| all["items"][0]["kind"] == "gantry.test" && is("told")(all)).await;
    assert_eq!(actions(&admin).await[0], "plugin.test");

    admin.post(&format!("{plugin}/disable"), json!({})).await.expect(200);
    let deaf = admin.post(&format!("{plugin}/deliveries/test"), json!({})).await.problem("conflict");
    assert_eq!(deaf["detail"], "The plugin is disabled. Enable it first.");
    admin.post(&format!("{plugin}/enable"), json!({})).await.expect(200);
    until(&admin, &plugin, |all| all["items"][0]["kind"] == "plugin.enabled" && is("told")(all)).await;
    admin.delete(&plugin).await.expect(204);
    admin.get(&format!("{plugin}/deliveries")).await.problem("not_found");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_traps_is_given_up_with_the_reason_and_others_do_not_notice() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let traps = taken_in(&admin, "traps", USERS, Says::Nothing).await;
    let hears = taken_in(&admin, "hears", USERS, Says::Well).await;
    app.person(&admin, "olga", "user").await;
    let other = until(&admin, &hears, is("told")).await;
    let digest = admin.get(&traps).await.expect(200)["digest"].clone();
    let mut was_held = false;
    for attempt in 1..8 {
        // An attempt counts from its beginning; that it failed is written down with what becomes of it.
        failed(&admin, &traps, attempt).await;
        let all = until(&admin, &traps, |all| all["items"][0]["attempts"] == attempt).await;
        let item = &all["items"][0];
        assert_eq!(item["state"], "waiting", "{item}");
        assert!(item["reason"].as_str().unwrap().contains("hooks.handle"), "{item}");
        // Nobody waits for the pause here, nor for the end of a hold: the administrator has it told at once.
        let holds = admin.get("/api/plugins/holds").await.expect(200);
        if holds["items"].as_array().unwrap().iter().any(|hold| hold["call"] == "hooks.handle") {
            was_held = true;
            admin.post(&format!("{traps}/lift"), json!({ "digest": digest })).await.expect(204);
        }
        retry(&admin, &traps).await;
        until(&admin, &traps, |all| all["items"][0]["attempts"] != attempt).await;
    }
    assert!(was_held, "it keeps failing");
    let all = until(&admin, &traps, is("given_up")).await;
    assert_eq!((&all["items"][0]["attempts"], &all["givenUp"]), (&json!(8), &json!(1)));
    assert_eq!(all["items"][0]["eventId"], other["items"][0]["eventId"], "the same event for both");
    let failures = admin.get(&format!("{traps}/failures")).await.expect(200);
    assert_eq!(failures["items"][0]["call"], "hooks.handle");
    assert_eq!(failures["items"][0]["times"], 8);
    let other = admin.get(&format!("{hears}/deliveries")).await.expect(200);
    assert_eq!(other["items"].as_array().unwrap().len(), 1);
    assert_eq!(other["items"][0]["attempts"], 1);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_puts_off_is_told_by_the_control_plane_that_comes_after() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let plugin = taken_in(&admin, "busy", USERS, Says::Later(3_000_000)).await;
    app.person(&admin, "olga", "user").await;
    app.person(&admin, "grace", "user").await;
    let all = until(&admin, &plugin, |all| {
        all["items"][0]["reason"] == "busy" || all["items"][1]["reason"] == "busy"
    })
    .await;
    assert_eq!((&all["waiting"], &all["items"][0]["attempts"]), (&json!(2), &json!(0)), "{all}");
    let ids = |all: &Value| -> Vec<Value> {
        all["items"].as_array().unwrap().iter().map(|item| item["eventId"].clone()).collect()
    };

    let app = app.again().await;
    let admin = app.visitor();
    admin.sign_in("ada@example.com", crate::kit::PASSWORD).await.expect(200);
    let still = admin.get(&format!("{plugin}/deliveries")).await.expect(200);
    assert_eq!((ids(&still), &still["waiting"]), (ids(&all), &json!(2)));
    upload(&admin, "", listener("busy", "1.1.0", USERS, Says::Well)).await.expect(201);
    retry(&admin, &plugin).await;
    let told = until(&admin, &plugin, |all| all["waiting"] == 0).await;
    assert_eq!((ids(&told), &told["givenUp"]), (ids(&all), &json!(0)), "the same events, none of them lost");
    app.stop().await;
}
