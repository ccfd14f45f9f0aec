//! Everything dies at one moment; and the daemon dies because it was given too little.

use super::{
    crash::one_process,
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// Long enough that all is back: the engine's start, the pause after a crash, and a start.
const BACK: Duration = Duration::from_secs(120);
/// Between two parts that come up, so that each misses those after it.
const APART: Duration = Duration::from_secs(3);
/// Far less than a daemon needs.
const TOO_LITTLE: u64 = 2 << 20;

/// F37, as far as processes go: daemon, control plane, PostgreSQL, Docker and all games are killed at one moment, and come
/// back in an unkind order, each before what it needs. A page cache is not lost in this way: what was written and not
/// synced is there, as it would not be after the machine lost its power.
pub fn at_once(world: &mut World, watch: &mut Watch, _: &Parts) -> Result<()> {
    let wanted = world.counting("is wanted", 50)?;
    let stopped = world.installed("is not wanted", &json!({ "steps": "1" }))?;
    let form = world.form("is installed", false, &json!({ "steps": "4", "step_ms": "1000" }));
    let installing = world.admin.create(&form, None)?;
    let operation = world.latest_operation(&installing)?;
    let before = world.engine.container(&wanted)?;
    watch.expect_starts(&wanted, 1);
    world.admin.rename(&wanted, "named just before")?;
    world.kill_all()?;

    world.daemon.start()?;
    thread::sleep(APART);
    world.control_plane.start()?;
    thread::sleep(APART);
    world.engine.own.as_mut().ok_or("this entry needs an engine of its own")?.start()?;
    world.engine.wait_until_it_answers()?;
    world.cluster.start()?;
    // A service manager starts again what gave up for want of a database.
    if world.control_plane.alive().is_err() {
        world.control_plane.start()?;
    }
    world.wait_until_ready()?;
    world.wait_until_connected(BACK)?;
    let after = until("the game is back", BACK, || {
        world.engine.container(&wanted).map_err(|error| error.to_string())
    })?;
    check(after.id != before.id, || "the game was not killed".into())?;
    world.wait_for_state(&wanted, "running", BACK)?;
    let counted = world.counts_on(&wanted, 50)?;
    check(counted.runs.len() == 2, || format!("one start was due: {counted:?}"))?;
    world.wait_for_state(&stopped, "offline", SOON)?;
    world.check_installed(&stopped, 1)?;
    world.ends_well(&installing, &operation, 4)?;
    world.wait_until_told()?;
    let corrupt = world.sql("SELECT count(*) FROM pg_stat_database WHERE checksum_failures > 0")?;
    check(corrupt == "0", || format!("{corrupt} databases have pages that do not fit their sums"))
}

/// F27: the daemon in a control group that is too small is killed for want of memory; the games, which are in none of its,
/// do not notice.
pub fn starved(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let server = world.counting("plays on", 50)?;
    let container = world.engine.container(&server)?;
    world.daemon.kill()?;
    let cage = Cage::make(TOO_LITTLE)?;
    cage.around(|| world.daemon.start())?;
    until("the kernel kills the daemon", SOON, || match world.daemon.alive() {
        Ok(()) => Err("it lives"),
        Err(_) => Ok(()),
    })?;
    check(world.engine.container(&server)? == container, || "the game went with it".into())?;
    world.daemon.kill().ok();
    cage.remove()?;
    world.daemon.start()?;
    world.runs_on(&server, &container, Duration::from_secs(10))?;
    world.wait_until_connected(SOON)?;
    one_process(&world.counts_on(&server, 50)?)?;
    world.runs_on(&server, &container, SOON)
}

impl World {
    fn kill_all(&mut self) -> Result<()> {
        let postgres = self.cluster.start()?;
        let mut victims: Vec<i32> = self.engine.processes()?;
        victims.push(postgres);
        victims.extend(children_of(postgres)?);
        for victim in victims.into_iter().filter_map(Pid::from_raw) {
            // Some go with those before them.
            kill_process(victim, Signal::KILL).ok();
        }
        self.daemon.kill()?;
        self.control_plane.kill()?;
        self.engine.own.as_mut().ok_or("this entry needs an engine of its own")?.kill()
    }
}

fn children_of(parent: i32) -> Result<Vec<i32>> {
    let is_child = |pid: &i32| {
        fs::read_to_string(format!("/proc/{pid}/status"))
            .is_ok_and(|status| status.lines().any(|line| line == format!("PPid:\t{parent}")))
    };
    Ok(super::engine::all_processes()?.into_iter().filter(is_child).collect())
}

/// A control group with a limit of memory.
struct Cage(PathBuf);

impl Cage {
    fn make(bytes: u64) -> Result<Self> {
        let root = Path::new("/sys/fs/cgroup");
        let second = root.join("cgroup.controllers").is_file();
        let (above, limit) = if second {
            (root.to_owned(), "memory.max")
        } else {
            (root.join("memory"), "memory.limit_in_bytes")
        };
        let cage = Self(above.join(format!("gantry-faults-{}", std::process::id())));
        fs::create_dir(&cage.0)?;
        fs::write(cage.0.join(limit), bytes.to_string())?;
        if second {
            fs::write(cage.0.join("memory.swap.max"), "0").ok();
        }
        Ok(cage)
    }

    /// What is started meanwhile is in it from its first moment on; this process only passes through.
    fn around(&self, start: impl FnOnce() -> Result<()>) -> Result<()> {
        let groups = fs::read_to_string("/proc/self/cgroup")?;
        let is_ours = |line: &&str| line.contains(":memory:") || line.starts_with("0::");
        let line = groups.lines().find(is_ours).ok_or("this process is in no control group")?;
        let own = line.rsplit(':').next().unwrap_or("/").trim_start_matches('/');
        let above = self.0.parent().ok_or("a control group has no parent")?;
        let this = std::process::id().to_string();
        fs::write(self.0.join("cgroup.procs"), &this)?;
        let started = start();
        fs::write(above.join(own).join("cgroup.procs"), &this)?;
        started
    }

    fn remove(&self) -> Result<()> {
        until("a control group is empty", SOON, || fs::remove_dir(&self.0))
    }
}

impl Drop for Cage {
    fn drop(&mut self) {
        fs::remove_dir(&self.0).ok();
    }
}
