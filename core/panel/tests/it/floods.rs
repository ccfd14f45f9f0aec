//! Too much of everything over WebSockets: sockets, commands, lines that nobody reads.

use crate::{
    kit::{Page, TestApp, TestNode},
    servers::running,
};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn sockets_of_one_network_that_say_nothing_leave_room_for_others() {
    let app = TestApp::start().await;
    let (admin, stranger) = (app.admin().await, app.visitor());
    let mut silent = Vec::new();
    let refused = loop {
        match Page::dial(&stranger, "/api/ws/live", Some(&stranger.url)).await {
            Ok(page) => silent.push(page),
            Err(error) => break error.to_string(),
        }
        assert!(silent.len() < 1_000, "nobody was ever refused");
    };
    assert!(refused.contains("503"), "{refused}");
    Page::live(&admin, &["servers"]).await;
    // They are shown out for their silence, and then there is room again.
    for mut page in silent {
        assert_eq!(page.closed().await, Some(4401));
    }
    assert!(Page::dial(&stranger, "/api/ws/live", Some(&stranger.url)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn flood_of_commands_is_refused_beyond_the_limit() {
    const LIMIT: usize = 60;
    let app = TestApp::with(|settings| {
        settings.edge.general_per_minute = u32::try_from(LIMIT).unwrap().try_into().unwrap();
        settings.plugins_dir = Some(crate::kit::plugins());
    })
    .await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, _) = running(&admin, &node).await;
    let mut console = Page::console(&admin, &id).await;
    for number in 0..2 * LIMIT {
        console.say(json!({ "type": "command", "id": number.to_string(), "command": format!("say flood-{number}") })).await;
    }
    let (mut accepted, mut refused) = (0, 0);
    while accepted + refused < 2 * LIMIT {
        let answer = console.until(|frame| frame["type"] == "accepted" || frame["type"] == "refused").await;
        if answer["type"] == "accepted" {
            accepted += 1;
        } else {
            assert_eq!(answer["problem"]["code"], "rate_limited", "{answer}");
            refused += 1;
        }
    }
    assert!(accepted <= LIMIT + 2, "{accepted} commands were taken");
    assert!(accepted > 0 && refused > 0, "{accepted} {refused}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn page_that_reads_nothing_is_let_go_and_others_are_served() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut deaf = Page::live(&admin, &["servers"]).await;
    let wish = json!({ "type": "subscribe", "topics": vec!["servers"; 100] });
    // Each wish is answered, until the answers fill all that lies between; then the other end stops to listen, and hangs up.
    let let_go = timeout(Duration::from_secs(60), async { while deaf.can_say(&wish).await {} });
    let (let_go, _) = tokio::join!(let_go, Page::live(&admin, &["servers"]));
    assert!(let_go.is_ok(), "it is still waited for");
    Page::live(&admin, &["servers"]).await;
}
