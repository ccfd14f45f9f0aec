//! The daemon dies while a server is backed up, and while a backup is put back; and archives are not what they were.

use super::{
    client::text,
    files::{PACKED, check_packed},
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::{Value, json};
use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    time::Duration,
};

/// A little longer than making one, or putting one back, takes.
const WORK: Duration = Duration::from_millis(1_500);
const ROUNDS: u32 = 4;

/// F05: a backup is ready or failed, and nothing of it is left half there.
pub fn made(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    let mut chance = parts.chance("F05");
    let (server, _) = world.packed()?;
    for _ in 0..ROUNDS {
        let backup = world.back_up(&server)?;
        chance.pause(WORK);
        world.crash_daemon()?;
        world.wait_until_connected(SOON)?;
        let ended = world.settled(&server, &backup)?;
        check(ended["state"] == "ready" || ended["reason"].is_string(), || format!("it ended as {ended}"))?;
        let archives = world.archives(&server)?;
        check(archives.iter().all(|path| path.extension().is_some_and(|end| end == "zst")), || {
            format!("left behind: {archives:?}")
        })?;
        let path = format!("/api/servers/{server}/backups/{backup}");
        world.admin.must("DELETE", &path, None)?;
    }
    Ok(())
}

/// F06: a restore that was accepted is done, and until then every file is what it was.
pub fn put_back(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    let mut chance = parts.chance("F06");
    let (server, packed) = world.packed()?;
    let backup = world.ready(&server)?;
    for round in 0..ROUNDS {
        fs::write(packed.join("file-1"), format!("round {round}\n"))?;
        let operation = world.put_back(&server, &backup)?;
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

/// F35: an archive that is cut short, altered or gone is put back not at all: the restore fails in words, and the server is as it was.
pub fn damaged(world: &mut World, _: &mut Watch, _: &Parts) -> Result<()> {
    let (server, packed) = world.packed()?;
    for damage in [cut_short, alter, remove] {
        let backup = world.ready(&server)?;
        fs::write(packed.join("file-1"), "kept\n")?;
        let archive = world.archives(&server)?.pop().ok_or("there is no archive")?;
        damage(&archive)?;
        let operation = world.put_back(&server, &backup)?;
        let ended = world.wait_for_end(&operation, SOON)?;
        check(ended["state"] == "failed" && ended["failure"]["message"].is_string(), || {
            format!("the restore ended as {ended}")
        })?;
        let kept = fs::read_to_string(packed.join("file-1"))?;
        check(kept == "kept\n", || format!("a file became {kept:?}"))?;
        fs::write(packed.join("file-1"), "file 1\n")?;
        check_packed(&packed)?;
        let path = format!("/api/servers/{server}/backups/{backup}");
        world.admin.must("DELETE", &path, None)?;
    }
    let started = world.wait_for_end(&world.admin.act(&server, "start")?, SOON)?;
    check(started["state"] == "succeeded", || format!("the start after it all ended as {started}"))
}

fn cut_short(archive: &Path) -> Result<()> {
    let file = OpenOptions::new().write(true).open(archive)?;
    Ok(file.set_len(file.metadata()?.len() / 2)?)
}

fn alter(archive: &Path) -> Result<()> {
    let mut bytes = fs::read(archive)?;
    let middle = bytes.len() / 2;
    bytes[middle..].iter_mut().take(64).for_each(|byte| *byte = !*byte);
    Ok(fs::write(archive, bytes)?)
}

fn remove(archive: &Path) -> Result<()> {
    Ok(fs::remove_file(archive)?)
}

impl World {
    /// A server with a directory of files whose content is known.
    fn packed(&self) -> Result<(String, PathBuf)> {
        let server = self.installed("is backed up", &json!({ "steps": "0", "pack": PACKED.to_string() }))?;
        let packed = self.files(&server).join("packed");
        check_packed(&packed)?;
        Ok((server, packed))
    }

    fn ready(&self, server: &str) -> Result<String> {
        let backup = self.back_up(server)?;
        let ended = self.settled(server, &backup)?;
        check(ended["state"] == "ready", || format!("it ended as {ended}"))?;
        Ok(backup)
    }

    fn put_back(&self, server: &str, backup: &str) -> Result<String> {
        let path = format!("/api/servers/{server}/backups/{backup}/restore");
        text(&self.admin.must("POST", &path, None)?, "/operationId")
    }

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
    fn archives(&self, server: &str) -> Result<Vec<PathBuf>> {
        let files = self.files(server);
        let folder = files.ancestors().nth(3).map(|data| data.join("backups").join(server));
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder.ok_or("there is no data directory")?)? {
            paths.push(entry?.path());
        }
        Ok(paths)
    }
}
