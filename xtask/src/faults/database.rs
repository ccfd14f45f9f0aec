//! PostgreSQL dies under the control plane, once after another or for a while.

use super::{
    crash::one_process,
    plane::burst_while,
    wait::{check, throughout, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use std::time::Duration;

/// How long the pools may take to notice that the database is back.
const HEALED: Duration = Duration::from_secs(10);
const GONE: Duration = Duration::from_secs(20);

/// F16: five crashes of the database while people keep asking.
pub fn restarts(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let playing = world.counting("plays on", 20)?;
    let container = world.engine.container(&playing)?;
    let cluster = &world.cluster;
    let names = burst_while(&world.admin, &world.node, |answers| {
        for _ in 0..5 {
            answers.more(10, SOON)?;
            cluster.crash()?;
            cluster.start()?;
            answers.more(1, HEALED)?;
        }
        answers.more(20, HEALED)
    })?;
    world.check_once(&names)?;
    world.control_plane.alive()?;
    world.runs_on(&playing, &container, SOON)?;
    one_process(&world.counts_on(&playing, 20)?)
}

/// F17, for 20 s.
pub fn outage(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let playing = world.counting("plays on", 20)?;
    let container = world.engine.container(&playing)?;
    let form =
        world.form("is installed meanwhile", false, &serde_json::json!({ "steps": "4", "step_ms": "1000" }));
    let installing = world.admin.create(&form, None)?;
    let operation = world.latest_operation(&installing)?;
    let plane = world.control_plane.pid();
    world.cluster.crash()?;
    until("the control plane says that it cannot serve", SOON, || {
        match world.admin.ask("GET", "/ready", None, None) {
            Ok((503, _)) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })?;
    throughout("it lives and refuses in order", GONE, || {
        let health = world.admin.ask("GET", "/health", None, None).map_err(|error| error.to_string())?.0;
        let asked = world.admin.ask("GET", "/api/servers", None, None).map_err(|error| error.to_string())?;
        let container_now = world.engine.container(&playing).map_err(|error| error.to_string())?;
        let holds = health == 200 && asked.0 == 503 && container_now == container;
        if holds { Ok(()) } else { Err(format!("health {health}, asked {asked:?}, {container_now:?}")) }
    })?;
    world.cluster.start()?;
    until("it serves again by itself", HEALED, || {
        match world.admin.ask("GET", "/api/servers", None, None) {
            Ok((200, _)) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })?;
    check(world.control_plane.pid() == plane, || "the control plane was started again".into())?;
    world.ends_well(&installing, &operation, 4)?;
    world.wait_until_connected(SOON)?;
    one_process(&world.counts_on(&playing, 20)?)
}
