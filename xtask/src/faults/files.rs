//! A program dies while a server's files change: what has a name is whole, and what was begun leaves nothing.

use super::{
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::Result;
use serde_json::json;
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

const UPLOADED: &str = "saved.dat";
/// Of a file that is uploaded, in pieces.
const PIECE: usize = 64 << 10;
const PIECES: usize = 96;
/// Between two of them, so that an upload takes a second and a half.
const BREATH: Duration = Duration::from_millis(15);
/// A little longer, so that some uploads are through.
const UPLOAD: Duration = Duration::from_millis(1_800);
/// Files of the archive that is unpacked, and of the directory that is copied.
pub(super) const PACKED: u32 = 6_000;
/// Longer than unpacking or copying them takes.
const UNPACKING: Duration = Duration::from_millis(1_500);

/// F10: the daemon, then the control plane, while a file is uploaded over another. 6 MiB in place of 1 GiB, at the pace
/// of a slow line.
pub fn uploaded(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    let mut chance = parts.chance("F10a");
    let server = world.installed("gets a file", &json!({ "steps": "0" }))?;
    let file = world.files(&server).join(UPLOADED);
    check(world.admin.upload(&server, UPLOADED, Slow::version(0))? == 200, || "nothing is uploaded".into())?;
    let mut present = 0;
    for version in 1..=8 {
        let kills_daemon = version % 2 == 1;
        let (admin, daemon, plane) = (&world.admin, &mut world.daemon, &mut world.control_plane);
        let answer = thread::scope(|scope| {
            let (server, slow) = (server.clone(), Slow::version(version));
            let uploading = scope.spawn(move || admin.upload(&server, UPLOADED, slow).unwrap_or(0));
            chance.pause(UPLOAD);
            let victim = if kills_daemon { daemon } else { plane };
            let again = victim.kill().and_then(|()| victim.start());
            let answer = uploading.join().map_err(|_| "uploading broke")?;
            again.map(|()| answer)
        })?;
        world.wait_until_ready()?;
        world.wait_until_connected(SOON)?;
        let found = version_of(&fs::read(&file)?)?;
        let allowed = if answer == 200 { found == version } else { found == present || found == version };
        check(allowed, || {
            format!("version {present} was there, {version} was answered {answer}, {found} is there")
        })?;
        present = found;
        world.swept(&server)?;
    }
    Ok(())
}

/// F10: the daemon, while an archive of an installation is unpacked, and while a directory is copied.
pub fn unpacked(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    let mut chance = parts.chance("F10b");
    let variables = json!({ "steps": "0", "pack": PACKED.to_string() });
    let server = world.admin.create(&world.form("unpacks", false, &variables), None)?;
    let operation = world.latest_operation(&server)?;
    let packed = world.files(&server).join("packed");
    for _ in 0..3 {
        until("unpacking has begun", SOON, || {
            if packed.join("file-1").exists() && !packed.with_file_name("part.tar.gz").exists() {
                Ok(())
            } else {
                Err("there is nothing yet")
            }
        })?;
        chance.pause(UNPACKING);
        world.crash_daemon()?;
        world.wait_until_connected(SOON)?;
    }
    let ended = world.wait_for_end(&operation, SOON)?;
    check(ended["state"] == "succeeded", || format!("the installation ended as {ended}"))?;
    world.swept(&server)?;
    check_packed(&packed)?;
    for _ in 0..3 {
        copied(world, &server, chance.within(UNPACKING))?;
    }
    check_packed(&packed)
}

/// The copy is all there or not at all.
fn copied(world: &mut World, server: &str, moment: Duration) -> Result<()> {
    let (admin, daemon) = (&world.admin, &mut world.daemon);
    let form = json!({ "from": "packed", "to": "copied" });
    let path = format!("/api/servers/{server}/files/copy");
    let answer = thread::scope(|scope| {
        let copying =
            scope.spawn(|| admin.ask("POST", &path, Some(&form), None).map_or(0, |(status, _)| status));
        thread::sleep(moment);
        let again = daemon.kill().and_then(|()| daemon.start());
        let answer = copying.join().map_err(|_| "copying broke")?;
        again.map(|()| answer)
    })?;
    world.wait_until_connected(SOON)?;
    world.swept(server)?;
    let copy = world.files(server).join("copied");
    check(answer != 200 || copy.exists(), || "a copy that was answered with 200 is not there".into())?;
    if copy.exists() {
        check_packed(&copy)?;
        let form = json!({ "paths": ["copied"] });
        world.admin.must("POST", &format!("/api/servers/{server}/files/delete"), Some(&form))?;
    }
    Ok(())
}

pub(super) fn check_packed(folder: &Path) -> Result<()> {
    let count = fs::read_dir(folder)?.count();
    check(count == PACKED as usize, || format!("{} has {count} files", folder.display()))?;
    for number in 1..=PACKED {
        let content = fs::read_to_string(folder.join(format!("file-{number}")))?;
        check(content == format!("file {number}\n"), || format!("file {number} has {content:?}"))?;
    }
    Ok(())
}

impl World {
    /// What was begun and cut off is gone once somebody writes again.
    fn swept(&self, server: &str) -> Result<()> {
        until("somebody writes again", SOON, || match self.admin.upload(server, "note", &b"x"[..]) {
            Ok(200) => Ok(()),
            Ok(status) => Err(format!("it is answered {status}")),
            Err(error) => Err(error.to_string()),
        })?;
        let found = temporary(&self.files(server))?;
        check(found.is_empty(), || format!("left behind: {found:?}"))
    }
}

fn temporary(folder: &Path) -> Result<Vec<PathBuf>> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(".gantry-tmp-") {
                found.push(entry.path());
            } else if entry.file_type()?.is_dir() {
                open.push(entry.path());
            }
        }
    }
    Ok(found)
}

/// A file that comes slowly, and says its version throughout.
struct Slow {
    content: Arc<Vec<u8>>,
    sent: usize,
    began: Instant,
}

impl Slow {
    fn version(version: u8) -> Self {
        Self { content: Arc::new(vec![version; PIECE * PIECES]), sent: 0, began: Instant::now() }
    }
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let pieces = u32::try_from(self.sent / PIECE).unwrap_or(u32::MAX);
        thread::sleep((BREATH * pieces).saturating_sub(self.began.elapsed()));
        let left = &self.content[self.sent..];
        let count = left.len().min(buffer.len()).min(PIECE);
        buffer[..count].copy_from_slice(&left[..count]);
        self.sent += count;
        Ok(count)
    }
}

/// Which version a file is, if it is one from beginning to end.
fn version_of(content: &[u8]) -> Result<u8> {
    let first = content.first().copied().unwrap_or_default();
    let whole = content.len() == PIECE * PIECES && content.iter().all(|byte| *byte == first);
    check(whole, || format!("{} bytes are a mix, or not all of it", content.len()))?;
    Ok(first)
}
