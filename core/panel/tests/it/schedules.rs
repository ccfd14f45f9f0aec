//! Schedules on a real node: a plugin's actions done by them, what is told of it, and what they change of the server.

use crate::{actions::House, servers::is_in_state};
use serde_json::{Value, json};

const SECRET: &str = "hunter2-hunter2";

fn nightly(steps: &Value) -> Value {
    json!({ "name": "Nightly", "cron": "0 4 * * *", "timeZone": "Europe/Berlin", "steps": steps })
}

impl House {
    async fn schedule(&self, steps: Value) -> String {
        let made = self.owner.post(&self.path("schedules"), nightly(&steps)).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    /// Runs it by hand and waits for its end.
    async fn follow(&mut self, id: &str) -> Value {
        let started = self.begin(id).await;
        self.ended(id, &started).await
    }

    async fn begin(&mut self, id: &str) -> Value {
        let topic = format!("server:{}", self.id);
        let path = self.path(&format!("schedules/{id}"));
        self.page.say(json!({ "type": "subscribe", "topics": ["servers", topic] })).await;
        // A node that has not heard of it yet says so, and something comes each second.
        loop {
            let answer = self.owner.post(&format!("{path}/run"), json!({})).await;
            if answer.status == 202 {
                return answer.expect(202)["runId"].clone();
            }
            answer.problem("conflict");
            self.page.until(|_| true).await;
        }
    }

    async fn ended(&mut self, id: &str, started: &Value) -> Value {
        let path = self.path(&format!("schedules/{id}"));
        loop {
            let runs = self.owner.get(&format!("{path}/runs")).await.expect(200);
            if let Some(run) = runs["items"].as_array().unwrap().iter().find(|run| run["id"] == *started)
                && run["state"] != "running"
            {
                return run.clone();
            }
            self.page.until(|frame| frame["type"] == "schedules").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_secret_stays_with_the_answers_that_it_was_given_for() {
    let house = House::new().await;
    let member =
        house.member_with(&["server.read", "schedules.read", "schedules.update", "actions.use"]).await;
    let steps = json!([{ "type": "action", "action": "repeat", "form": { "word": "moss", "key": SECRET } }]);
    let path = house.path(&format!("schedules/{}", house.schedule(steps).await));
    let with = |word: &str| {
        let form = json!({ "word": word, "times": "1" });
        json!({ "steps": [{ "type": "action", "action": "repeat", "form": form, "keepSecretsOf": 0 }] })
    };
    let refused = member.patch(&path, with("fern")).await.expect(400);
    assert_eq!(refused["fields"][0]["key"], "steps.0.keepSecretsOf", "{refused}");
    let same = member.patch(&path, with("moss")).await.expect(200);
    assert_eq!(same["steps"][0]["secrets"], json!(["key"]));
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_of_a_schedule_is_done_by_the_node_and_its_secret_is_shown_to_nobody() {
    let mut house = House::new().await;
    let form = json!({ "word": "moss", "key": SECRET });
    let steps = json!([{ "type": "action", "action": "repeat", "form": form }]);
    let id = house.schedule(steps).await;
    let path = house.path(&format!("schedules/{id}"));
    let seen = house.owner.get(&path).await.expect(200);
    assert_eq!(seen["steps"][0]["form"], json!({ "word": "moss", "times": "1" }));
    assert_eq!(seen["steps"][0]["secrets"], json!(["key"]));
    let run = house.follow(&id).await;
    assert_eq!((&run["state"], &run["cause"]["name"]), (&json!("succeeded"), &json!("olga")), "{run}");
    assert_eq!(run["steps"][0]["message"], "Somebody said moss.");
    // A secret that is left out stays, if it is said whose; else it is gone.
    let kept =
        json!([{ "type": "action", "action": "repeat", "form": { "word": "fern" }, "keepSecretsOf": 0 }]);
    let changed = house.owner.patch(&path, json!({ "steps": kept })).await.expect(200);
    assert_eq!(changed["steps"][0]["secrets"], json!(["key"]));
    let other = json!([{ "type": "action", "action": "repeat", "form": { "word": "fern" } }]);
    house.owner.patch(&path, json!({ "steps": other })).await.expect(200);
    let all = [
        house.admin.get("/api/audit").await.expect(200),
        house.owner.get(&format!("{path}/runs")).await.expect(200),
        house.owner.get(&house.path("schedules")).await.expect(200),
    ];
    assert!(!json!(all).to_string().contains(SECRET));
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_of_a_plugin_are_checked_against_its_offer_and_within_ones_standing() {
    let house = House::new().await;
    let rights = ["server.read", "schedules.read", "schedules.create", "schedules.update", "actions.use"];
    let member = house.member_with(&rights).await;
    let path = house.path("schedules");
    let steps = json!([
        { "type": "wait", "seconds": 1 },
        { "type": "action", "action": "repeat", "form": { "word": "NO" } },
        { "type": "action", "action": "dance" },
        { "type": "broadcast", "text": "two\nlines" },
    ]);
    let problem = house.owner.post(&path, nightly(&steps)).await.problem("validation_failed");
    let keys: Vec<_> = problem["fields"].as_array().unwrap().iter().map(|field| &field["key"]).collect();
    assert_eq!(keys, ["steps.1.form.word", "steps.2.action", "steps.3.text"], "{problem}");
    // The door is its owner's.
    let open = json!([{ "type": "action", "action": "open", "form": { "open": "false" } }]);
    let hidden = member.post(&path, nightly(&open)).await.problem("validation_failed");
    assert_eq!(hidden["fields"][0]["key"], "steps.0.action");
    let id = house.schedule(open).await;
    let run = house.path(&format!("schedules/{id}/run"));
    member.post(&run, json!({})).await.problem("forbidden");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_by_schedule_is_what_is_wanted_from_then_on() {
    let mut house = House::new().await;
    let steps = json!([
        { "type": "broadcast", "text": "Good night." },
        { "type": "power", "action": "stop" },
    ]);
    let id = house.schedule(steps).await;
    let run = house.follow(&id).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    let server = house.path("");
    let server = server.trim_end_matches('/');
    let seen = house.owner.get(server).await.expect(200);
    assert_eq!(
        (&seen["desired"], &seen["observed"]["state"]),
        (&json!("stopped"), &json!("offline")),
        "{seen}"
    );
    let line = house.activity().await.into_iter().find(|line| line["action"] == "server.stop").unwrap();
    assert_eq!((&line["after"]["schedule"], &line["actor"]), (&json!("Nightly"), &Value::Null), "{line}");
    // What comes down later does not start it, and somebody who starts it does.
    house.owner.patch(server, json!({ "name": "Quiet house" })).await.expect(200);
    house.owner.post(&house.path("power"), json!({ "action": "start" })).await.expect(202);
    house.page.until(|frame| is_in_state(frame, "running")).await;
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_called_off_ends_where_it_is() {
    let mut house = House::new().await;
    let id = house.schedule(json!([{ "type": "wait", "seconds": 3600 }])).await;
    let path = house.path(&format!("schedules/{id}/call-off"));
    let started = house.begin(&id).await;
    house.owner.post(&path, json!({})).await.expect(204);
    let run = house.ended(&id, &started).await;
    assert_eq!((&run["state"], &run["reason"]), (&json!("cancelled"), &json!("olga called it off.")));
    house.owner.post(&path, json!({})).await.problem("conflict");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_says_what_it_means_before_it_is_kept() {
    let house = House::new().await;
    let times = async |cron: &str| {
        let path = format!("/api/schedules/times?timeZone=UTC&cron={}", cron.replace(' ', "%20"));
        house.owner.get(&path).await
    };
    let told = times("0 4 * * *").await.expect(200);
    assert_eq!(
        (told["description"].as_str().unwrap(), told["next"].as_array().unwrap().len()),
        ("At 04:00.", 5)
    );
    let problem = times("61 4 * * *").await.problem("validation_failed");
    assert_eq!(problem["fields"][0]["key"], "cron");
    house.end().await;
}
