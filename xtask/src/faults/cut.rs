//! The link between daemon and control plane is cut, or swallows what is sent.

use super::{
    crash::one_process,
    proxy::Way,
    wait::{check, throughout},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use std::time::{Duration, Instant};

/// Attempts to connect follow each other with growing pauses of at most 30 s.
const HEALED: Duration = Duration::from_secs(45);

/// F28, short: connections end and none is taken.
pub fn short(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    outage(world, Way::Cut, Duration::from_secs(3))
}

/// F28: nobody is told that there is nobody.
pub fn long(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    outage(world, Way::Swallowed, Duration::from_secs(60))
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
