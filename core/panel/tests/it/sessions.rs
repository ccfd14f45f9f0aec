//! Setting up, signing in, staying in, getting out.

use crate::kit::{PASSWORD, TestApp};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

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

/// A request that stopped before its body, which the server waits for.
struct Halted(TcpStream);

impl Halted {
    async fn begin(app: &TestApp, cookie: &str, headers: &str) -> Self {
        let mut stream = TcpStream::connect(app.url.strip_prefix("http://").unwrap()).await.unwrap();
        let head = format!(
            "POST /api/locations HTTP/1.1\r\nhost: gantry\r\ncookie: {cookie}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n{headers}\r\n",
            LOCATION.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self(stream)
    }

    async fn finish(mut self) -> String {
        self.0.write_all(LOCATION.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.0.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

const LOCATION: &str = r#"{"name":"Oslo"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_began_to_send_is_not_done_once_they_may_not() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.person(&admin, "bert", "admin").await;
    let users = admin.get("/api/users").await.expect(200);
    let bert = users["items"].as_array().unwrap().iter().find(|user| user["name"] == "bert").unwrap();
    let path = format!("/api/users/{}", bert["id"].as_str().unwrap());
    let signed_in = async || {
        let answer = app.visitor().sign_in("bert@example.com", PASSWORD).await;
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    };
    let begun = async |cookie: &str| {
        let plain = Halted::begin(&app, cookie, "").await;
        [plain, Halted::begin(&app, cookie, "idempotency-key: one\r\n").await]
    };
    let refused = async |begun: [Halted; 2], code: &str| {
        for request in begun {
            let answer = request.finish().await;
            assert!(answer.contains(&format!("\"code\":\"{code}\"")), "{answer}");
        }
    };

    let halted = begun(&signed_in().await).await;
    admin.patch(&path, json!({ "role": "user" })).await.expect(200);
    refused(halted, "forbidden").await;
    admin.patch(&path, json!({ "role": "admin" })).await.expect(200);
    let halted = begun(&signed_in().await).await;
    admin.delete(&path).await.expect(204);
    refused(halted, "not_signed_in").await;
    assert_eq!(admin.get("/api/locations").await.expect(200)["items"], json!([]));
}
