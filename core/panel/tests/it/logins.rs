//! User names and passwords for private registries: used for the registry that they are for, and seen by nobody.

use crate::{
    kit::{Client, TestApp},
    registries::{House, PASSWORD, USER, artifact, install},
};
use axum::http::{StatusCode, header::WWW_AUTHENTICATE};
use serde_json::{Value, json};
use tokio::net::TcpListener;

fn login(registry: &str, password: &str) -> Value {
    json!({ "registry": registry, "username": USER, "password": password })
}

async fn store(admin: &Client, login: Value) -> Value {
    admin.put("/api/trust/logins", login).await.expect(200)
}

/// A guarded registry with a signed plugin, which the policy lets in.
async fn stocked(admin: &Client) -> House {
    let house = House::guarded();
    let first = artifact("1.0.0");
    house.push(&first).await;
    house.sign(&first).await;
    admin.put("/api/trust", json!({ "rules": house.rules() })).await.expect(200);
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_registry_is_asked_with_the_login_that_is_kept_for_it() {
    let app = TestApp::with_games_and_no_limits().await;
    let admin = app.admin().await;
    let house = stocked(&admin).await;
    let refused = install(&admin, &house, json!({})).await.problem("registry_failed");
    assert!(refused["detail"].as_str().unwrap().contains("refuses access"), "{refused}");

    // One for another part of the registry is none for this one, and a wrong one is refused.
    store(&admin, login(&format!("{}/other", house.host), PASSWORD)).await;
    install(&admin, &house, json!({})).await.problem("registry_failed");
    store(&admin, login(&house.host, "wrong")).await;
    install(&admin, &house, json!({})).await.problem("registry_failed");
    // Of two that are for it, that for more of its name counts.
    let kept = store(&admin, login(&format!("{}/acme", house.host), PASSWORD)).await;
    let made = install(&admin, &house, json!({ "capabilities": ["query"] })).await.expect(201);
    assert_eq!(made["origin"]["trust"]["name"], "acme-2026");
    let check = format!("/api/plugins/{}/check", made["id"].as_str().unwrap());
    admin.post(&check, json!({})).await.expect(200);

    let place = format!("/api/trust/logins/{}", kept["id"].as_str().unwrap());
    admin.delete(&place).await.expect(204);
    admin.delete(&place).await.problem("not_found");
    install(&admin, &house, json!({})).await.problem("registry_failed");
    store(&admin, login(&house.host, PASSWORD)).await;
    install(&admin, &house, json!({})).await.expect(201);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_in_no_answer_and_no_line_of_the_log() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut first = login("ghcr.io/acme", "hunter2hunter2");
    first["tokenService"] = json!("auth.ghcr.io");
    let kept = store(&admin, first).await;
    let replaced = store(&admin, login("ghcr.io/acme", "hunter2-again")).await;
    assert_eq!(kept["id"], replaced["id"], "in place of what stood there");
    assert_eq!((&kept["tokenService"], &replaced["tokenService"]), (&json!("auth.ghcr.io"), &Value::Null));
    let listed = admin.get("/api/trust/logins").await.expect(200);
    assert_eq!(listed["items"], json!([replaced]));
    admin.delete(&format!("/api/trust/logins/{}", kept["id"].as_str().unwrap())).await.expect(204);
    let log = admin.get("/api/audit?limit=20").await.expect(200);
    for told in [&kept, &replaced, &listed, &log] {
        assert!(!told.to_string().contains("hunter2"), "{told}");
    }
    let lines: Vec<_> = log["items"].as_array().unwrap().iter().take(3).collect();
    let actions: Vec<_> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["registry.login.remove", "registry.login.set", "registry.login.set"]);
    assert_eq!(lines[1]["before"], json!({ "username": USER, "tokenService": "auth.ghcr.io" }));
    assert!(lines.iter().all(|line| line["subjectId"] == "ghcr.io/acme"));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_could_not_be_used_is_refused_at_its_fields() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let refused = async |field: &str, value: Value| {
        let mut wrong = login("ghcr.io", "x");
        wrong[field] = value;
        let refused = admin.put("/api/trust/logins", wrong).await.problem("validation_failed");
        assert_eq!(refused["fields"][0]["key"], field, "{refused}");
        assert!(refused["fields"][0]["remedy"].is_string());
    };
    refused("registry", json!("https://ghcr.io")).await;
    refused("registry", json!("")).await;
    refused("username", json!("")).await;
    refused("username", json!("a:b")).await;
    refused("password", json!("")).await;
    refused("password", json!("x".repeat(16 * 1024 + 1))).await;
    refused("password", json!("a\u{0}b")).await;
    refused("tokenService", json!("ghcr.io/token")).await;
    app.stop().await;
}

/// A registry that would like to have the password sent somewhere else.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_does_not_go_where_only_the_registry_wants_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let thief = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = thief.local_addr().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let challenge = format!("Bearer realm=\"http://{there}/token\",service=\"x\"");
    let hostile = axum::Router::new().fallback(move || {
        let challenge = challenge.clone();
        async move { (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]) }
    });
    let serving = tokio::spawn(async move { axum::serve(listener, hostile).await });

    let rules = json!({ "registries": [{ "prefix": host, "network": "loopback" }] });
    admin.put("/api/trust", json!({ "rules": rules })).await.expect(200);
    store(&admin, login(&host, "hunter2")).await;
    let wish = json!({ "reference": format!("{host}/acme/sample:1") });
    let refused = admin.post("/api/plugins/install", wish).await.problem("registry_failed");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains(&there.to_string()) && detail.contains("token service"), "{detail}");
    let came = tokio::time::timeout(std::time::Duration::ZERO, thief.accept()).await;
    assert!(came.is_err(), "somebody knocked there");
    serving.abort();
    app.stop().await;
}
