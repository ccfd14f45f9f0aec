//! A backup of many files and its restore, beside `tar` and `zstd` on the same machine, with the same files, by turns.
//!
//! The size is that of a Minecraft server that has been played on. A third of the bytes is noise, the rest repeats itself.

use crate::{
    row::{Result, median, row},
    stack::{Engine, Parts, Stack, Start, text},
};
use gantry_types::backup::{Backup, BackupState};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

const ROUNDS: usize = 5;
const FILES: u64 = 2_104;
const BYTES: u64 = 339 << 20;
/// Files of one folder.
const FOLDER: u64 = 64;

pub(crate) async fn measure(parts: &Parts, hello: &Path) -> Result<()> {
    let stack = Stack::start(parts, Engine::Simulated, 4).await?;
    stack.upload(hello).await?;
    let server = stack.server("hello:hello", "World", Start::Stopped).await?;
    let limits = json!({ "memoryMib": 512, "swapMib": 0, "cpuPercent": 0, "diskMib": 8192, "pids": 0 });
    stack.patch(&format!("/api/servers/{server}/limits"), limits).await?;
    let files = stack.folder.path().join("node/servers").join(&server).join("data");
    fill(&files)?;
    let bare = Bare { files, folder: stack.folder.path().join("bare") };
    fs::create_dir_all(&bare.folder)?;
    let (mut made, mut packed) = (Vec::new(), Vec::new());
    let (mut restored, mut unpacked) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (backup, seconds) = make(&stack, &server).await?;
        made.push(seconds);
        packed.push(bare.run("tar -c . | zstd -q -1 -T2 -f -o ../bare.tar.zst && sync -f ../bare.tar.zst")?);
        restored.push(restore(&stack, &server, &backup).await?);
        unpacked.push(bare.run("rm -rf ../again && mkdir ../again && zstd -q -dc ../bare.tar.zst | tar -x -C ../again && sync -f ../again")?);
        if count(&bare.files)? != FILES {
            return Err("a restore put back something else".into());
        }
        stack.remove(&format!("/api/servers/{server}/backups/{}", backup.id)).await?;
    }
    rows("backup", made, packed);
    rows("restore", restored, unpacked);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "the size of all files")]
fn rows(name: &str, seconds: Vec<f64>, bare: Vec<f64>) {
    let speed = |seconds| (BYTES >> 20) as f64 / median(seconds);
    let (speed, bare) = (speed(seconds), speed(bare));
    row(name, speed, "MiB/s");
    row(&format!("{name}_bare"), bare, "MiB/s");
    row(&format!("{name}_ratio"), speed / bare, "x");
}

/// Has a backup made; seconds by the node's clock.
async fn make(stack: &Stack, server: &str) -> Result<(Backup, f64)> {
    let path = format!("/api/servers/{server}/backups");
    let begun: Backup = read(stack.post(&path, json!({ "name": "Bench" })).await?)?;
    let is_over = |view: &Value| {
        let items = view["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().any(|item| item["id"] == json!(begun.id) && item["state"] != "running")
    };
    let view = stack.until(&path, is_over).await?;
    let all: Vec<Backup> = read(view["items"].clone())?;
    let backup = all.into_iter().find(|backup| backup.id == begun.id).ok_or("the backup is gone")?;
    // The game's own files are few beside these.
    if backup.state != BackupState::Ready || backup.content_bytes < BYTES {
        return Err(format!("the backup was not made whole: {backup:?}").into());
    }
    let ended = backup.ended_at.ok_or("the backup has not ended")?;
    let seconds = (ended - backup.created_at).as_seconds_f64();
    Ok((backup, seconds))
}

/// Seconds that it took the operation.
async fn restore(stack: &Stack, server: &str, backup: &Backup) -> Result<f64> {
    let began = Instant::now();
    let path = format!("/api/servers/{server}/backups/{}/restore", backup.id);
    let accepted = stack.post(&path, json!({})).await?;
    let path = format!("/api/operations/{}", text(&accepted, "/operationId")?);
    while stack.get(&path).await?["state"] != "succeeded" {
        let view = stack.get(&path).await?;
        if !view["failure"].is_null() {
            return Err(format!("the backup was not restored: {view}").into());
        }
    }
    Ok(began.elapsed().as_secs_f64())
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    Ok(serde_json::from_value(value)?)
}

/// The same by tools that everybody has.
struct Bare {
    files: PathBuf,
    folder: PathBuf,
}

impl Bare {
    fn run(&self, script: &str) -> Result<f64> {
        let began = Instant::now();
        let mut command = Command::new("sh");
        // Beside the folder in which files come back, so that what is written lies on the same disk.
        let script = script.replace("../", &format!("{}/", self.folder.display()));
        let status = command.args(["-ec", &script]).current_dir(&self.files).status()?;
        if status.success() {
            Ok(began.elapsed().as_secs_f64())
        } else {
            Err(format!("{script}: {status}").into())
        }
    }
}

fn fill(files: &Path) -> Result<()> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for number in 0..FILES {
        let folder = files.join(format!("world/{}", number / FOLDER));
        fs::create_dir_all(&folder)?;
        // What does not divide is in the first.
        let size = BYTES / FILES + if number == 0 { BYTES % FILES } else { 0 };
        let mut content = Vec::with_capacity(usize::try_from(size)? + 16);
        while (content.len() as u64) < size {
            content.extend(next().to_le_bytes());
            content.extend(*b"minecraft:stone ");
        }
        content.truncate(usize::try_from(size)?);
        fs::write(folder.join(format!("region-{number}.mca")), content)?;
    }
    Ok(())
}

fn count(files: &Path) -> Result<u64> {
    let mut count = 0;
    for folder in fs::read_dir(files.join("world"))? {
        count += fs::read_dir(folder?.path())?.count() as u64;
    }
    Ok(count)
}
