//! A game's own files as forms: read, changed over what was read, and everything else left as people wrote it.

use crate::{actions::House, kit::Client, servers::is_in_state};
use serde_json::{Value, json};
use std::path::PathBuf;

const FORM: &str = "config-files/house";
const SECRET: &str = "hunter2-hunter2";

/// Where the house's file is on the disk of its node.
fn home_ini(house: &House) -> PathBuf {
    house.node.data().join("servers").join(&house.id).join("data/home.ini")
}

async fn form(client: &Client, house: &House) -> Value {
    client.get(&house.path(FORM)).await.expect(200)
}

fn field<'a>(form: &'a Value, key: &str) -> &'a Value {
    form["items"].as_array().unwrap().iter().find(|item| item["question"]["key"] == key).unwrap()
}

fn change(form: &Value, values: impl Into<Value>) -> Value {
    json!({ "version": form["version"], "values": values.into() })
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_change_their_values_and_leave_the_rest_of_the_file_as_it_was() {
    let house = House::new().await;
    let files = house.owner.get(&house.path("config-files")).await.expect(200);
    let ids: Vec<_> = files["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    assert_eq!((ids, &files["items"][0]["allowed"]), (vec![json!("house"), json!("garden")], &json!(true)));

    let seen = form(&house.owner, &house).await;
    assert_eq!(field(&seen, "open")["value"], "true");
    assert_eq!(field(&seen, "colour")["value"], "blue");
    assert_eq!(
        (&field(&seen, "rooms")["value"], &field(&seen, "rooms")["isSet"]),
        (&Value::Null, &json!(false))
    );

    let answers = json!({ "open": "false", "rooms": "7", "key": SECRET });
    let saved = house.owner.patch(&house.path(FORM), change(&seen, answers)).await.expect(200);
    assert_eq!(saved["needsRestart"], true, "the game runs");
    let text = std::fs::read_to_string(home_ini(&house)).unwrap();
    let expected =
        format!("; The house.\n[door]\nopen = false\ncolour = blue\nkey = {SECRET}\n\n[rooms]\ncount = 7\n");
    assert_eq!(text, expected);

    let again = form(&house.owner, &house).await;
    assert_eq!((&again["version"], &field(&again, "rooms")["value"]), (&saved["version"], &json!("7")));
    let key = field(&again, "key");
    assert_eq!((&key["value"], &key["isSet"]), (&Value::Null, &json!(true)), "a secret is never shown");
    let line = house.activity().await.remove(0);
    assert_eq!(line["action"], "file.form");
    let told = json!({ "path": "home.ini", "form": { "open": "false", "rooms": "7", "key": "(secret)" } });
    assert_eq!(line["after"], told);
    assert!(!house.admin.get("/api/audit").await.expect(200).to_string().contains(SECRET));
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_underneath_is_not_written_over() {
    let mut house = House::new().await;
    let seen = form(&house.owner, &house).await;
    std::fs::write(home_ini(&house), "[door]\ncolour = red\nopen = true\nopen = false\n").unwrap();
    let refused = house.owner.patch(&house.path(FORM), change(&seen, json!({ "colour": "green" }))).await;
    assert_eq!(refused.status, 412);
    refused.problem("file_changed");
    let line = house.activity().await.remove(0);
    assert_eq!((&line["action"], &line["after"]["refused"]), (&json!("file.refused"), &json!("file.form")));
    assert!(std::fs::read_to_string(home_ini(&house)).unwrap().contains("colour = red"));

    let seen = form(&house.owner, &house).await;
    let colour = field(&seen, "colour");
    assert_eq!((&colour["value"], &colour["editable"]), (&json!("red"), &json!(true)));
    assert!(colour["misfit"].as_str().unwrap().contains("not one of the choices"), "{colour}");
    assert!(field(&seen, "open")["misfit"].as_str().unwrap().contains("several values"));
    let saved = change(&seen, json!({ "colour": "green", "open": "true" }));
    house.owner.patch(&house.path(FORM), saved).await.expect(200);
    let text = std::fs::read_to_string(home_ini(&house)).unwrap();
    assert_eq!(text, "[door]\ncolour = green\nopen = true\nopen = true\n");

    house.owner.post(&house.path("power"), json!({ "action": "stop" })).await.expect(202);
    house.page.until(|frame| is_in_state(frame, "offline")).await;
    let seen = form(&house.owner, &house).await;
    let saved = house.owner.patch(&house.path(FORM), change(&seen, json!({ "colour": "blue" }))).await;
    assert_eq!(saved.expect(200)["needsRestart"], false, "nothing runs that would not know");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_yet_is_no_error_and_is_not_made() {
    let house = House::new().await;
    let garden = house.owner.get(&house.path("config-files/garden")).await.expect(200);
    assert_eq!((&garden["version"], &garden["items"][0]["isSet"]), (&Value::Null, &json!(false)));
    let path = house.path("config-files/garden");
    let guessed = json!({ "version": "1-2-3-4-5", "values": { "trees": "3" } });
    house.owner.patch(&path, guessed).await.problem("file_changed");
    let none = json!({ "version": "", "values": { "trees": "3" } });
    house.owner.patch(&path, none).await.problem("validation_failed");
    assert!(!home_ini(&house).with_file_name("garden.ini").exists());
    house.owner.get(&house.path("config-files/attic")).await.problem("not_found");

    std::fs::create_dir(home_ini(&house).with_file_name("garden.ini")).unwrap();
    house.owner.get(&path).await.problem("file_refused");
    std::fs::write(home_ini(&house), b"\xff\xfe").unwrap();
    let refused = house.owner.get(&house.path(FORM)).await.problem("file_refused");
    assert!(refused["detail"].as_str().unwrap().contains("not text"), "{refused}");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_are_for_whom_they_say_and_rights_are_those_of_files() {
    let house = House::new().await;
    let reader = house.member_with(&["server.read", "files.read"]).await;
    let seen = form(&reader, &house).await;
    assert_eq!(field(&seen, "colour")["reason"], "You need the permission files.write.");
    let refused = reader.patch(&house.path(FORM), change(&seen, json!({ "colour": "green" }))).await;
    refused.problem("forbidden");

    let members = house.owner.get(&house.path("members")).await.expect(200);
    let grace = members["items"].as_array().unwrap().iter().find(|one| one["name"] == "grace").unwrap();
    let path = house.path(&format!("members/{}", grace["userId"].as_str().unwrap()));
    let rights = json!({ "permissions": ["server.read", "files.read", "files.write"] });
    house.owner.patch(&path, rights).await.expect(200);
    let seen = form(&reader, &house).await;
    assert_eq!(field(&seen, "open")["reason"], "Only the server's owner may change this.");
    assert_eq!(field(&seen, "colour")["editable"], true);
    let wrong = json!({ "open": "false", "rooms": "many", "attic": "1", "colour": "" });
    let problem = reader.patch(&house.path(FORM), change(&seen, wrong)).await.problem("validation_failed");
    let keys: Vec<_> = problem["fields"].as_array().unwrap().iter().map(|one| one["key"].clone()).collect();
    assert_eq!(keys, ["values.attic", "values.colour", "values.open", "values.rooms"]);
    reader.patch(&house.path(FORM), change(&seen, json!({ "colour": "green" }))).await.expect(200);
    assert!(house.activity().await.iter().filter(|line| line["action"] == "file.form").count() == 1);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_limit_and_a_node_that_is_away_are_told() {
    let mut house = House::new().await;
    let seen = form(&house.owner, &house).await;
    let limits = json!({ "memoryMib": 512, "swapMib": 0, "cpuPercent": 0, "diskMib": 256, "pids": 0 });
    house.admin.patch(&house.path("limits"), limits).await.expect(200);
    // The node takes what it is told in order, and tells that it has stopped after it was told of the limit.
    house.owner.post(&house.path("power"), json!({ "action": "stop" })).await.expect(202);
    house.page.until(|frame| is_in_state(frame, "offline")).await;
    std::fs::write(home_ini(&house).with_file_name("world"), vec![1; 256 << 20]).unwrap();
    let saved = house.owner.patch(&house.path(FORM), change(&seen, json!({ "colour": "green" }))).await;
    saved.problem("quota_exceeded");
    assert!(std::fs::read_to_string(home_ini(&house)).unwrap().contains("colour = blue"));

    let House { app, owner, node, id, .. } = house;
    node.stop().await;
    let path = format!("/api/servers/{id}/config-files");
    let files = owner.get(&path).await.expect(200);
    assert_eq!(
        (&files["items"][0]["allowed"], &files["items"][0]["code"]),
        (&json!(false), &json!("node_unreachable"))
    );
    owner.get(&format!("{path}/house")).await.problem("node_unreachable");
    app.stop().await;
}
