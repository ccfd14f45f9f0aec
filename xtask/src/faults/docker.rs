//! Docker dies, hangs, or loses a container behind the daemon's back.

use super::{
    crash::one_process,
    wait::{check, throughout, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::{Result, output};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// Long enough that a game is back: the engine's start, the pause after a crash, and a start.
const BACK: Duration = Duration::from_secs(90);
const HUNG: Duration = Duration::from_secs(20);
/// How late the daemon may notice that a container is gone.
const NOTICED: Duration = Duration::from_secs(10);

/// F23, live-restore on: games do not notice.
pub fn restart_with_live_restore(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let server = world.counting("plays on", 50)?;
    let container = world.engine.container(&server)?;
    restart_engine(world)?;
    let counted = world.counts_on(&server, 100)?;
    one_process(&counted)?;
    world.runs_on(&server, &container, SOON)?;
    world.done(&server, "stop")
}

/// F23, live-restore off: the engine ends all games, and each comes back once.
pub fn restart_without_live_restore(world: &mut World, watch: &mut Watch, _: &Parts) -> Result<()> {
    let wanted = world.counting("is wanted", 50)?;
    let stopped = world.installed("is not wanted", &serde_json::json!({ "steps": "1" }))?;
    let before = world.engine.container(&wanted)?;
    watch.expect_starts(&wanted, 1);
    restart_engine(world)?;
    let after = until("the game is back", BACK, || {
        world.engine.container(&wanted).map_err(|error| error.to_string())
    })?;
    check(after.id != before.id, || "the engine's end did not end the game".into())?;
    world.wait_for_state(&wanted, "running", BACK)?;
    let counted = world.counts_on(&wanted, 50)?;
    check(counted.runs.len() == 2, || format!("one start was due: {counted:?}"))?;
    world.wait_for_state(&stopped, "offline", SOON)
}

fn restart_engine(world: &mut World) -> Result<()> {
    let engine = world.engine.own.as_mut().ok_or("this entry needs an engine of its own")?;
    engine.stop()?;
    engine.start()?;
    world.engine.wait_until_it_answers()
}

/// F24, for 20 s: what does not need Docker goes on, and what was asked for happens once.
pub fn hangs(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    const QUICK: Duration = Duration::from_secs(1);
    let (plays, stops) = (world.counting("plays on", 20)?, world.counting("is to stop", 20)?);
    let container = world.engine.container(&plays)?;
    let engine = world.engine.own.as_ref().ok_or("this entry needs an engine of its own")?;
    engine.signal(Signal::STOP)?;
    let operation = world.admin.act(&stops, "stop")?;
    throughout("the daemon answers", HUNG, || {
        let began = Instant::now();
        world.ask_daemon("/v1/servers").map_err(|error| error.to_string())?;
        let console = format!("/v1/servers/{plays}/console?limit=10");
        world.ask_daemon(&console).map_err(|error| error.to_string())?;
        if began.elapsed() < QUICK { Ok(()) } else { Err(format!("it took {:?}", began.elapsed())) }
    })?;
    world.wait_until_connected(SOON)?;
    engine.signal(Signal::CONT)?;
    let ended = world.wait_for_end(&operation, SOON)?;
    check(ended["state"] == "succeeded", || format!("the stop ended as {ended}"))?;
    world.wait_for_state(&stops, "offline", SOON)?;
    one_process(&world.counts_on(&plays, 50)?)?;
    world.runs_on(&plays, &container, SOON)
}

/// F25: a container, then a network.
pub fn removed_behind(world: &mut World, watch: &mut Watch, _: &Parts) -> Result<()> {
    let server = world.counting("is removed", 20)?;
    world.counts_on(&server, 10)?;
    let container = world.engine.container(&server)?;
    watch.expect_starts(&server, 1);
    output(world.engine.docker().args(["rm", "--force", &container.id]))?;
    until("the daemon notices", NOTICED, || {
        let view = world.view(&server).map_err(|error| error.to_string())?;
        if view["observed"]["state"] == "running" { Err("it shows it running".to_owned()) } else { Ok(()) }
    })?;
    world.wait_for_state(&server, "running", BACK)?;
    let counted = world.counts_on(&server, 20)?;
    check(counted.runs.len() == 2, || format!("one start was due: {counted:?}"))?;
    world.check_installed(&server, 1)?;
    world.done(&server, "stop")?;
    for network in world.engine.networks(&format!("gantry.server={server}"))? {
        output(world.engine.docker().args(["network", "rm", &network]))?;
    }
    world.done(&server, "start")?;
    world.counts_on(&server, 20).map(drop)
}

/// F26: the game itself, then only a child of it.
pub fn out_of_memory(world: &mut World, watch: &mut Watch, _: &Parts) -> Result<()> {
    let (eats, feeds) = (world.counting("eats", 10)?, world.counting("feeds", 10)?);
    let (fed, neighbour) = (world.engine.container(&feeds)?, world.idle.clone());
    watch.expect_starts(&eats, 1);
    let typed = |server: &str, command: &str| {
        let body = serde_json::json!({ "command": command });
        world.admin.must("POST", &format!("/api/servers/{server}/console"), Some(&body))
    };
    typed(&eats, "eat")?;
    until("its end is told as want of memory", BACK, || {
        let lines = world.console(&eats).map_err(|error| error.to_string())?;
        let says = |line: &serde_json::Value| {
            line["text"].as_str().is_some_and(|text| text.contains("out of memory"))
        };
        let told = lines.iter().any(|line| line["source"] == "gantry" && says(line));
        if told { Ok(()) } else { Err("the console does not say so".to_owned()) }
    })?;
    world.wait_for_state(&eats, "running", BACK)?;
    let counted = world.counts_on(&eats, 20)?;
    check(counted.runs.len() == 2, || format!("one start was due: {counted:?}"))?;
    typed(&feeds, "feed")?;
    one_process(&world.counts_on(&feeds, 20)?)?;
    world.runs_on(&feeds, &fed, SOON)?;
    world.wait_for_state(&neighbour, "offline", SOON)
}

/// F39: somebody else listens on the server's port.
pub fn port_taken(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let server = world.installed("has no port", &serde_json::json!({ "steps": "0" }))?;
    let port = world.view(&server)?["endpoints"][0]["port"].as_u64().ok_or("the server has no port")?;
    let squatter = std::net::TcpListener::bind(("127.0.0.1", u16::try_from(port)?))?;
    let ended = world.wait_for_end(&world.admin.act(&server, "start")?, SOON)?;
    check(ended["failure"]["code"] == "port_taken", || format!("the start ended as {ended}"))?;
    check(world.engine.container(&server).is_err(), || "it runs somewhere else".into())?;
    drop(squatter);
    world.wait_for_state(&server, "running", BACK)?;
    world.counts_on(&server, 10).map(drop)
}
