//! Setting up, signing in, staying in, getting out.

use crate::kit::{PASSWORD, TestApp};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn setup_from_elsewhere_needs_the_printed_token_and_happens_once() {
    let app = TestApp::start().await;
    let stranger = app.visitor();
    assert_eq!(
        stranger.get("/api/setup").await.expect(200),
        json!({ "needed": true, "tokenRequired": true })
    );
    let mut form = json!({ "name": "Ada", "email": "ada@example.com", "password": PASSWORD });
    stranger.post("/api/setup", form.clone()).await.problem("setup_token_required");
    form["token"] = json!(app.setup_token().await);
    stranger.post("/api/setup", form.clone()).await.expect(201);
    assert_eq!(stranger.get("/api/auth/get-session").await.expect(200)["user"]["email"], "ada@example.com");
    app.visitor().post("/api/setup", form).await.problem("already_set_up");
}

#[tokio::test(flavor = "multi_thread")]
async fn session_lives_in_a_cookie_that_scripts_cannot_read_and_ends_with_sign_out() {
    let app = TestApp::start().await;
    app.admin().await;
    let ada = app.visitor();
    let answer = ada.sign_in("ada@example.com", PASSWORD).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with("gantry_session=") && cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
    assert!(!answer.expect(200).to_string().contains(&cookie[15..40]), "the token is in the body");
    ada.get("/api/auth/get-session").await.expect(200);
    ada.post("/api/auth/sign-out", json!({})).await.expect(204);
    ada.get("/api/auth/get-session").await.problem("not_signed_in");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_password_and_unknown_address_are_refused_alike() {
    let app = TestApp::start().await;
    app.admin().await;
    let known = app.visitor().sign_in("ada@example.com", "wrong password").await.problem("wrong_credentials");
    let unknown =
        app.visitor().sign_in("eve@example.com", "wrong password").await.problem("wrong_credentials");
    assert_eq!(known["detail"], unknown["detail"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixth_guess_within_a_minute_waits() {
    let app = TestApp::start().await;
    let guesser = app.visitor();
    for left in ["4", "3", "2", "1", "0"] {
        let answer = guesser.sign_in("ada@example.com", "wrong password").await;
        assert_eq!((answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining")), ("5", left));
    }
    let answer = guesser.sign_in("ada@example.com", "wrong password").await;
    assert!(answer.header("retry-after").parse::<u64>().unwrap() <= 12);
    answer.problem("rate_limited");
    app.visitor().sign_in("ada@example.com", "wrong password").await.problem("wrong_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_and_setup_leave_lines_in_the_audit_log() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let items = admin.get("/api/audit").await.expect(200)["items"].clone();
    let actions: Vec<_> = items.as_array().unwrap().iter().map(|line| line["action"].clone()).collect();
    assert!(actions.contains(&json!("setup")) && actions.contains(&json!("session.create")), "{actions:?}");
}
