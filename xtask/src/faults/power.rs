//! The daemon is ended again and again: at random moments, politely, in the middle of power actions and of deleting,
//! and while wishes change that it does not hear of.

use super::{
    crash::one_process,
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::json;
use std::time::Duration;

/// After a crash, until a server starts as if nothing had been.
const USABLE: Duration = Duration::from_secs(30);
/// By then a daemon has started.
const STARTED: Duration = Duration::from_secs(4);
/// A little longer than an action takes, and than deleting a server does.
const ACTION: Duration = Duration::from_millis(1_200);
const DELETION: Duration = Duration::from_millis(900);

/// F02: killed 20 times, each time within so long after its start; the row's twelve seconds are more than a start takes.
pub fn again_and_again(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    let mut chance = parts.chance("F02");
    let server = world.counting("runs through", 20)?;
    let container = world.engine.container(&server)?;
    for number in 0..20 {
        world.crash_daemon()?;
        // What a start does: the ledger is opened, containers are listed, the link is made. Most in its first second.
        chance.pause(if number % 2 == 0 { STARTED } else { Duration::from_secs(1) });
    }
    world.wait_until_connected(SOON)?;
    world.runs_on(&server, &container, SOON)?;
    one_process(&world.counts_on(&server, 20)?)
}

/// F03: asked to end five times, as an upgrade does.
pub fn restarted(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let server = world.counting("runs through", 50)?;
    let container = world.engine.container(&server)?;
    for _ in 0..5 {
        world.daemon.stop()?;
        world.daemon.start()?;
        world.wait_until_connected(SOON)?;
        world.runs_on(&server, &container, SOON)?;
    }
    one_process(&world.counts_on(&server, 20)?)?;
    let stops = world.sql(&format!(
        "SELECT count(*) FROM audit WHERE server_id = '{server}' AND action <> 'server.create'"
    ))?;
    check(stops == "0", || format!("{stops} audit rows tell of something that nobody did"))
}

/// F11: in each action, at two moments of it by chance.
pub fn during_actions(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    let mut chance = parts.chance("F11");
    for (action, state) in
        [("stop", "offline"), ("kill", "offline"), ("restart", "running"), ("reinstall", "running")]
    {
        for number in 1..=2 {
            let server = world.counting(&format!("{action} {number}"), 20)?;
            let operation = world.admin.act(&server, action)?;
            chance.pause(ACTION);
            world.crash_daemon()?;
            world.wait_until_connected(SOON)?;
            let ended = world.wait_for_end(&operation, SOON)?;
            check(ended["state"] == "succeeded", || format!("{action} ended as {ended}"))?;
            world.wait_for_state(&server, state, SOON)?;
            world.counted(&server)?;
            if state == "offline" {
                check(world.engine.container(&server).is_err(), || format!("it runs after {action}"))?;
                let started = world.wait_for_end(&world.admin.act(&server, "start")?, USABLE)?;
                check(started["state"] == "succeeded", || format!("the start after it ended as {started}"))?;
            }
            world.admin.act(&server, "delete")?;
        }
    }
    Ok(())
}

/// F12: the daemon, then the control plane, at moments of deleting by chance.
pub fn during_deletion(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    let mut chance = parts.chance("F12");
    for number in 1..=4 {
        for control_plane in [false, true] {
            let server = world.counting(&format!("deleted {number} {control_plane}"), 20)?;
            let files = world.files(&server);
            world.admin.act(&server, "delete")?;
            chance.pause(DELETION);
            if control_plane {
                world.crash_control_plane()?;
                world.wait_until_ready()?;
            } else {
                world.crash_daemon()?;
            }
            world.wait_until_gone(&server)?;
            check(!files.exists(), || "its files are left".into())?;
            let label = format!("gantry.server={server}");
            let (containers, networks) = (world.engine.containers(&label)?, world.engine.networks(&label)?);
            check(containers.is_empty() && networks.is_empty(), || {
                format!("left: {containers:?} {networks:?}")
            })?;
            let ports =
                world.sql(&format!("SELECT count(*) FROM allocations WHERE server_id = '{server}'"))?;
            check(ports == "0", || "it holds its port".into())?;
        }
    }
    Ok(())
}

/// F38: one server is deleted and one suspended while the daemon is away.
pub fn wishes_meanwhile(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let (deleted, suspended) = (world.counting("is deleted", 20)?, world.counting("is suspended", 20)?);
    let stays = world.counting("stays", 20)?;
    let container = world.engine.container(&stays)?;
    world.daemon.kill()?;
    world.wait_for_node("disconnected", SOON)?;
    world.admin.act(&deleted, "delete")?;
    let hold = json!({ "reason": "unpaid" });
    world.admin.must("PUT", &format!("/api/servers/{suspended}/hold"), Some(&hold))?;
    for server in [&deleted, &suspended] {
        world.engine.container(server)?;
    }
    let held = world.sql(&format!("SELECT count(*) FROM allocations WHERE server_id = '{deleted}'"))?;
    check(held == "1", || "the port of a server that still runs was given away".into())?;
    world.daemon.start()?;
    world.wait_until_connected(SOON)?;
    world.wait_until_gone(&deleted)?;
    world.wait_for_state(&suspended, "offline", SOON)?;
    until("the suspended game ends", SOON, || match world.engine.container(&suspended) {
        Ok(container) => Err(format!("{container:?} runs")),
        Err(_) => Ok(()),
    })?;
    world.runs_on(&stays, &container, SOON)?;
    one_process(&world.counts_on(&stays, 20)?)
}
