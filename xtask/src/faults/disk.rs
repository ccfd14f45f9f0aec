//! The disk below the daemon is full.

use super::{
    crash::one_process,
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::json;
use std::{fs, time::Duration};

const FULL: Duration = Duration::from_secs(90);

/// F20: an installation fills it; another game runs on; somebody makes room; everything goes on by itself.
pub fn full(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let neighbour = world.counting("neighbour", 10)?;
    let container = world.engine.container(&neighbour)?;
    let daemon = world.daemon.pid();
    let form = world.form("fills", false, &json!({ "steps": "1", "fill_mib": "2000" }));
    let server = world.admin.create(&form, None)?;
    let operation = world.latest_operation(&server)?;
    let fill = world.files(&server).join("fill");
    until("the disk is full", FULL, || {
        let disk = rustix::fs::statvfs(world.folder.join("node")).map_err(|error| error.to_string())?;
        if disk.f_bavail == 0 { Ok(()) } else { Err(format!("{} blocks are free", disk.f_bavail)) }
    })?;
    let ended = world.wait_for_end(&operation, FULL)?;
    check(ended["state"] == "failed" && says_why(&ended), || format!("the installation ended as {ended}"))?;
    world.runs_on(&neighbour, &container, SOON)?;
    fs::remove_file(&fill)?;
    world.wait_for_state(&server, "uninstalled", SOON)?;
    let less = json!({ "values": { "fill_mib": "0" } });
    world.admin.must("PATCH", &format!("/api/servers/{server}/variables"), Some(&less))?;
    world.done(&server, "reinstall")?;
    world.check_installed(&server, 1)?;
    world.daemon.alive()?;
    check(world.daemon.pid() == daemon, || "the daemon was started again".into())?;
    one_process(&world.counts_on(&neighbour, 10)?)?;
    world.runs_on(&neighbour, &container, SOON)?;
    world.crash_daemon()?;
    world.wait_until_connected(SOON)?;
    world.runs_on(&neighbour, &container, SOON)?;
    one_process(&world.counts_on(&neighbour, 10)?)
}

fn says_why(ended: &serde_json::Value) -> bool {
    ended["failure"].to_string().contains("No space left")
}
