//! Sharing a server, and taking it back.

use crate::{
    kit::{Client, Page, TestApp, TestNode},
    servers::running,
};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn member_may_do_what_was_allowed_and_hears_at_once_when_it_ends() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, _page) = running(&admin, &node).await;
    let friend = app.person(&admin, "grace", "limited").await;
    friend.get(&format!("/api/servers/{id}")).await.problem("not_found");

    let rights = json!(["server.read", "console.read", "members.create"]);
    let form = json!({ "email": "grace@example.com", "permissions": rights });
    let member = admin.post(&format!("/api/servers/{id}/members"), form).await.expect(201);
    let seen = friend.get(&format!("/api/servers/{id}")).await.expect(200);
    assert_eq!(seen["permissions"], json!(["server.read", "console.read", "members.create"]));
    friend
        .post(&format!("/api/servers/{id}/console"), json!({ "command": "quit" }))
        .await
        .problem("forbidden");

    let mut console = Page::console(&friend, &id).await;
    console.until(|frame| frame["type"] == "lines").await;
    let user = member["userId"].as_str().unwrap();
    admin.delete(&format!("/api/servers/{id}/members/{user}")).await.expect(204);
    console.until(|frame| frame["type"] == "revoked").await;
    friend.get(&format!("/api/servers/{id}")).await.problem("not_found");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_away_a_right_that_they_have_not() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, _page) = running(&admin, &node).await;
    let friend = app.person(&admin, "grace", "limited").await;
    app.person(&admin, "joan", "limited").await;
    let members = format!("/api/servers/{id}/members");
    let form = json!({ "email": "grace@example.com", "permissions": ["server.read", "members.create"] });
    admin.post(&members, form).await.expect(201);
    let form = json!({ "email": "joan@example.com", "permissions": ["server.read", "server.delete"] });
    let refused = friend.post(&members, form).await;
    assert!(refused.status.is_client_error(), "{}", refused.body);
    assert_eq!(admin.get(&members).await.expect(200)["items"].as_array().unwrap().len(), 1);
    node.stop().await;
}

/// What the answer tells of an address is what the owner needs to know, and nobody is to ask it about a list of them.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_share_a_server_does_not_find_out_who_has_an_account() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, _page) = running(&admin, &node).await;
    let friend = app.person(&admin, "grace", "limited").await;
    app.person(&admin, "joan", "limited").await;
    let members = format!("/api/servers/{id}/members");
    let form = json!({ "email": "grace@example.com", "permissions": ["server.read", "members.create"] });
    admin.post(&members, form).await.expect(201);
    let ask = async |person: &Client, name: String| {
        let email = format!("{name}@example.com");
        person.post(&members, json!({ "email": email, "permissions": ["server.read"] })).await
    };
    for number in 0..19 {
        ask(&friend, format!("guess{number}")).await.problem("validation_failed");
    }
    let twentieth = ask(&friend, "joan".to_owned()).await;
    assert_eq!(
        (twentieth.header("x-ratelimit-limit"), twentieth.header("x-ratelimit-remaining")),
        ("20", "0")
    );
    twentieth.expect(201);
    // From then on the two look the same.
    for name in ["ada", "guess"] {
        let answer = ask(&friend, name.to_owned()).await;
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=180).contains(&wait), "{wait}");
        answer.problem("rate_limited");
    }
    // An administrator sees all accounts anyway.
    for number in 0..21 {
        ask(&admin, format!("guess{number}")).await.problem("validation_failed");
    }
    node.stop().await;
}
