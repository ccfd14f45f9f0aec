//! Backups on a real node: asked for over HTTP, made beside a game that holds still, put back, and fetched as they are.

use crate::actions::House;
use gantry_agent::data::DataDir;
use reqwest::Method;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

impl House {
    /// A file of the game, on the node's disk.
    fn file(&self, name: &str) -> PathBuf {
        DataDir::open(self.node.data()).unwrap().server_files(self.id.parse().unwrap()).join(name)
    }

    async fn listed(&self) -> Vec<Value> {
        self.owner.get(&self.path("backups")).await.expect(200)["items"].as_array().unwrap().clone()
    }

    async fn watch(&mut self) {
        let topic = format!("server:{}", self.id);
        self.page.say(json!({ "type": "subscribe", "topics": ["servers", topic] })).await;
    }

    async fn settled(&mut self, id: &Value) -> Value {
        loop {
            let listed = self.listed().await;
            let found = listed.iter().find(|one| one["id"] == *id && one["state"] != "running");
            if let Some(backup) = found {
                return backup.clone();
            }
            self.page.until(|frame| frame["type"] == "backups").await;
        }
    }

    /// Makes one and waits for its end.
    async fn back_up(&mut self, name: &str) -> Value {
        self.watch().await;
        let made = self.owner.post(&self.path("backups"), json!({ "name": name })).await.expect(202);
        assert_eq!(made["name"], name);
        self.settled(&made["id"]).await
    }

    /// Waits until the game runs.
    async fn runs(&mut self) {
        let server = self.path("").trim_end_matches('/').to_owned();
        while self.owner.get(&server).await.expect(200)["observed"]["state"] != "running" {
            self.page.until(|_| true).await;
        }
    }

    /// Puts one back and waits for the end of that.
    async fn restore(&mut self, id: &Value) {
        let path = self.path(&format!("backups/{}/restore", id.as_str().unwrap()));
        let accepted = self.owner.post(&path, json!({})).await.expect(202);
        let path = self.path("operations");
        loop {
            let operations = self.owner.get(&path).await.expect(200);
            let items = operations["items"].as_array().unwrap();
            let ended =
                items.iter().find(|one| one["id"] == accepted["operationId"] && !one["endedAt"].is_null());
            if let Some(operation) = ended {
                assert_eq!(
                    (&operation["kind"], &operation["state"]),
                    (&json!("restore"), &json!("succeeded")),
                    "{operation}"
                );
                return;
            }
            self.page.until(|_| true).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_made_put_back_fetched_and_deleted() {
    let mut house = House::new().await;
    fs::write(house.file("world.txt"), "as it was").unwrap();
    let made = house.back_up("Before the party").await;
    assert_eq!((&made["state"], &made["quiesce"]), (&json!("ready"), &json!("quiesced")), "{made}");
    assert_eq!(made["cause"], json!({ "type": "person", "name": "olga" }));
    fs::write(house.file("world.txt"), "as it is").unwrap();
    house.restore(&made["id"]).await;
    house.runs().await;
    assert_eq!(fs::read_to_string(house.file("world.txt")).unwrap(), "as it was");

    let one = house.path(&format!("backups/{}", made["id"].as_str().unwrap()));
    let fetched = house.owner.request(Method::GET, &format!("{one}/content")).send().await.unwrap();
    assert_eq!(fetched.status(), 200);
    let name = fetched.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(name.starts_with("attachment; filename*=UTF-8''House-") && name.contains(".tar.zst"), "{name}");
    let archive = fetched.bytes().await.unwrap();
    assert_eq!(json!(archive.len()), made["archiveBytes"]);
    assert_eq!(&archive[..4], [0x28, 0xb5, 0x2f, 0xfd]);

    house.owner.patch(&one, json!({ "locked": true, "name": "Kept" })).await.expect(200);
    house.owner.delete(&one).await.problem("backup_in_use");
    house.owner.patch(&one, json!({ "locked": false })).await.expect(200);
    house.owner.delete(&one).await.expect(204);
    assert!(house.listed().await.is_empty());
    house.owner.delete(&one).await.problem("not_found");
    let actions: Vec<_> = house.activity().await.iter().map(|line| line["action"].clone()).collect();
    for action in ["backup.create", "backup.restore", "backup.download", "backup.update", "backup.delete"] {
        assert!(actions.contains(&json!(action)), "{action}: {actions:?}");
    }
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_backups_holds_and_says_so_beforehand() {
    let mut house = House::new().await;
    let server = house.path("");
    let server = server.trim_end_matches('/').to_owned();
    let limits = house.owner.get(&server).await.expect(200)["limits"].clone();
    assert_eq!(limits["backups"], 5, "{limits}");
    let mut fewer = limits.clone();
    fewer["backups"] = json!(1);
    house.admin.patch(&house.path("limits"), fewer).await.expect(200);
    let made = house.back_up("The only one").await;
    assert_eq!(made["state"], "ready", "{made}");
    let view = house.owner.get(&house.path("backups")).await.expect(200);
    assert_eq!(
        (&view["limit"], &view["refusal"]),
        (&json!(1), &json!("1 of 1 backups are there; delete one to make room."))
    );
    house.owner.post(&house.path("backups"), json!({})).await.problem("too_many_backups");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_s_backup_is_in_the_list_and_only_whoever_may_make_some_writes_it() {
    let mut house = House::new().await;
    house.watch().await;
    let nightly = json!({
        "name": "Nightly", "cron": "0 4 * * *", "timeZone": "Europe/Berlin", "steps": [{ "type": "backup" }],
    });
    let member = house.member_with(&["server.read", "schedules.read", "schedules.create"]).await;
    let problem = member.post(&house.path("schedules"), nightly.clone()).await.problem("forbidden");
    assert!(problem["detail"].as_str().unwrap().contains("backups.create"), "{problem}");
    let made = house.owner.post(&house.path("schedules"), nightly).await.expect(201);
    let run = house.path(&format!("schedules/{}/run", made["id"].as_str().unwrap()));
    // A node that has not heard of it yet says so, and something comes each second.
    while house.owner.post(&run, json!({})).await.status != 202 {
        house.page.until(|_| true).await;
    }
    let backup = loop {
        if let Some(backup) = house.listed().await.first() {
            break backup["id"].clone();
        }
        house.page.until(|frame| frame["type"] == "backups").await;
    };
    let backup = house.settled(&backup).await;
    assert_eq!(
        (&backup["state"], &backup["cause"]["name"]),
        (&json!("ready"), &json!("Nightly")),
        "{backup}"
    );
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_lock_backups_makes_none_that_is_locked() {
    let house = House::new().await;
    let member = house.member_with(&["server.read", "backups.read", "backups.create"]).await;
    let wish = |locked: bool| json!({ "name": "Mine", "locked": locked });
    member.post(&house.path("backups"), wish(true)).await.expect(403);
    assert_eq!(house.listed().await, Vec::<Value>::new());
    member.post(&house.path("backups"), wish(false)).await.expect(202);
    house.end().await;
}
