//! Disk limits that the kernel enforces, on a btrfs of one's own: needs root, loop devices and btrfs-progs.

use crate::daemon::{Daemon, id_of};
use gantry_types::{
    backup::BackupState,
    operation::{OperationKind as Kind, OperationState},
    server::{Desired, Observed},
};
use http::{Method, StatusCode};
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

const MIB: usize = 1 << 20;

/// A file system that goes away with the test.
struct Btrfs {
    folder: TempDir,
}

impl Btrfs {
    fn new(quotas: bool) -> Self {
        let btrfs = Self { folder: tempfile::tempdir().unwrap() };
        let (image, mount) = (btrfs.folder.path().join("image"), btrfs.mounted());
        fs::File::create(&image).unwrap().set_len(512 * MIB as u64).unwrap();
        fs::create_dir(&mount).unwrap();
        run(Command::new("mkfs.btrfs").arg("--quiet").arg(&image));
        run(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&mount));
        if quotas {
            run(Command::new("btrfs").args(["quota", "enable"]).arg(&mount));
        }
        btrfs
    }

    fn mounted(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    fn subvolumes(&self) -> String {
        run(Command::new("btrfs").args(["subvolume", "list"]).arg(self.mounted()))
    }
}

impl Drop for Btrfs {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(self.mounted()).status());
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Writes as a game does, past the daemon, until all is on the disk. Answers what went wrong.
fn fill(path: &Path, mib: usize) -> Option<i32> {
    let written = fs::File::create(path).and_then(|mut file| {
        for number in 0..mib {
            // Nothing that the file system could make smaller.
            let byte = u8::try_from(number % 251).unwrap();
            file.write_all(&vec![byte; MIB])?;
        }
        file.sync_all()
    });
    written.err().as_ref().and_then(io::Error::raw_os_error)
}

#[tokio::test]
async fn a_game_cannot_write_past_its_servers_limit_on_btrfs() {
    const EDQUOT: i32 = 122;
    let btrfs = Btrfs::new(true);
    let mut daemon = Daemon::below(&btrfs.mounted()).await;
    let mut server = daemon.server(Desired::Running, Kind::Install);
    server.limits.disk_mib = 32;
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
    let world = daemon.file(server.id, "world");
    assert_eq!(fill(&world, 64), Some(EDQUOT));
    assert!(fs::metadata(&world).unwrap().len() <= 32 * MIB as u64);

    // What comes through the daemon is told in its own words, whichever of the two accounts is the stricter.
    let path = format!("/v1/servers/{}/files/content?path=note", server.id);
    let (status, answer) = daemon.send(Method::PUT, &path, vec![7; 8 * MIB].into()).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    assert!(answer.contains("quota_exceeded"), "{answer}");

    let mut more = daemon.next(&server, Desired::Running, Kind::Restart);
    more.limits.disk_mib = 128;
    daemon.put(&more).await.unwrap();
    assert_eq!(daemon.ended(id_of(&more)).await.state, OperationState::Succeeded);
    assert_eq!(fill(&world, 64), None);

    assert!(btrfs.subvolumes().contains(&server.id.to_string()));
    let delete = daemon.next(&more, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    assert_eq!(daemon.ended(id_of(&delete)).await.state, OperationState::Succeeded);
    assert_eq!(btrfs.subvolumes(), "");
    drop(daemon.end().await);
}

#[tokio::test]
async fn a_btrfs_without_quotas_is_as_good_as_any_file_system() {
    let btrfs = Btrfs::new(false);
    let mut daemon = Daemon::below(&btrfs.mounted()).await;
    let mut server = daemon.server(Desired::Running, Kind::Install);
    server.limits.disk_mib = 32;
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Running).await;
    assert_eq!(fill(&daemon.file(server.id, "world"), 64), None, "it is accounted, not enforced");
    drop(daemon.end().await);
}

/// Subvolumes in subvolumes, each some folders deep.
fn nest(mut at: PathBuf) {
    for _ in 0..3 {
        run(Command::new("btrfs").args(["subvolume", "create"]).arg(&at));
        at = at.join("deep/deeper");
        fs::create_dir_all(&at).unwrap();
        fs::write(at.join("file"), "text").unwrap();
        at = at.join("inner");
    }
}

#[tokio::test]
async fn subvolumes_in_a_servers_directory_are_in_no_backup_and_go_with_it() {
    let btrfs = Btrfs::new(true);
    let mut daemon = Daemon::below(&btrfs.mounted()).await;
    let mut server = daemon.server(Desired::Stopped, Kind::Install);
    (server.limits.disk_mib, server.limits.backups) = (32, 3);
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Offline).await;
    nest(daemon.file(server.id, "one"));
    let made = daemon.back_up(&server).await;
    assert_eq!((made.state, made.left_out), (BackupState::Ready, 1), "{made:?}");
    let (restored, report) = daemon.restore(&server, made.id).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    let left = |btrfs: &Btrfs| btrfs.subvolumes().lines().count();
    assert_eq!(left(&btrfs), 1, "{}", btrfs.subvolumes());

    nest(daemon.file(server.id, "two"));
    let delete = daemon.next(&restored, Desired::Deleted, Kind::Delete);
    daemon.put(&delete).await.unwrap();
    let report = daemon.ended(id_of(&delete)).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    assert_eq!(btrfs.subvolumes(), "");
    drop(daemon.end().await);
}

#[tokio::test]
async fn a_backup_that_takes_more_than_the_limit_is_unpacked_no_further_than_that() {
    let btrfs = Btrfs::new(true);
    let mut daemon = Daemon::below(&btrfs.mounted()).await;
    let mut server = daemon.server(Desired::Stopped, Kind::Install);
    (server.limits.disk_mib, server.limits.backups) = (128, 3);
    daemon.put(&server).await.unwrap();
    daemon.until(server.id, Observed::Offline).await;
    let world = daemon.file(server.id, "world");
    assert_eq!(fill(&world, 64), None);
    let made = daemon.back_up(&server).await;
    fs::remove_file(&world).unwrap();
    server = daemon.next(&server, Desired::Stopped, Kind::Stop);
    server.limits.disk_mib = 32;
    daemon.put(&server).await.unwrap();
    daemon.ended(id_of(&server)).await;
    let (_, report) = daemon.restore(&server, made.id).await;
    let failure = report.failure.unwrap();
    assert_eq!(failure.code, "quota_exceeded", "{failure:?}");
    assert!(!world.exists(), "the files are as they were");
    drop(daemon.end().await);
}
