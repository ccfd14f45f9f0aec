//! Sharing a server, and taking it back.

use crate::{
    kit::{Page, TestApp, TestNode},
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
