//! Both programs die while a node is drained, and while its servers come back.

use super::{
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::{Value, json};
use std::time::Duration;

const SERVERS: usize = 3;
const ROUNDS: u32 = 3;
/// A little longer than a drain takes that gives players no time, or the return of its servers.
const WORK: Duration = Duration::from_millis(2_500);

/// S3: a drain that was asked for is done, nothing starts meanwhile, and its end brings back what is to run; whatever dies.
pub fn cut_off(world: &mut World, watch: &mut Watch, parts: &Parts) -> Result<()> {
    let mut chance = parts.chance("S3");
    let names = (0..SERVERS).map(|number| format!("is drained {number}"));
    let servers: Vec<String> = names.map(|name| world.counting(&name, 5)).collect::<Result<_>>()?;
    let path = format!("/api/nodes/{}/drain", world.node);
    for round in 1..=ROUNDS {
        let wish = json!({ "waitSeconds": round - 1, "backup": true, "message": "Down in {time}." });
        world.admin.must("PUT", &path, Some(&wish))?;
        chance.pause(WORK);
        world.crash_daemon()?;
        chance.pause(WORK);
        world.crash_control_plane()?;
        world.wait_until_ready()?;
        world.wait_until_connected(SOON)?;
        let done = world.drained()?;
        for server in &servers {
            check(world.engine.container(server).is_err(), || format!("{server} runs: {done}"))?;
            let backups = world.admin.get(&format!("/api/servers/{server}/backups"))?;
            let made = backups["items"].as_array().into_iter().flatten();
            let made = made.filter(|one| one["cause"]["type"] == "drain" && one["state"] == "ready").count();
            check(made >= round as usize, || format!("{made} backups after {round} drains: {backups}"))?;
        }
        world.admin.must("DELETE", &path, None)?;
        chance.pause(WORK);
        world.crash_daemon()?;
        world.wait_until_connected(SOON)?;
        for server in &servers {
            watch.expect_starts(server, 1);
            world.wait_for_state(server, "running", SOON)?;
        }
    }
    Ok(())
}

impl World {
    fn drained(&self) -> Result<Value> {
        until("the node is drained", SOON, || {
            let path = format!("/api/nodes/{}", self.node);
            let view = self.admin.get(&path).map_err(|error| error.to_string())?;
            let drain = view["drain"].clone();
            if drain["done"] == true { Ok(drain) } else { Err(drain.to_string()) }
        })
    }
}
