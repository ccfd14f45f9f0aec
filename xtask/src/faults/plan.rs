//! A plugin that cannot plan.

use super::{
    crash::one_process,
    wait::check,
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::json;

/// F40, in part: installation plans that are refused, panic, or are never finished.
pub fn failures(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let neighbour = world.counting("neighbour", 50)?;
    let container = world.engine.container(&neighbour)?;
    let (daemon, plane) = (world.daemon.pid(), world.control_plane.pid());
    for (way, code) in [("refuse", "no_plan"), ("panic", "plugin_failed"), ("spin", "plugin_failed")] {
        let form = world.form(&format!("plan: {way}"), false, &json!({ "fail": way, "steps": "1" }));
        let server = world.admin.create(&form, None)?;
        let ended = world.wait_for_end(&world.latest_operation(&server)?, SOON)?;
        let failure = &ended["failure"];
        let told = ended["state"] == "failed"
            && failure["code"] == code
            && failure["step"] == "Plan the installation";
        check(told, || format!("{way} ended as {ended}"))?;
        world.wait_for_state(&server, "uninstalled", SOON)?;
        let better = json!({ "values": { "fail": "no" } });
        world.admin.must("PATCH", &format!("/api/servers/{server}/variables"), Some(&better))?;
        world.done(&server, "reinstall")?;
        world.check_installed(&server, 1)?;
    }
    world.daemon.alive()?;
    world.control_plane.alive()?;
    check((world.daemon.pid(), world.control_plane.pid()) == (daemon, plane), || {
        "a program was started again".into()
    })?;
    world.runs_on(&neighbour, &container, SOON)?;
    one_process(&world.counts_on(&neighbour, 20)?)
}
