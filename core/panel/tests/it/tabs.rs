//! Pages that a game's plugin fills: for whom, by whom, how often, and what can be done from there.

use crate::{
    actions::House,
    kit::{TestApp, TestNode},
    servers::running,
};
use serde_json::{Value, json};

fn block<'a>(page: &'a Value, kind: &str) -> &'a Value {
    page["blocks"].as_array().unwrap().iter().find(|block| block["type"] == kind).unwrap()
}

fn drawn(page: &Value) -> &str {
    block(page, "facts")["facts"][0]["value"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_for_whom_they_say_and_drawn_once_for_all_who_look() {
    let house = House::new().await;
    let ids = |tabs: &Value| -> Vec<String> {
        tabs["items"].as_array().unwrap().iter().map(|tab| tab["id"].as_str().unwrap().to_owned()).collect()
    };
    let member = house.member_with(&["server.read", "tabs.read"]).await;
    assert_eq!(ids(&house.owner.get(&house.path("tabs")).await.expect(200)), ["house", "books"]);
    let tabs = member.get(&house.path("tabs")).await.expect(200);
    assert_eq!((ids(&tabs), &tabs["items"][0]["refreshMs"]), (vec!["house".to_owned()], &json!(60_000)));
    member.get(&house.path("tabs/books")).await.problem("not_found");
    house.owner.get(&house.path("tabs/attic")).await.problem("not_found");

    let path = house.path("tabs/house");
    let (one, two) = tokio::join!(house.owner.get(&path), member.get(&path));
    let (one, two) = (one.expect(200), two.expect(200));
    assert_eq!((drawn(&one), &one), ("1", &two), "it is drawn once, however many look");
    let kinds: Vec<_> = one["blocks"].as_array().unwrap().iter().map(|block| block["type"].clone()).collect();
    assert_eq!(kinds, ["heading", "text", "note", "facts", "table", "chart", "form"]);
    assert_eq!(block(&one, "text")["text"], "Be kind.");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rows_button_is_an_action_and_the_page_is_drawn_anew_after_it() {
    let house = House::new().await;
    let path = house.path("tabs/house");
    let page = house.owner.get(&path).await.expect(200);
    assert_eq!(drawn(&house.owner.get(&path).await.expect(200)), "1");
    let button = &block(&page, "table")["rows"][0]["actions"][0];
    let form: serde_json::Map<_, _> = button["form"]
        .as_array()
        .unwrap()
        .iter()
        .map(|setting| (setting["key"].as_str().unwrap().to_owned(), setting["value"].clone()))
        .collect();
    let action = house.path(&format!("actions/{}", button["action"].as_str().unwrap()));
    let done = house.owner.post(&action, json!({ "form": form })).await.expect(200);
    assert_eq!(done["messages"], json!(["Somebody said moss."]));
    assert_eq!(drawn(&house.owner.get(&path).await.expect(200)), "2");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugins_no_is_told_in_its_own_words_and_a_node_that_is_away_says_so() {
    let house = House::new().await;
    let refused = house.owner.get(&house.path("tabs/books")).await.problem("action_refused");
    assert_eq!(refused["detail"], "The books are locked away.");
    let House { app, owner, node, id, .. } = house;
    node.stop().await;
    let tabs = owner.get(&format!("/api/servers/{id}/tabs")).await.expect(200);
    assert_eq!(tabs["items"][0]["code"], "node_unreachable");
    owner.get(&format!("/api/servers/{id}/tabs/house")).await.problem("node_unreachable");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_plays_is_asked_of_the_game_and_each_can_be_kicked() {
    let app = TestApp::with_games().await;
    let admin = app.admin().await;
    let node = TestNode::join(&admin).await;
    let (id, _page) = running(&admin, &node).await;
    let tabs = admin.get(&format!("/api/servers/{id}/tabs")).await.expect(200);
    assert_eq!((&tabs["items"][0]["id"], &tabs["items"][0]["title"]), (&json!("match"), &json!("Match")));
    let page = admin.get(&format!("/api/servers/{id}/tabs/match")).await.expect(200);
    let table = block(&page, "table");
    let kick =
        json!([{ "action": "kick", "label": "Kick", "form": [{ "key": "player", "value": "Grace" }] }]);
    assert_eq!(table["rows"], json!([{ "cells": ["Grace", "3", "50 ms"], "actions": kick }]));
    assert_eq!(block(&page, "chart")["series"], json!(["players"]));
    node.stop().await;
    app.stop().await;
}
