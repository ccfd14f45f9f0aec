//! Very many events while nobody takes them.

use super::{
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::json;
use std::time::{Duration, Instant};

const CRIERS: usize = 4;
const CRIES_EACH: usize = 25_000;
/// As the daemon's ledger has it.
const CAPACITY: usize = 20_000;
/// How long crying may take.
const CRIED: Duration = Duration::from_secs(180);
/// Within which the panel answers while it takes all that waited.
const QUICK: Duration = Duration::from_secs(2);

/// F36: 100,000 events in place of 500,000. The ledger keeps the latest of those of little worth, and every end of an
/// operation; it counts what it drops; the control plane takes them in batches and answers people meanwhile.
pub fn told_at_last(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let criers: Vec<String> =
        (1..=CRIERS).map(|number| world.crying(&format!("crier {number}"))).collect::<Result<_>>()?;
    let form = world.form("is installed meanwhile", false, &json!({ "steps": "3", "step_ms": "700" }));
    let installing = world.admin.create(&form, None)?;
    let operation = world.latest_operation(&installing)?;
    until("the installation is under way", SOON, || {
        let begun = world.files(&installing).join("step-1").exists();
        if begun { Ok(()) } else { Err("nothing is there yet") }
    })?;
    let told = world.told_events()?;
    world.control_plane.kill()?;
    for crier in &criers {
        world.type_at_daemon(crier, &format!("cry {CRIES_EACH}"))?;
    }
    let cries = CRIERS * CRIES_EACH;
    for crier in &criers {
        let console = format!("/v1/servers/{crier}/console?limit=1");
        until("all has been cried", CRIED, || {
            let shown = world.ask_daemon(&console).map_err(|error| error.to_string())?["lines"].to_string();
            if shown.contains("cried ") { Ok(()) } else { Err(shown) }
        })?;
    }
    // A plugin that is asked too much at a time is not asked everything.
    until("most of it is an event", SOON, || {
        let last = world.ask_daemon("/v1/node").map_err(|error| error.to_string())?["lastEvent"].clone();
        let most = cries as u64 / 10 * 9;
        if last.as_u64() >= Some(most) { Ok(()) } else { Err(format!("the last event is {last}")) }
    })?;
    let size = std::fs::metadata(world.folder.join("node/ledger.redb")).map_or(0, |meta| meta.len());
    check(size < 64 << 20, || format!("the ledger has {} MiB", size >> 20))?;
    world.control_plane.start()?;
    world.wait_until_ready()?;
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    until("all that waited is told", CRIED, || {
        let asked = Instant::now();
        world.admin.get("/api/servers").map_err(|error| error.to_string())?;
        slowest = slowest.max(asked.elapsed());
        world.is_told()
    })?;
    check(slowest < QUICK, || format!("the panel took {slowest:?} to answer, in {:?}", began.elapsed()))?;
    world.has_the_latest(told, &criers)?;
    let ended = world.wait_for_end(&operation, SOON)?;
    check(ended["state"] == "succeeded", || format!("the installation ended as {ended}"))?;
    let log = std::fs::read_to_string(world.folder.join("gantryd.log"))?;
    check(log.contains("of least worth are dropped"), || "the daemon does not say that it dropped any".into())
}

impl World {
    fn crying(&self, name: &str) -> Result<String> {
        let form = json!({ "name": name, "blueprintId": "crier:crier", "nodeId": self.node, "start": true });
        let id = self.admin.create(&form, None)?;
        self.wait_for_state(&id, "running", SOON)?;
        Ok(id)
    }

    /// About as many as fit, each once, the last of each crier among them.
    fn has_the_latest(&self, told: u64, criers: &[String]) -> Result<()> {
        let of_cries = format!("FROM server_events WHERE id > {told} AND kind = 'console'");
        let count: usize = self.sql(&format!("SELECT count(*) {of_cries}"))?.parse()?;
        check(count <= CAPACITY && count > CAPACITY * 9 / 10, || {
            format!("{count} events of little worth were kept")
        })?;
        let twice = self.sql(&format!(
            "SELECT count(*) FROM (SELECT 1 {of_cries} GROUP BY server_id, body HAVING count(*) > 1) AS twice"
        ))?;
        check(twice == "0", || format!("{twice} events were told twice"))?;
        for crier in criers {
            let last = format!("cry {CRIES_EACH}");
            let found = self.sql(&format!(
                "SELECT count(*) {of_cries} AND server_id = '{crier}' AND body::text LIKE '%{last}\"%'"
            ))?;
            check(found == "1", || format!("the last cry of a server was stored {found} times"))?;
        }
        Ok(())
    }
}
