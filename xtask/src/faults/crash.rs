//! The daemon dies: while games run, and while one is installed.

use super::{
    servers::Counted,
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::{faults::engine::Container, shell::Result};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long a daemon that comes up may take to know its running servers again.
const BACK: Duration = Duration::from_secs(10);
/// Twenty games leave a daemon that was not optimised little of a small machine.
const BACK_AMONG_MANY: Duration = Duration::from_secs(30);
/// Twenty installations and starts at a time.
const ALL_STARTED: Duration = Duration::from_secs(90);
/// How long an installation that was cut may take to end, one way or the other.
const RESUMED: Duration = Duration::from_secs(60);

/// F01, with two games.
pub fn playing(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    games_play_on(world, 2, 50, BACK)
}

/// F01, as the row has it: twenty games that print 100 lines a second each.
pub fn twenty(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    games_play_on(world, 20, 100, BACK_AMONG_MANY)
}

fn games_play_on(world: &mut World, count: u32, per_second: u32, back: Duration) -> Result<()> {
    let servers: Result<Vec<String>> =
        (1..=count).map(|number| world.about_to_count(&format!("game {number}"), per_second)).collect();
    let mut games = Vec::new();
    for server in servers? {
        world.wait_for_state(&server, "running", ALL_STARTED)?;
        world.counts_on(&server, 20)?;
        games.push((world.engine.container(&server)?, server));
    }
    world.daemon.kill()?;
    // The games count on while nobody listens.
    std::thread::sleep(Duration::from_secs(2));
    world.daemon.start()?;
    for (container, server) in &games {
        world.runs_on(server, container, back)?;
    }
    world.wait_until_connected(SOON)?;
    for (container, server) in &games {
        let counted = world.counts_on(server, 50)?;
        one_process(&counted)?;
        world.runs_on(server, container, back)?;
    }
    Ok(())
}

/// F04: before the first step is done, and between two.
pub fn installing(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    const STEPS: u32 = 2;
    for done in [0, 1] {
        let form =
            world.form(&format!("cut after {done}"), false, &json!({ "steps": "2", "step_ms": "300" }));
        let server = world.admin.create(&form, None)?;
        let operation = world.latest_operation(&server)?;
        until("the installation gets that far", SOON, || {
            let view = world
                .admin
                .get(&format!("/api/operations/{operation}"))
                .map_err(|error| error.to_string())?;
            let reached = done == 0 || world.files(&server).join(format!("step-{done}")).exists();
            if view["state"] == "running" && reached { Ok(()) } else { Err(view.to_string()) }
        })?;
        world.crash_daemon()?;
        world.ends_well(&server, &operation, STEPS)?;
    }
    Ok(())
}

impl World {
    /// The container is the very same process, and the daemon knows it.
    pub fn runs_on(&self, server: &str, container: &Container, patience: Duration) -> Result<()> {
        until("the daemon knows the running server", patience, || {
            let servers = self.ask_daemon("/v1/servers").map_err(|error| error.to_string())?;
            let mut all = servers.as_array().into_iter().flatten();
            let state = all.find(|one| one["id"] == server).map(|one| one["observed"]["state"].clone());
            if state == Some("running".into()) { Ok(()) } else { Err(format!("it is {state:?}")) }
        })?;
        let now = self.engine.container(server)?;
        check(now == *container, || format!("{container:?} became {now:?}"))
    }

    /// An installation that was cut goes on, or fails in words and can be asked for again.
    pub fn ends_well(&self, server: &str, operation: &str, steps: u32) -> Result<()> {
        let began = Instant::now();
        let ended = self.wait_for_end(operation, RESUMED)?;
        if ended["state"] != "succeeded" {
            check(ended["failure"]["message"].is_string(), || format!("it ended as {ended}"))?;
            self.done(server, "reinstall")?;
        }
        check(began.elapsed() < RESUMED, || "it took too long".into())?;
        self.wait_for_state(server, "offline", SOON)?;
        self.check_installed(server, steps)?;
        self.console(server).map(drop)
    }
}

/// Nobody started the game again.
pub fn one_process(counted: &Counted) -> Result<()> {
    check(counted.runs.len() == 1, || format!("the game was started again: {counted:?}"))
}
