//! Putting a backup back: beside what is there until all of it is unpacked, and then in its place in one step.

use super::book::Use;
use crate::{
    failure::{failure, internal, of_files},
    node::Shared,
    server::{
        refusal,
        work::{Ended, Work},
    },
};
use gantry_backup::BackupError;
use gantry_files::{FilesError, Jail, remove_directory};
use gantry_lifecycle::Event;
use gantry_protocol::{Refusal, RefusalCode};
use gantry_types::{
    BackupId, OperationId, ServerId,
    backup::{Backup, BackupState},
    operation::{OperationFailure, Progress},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;

/// What is shown while it goes on.
const STEP: &str = "Unpacking the backup";

/// Puts back what the operation names. Whatever it does not come to leaves all files as they were.
pub(crate) async fn restore(work: Work, operation: OperationId) -> Event {
    match whole(&work, operation).await {
        Ok(()) => Event::BackupRestored,
        Err(Ended::Cancelled) => Event::RestoreCancelled,
        Err(Ended::Failed(failure)) => {
            work.log(&format!("The backup was not restored: {}", failure.message));
            Event::RestoreFailed(*failure)
        }
    }
}

async fn whole(work: &Work, operation: OperationId) -> Result<(), Ended> {
    let asked = work.server.operation.as_ref().filter(|asked| asked.id == operation);
    let id = asked.and_then(|asked| asked.backup);
    let id = id.ok_or_else(|| internal("the operation names no backup"))?;
    let shared = &work.shared;
    let backup = shared.backups.take_out(work.id(), id).await.map_err(of_refusal)?;
    let done = replace(work, &backup).await;
    shared.backups.put_back(work.id(), id).await;
    done
}

async fn replace(work: &Work, backup: &Backup) -> Result<(), Ended> {
    let beside = work.shared.data.server_restore(work.id());
    work.log(&format!(
        "Restoring the backup \u{201C}{}\u{201D} of {}.",
        backup.name,
        backup.created_at.format("%F %T UTC")
    ));
    discard(work, &beside).await?;
    let unpacked = unpack(work, backup, &beside).await;
    if let Err(ended) = unpacked {
        if let Err(failure) = discard(work, &beside).await {
            tracing::warn!(server.id = %work.id(), why = failure.message, "what was unpacked of a backup stays");
        }
        return Err(ended);
    }
    // There may be no directory yet to change places with.
    work.home().await?;
    let (there, other) = (work.shared.data.server_files(work.id()), beside.clone());
    let exchanged = tokio::task::spawn_blocking(move || gantry_backup::exchange(&there, &other)).await;
    exchanged
        .map_err(|_| internal("the files were not put in place"))?
        .map_err(|error| internal(format!("the files were not put in place: {error}")))?;
    work.desk.replace();
    // The backup is there: what goes on from here is tidying up.
    if let Err(failure) = discard(work, &beside).await {
        tracing::warn!(server.id = %work.id(), why = failure.message, "files that a backup replaced stay for now");
    }
    work.limit_disk().await;
    work.log("The backup is restored.");
    Ok(())
}

async fn unpack(work: &Work, backup: &Backup, beside: &Path) -> Result<(), Ended> {
    let shared = &work.shared;
    let made = shared.subvolumes.make(beside).await;
    made.map_err(|error| internal(format!("the directory for it could not be made: {error}")))?;
    // Where the kernel keeps the limit, nothing beyond it is unpacked.
    if let Err(error) = shared.subvolumes.limit(work.id(), beside, work.server.limits.disk_mib).await {
        tracing::warn!(server.id = %work.id(), %error, "what is unpacked is limited only once it is there");
    }
    let (path, owner) = (beside.to_owned(), shared.own_files.then_some(work.user));
    let jail = tokio::task::spawn_blocking(move || Jail::create(&path, owner)).await;
    let jail = jail.map_err(|_| internal("the directory for it could not be made"))?;
    let jail = jail.map_err(|error| of_files("restore_failed", &error))?;
    let total = backup.archive_bytes.max(1);
    let (to, clock) = (work.progress.clone(), Arc::clone(&shared.clock));
    let shown = move |done: u64, all: Option<u64>| {
        let detail = Some(crate::install::meter::bytes_of(done, all, None));
        let fraction = crate::install::meter::ratio(done, all.unwrap_or(total)).clamp(0.0, 1.0);
        let step = STEP.to_owned();
        to.send_replace(Some(Progress {
            step,
            step_index: 0,
            step_count: 1,
            fraction,
            detail,
            at: clock.now(),
        }));
    };
    let key = (work.id(), backup.id);
    let store = &shared.backups.store;
    let unpacked =
        store.unpack(&shared.workers, key, backup.content_bytes, &jail, &shown, &work.cancel).await;
    unpacked.map_err(|error| of_backup(&error))?;
    fits(work, &jail).await
}

/// Holes take no room, so that what a backup takes shows once it is unpacked.
async fn fits(work: &Work, jail: &Jail) -> Result<(), Ended> {
    let limit_mib = u64::from(work.server.limits.disk_mib);
    let cancel = work.cancel.clone();
    let usage = jail.run(move |jail| jail.usage(&cancel)).await.map_err(|error| of_backup(&error.into()))?;
    if limit_mib == 0 || usage.bytes <= limit_mib << 20 {
        return Ok(());
    }
    let message = format!(
        "the backup takes {} MiB on the disk, and the server may have {limit_mib} MiB",
        usage.bytes.div_ceil(1 << 20)
    );
    Err(beyond_limit(message).into())
}

fn beyond_limit(message: String) -> OperationFailure {
    failure("quota_exceeded", message, "Raise the server's disk limit, then restore again.")
}

/// Removes what was unpacked, or replaced.
async fn discard(work: &Work, beside: &Path) -> Result<(), OperationFailure> {
    let data = &work.shared.data;
    let remains = work.shared.subvolumes.leave(work.id(), beside).await;
    let path: PathBuf = beside.to_owned();
    let removed =
        tokio::task::spawn_blocking(move || remove_directory(&path, &CancellationToken::new())).await;
    removed
        .map_err(|_| internal("removing old files was interrupted"))?
        .map_err(|error| of_files("restore_failed", &error))?;
    if let Some(remains) = remains {
        remains.tidy(&data.servers()).await;
    }
    Ok(())
}

impl super::Backups {
    /// Keeps a backup from being deleted while it is put back.
    async fn take_out(&self, server: ServerId, id: BackupId) -> Result<Backup, Refusal> {
        let mut book = self.book.lock().await;
        let backup = book.find(server, id)?.backup().clone();
        if backup.state != BackupState::Ready {
            return Err(refusal(RefusalCode::BackupInUse, "the backup is not ready"));
        }
        if let Some(entry) = book.find_mut(server, id) {
            entry.at_work = Use::Restoring;
        }
        Ok(backup)
    }

    async fn put_back(&self, server: ServerId, id: BackupId) {
        if let Some(entry) = self.book.lock().await.find_mut(server, id) {
            entry.at_work = Use::Idle;
        }
    }
}

/// Removes what a restore that nobody goes on with left beside a server's files.
pub(crate) async fn tidy(shared: &Shared, server: ServerId) {
    let path = shared.data.server_restore(server);
    let removed =
        tokio::task::spawn_blocking(move || remove_directory(&path, &CancellationToken::new())).await;
    if !matches!(removed, Ok(Ok(()))) {
        tracing::warn!(server.id = %server, "what was left of a restore stays for now");
    }
}

fn of_refusal(refusal: Refusal) -> Ended {
    let remedy = "Look at the server's backups; restore another one.";
    failure("backup_unavailable", refusal.message, remedy).into()
}

fn of_backup(error: &BackupError) -> Ended {
    match error {
        BackupError::Files(FilesError::Cancelled) => Ended::Cancelled,
        BackupError::NotFound => {
            failure("backup_unavailable", error.to_string(), "Delete it, and restore another one.").into()
        }
        BackupError::NoRoom | BackupError::Files(FilesError::DiskFull) => failure(
            "disk_full",
            "the node's disk has no room to unpack it",
            "Delete what is not needed, or ask the node's administrator for room.",
        )
        .into(),
        BackupError::Files(FilesError::Limit) => {
            beyond_limit("the backup takes more on the disk than the server may have".to_owned()).into()
        }
        BackupError::Files(error) => of_files("restore_failed", error).into(),
        BackupError::Io(error) => internal(error.to_string()).into(),
    }
}
