//! Schedules whose times come while somebody is away.

use super::{
    client::text,
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::{Value, json};
use std::time::Duration;

/// Within which a schedule of every minute was followed once more.
const A_MINUTE: Duration = Duration::from_secs(75);

/// F34: a schedule of every minute, and one that stops a game, while the control plane is away; then the daemon dies and is away over a
/// time as well. Each time is followed once, all of it is told, and the stopped game stays so.
pub fn while_away(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let (plays, stops) = (world.counting("plays on", 10)?, world.counting("is stopped", 10)?);
    let minutes =
        world.schedule(&plays, "Minutes", "* * * * *", &json!([{ "type": "command", "command": "note" }]))?;
    let stop = json!([{ "type": "power", "action": "stop" }]);
    world.schedule(&stops, "Stop", "* * * * *", &stop)?;
    until("the daemon knows of them", SOON, || world.all_is_acknowledged())?;
    world.control_plane.kill()?;
    until("the minutes are followed twice without the control plane", A_MINUTE * 2, || {
        world.was_followed(&plays, 2)
    })?;
    until("the game is stopped by its schedule", SOON, || world.is_at_daemon(&stops, "offline"))?;
    world.daemon.kill()?;
    let now = minute()?;
    until("a minute passes", A_MINUTE, || {
        let then = minute().map_err(|error| error.to_string())?;
        if then > now { Ok(()) } else { Err("it is still the same".to_owned()) }
    })?;
    world.daemon.start()?;
    until("what was missed is made up for", SOON, || world.was_followed(&plays, 3))?;
    world.control_plane.start()?;
    world.wait_until_ready()?;
    world.wait_until_connected(A_MINUTE)?;
    world.wait_until_told()?;
    world.followed_each_minute_once(&minutes)?;
    let view = world.view(&stops)?;
    check(view["desired"] == "stopped", || format!("the stopped game is desired as {}", view["desired"]))?;
    world.admin.rename(&stops, "is stopped all the same")?;
    until("the daemon heard of the new name", SOON, || world.all_is_acknowledged())?;
    world.wait_for_state(&stops, "offline", SOON)?;
    for server in [&plays, &stops] {
        world.forget_schedules(server)?;
    }
    Ok(())
}

fn minute() -> Result<u64> {
    Ok(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs() / 60)
}

impl World {
    fn schedule(&self, server: &str, name: &str, cron: &str, steps: &Value) -> Result<String> {
        let form =
            json!({ "name": name, "cron": cron, "timeZone": "UTC", "when": "running", "steps": steps });
        let made = self.admin.must("POST", &format!("/api/servers/{server}/schedules"), Some(&form))?;
        text(&made, "/id")
    }

    fn forget_schedules(&self, server: &str) -> Result<()> {
        let path = format!("/api/servers/{server}/schedules");
        for schedule in self.admin.get(&path)?["items"].as_array().cloned().unwrap_or_default() {
            self.admin.must("DELETE", &format!("{path}/{}", text(&schedule, "/id")?), None)?;
        }
        Ok(())
    }

    /// Every minute from the first to the last, none twice, and all of them succeeded.
    fn followed_each_minute_once(&self, schedule: &str) -> Result<()> {
        let runs = self.sql(&format!(
            "SELECT count(*) || ' ' || count(DISTINCT due) || ' ' || (extract(epoch FROM max(due) - min(due)) / 60 + 1)::bigint
             || ' ' || count(*) FILTER (WHERE state <> 'succeeded')
             FROM (SELECT (run->'cause'->>'dueAt')::timestamptz AS due, run->>'state' AS state
                   FROM schedule_runs WHERE schedule_id = '{schedule}') AS runs"
        ))?;
        let numbers: Vec<u64> = runs.split(' ').map(str::parse).collect::<std::result::Result<_, _>>()?;
        let [all, times, minutes, others] = numbers[..] else { return Err(runs.into()) };
        check(all >= 3 && all == times && all == minutes && others == 0, || {
            format!("{all} runs of {times} times within {minutes} minutes, {others} without success")
        })
    }

    fn all_is_acknowledged(&self) -> std::result::Result<(), String> {
        let query = "SELECT count(*) FROM servers WHERE acknowledged_generation < generation";
        match self.sql(query).map_err(|error| error.to_string())?.as_str() {
            "0" => Ok(()),
            waiting => Err(format!("{waiting} servers wait")),
        }
    }

    /// Whether the server's console says so often that a schedule began.
    fn was_followed(&self, server: &str, times: usize) -> std::result::Result<(), String> {
        let path = format!("/v1/servers/{server}/console?after=0&limit=10000");
        let page = self.ask_daemon(&path).map_err(|error| error.to_string())?;
        let lines = page["lines"].as_array().cloned().unwrap_or_default();
        let began = lines
            .iter()
            .filter(|line| line["text"].as_str().is_some_and(|text| text.starts_with("The schedule")));
        let count = began.count();
        if count >= times { Ok(()) } else { Err(format!("{count} times so far")) }
    }

    fn is_at_daemon(&self, server: &str, state: &str) -> std::result::Result<(), String> {
        let servers = self.ask_daemon("/v1/servers").map_err(|error| error.to_string())?;
        let all = servers.as_array().cloned().unwrap_or_default();
        let seen = all.iter().find(|one| one["id"] == server).map(|one| one["observed"]["state"].clone());
        if seen.as_ref().is_some_and(|seen| seen == state) { Ok(()) } else { Err(format!("it is {seen:?}")) }
    }
}
