//! What holds for every request: shapes of problems, limits, origins, headers.

use crate::kit::{PASSWORD, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn request_from_another_site_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let form = json!({ "name": "Cellar" });
    let from = |site: &str, origin: &str| {
        let request = admin.request(Method::POST, "/api/locations").json(&form);
        request.header("sec-fetch-site", site.to_owned()).header("origin", origin.to_owned())
    };
    admin.send(from("cross-site", "https://evil.example")).await.problem("cross_site");
    admin.send(from("same-site", "http://127.0.0.1:1")).await.problem("cross_site");
    admin.send(from("same-origin", &admin.url)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_requests_are_refused_with_the_field_that_is_wrong() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let field = async |body: Value| {
        admin.post("/api/locations", body).await.problem("invalid_request")["fields"][0]["key"].clone()
    };
    assert_eq!(field(json!({})).await, "name");
    assert_eq!(field(json!({ "name": "Cellar", "nmae": 1 })).await, "nmae");
    assert_eq!(field(json!({ "name": 5 })).await, "name");
    let text = admin.request(Method::POST, "/api/locations").body("name=Cellar");
    admin.send(text).await.problem("unsupported_media_type");
    admin.get("/api/users/nobody").await.problem("invalid_request");
    admin.get("/api/servers?limit=many").await.problem("invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_name_the_fields_that_break_them() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let form = json!({ "name": "", "email": "nowhere", "password": "short", "role": "user" });
    let problem = admin.post("/api/users", form).await.problem("validation_failed");
    let keys: Vec<_> =
        problem["fields"].as_array().unwrap().iter().map(|field| field["key"].clone()).collect();
    assert!(keys.contains(&json!("name")) && keys.contains(&json!("email")), "{keys:?}");

    let search = admin.get("/api/servers?search=%00").await.problem("validation_failed");
    assert_eq!(search["fields"][0]["key"], "search", "{search}");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_addresses_and_methods_are_problems_and_other_paths_are_the_panel() {
    let app = TestApp::start().await;
    let visitor = app.visitor();
    visitor.get("/api/nothing").await.problem("not_found");
    visitor.delete("/api/setup").await.problem("method_not_allowed");
    visitor.post("/servers", json!({})).await.problem("method_not_allowed");
    let page = visitor.get("/servers/anything").await;
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    assert_eq!(visitor.get("/assets/of-an-earlier-build.js").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn body_over_the_limit_is_refused() {
    let app = TestApp::start().await;
    let form = json!({ "email": "a".repeat(300 * 1024), "password": "x" });
    app.visitor().post("/api/auth/sign-in/email", form).await.problem("payload_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_security_headers_and_an_id() {
    let app = TestApp::start().await;
    for path in ["/health", "/api/setup", "/api/nothing", "/"] {
        let answer = app.visitor().get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert!(!answer.header("content-security-policy").is_empty(), "{path}");
        assert_eq!(answer.header("x-request-id").len(), 36, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_answer_and_metrics_are_for_loopback_or_the_token() {
    let app = TestApp::start().await;
    let visitor = app.visitor();
    assert_eq!(visitor.get("/health").await.expect(200), "ok");
    assert_eq!(visitor.get("/ready").await.expect(200), "ready");
    visitor.get("/metrics").await.problem("forbidden");
    let invented = visitor.request(Method::from_bytes(b"INVENTED").unwrap(), "/api/servers");
    assert_eq!(visitor.send(invented).await.status, 405);
    let guessed = visitor.request(Method::GET, "/metrics").bearer_auth("0123456789abcdee");
    visitor.send(guessed).await.problem("forbidden");
    let numbers = app.numbers().await;
    assert!(numbers.contains("gantry_http_requests_total{method=\"GET\""), "{numbers}");
    assert!(numbers.contains("method=\"other\"") && !numbers.contains("INVENTED"), "{numbers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn document_can_be_read_and_browsed_without_any_other_host() {
    let app = TestApp::start().await;
    let visitor = app.visitor();
    assert_eq!(visitor.get("/api/openapi.json").await.expect(200)["info"]["title"], "Gantry");
    let page = visitor.get("/api/docs").await;
    assert!(page.header("content-security-policy").starts_with("default-src 'none'; script-src 'self'"));
    let page = page.expect(200);
    assert!(page.as_str().unwrap().contains("id=\"problem-not_found\""));
    assert!(!page.as_str().unwrap().contains("://"), "the page loads something from elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_in_people_have_a_limit_of_their_own() {
    let app = TestApp::with(|settings| settings.edge.general_per_minute = 3.try_into().unwrap()).await;
    let admin = app.admin().await;
    for left in ["2", "1", "0"] {
        assert_eq!(admin.get("/api/account").await.header("x-ratelimit-remaining"), left);
    }
    admin.get("/api/account").await.problem("rate_limited");
    app.visitor().get("/api/setup").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_creation_with_the_same_key_gets_the_first_answer() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let create = async |name: &str| {
        let request = admin.request(Method::POST, "/api/locations").header("idempotency-key", "one");
        admin.send(request.json(&json!({ "name": name }))).await
    };
    let first = create("Cellar").await.expect(201);
    assert_eq!(create("Cellar").await.expect(201), first);
    create("Attic").await.problem("idempotency_mismatch");
    assert_eq!(admin.get("/api/locations").await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_lists_come_in_pages_that_a_cursor_continues() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for number in 0..3 {
        admin.post("/api/locations", json!({ "name": format!("Cellar {number}") })).await.expect(201);
    }
    let first = admin.get("/api/audit?limit=2").await.expect(200);
    let next = admin
        .get(&format!("/api/audit?limit=2&cursor={}", first["nextCursor"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_ne!(first["items"][1]["id"], next["items"][0]["id"]);
    admin.get("/api/audit?cursor=nonsense").await.problem("invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_addresses_that_hide_something_are_refused_and_say_what() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let person = |name: &str, email: &str| json!({ "name": name, "email": email, "password": PASSWORD, "role": "user" });
    for (key, form) in [
        ("name", person("Ada\u{200B}", "eve@example.com")),
        ("name", person("A\u{E0041}da", "eve@example.com")),
        ("email", person("Eve", "a\u{AD}da@example.com")),
        ("email", person("Eve", "ada@example\u{3164}.com")),
    ] {
        let refused = admin.post("/api/users", form).await.problem("validation_failed");
        assert_eq!(refused["fields"][0]["key"], key, "{refused}");
    }
    let refused =
        admin.post("/api/locations", json!({ "name": "ne\u{2066}st" })).await.problem("validation_failed");
    assert!(refused["fields"][0]["message"].as_str().unwrap().contains("U+2066"), "{refused}");
    admin.post("/api/locations", json!({ "name": "\u{2764}\u{FE0F} nest" })).await.expect(201);
}
