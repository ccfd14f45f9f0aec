//! Backups: quiet, whole or not at all, put back whole or not at all, as many as may be, and what a daemon owes that ended
//! in the middle of one.

use crate::{
    actions::{house, said},
    daemon::{Daemon, PATIENCE, id_of},
};
use axum::http::{Method, StatusCode};
use gantry_agent::ledger::{BackupKept, Change, KeptBackup};
use gantry_protocol::{
    BackupChange, BackupRequest, DesiredServer, Event, KnownBackup, OperationReport, Refusal, RefusalCode,
};
use gantry_types::{
    BackupId, ScheduleId, ServerId,
    action::Availability,
    backup::{Backup, BackupCause, BackupState, Quiesce},
    operation::{OperationKind as Kind, OperationState},
    schedule::{Deed, RunState, Schedule, ScheduleRun, Step},
    server::{Desired, Observed},
    units::Limits,
};
use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) fn fresh() -> BackupId {
    BackupId::new(Uuid::now_v7())
}

/// Larger than anything is read in the time of a test.
pub(crate) const ENDLESS: u64 = 1 << 41;

impl Daemon {
    /// A game that keeps quiet when it is asked to, and may have so many backups.
    pub(crate) async fn keeper(&mut self, desired: Desired, backups: u32) -> DesiredServer {
        let server = house(self, desired).await;
        let next = self.next(&server, desired, Kind::Start);
        let limits = Limits { backups, ..next.limits };
        let next = DesiredServer { operation: None, limits, ..next };
        self.put(&next).await.unwrap();
        next
    }

    fn archive(&self, server: ServerId, id: BackupId) -> PathBuf {
        self.data().join(format!("backups/{server}/{id}.tar.zst"))
    }

    pub(crate) async fn ask(
        &self,
        server: &DesiredServer,
        id: BackupId,
        name: &str,
    ) -> Result<Backup, Refusal> {
        let asked = BackupRequest { id, name: name.to_owned(), locked: false, actor: "ann".to_owned() };
        let path = format!("/v1/servers/{}/backups", server.id);
        let (status, bytes) =
            self.send(Method::POST, &path, serde_json::to_vec(&asked).unwrap().into()).await;
        if status == StatusCode::ACCEPTED {
            return Ok(serde_json::from_slice(&bytes).unwrap());
        }
        Err(serde_json::from_slice(&bytes).unwrap())
    }

    /// Has one made, and waits for its end.
    pub(crate) async fn back_up(&self, server: &DesiredServer) -> Backup {
        let id = fresh();
        let begun = self.ask(server, id, "Before the party").await.unwrap();
        assert_eq!((begun.state, begun.revision), (BackupState::Running, 1));
        self.settled(id).await
    }

    async fn settled(&self, id: BackupId) -> Backup {
        self.backup(|backup| backup.id == id && backup.state != BackupState::Running).await
    }

    async fn backup(&self, fits: impl Fn(&Backup) -> bool) -> Backup {
        self.event(|envelope| match &envelope.event {
            Event::Backup { backup } if fits(backup) => Some(Backup::clone(backup)),
            _ => None,
        })
        .await
    }

    pub(crate) async fn backups(&self, server: &DesiredServer) -> Vec<Backup> {
        self.json(Method::GET, &format!("/v1/servers/{}/backups", server.id), &()).await
    }

    async fn one(
        &self,
        method: Method,
        server: &DesiredServer,
        id: BackupId,
        body: &BackupChange,
    ) -> Result<(), RefusalCode> {
        let path = format!("/v1/servers/{}/backups/{id}", server.id);
        let (status, bytes) = self.send(method, &path, serde_json::to_vec(body).unwrap().into()).await;
        if status.is_success() {
            Ok(())
        } else {
            Err(serde_json::from_slice::<Refusal>(&bytes).unwrap().code)
        }
    }

    pub(crate) async fn delete(&self, server: &DesiredServer, id: BackupId) -> Result<(), RefusalCode> {
        self.one(Method::DELETE, server, id, &BackupChange::default()).await
    }

    async fn lock(&self, server: &DesiredServer, id: BackupId, locked: bool) {
        let change = BackupChange { locked: Some(locked), name: None };
        self.one(Method::PATCH, server, id, &change).await.unwrap();
    }

    /// Has one put back, and waits for the end of that.
    pub(crate) async fn restore(
        &mut self,
        server: &DesiredServer,
        id: BackupId,
    ) -> (DesiredServer, OperationReport) {
        let mut next = self.next(server, server.desired, Kind::Restore);
        next.operation.as_mut().unwrap().backup = Some(id);
        self.put(&next).await.unwrap();
        let report = self.ended(id_of(&next)).await;
        (next, report)
    }
}

/// A small disk that goes away with the test.
struct Disk(TempDir);

impl Disk {
    fn of_mib(mib: u32) -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        let size = format!("size={mib}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(disk.path()).status();
        assert!(mounted.unwrap().success());
        disk
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// All, and those that are free.
    fn bytes(&self) -> (u64, u64) {
        let disk = rustix::fs::statvfs(self.path()).unwrap();
        (disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(self.path()).status());
    }
}

/// Bytes that nothing makes smaller.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(bytes).collect()
}

/// What the game was told, in order.
fn told(said: &[String]) -> Vec<&str> {
    said.iter().filter_map(|line| line.strip_prefix("[backup] ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_game_that_runs_is_quiet_and_comes_back_whole() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    let world = daemon.file(server.id, "world.txt");
    fs::write(&world, "as it was").unwrap();
    let made = daemon.back_up(&server).await;
    assert_eq!(
        (made.state, made.quiesce, made.reason.as_deref()),
        (BackupState::Ready, Some(Quiesce::Quiesced), None)
    );
    assert_eq!(made.cause, BackupCause::Person { name: "ann".to_owned() });
    assert!(made.entries >= 3 && made.content_bytes >= 9 && made.left_out == 0, "{made:?}");
    assert_eq!(fs::metadata(daemon.archive(server.id, made.id)).unwrap().len(), made.archive_bytes);
    assert_eq!(told(&said(&daemon, server.id).await), ["hush", "go on"]);
    daemon.line(server.id, "The backup \u{201C}Before the party\u{201D} is ready").await;

    fs::write(&world, "as it is").unwrap();
    let new = daemon.file(server.id, "new.txt");
    fs::write(&new, "new").unwrap();
    let (server, report) = daemon.restore(&server, made.id).await;
    assert_eq!(report.state, OperationState::Succeeded, "{report:?}");
    daemon.until(server.id, Observed::Running).await;
    assert_eq!(fs::read_to_string(&world).unwrap(), "as it was");
    assert!(!new.exists(), "what came later is gone");
    assert!(!daemon.data().join(format!("servers/{}/restore", server.id)).exists());
    let left = daemon.backups(&server).await;
    assert_eq!(left.iter().map(|backup| backup.id).collect::<Vec<_>>(), [made.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_that_does_not_hold_still_is_backed_up_all_the_same_and_may_write_again() {
    let mut daemon = Daemon::deaf().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    let made = daemon.back_up(&server).await;
    assert_eq!((made.state, made.quiesce), (BackupState::Ready, Some(Quiesce::Failed)));
    let why = made.reason.unwrap();
    assert!(why.contains("did not print a line that matches \"^hush$\""), "{why}");
    assert_eq!(told(&said(&daemon, server.id).await), ["hush", "go on"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_quiet_is_told_as_it_is() {
    let mut daemon = Daemon::start().await;
    // Nothing runs.
    let stopped = daemon.keeper(Desired::Stopped, 5).await;
    assert_eq!(daemon.back_up(&stopped).await.quiesce, Some(Quiesce::Offline));
    // Its plugin knows no way.
    let loud = daemon.running().await;
    let loud = DesiredServer {
        limits: Limits { backups: 5, ..loud.limits },
        operation: None,
        ..daemon.next(&loud, Desired::Running, Kind::Start)
    };
    daemon.put(&loud).await.unwrap();
    let made = daemon.back_up(&loud).await;
    assert_eq!((made.state, made.quiesce), (BackupState::Ready, Some(Quiesce::Unsupported)));
    assert!(told(&said(&daemon, loud.id).await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_called_off_leaves_nothing_and_the_game_writes_again() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 1).await;
    File::create(daemon.file(server.id, "hole")).unwrap().set_len(ENDLESS).unwrap();
    let id = fresh();
    daemon.ask(&server, id, "Endless").await.unwrap();
    let refused = daemon.ask(&server, fresh(), "Another").await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::BackupInUse);
    let shown = daemon.backup(|backup| backup.id == id && backup.progress.is_some()).await;
    assert!(shown.progress.is_some_and(|progress| progress.total_bytes >= ENDLESS), "{shown:?}");
    daemon.delete(&server, id).await.unwrap();
    let gone = daemon.backup(|backup| backup.id == id && backup.state == BackupState::Deleted).await;
    assert!(gone.revision > shown.revision);
    assert_eq!(told(&said(&daemon, server.id).await), ["hush", "go on"]);
    assert!(daemon.backups(&server).await.is_empty());
    assert_eq!(fs::read_dir(daemon.data().join(format!("backups/{}", server.id))).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_as_many_as_may_be_and_what_is_locked_stays() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Stopped, 1).await;
    let made = daemon.back_up(&server).await;
    let refused = daemon.ask(&server, fresh(), "One more").await.unwrap_err();
    assert_eq!(refused.code, RefusalCode::TooManyBackups);
    // The same once more is the same.
    assert_eq!(daemon.ask(&server, made.id, "Before the party").await.unwrap(), made);
    daemon.lock(&server, made.id, true).await;
    assert_eq!(daemon.delete(&server, made.id).await, Err(RefusalCode::BackupInUse));
    daemon.lock(&server, made.id, false).await;
    daemon.delete(&server, made.id).await.unwrap();
    assert!(!daemon.archive(server.id, made.id).exists());
    assert_eq!(daemon.delete(&server, made.id).await, Err(RefusalCode::UnknownBackup));
    let none = daemon.keeper(Desired::Stopped, 0).await;
    assert_eq!(daemon.ask(&none, fresh(), "None").await.unwrap_err().code, RefusalCode::TooManyBackups);
    for name in ["", "  ", "two\nlines", &"n".repeat(101)] {
        assert_eq!(
            daemon.ask(&server, fresh(), name).await.unwrap_err().code,
            RefusalCode::Invalid,
            "{name:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_another_server_is_none_of_this_one_s() {
    let mut daemon = Daemon::start().await;
    let (one, other) = (daemon.keeper(Desired::Stopped, 5).await, daemon.keeper(Desired::Stopped, 5).await);
    let made = daemon.back_up(&one).await;
    let secret = daemon.file(other.id, "mine");
    fs::write(&secret, "mine").unwrap();
    assert_eq!(daemon.delete(&other, made.id).await, Err(RefusalCode::UnknownBackup));
    let path = format!("/v1/servers/{}/backups/{}/content", other.id, made.id);
    assert_eq!(daemon.send(Method::GET, &path, vec![].into()).await.0, StatusCode::NOT_FOUND);
    let (_, report) = daemon.restore(&other, made.id).await;
    assert_eq!(report.state, OperationState::Failed);
    assert_eq!(fs::read_to_string(secret).unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_archive_is_read_as_it_is_on_the_disk() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Stopped, 5).await;
    let made = daemon.back_up(&server).await;
    let path = format!("/v1/servers/{}/backups/{}/content", server.id, made.id);
    let (status, bytes) = daemon.send(Method::GET, &path, vec![].into()).await;
    assert_eq!((status, bytes.len() as u64), (StatusCode::OK, made.archive_bytes));
    assert_eq!(bytes, fs::read(daemon.archive(server.id, made.id)).unwrap());
    let all: Vec<KnownBackup> = daemon.json(Method::GET, "/v1/backups", &()).await;
    assert_eq!(all, [KnownBackup { server_id: server.id, backup: made }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_fails_leaves_every_file_as_it_was() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    let world = daemon.file(server.id, "world.txt");
    fs::write(&world, vec![b'x'; 2 << 20]).unwrap();
    let made = daemon.back_up(&server).await;
    fs::write(&world, "as it is").unwrap();
    // A limit that leaves no room for it.
    let next = daemon.next(&server, Desired::Running, Kind::Start);
    let small = DesiredServer { operation: None, limits: Limits { disk_mib: 1, ..next.limits }, ..next };
    daemon.put(&small).await.unwrap();
    let (small, report) = daemon.restore(&small, made.id).await;
    assert_eq!(
        report.failure.as_ref().map(|failure| failure.code.as_str()),
        Some("quota_exceeded"),
        "{report:?}"
    );
    // An archive that is damaged.
    let archive = daemon.archive(server.id, made.id);
    let whole = fs::read(&archive).unwrap();
    fs::write(&archive, &whole[..whole.len() - 5]).unwrap();
    let (last, report) = daemon.restore(&small, made.id).await;
    assert_eq!(report.state, OperationState::Failed, "{report:?}");
    daemon.until(last.id, Observed::Running).await;
    assert_eq!(fs::read_to_string(&world).unwrap(), "as it is");
    assert!(!daemon.data().join(format!("servers/{}/restore", server.id)).exists());
    daemon.delete(&last, made.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_has_the_files_to_itself_and_ends_a_backup() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Stopped, 5).await;
    File::create(daemon.file(server.id, "hole")).unwrap().set_len(ENDLESS).unwrap();
    let id = fresh();
    daemon.ask(&server, id, "Endless").await.unwrap();
    let again = daemon.next(&server, Desired::Stopped, Kind::Reinstall);
    daemon.put(&again).await.unwrap();
    let ended = daemon.settled(id).await;
    assert_eq!((ended.state, ended.reason.as_deref()), (BackupState::Failed, Some("It was called off.")));
    assert_eq!(daemon.ended(id_of(&again)).await.state, OperationState::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_game_holds_still_no_sooner_than_its_files_are_read() {
    let mut daemon = Daemon::start().await;
    let mut others = Vec::new();
    for _ in 0..2 {
        let other = daemon.keeper(Desired::Stopped, 5).await;
        File::create(daemon.file(other.id, "endless")).unwrap().set_len(ENDLESS).unwrap();
        let id = fresh();
        daemon.ask(&other, id, "Endless").await.unwrap();
        daemon.backup(|backup| backup.id == id && backup.progress.is_some()).await;
        others.push((other, id));
    }
    let server = daemon.keeper(Desired::Running, 5).await;
    let id = fresh();
    daemon.ask(&server, id, "Before the party").await.unwrap();
    daemon.line(server.id, "A backup is being made.").await;
    // It plays on until one of the others has ended.
    daemon.command(server.id, "still playing").await;
    daemon.line(server.id, "still playing").await;
    assert_eq!(told(&said(&daemon, server.id).await), Vec::<&str>::new());
    let (other, of_it) = &others[0];
    daemon.delete(other, *of_it).await.unwrap();
    let made = daemon.settled(id).await;
    assert_eq!((made.state, made.quiesce), (BackupState::Ready, Some(Quiesce::Quiesced)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_leaves_free_what_games_need_of_the_disk() {
    let disk = Disk::of_mib(256);
    let mut daemon = Daemon::below(disk.path()).await;
    let server = daemon.keeper(Desired::Stopped, 5).await;
    // The files, their archive and what is unpacked of it fit together, and leave half of what is to stay free.
    let (all, free) = disk.bytes();
    let size = (free - all / 40) / 3;
    let world = daemon.file(server.id, "world.bin");
    fs::write(&world, noise(usize::try_from(size).unwrap())).unwrap();
    let made = daemon.back_up(&server).await;
    assert_eq!(made.state, BackupState::Ready, "{made:?}");
    let (_, report) = daemon.restore(&server, made.id).await;
    assert_eq!(report.state, OperationState::Failed);
    assert_eq!(report.failure.unwrap().code, "disk_full");
    assert_eq!(fs::metadata(&world).unwrap().len(), size);
    assert!(disk.bytes().1 > all / 20, "what was unpacked is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_its_owner_cannot_look_into_is_left_out_and_counted() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Stopped, 5).await;
    let home = fs::metadata(daemon.file(server.id, "")).unwrap();
    for (name, mode) in [("closed", 0o000), ("listed", 0o400), ("open", 0o700)] {
        let folder = daemon.file(server.id, name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("file"), "there").unwrap();
        std::os::unix::fs::chown(&folder, Some(home.uid()), Some(home.gid())).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
    }
    let made = daemon.back_up(&server).await;
    assert_eq!((made.state, made.left_out), (BackupState::Ready, 2), "{made:?}");
    daemon.restore(&server, made.id).await;
    assert_eq!(fs::read(daemon.file(server.id, "open/file")).unwrap(), b"there");
    assert!(!daemon.file(server.id, "closed").exists() && !daemon.file(server.id, "listed").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_deleted_takes_its_backups_along() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Stopped, 5).await;
    let made = daemon.back_up(&server).await;
    daemon.lock(&server, made.id, true).await;
    let gone = daemon.next(&server, Desired::Deleted, Kind::Delete);
    daemon.put(&gone).await.unwrap();
    assert_eq!(daemon.ended(id_of(&gone)).await.state, OperationState::Succeeded);
    assert!(!daemon.data().join(format!("backups/{}", server.id)).exists());
    let daemon = daemon.restart().await;
    assert!(daemon.json::<Vec<KnownBackup>>(Method::GET, "/v1/backups", &()).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_ends_in_the_middle_tells_the_game_and_the_next_one_says_that_it_failed() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    let made = daemon.back_up(&server).await;
    File::create(daemon.file(server.id, "hole")).unwrap().set_len(ENDLESS).unwrap();
    let id = fresh();
    daemon.ask(&server, id, "Endless").await.unwrap();
    daemon.backup(|backup| backup.id == id && backup.progress.is_some()).await;
    let daemon = daemon.restart().await;
    assert_eq!(daemon.settled(id).await.state, BackupState::Failed);
    assert_eq!(told(&said(&daemon, server.id).await), ["hush", "go on", "hush", "go on"]);
    let states: Vec<_> =
        daemon.backups(&server).await.iter().map(|backup| (backup.id, backup.state)).collect();
    assert_eq!(states, [(made.id, BackupState::Ready), (id, BackupState::Failed)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_daemon_that_was_killed_owed_a_game_the_next_one_does() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 5).await;
    let made = daemon.back_up(&server).await;
    // As it is in the ledger, and on the disk, of one that is being made.
    let id = fresh();
    let backup = Backup { id, state: BackupState::Running, ended_at: None, ..made.clone() };
    let kept = KeptBackup { backup, quiet: true };
    let change = Change { backups: vec![BackupKept { id, kept: Some(kept) }], ..Change::default() };
    daemon.ledger().commit(server.id, chrono::Utc::now(), change).await.unwrap();
    let partial = daemon.data().join(format!("backups/{}/{id}.part", server.id));
    fs::write(&partial, "half").unwrap();
    fs::create_dir(daemon.data().join(format!("servers/{}/restore", server.id))).unwrap();
    let before = told(&said(&daemon, server.id).await).len();
    let daemon = daemon.restart().await;
    let failed = daemon.settled(id).await;
    assert_eq!(failed.reason.as_deref(), Some("The node's daemon ended while it was made."));
    let heard = async {
        while told(&said(&daemon, server.id).await).get(before) != Some(&"go on") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("the game was not told");
    assert!(!partial.exists() && !daemon.data().join(format!("servers/{}/restore", server.id)).exists());
    // What it did is not owed any more.
    let settled = daemon.backup(|backup| backup.id == id && backup.revision > failed.revision).await;
    assert_eq!(settled.state, BackupState::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_somebody_took_away_is_not_said_to_be_there() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Stopped, 5).await;
    let made = daemon.back_up(&server).await;
    fs::remove_file(daemon.archive(server.id, made.id)).unwrap();
    let mut daemon = daemon.restart().await;
    let lost = daemon.backup(|backup| backup.id == made.id && backup.state == BackupState::Failed).await;
    assert_eq!(lost.reason.as_deref(), Some("Its archive is no longer on the node's disk."));
    let (_, report) = daemon.restore(&server, made.id).await;
    assert_eq!(report.state, OperationState::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_makes_backups_and_room_for_them_among_its_own() {
    let mut daemon = Daemon::start().await;
    let server = daemon.keeper(Desired::Running, 2).await;
    let by_hand = daemon.back_up(&server).await;
    let nightly = Schedule {
        id: ScheduleId::new(Uuid::now_v7()),
        name: "Nightly".to_owned(),
        cron: "0 4 * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        enabled: true,
        when: Availability::Always,
        steps: vec![Step { deed: Deed::Backup, go_on: false }],
    };
    let next = daemon.next(&server, Desired::Running, Kind::Start);
    let server = DesiredServer { operation: None, schedules: vec![nightly.clone()], ..next };
    daemon.put(&server).await.unwrap();
    let mut made = Vec::new();
    for _ in 0..3 {
        let run = daemon.follow(&server, nightly.id).await;
        assert_eq!(run.state, RunState::Succeeded, "{run:?}");
        assert!(
            run.steps[0]
                .message
                .as_deref()
                .is_some_and(|message| message.ends_with(" B") || message.ends_with(" KiB")),
            "{run:?}"
        );
        let there = daemon.backups(&server).await;
        assert!(there.iter().any(|backup| backup.id == by_hand.id));
        made.push(there.last().unwrap().id);
        assert_eq!(there.len(), 2, "{there:?}");
    }
    let first = daemon.backup(|backup| backup.id == made[0] && backup.state == BackupState::Deleted).await;
    assert_eq!(first.name, "Nightly");
    assert_eq!(first.cause, BackupCause::Schedule { schedule_id: nightly.id, name: "Nightly".to_owned() });
    daemon.lock(&server, made[2], true).await;
    let full: ScheduleRun = daemon.follow(&server, nightly.id).await;
    assert_eq!(full.state, RunState::Failed, "{full:?}");
    assert_eq!(full.steps[0].message.as_deref(), Some("The server has 2 backups, and may have 2."));
}
