//! The clock of one of the two programs is wrong.

use super::{
    crash::one_process,
    wait::check,
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::{environment, shell::Result};
use serde_json::json;

/// Minutes behind, minutes ahead, a day ahead, and right again.
const SHIFTS: [Option<&str>; 4] = [Some("-10m"), Some("+10m"), Some("+1d"), None];

/// F32a: the daemon's, against the clocks of Docker, the database and the control plane, which are right throughout. Nothing
/// here sets the machine's.
pub fn of_the_daemon(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    works_on(world, |world, clock| world.daemon.restart_with(clock))
}

/// F32b: the control plane's, against the clocks of its database and of its nodes.
pub fn of_the_control_plane(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    works_on(world, |world, clock| {
        world.control_plane.restart_with(clock)?;
        world.wait_until_ready()
    })
}

fn works_on(
    world: &mut World,
    restart: impl Fn(&mut World, Vec<(&'static str, String)>) -> Result<()>,
) -> Result<()> {
    let plays = world.counting("plays on", 20)?;
    let container = world.engine.container(&plays)?;
    for shift in SHIFTS {
        let clock = shift.map(faked).transpose()?.unwrap_or_default();
        restart(world, clock)?;
        world.works_at(shift.unwrap_or("0"), &plays)?;
        world.runs_on(&plays, &container, SOON)?;
    }
    one_process(&world.counts_on(&plays, 20)?)
}

/// What gives a program another time.
fn faked(shift: &str) -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("LD_PRELOAD", environment::other_time()?.display().to_string()),
        ("FAKETIME", shift.to_owned()),
        // A clock that is set leaves the time that has passed as it is.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ])
}

impl World {
    fn works_at(&self, shift: &str, plays: &str) -> Result<()> {
        self.wait_until_connected(SOON).map_err(|error| format!("clock {shift}: {error}"))?;
        one_process(&self.counts_on(plays, 20)?)?;
        let server = self.installed(&format!("made at {shift}"), &json!({ "steps": "1" }))?;
        for (action, state) in
            [("start", "running"), ("restart", "running"), ("stop", "offline"), ("reinstall", "offline")]
        {
            let ended = self.wait_for_end(&self.admin.act(&server, action)?, SOON)?;
            check(ended["state"] == "succeeded", || format!("clock {shift}: {action} ended as {ended}"))?;
            self.wait_for_state(&server, state, SOON).map_err(|error| format!("clock {shift}: {error}"))?;
        }
        self.check_installed(&server, 1)?;
        check(self.admin.upload(&server, "note", &b"x"[..])? == 200, || {
            format!("clock {shift}: a file is not taken")
        })?;
        self.admin.act(&server, "delete")?;
        self.wait_until_gone(&server)
    }
}
