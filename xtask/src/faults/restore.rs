//! The database is put back as it was some time ago, and the nodes know better.

use super::{
    crash::one_process,
    wait::{check, throughout, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{fs, time::Duration};

/// Longer than it takes until a node is compared as a whole once more.
const COMPARED: Duration = Duration::from_secs(65);

/// F18: servers were made, deleted, stopped and renamed, and one was being installed, since the copy was made.
///
/// A server that nobody knows runs on. One that was deleted stays deleted. The others can be used as before, and none is
/// started or stopped by what the copy says.
pub fn older(world: &mut World, watch: &mut Watch, parts: &Parts) -> Result<()> {
    let (plays, touched) = (world.counting("plays on", 20)?, world.counting("is touched", 20)?);
    let (stopped, deleted) =
        (world.counting("is stopped later", 20)?, world.counting("is deleted later", 20)?);
    let form = world.form("is installed", false, &json!({ "steps": "3", "step_ms": "700" }));
    let installing = world.admin.create(&form, None)?;
    let operation = world.latest_operation(&installing)?;
    let dump = world.folder.join("older.dump");
    world.cluster.dump("gantry", &dump)?;

    let unknown = world.counting("is made later", 20)?;
    world.done(&touched, "restart")?;
    world.done(&touched, "stop")?;
    world.done(&touched, "start")?;
    world.done(&stopped, "stop")?;
    world.admin.act(&deleted, "delete")?;
    world.wait_until_gone(&deleted)?;
    world.wait_for_end(&operation, SOON)?;
    // Those operations are lost with the database, and the promises with them.
    watch.expect_starts(&touched, 2);
    watch.expect_starts(&unknown, 1);
    world.admin.promises();
    let running = [&plays, &touched, &unknown].map(|server| world.engine.container(server));

    world.control_plane.kill()?;
    world.cluster.restore("gantry", &dump)?;
    world.control_plane.start()?;
    world.wait_until_ready()?;
    world.wait_until_connected(SOON)?;
    throughout("nothing is started and nothing stopped", COMPARED, || {
        for (server, before) in [&plays, &touched, &unknown].iter().zip(&running) {
            let before = before.as_ref().map_err(ToString::to_string)?;
            let now = world.engine.container(server).map_err(|error| format!("{server}: {error}"))?;
            if now != *before {
                return Err(format!("{before:?} became {now:?}"));
            }
        }
        for server in [&stopped, &deleted, &installing] {
            if let Ok(container) = world.engine.container(server) {
                return Err(format!("{container:?} runs"));
            }
        }
        Ok(())
    })?;
    world.is_as_the_node_has_it(&touched, &stopped, &installing)?;
    world.stays_deleted(&deleted)?;
    world.wait_until_told()?;
    world.can_be_used(&plays, &touched, &stopped)?;
    world.removes_unknown(&unknown, parts)
}

impl World {
    fn is_as_the_node_has_it(&self, touched: &str, stopped: &str, installing: &str) -> Result<()> {
        for (server, desired, observed) in [
            (touched, "running", "running"),
            (stopped, "stopped", "offline"),
            (installing, "stopped", "offline"),
        ] {
            self.wait_for_state(server, observed, SOON)?;
            let view = self.view(server)?;
            check(view["desired"] == desired, || format!("what is wanted of it is {}", view["desired"]))?;
        }
        self.check_installed(installing, 3)
    }

    /// It is not made again, and goes from the list when somebody deletes it once more.
    fn stays_deleted(&self, deleted: &str) -> Result<()> {
        check(!self.files(deleted).exists(), || "the files of a deleted server are back".into())?;
        let view = self.view(deleted)?;
        check(view["observed"]["state"] == "deleted", || format!("it is shown as {}", view["observed"]))?;
        self.admin.act(deleted, "delete")?;
        self.wait_until_gone(deleted)
    }

    fn can_be_used(&self, plays: &str, touched: &str, stopped: &str) -> Result<()> {
        one_process(&self.counts_on(plays, 20)?)?;
        self.admin.rename(touched, "has another name")?;
        self.done(touched, "stop")?;
        self.wait_for_state(touched, "offline", SOON)?;
        self.done(stopped, "start")?;
        self.wait_for_state(stopped, "running", SOON)
    }

    /// What nobody knows is removed by hand, at the daemon, as its message would have it.
    fn removes_unknown(&self, server: &str, parts: &Parts) -> Result<()> {
        let known = self.ask_daemon("/v1/servers")?;
        let mut all = known.as_array().into_iter().flatten();
        let one =
            all.find(|one| one["id"] == server).ok_or("the daemon does not know the server any more")?;
        check(one["observed"]["state"] == "running", || format!("the daemon has it as {one}"))?;
        let generation = one["generation"].as_u64().unwrap_or_default() + 1;
        let digest = hex::encode(Sha256::digest(fs::read(parts.plugins.join("counter.wasm"))?));
        let wish = by_hand(server, generation, &digest);
        let (status, answer) =
            self.tell_daemon("PUT", &format!("/v1/servers/{server}"), wish.to_string().as_bytes())?;
        check(status == 200, || {
            format!("the daemon answered {status} {}", String::from_utf8_lossy(&answer))
        })?;
        until("the server is removed", SOON, || {
            if self.files(server).exists() { Err("its files are there") } else { Ok(()) }
        })
    }
}

fn by_hand(server: &str, generation: u64, digest: &str) -> Value {
    json!({
        "id": server, "generation": generation, "name": "Unknown", "desired": "deleted", "holds": [],
        "blueprint": {
            "plugin": "Counter", "digest": digest, "blueprint": "counter", "collectEveryMs": null, "capabilities": ["container-run"],
        },
        "settings": [], "secrets": [], "endpoints": [], "timeZone": "",
        "limits": { "memoryMib": 64, "swapMib": 0, "cpuPercent": 50, "diskMib": 64, "pids": 64 },
        "operation": null,
    })
}
