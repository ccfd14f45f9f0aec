//! The disk is full: below the daemon, below Docker, below PostgreSQL.

use super::{
    crash::one_process,
    wait::{check, throughout, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

const FULL: Duration = Duration::from_secs(90);
/// What the daemon gives up for its last words the moment that there is nothing left, and a little more.
const RESERVE: u64 = 9 << 20;
/// For so long it stays full.
const HELD: Duration = Duration::from_secs(10);

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
        let free = disk.f_bavail * disk.f_frsize;
        if free <= RESERVE { Ok(()) } else { Err(format!("{free} bytes are free")) }
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

/// F21: a game runs on and nothing can be started; somebody makes room.
///
/// What a game says meanwhile Docker cannot write down. Its log may be unreadable from there on (20.10 does not get over an
/// entry that it wrote in part), so the console of that game is asked for only after its next start.
pub fn of_the_engine(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let (plays, starts) =
        (world.counting("plays on", 5)?, world.installed("is to start", &json!({ "steps": "0" }))?);
    let container = world.engine.container(&plays)?;
    let filler = Filler::fill(&world.folder.join("docker"))?;
    let ended = world.wait_for_end(&world.admin.act(&starts, "start")?, FULL)?;
    check(ended["state"] == "failed" && says_why(&ended), || format!("the start ended as {ended}"))?;
    throughout("the game runs on", HELD, || {
        let now = world.engine.container(&plays).map_err(|error| error.to_string())?;
        world.ask_daemon("/v1/servers").map_err(|error| error.to_string())?;
        if now == container { Ok(()) } else { Err(format!("{container:?} became {now:?}")) }
    })?;
    filler.remove()?;
    world.wait_for_state(&starts, "running", FULL)?;
    world.counts_on(&starts, 10)?;
    world.runs_on(&plays, &container, SOON)?;
    world.done(&plays, "restart")?;
    let after = world.engine.container(&plays)?;
    until("the console is whole from the next start on", FULL, || {
        let lines = world.console(&plays).map_err(|error| error.to_string())?;
        let game = lines.iter().rev().filter(|line| line["source"] == "game");
        let latest: Vec<&str> = game.take(10).filter_map(|line| line["text"].as_str()).collect();
        let runs: BTreeSet<_> = latest.iter().filter_map(|text| text.split(' ').nth(1)).collect();
        if runs.len() == 1 && latest.len() == 10 && after.id != container.id {
            Ok(())
        } else {
            Err(format!("{latest:?}"))
        }
    })
}

/// F22: what is asked for is refused in words, what is read is answered, a game crashes and comes back meanwhile; somebody
/// makes room.
///
/// A server whose log of changes does not fit any more ends itself: a machine's service manager starts it again, and so
/// does this bench.
pub fn of_the_database(world: &mut World, watch: &mut Watch, _: &Parts) -> Result<()> {
    let (plays, crashes) = (world.counting("plays on", 20)?, world.counting("crashes meanwhile", 20)?);
    let (container, plane) = (world.engine.container(&plays)?, world.control_plane.pid());
    watch.expect_starts(&crashes, 1);
    let filler = Filler::fill(&world.folder.join("postgres"))?;
    let mut last = String::new();
    let mut number = 0;
    let refusal = until("a change is refused", FULL, || {
        number += 1;
        let name = format!("name {number}");
        match world.renamed(&plays, &name) {
            Ok((200, _)) => {
                last = name;
                Err("it is taken".to_owned())
            }
            Ok((503, refusal)) => Ok(refusal),
            other => Err(format!("{other:?}")),
        }
    })?;
    let told = refusal["detail"].as_str().is_some_and(|detail| detail.contains("no room"));
    check(told, || format!("the refusal says {refusal}"))?;
    world.type_at_daemon(&crashes, "crash 3")?;
    throughout("what is read is answered, and what is changed taken or refused", HELD, || {
        number += 1;
        let name = format!("name {number}");
        match world.renamed(&plays, &name).map_err(|error| error.to_string())? {
            (200, _) => last = name,
            (503, _) => {}
            other => return Err(format!("a change was answered {other:?}")),
        }
        let view = world.view(&plays).map_err(|error| error.to_string())?;
        if view["name"] == last.as_str() {
            Ok(())
        } else {
            Err(format!("it is called {}, not {last}", view["name"]))
        }
    })?;
    filler.remove()?;
    world.cluster.start()?;
    until("changes are taken again", SOON, || match world.renamed(&plays, "last") {
        Ok((200, _)) => Ok(()),
        other => Err(format!("{other:?}")),
    })?;
    world.wait_until_told()?;
    world.wait_for_state(&crashes, "running", FULL)?;
    let counted = world.counts_on(&crashes, 20)?;
    check(counted.runs.len() == 2, || format!("one start was due: {counted:?}"))?;
    one_process(&world.counts_on(&plays, 20)?)?;
    check(world.control_plane.pid() == plane, || "the control plane was started again".into())?;
    world.runs_on(&plays, &container, SOON)
}

impl World {
    fn renamed(&self, server: &str, name: &str) -> Result<(u16, Value)> {
        self.admin.ask("PATCH", &format!("/api/servers/{server}"), Some(&json!({ "name": name })), None)
    }
}

/// A file that takes all there is.
struct Filler(PathBuf);

impl Filler {
    fn fill(folder: &Path) -> Result<Self> {
        let path = folder.join("filler");
        let mut file = fs::File::create(&path)?;
        for size in [1 << 20, 4 << 10, 1] {
            let piece = vec![1; size];
            while file.write_all(&piece).is_ok() {}
        }
        // What is only in memory has no place yet.
        file.sync_all().ok();
        Ok(Self(path))
    }

    fn remove(self) -> Result<()> {
        Ok(fs::remove_file(self.0)?)
    }
}

fn says_why(ended: &Value) -> bool {
    ended["failure"].to_string().to_lowercase().contains("no space left")
}
