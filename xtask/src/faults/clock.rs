//! The daemon's clock is wrong.

use super::{
    crash::one_process,
    wait::check,
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::{environment, shell::Result};
use serde_json::json;

/// F32, in part: the daemon's clock is ten minutes behind, ten ahead, a day ahead, and right again. Docker's, the
/// database's and the control plane's are right throughout; nothing here sets the machine's.
pub fn wrong(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let library = environment::other_time()?;
    let plays = world.counting("plays on", 20)?;
    let container = world.engine.container(&plays)?;
    for shift in ["-10m", "+10m", "+1d"] {
        world.daemon.restart_with(vec![
            ("LD_PRELOAD", library.display().to_string()),
            ("FAKETIME", shift.to_owned()),
            // A clock that is set leaves the time that has passed as it is.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ])?;
        world.works_at(shift, &plays)?;
        world.runs_on(&plays, &container, SOON)?;
    }
    world.daemon.restart_with(Vec::new())?;
    world.works_at("0", &plays)?;
    world.runs_on(&plays, &container, SOON)?;
    one_process(&world.counts_on(&plays, 20)?)
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
