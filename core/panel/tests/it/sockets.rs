//! Who may open a WebSocket, and when it ends.

use crate::kit::{Page, TestApp};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn socket_from_another_origin_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert!(Page::dial(&admin, "/api/ws/live", Some("https://evil.example")).await.is_err());
    assert!(Page::dial(&admin, "/api/ws/live", None).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn ticket_opens_one_socket_and_no_other() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let ticket = admin.ticket().await;
    let open = async || {
        let mut page = Page::dial(&admin, "/api/ws/live", Some(&admin.url)).await.unwrap();
        page.say(json!({ "type": "authenticate", "token": ticket })).await;
        page.say(json!({ "type": "subscribe", "topics": ["servers"] })).await;
        page
    };
    open().await.until(|frame| frame["type"] == "subscribed").await;
    assert_eq!(open().await.closed().await, Some(4401));
}

#[tokio::test(flavor = "multi_thread")]
async fn frame_before_the_ticket_closes_the_socket() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut page = Page::dial(&admin, "/api/ws/live", Some(&admin.url)).await.unwrap();
    page.say(json!({ "type": "subscribe", "topics": ["servers"] })).await;
    assert_eq!(page.closed().await, Some(4401));
}

#[tokio::test(flavor = "multi_thread")]
async fn live_page_ends_when_its_session_does() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut page = Page::live(&admin, &["servers"]).await;
    admin.post("/api/auth/sign-out", json!({})).await.expect(204);
    assert_eq!(page.closed().await, Some(4409));
}

#[tokio::test(flavor = "multi_thread")]
async fn control_plane_that_stops_says_goodbye() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut page = Page::live(&admin, &["servers"]).await;
    let (code, ()) = tokio::join!(page.closed(), app.stop());
    assert_eq!(code, Some(1001));
}
