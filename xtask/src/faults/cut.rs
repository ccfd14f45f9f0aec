//! The link between daemon and control plane is cut, or swallows what is sent.

use super::{
    crash::one_process,
    proxy::Way,
    wait::{check, throughout},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::Value;
use std::time::{Duration, Instant};

/// Attempts to connect follow each other with growing pauses of at most 30 s.
const HEALED: Duration = Duration::from_secs(45);
/// For so long a bad link is looked at, and so often the node may come or go meanwhile.
const STEADY: Duration = Duration::from_secs(60);
const MOST_CHANGES: u32 = 2;

/// F28, short: connections end and none is taken.
pub fn short(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    outage(world, Way::Cut, Duration::from_secs(3))
}

/// F28: nobody is told that there is nobody.
pub fn long(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    outage(world, Way::Swallowed, Duration::from_secs(60))
}

/// F28: the deadline passes while the link is cut. Wishes of ten minutes and more are made to end at once, in the
/// database; the product has no setting for it.
pub fn late(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let (restarts, reinstalls) =
        (world.counting("is to restart", 20)?, world.counting("is to reinstall", 20)?);
    let stops = world.counting("is to stop", 20)?;
    let containers = [world.engine.container(&restarts)?, world.engine.container(&reinstalls)?];
    world.proxy.make(Way::Swallowed);
    world.wait_for_node("disconnected", SOON)?;
    let mut asked = Vec::new();
    for (server, action) in [(&restarts, "restart"), (&reinstalls, "reinstall"), (&stops, "stop")] {
        asked.push(world.admin.act(server, action)?);
    }
    world.sql("UPDATE operations SET deadline = now() WHERE state = 'pending'")?;
    for operation in &asked {
        let ended = world.wait_for_end(operation, SOON)?;
        let failure = &ended["failure"];
        let told = ended["state"] == "failed"
            && failure["code"] == "deadline_exceeded"
            && failure["remedy"].as_str().is_some_and(|text| text.contains("node is connected"));
        check(told, || format!("what nobody heard ended as {ended}"))?;
    }
    world.proxy.make(Way::Open);
    world.wait_until_connected(HEALED)?;
    // What is wanted of a server stands though the request for it is over, and its refusal says so.
    world.wait_for_state(&stops, "offline", SOON)?;
    for (server, container) in [(&restarts, &containers[0]), (&reinstalls, &containers[1])] {
        one_process(&world.counts_on(server, 60)?)?;
        world.runs_on(server, container, SOON)?;
    }
    Ok(())
}

/// F29: five seconds for there and back, for a minute.
pub fn slow(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    steadily(world, Way::Slow)
}

/// F29: only what the daemon says is lost, then only what it hears, for a minute each.
pub fn one_way(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    steadily(world, Way::Mute)?;
    steadily(world, Way::Deaf)
}

/// Whatever the link is worth, the node is not shown coming and going, and afterwards all is as before.
fn steadily(world: &mut World, way: Way) -> Result<()> {
    let server = world.counting("stays", 20)?;
    let container = world.engine.container(&server)?;
    world.proxy.make(way);
    let path = format!("/api/nodes/{}", world.node);
    let (mut changes, mut shown) = (0, Value::from("connected"));
    throughout("the node is shown", STEADY, || {
        let state = world.admin.get(&path).map_err(|error| error.to_string())?["state"].clone();
        changes += u32::from(state != shown);
        shown = state;
        // The state is told once a look.
        if changes <= MOST_CHANGES { Ok(()) } else { Err(format!("it changed {changes} times in a minute")) }
    })?;
    let operation = world.admin.act(&server, "restart")?;
    world.proxy.make(Way::Open);
    world.wait_until_connected(HEALED)?;
    let ended = world.wait_for_end(&operation, HEALED)?;
    check(ended["state"] == "succeeded", || format!("what was asked for meanwhile ended as {ended}"))?;
    let counted = world.counts_on(&server, 20)?;
    let now = world.engine.container(&server)?;
    check(counted.runs.len() == 2 && now.id != container.id, || {
        format!("one restart was asked for: {counted:?}")
    })
}

fn outage(world: &mut World, way: Way, length: Duration) -> Result<()> {
    let (stays, stops) = (world.counting("stays", 50)?, world.counting("is to stop", 10)?);
    let container = world.engine.container(&stays)?;
    let began = Instant::now();
    world.proxy.make(way);
    world.wait_for_node("disconnected", SOON)?;
    let operation = world.admin.act(&stops, "stop")?;
    throughout("the game runs on", length.saturating_sub(began.elapsed()), || {
        let now = world.engine.container(&stays).map_err(|error| error.to_string())?;
        let view = world.view(&stays).map_err(|error| error.to_string())?;
        let as_before = now == container && view["desired"] == "running";
        if as_before { Ok(()) } else { Err(format!("{now:?} {view}")) }
    })?;
    world.proxy.make(Way::Open);
    world.wait_until_connected(HEALED)?;
    let ended = world.wait_for_end(&operation, SOON)?;
    check(ended["state"] == "succeeded", || format!("what was asked for meanwhile ended as {ended}"))?;
    world.wait_for_state(&stops, "offline", SOON)?;
    one_process(&world.counts_on(&stays, 50)?)?;
    one_process(&world.counted(&stops)?)?;
    world.runs_on(&stays, &container, SOON)
}
