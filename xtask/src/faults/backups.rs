//! The daemon dies while a server is backed up, and while a backup is put back.

use super::{
    client::text,
    files::{PACKED, check_packed},
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::{Value, json};
use std::{fs, time::Duration};

/// A little longer than making one, or putting one back, takes.
const WORK: Duration = Duration::from_millis(1_500);
const ROUNDS: u32 = 4;

/// F35: a backup is ready or failed and never half there; a restore that was accepted is done, and until then every file is what it was.
pub fn cut_off(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    let mut chance = parts.chance("F35");
    let server = world.installed("is backed up", &json!({ "steps": "0", "pack": PACKED.to_string() }))?;
    let packed = world.files(&server).join("packed");
    check_packed(&packed)?;
    for _ in 0..ROUNDS {
        let backup = world.back_up(&server)?;
        chance.pause(WORK);
        world.crash_daemon()?;
        world.wait_until_connected(SOON)?;
        let ended = world.settled(&server, &backup)?;
        check(ended["state"] == "ready" || ended["reason"].is_string(), || format!("it ended as {ended}"))?;
        let archives = world.archives(&server)?;
        check(archives.iter().all(|name| name.ends_with(".tar.zst")), || {
            format!("left behind: {archives:?}")
        })?;
        let path = format!("/api/servers/{server}/backups/{backup}");
        world.admin.must("DELETE", &path, None)?;
    }
    let backup = world.back_up(&server)?;
    let ready = world.settled(&server, &backup)?;
    check(ready["state"] == "ready", || format!("it ended as {ready}"))?;
    for round in 0..ROUNDS {
        fs::write(packed.join("file-1"), format!("round {round}\n"))?;
        let path = format!("/api/servers/{server}/backups/{backup}/restore");
        let operation = text(&world.admin.must("POST", &path, None)?, "/operationId")?;
        chance.pause(WORK);
        world.crash_daemon()?;
        world.wait_until_connected(SOON)?;
        let ended = world.wait_for_end(&operation, SOON)?;
        check(ended["state"] == "succeeded", || format!("the restore ended as {ended}"))?;
        check_packed(&packed)?;
        let beside = packed.ancestors().nth(2).map(|folder| folder.join("restore"));
        check(beside.is_some_and(|beside| !beside.exists()), || {
            "what was unpacked is left behind".to_owned()
        })?;
    }
    Ok(())
}

impl World {
    fn back_up(&self, server: &str) -> Result<String> {
        let made = self.admin.must("POST", &format!("/api/servers/{server}/backups"), Some(&json!({})))?;
        text(&made, "/id")
    }

    fn settled(&self, server: &str, backup: &str) -> Result<Value> {
        until("the backup has ended", SOON, || {
            let path = format!("/api/servers/{server}/backups");
            let view = self.admin.get(&path).map_err(|error| error.to_string())?;
            let items = view["items"].as_array().cloned().unwrap_or_default();
            let found = items.into_iter().find(|one| one["id"] == backup);
            found.filter(|one| one["state"] != "running").ok_or_else(|| "it is being made".to_owned())
        })
    }

    /// What there is in the node's directory of backups of this server.
    fn archives(&self, server: &str) -> Result<Vec<String>> {
        let files = self.files(server);
        let folder = files.ancestors().nth(3).map(|data| data.join("backups").join(server));
        let mut names = Vec::new();
        for entry in fs::read_dir(folder.ok_or("there is no data directory")?)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }
}
