//! One backup being made: quiet, the archive, and that the game may write again.

use super::{
    book::{Entry, comes_by_itself},
    fail, quiet, told,
};
use crate::{
    failure::chain,
    node::Shared,
    server::{Reading, ServerHandle},
    words::sentence,
};
use gantry_backup::{BackupError, Made};
use gantry_files::{FilesError, Jail, Line, PackLimits, PackTurn};
use gantry_types::{
    BackupId, ServerId,
    backup::{Backup, BackupProgress, BackupState, Quiesce},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);
/// The content of a server's files may be so many times what they may take on the disk: the rest is holes.
const HOLES: u64 = 4;
/// The same where there is no limit of the disk.
const MOST_CONTENT: u64 = 4 << 40;

pub(super) struct Making {
    pub(super) shared: Arc<Shared>,
    pub(super) handle: ServerHandle,
    pub(super) id: BackupId,
    pub(super) line: Line,
    pub(super) reading: Reading,
}

/// What a backup waits for before its game does.
struct Ready<'a> {
    turn: PackTurn<'a>,
    jail: Jail,
    total_bytes: u64,
}

/// What came of the archive, and of quiet.
struct Outcome {
    made: Result<Made, BackupError>,
    /// None where the game was not asked.
    quiesce: Option<Quiesce>,
    /// What people should know of it.
    notes: Vec<String>,
    /// The game is still to be told that it may write again.
    owed: bool,
}

impl Making {
    /// Ends with the backup ready, failed or gone, whatever happens to the work itself.
    pub(super) async fn whole(self, stopping: CancellationToken, ended: oneshot::Sender<Backup>) {
        let (shared, server, id) = (Arc::clone(&self.shared), self.reading.work.id(), self.id);
        let most = self.reading.work.server.limits.backups;
        let cancel = self.reading.work.cancel.clone();
        let console = Arc::clone(&self.handle.console);
        let task = tokio::spawn(self.work());
        // A daemon that ends calls it off; the game is told all the same.
        let abort = cancel.clone();
        let watch = async move {
            stopping.cancelled().await;
            abort.cancel();
            std::future::pending::<()>().await;
        };
        let done = tokio::select! {
            done = task => done,
            () = watch => return,
        };
        let outcome = done.unwrap_or_else(|error| {
            tracing::error!(server.id = %server, backup.id = %id, %error, "a backup's task failed");
            let made = Err(FilesError::Interrupted.into());
            Outcome { made, quiesce: Some(Quiesce::Failed), notes: Vec::new(), owed: true }
        });
        let called_off =
            cancel.is_cancelled() && matches!(outcome.made, Err(BackupError::Files(FilesError::Cancelled)));
        if let Some(backup) = finish(&shared, (server, id), most, outcome, called_off).await {
            console.say(shared.clock.now(), &verdict(&backup));
            // Nobody may wait for it.
            ended.send(backup).ok();
        }
    }

    async fn work(self) -> Outcome {
        self.say("A backup is being made.");
        // All that takes long comes before the game is asked to hold still.
        let ready = match self.ready().await {
            Ok(ready) => ready,
            Err(error) => {
                return Outcome { made: Err(error), quiesce: None, notes: Vec::new(), owed: false };
            }
        };
        let owing = || async { self.alter(|kept| kept.quiet = true).await };
        let quiet = quiet::keep(&self.handle, quiet::ACTOR, owing).await;
        let mut quiesce = quiet.quiesce;
        let mut notes: Vec<String> = quiet.why.iter().cloned().collect();
        let known = self.alter(|kept| kept.backup.quiesce = Some(quiesce)).await;
        let made = if known { self.pack(ready).await } else { Err(FilesError::Interrupted.into()) };
        let held_still = matches!(quiesce, Quiesce::Quiesced | Quiesce::Offline);
        if held_still && made.is_ok() && !quiet.holds(&self.handle).await {
            quiesce = Quiesce::Failed;
            notes.push("The game was started or stopped while its files were read.".to_owned());
        }
        let mut owed = false;
        if matches!(quiet.quiesce, Quiesce::Quiesced | Quiesce::Failed)
            && let Err(why) = quiet::end(&self.shared, &self.handle, quiet::ACTOR).await
        {
            notes.push(quiet::unheard(&why));
            owed = true;
        }
        Outcome { made, quiesce: Some(quiesce), notes, owed }
    }

    async fn ready(&self) -> Result<Ready<'_>, BackupError> {
        let work = &self.reading.work;
        let turn = self.shared.workers.turn_to_pack(self.line, &work.cancel).await?;
        let jail = work.jail().await.map_err(|failure| {
            tracing::warn!(server.id = %work.id(), why = failure.message, "a server's directory cannot be opened");
            FilesError::Interrupted
        })?;
        let cancel = work.cancel.clone();
        let total_bytes = jail.run(move |jail| jail.usage(&cancel)).await?.content;
        Ok(Ready { turn, jail, total_bytes })
    }

    async fn pack(&self, Ready { turn, jail, total_bytes }: Ready<'_>) -> Result<Made, BackupError> {
        let work = &self.reading.work;
        let limit = u64::from(work.server.limits.disk_mib) << 20;
        let content = if limit == 0 { MOST_CONTENT } else { limit.saturating_mul(HOLES) };
        let done = Arc::new(AtomicU64::new(0));
        let moved = {
            let done = Arc::clone(&done);
            move |bytes: u64, _| done.store(bytes, Ordering::Relaxed)
        };
        let limits = PackLimits { content };
        let store = &self.shared.backups.store;
        let making = store.make(&turn, &jail, (work.id(), self.id), limits, &moved, &work.cancel);
        tokio::pin!(making);
        let mut shown = None;
        loop {
            tokio::select! {
                made = &mut making => return made,
                () = tokio::time::sleep(self.shared.clock.wait(PROGRESS_EVERY)) => {
                    let progress = BackupProgress { done_bytes: done.load(Ordering::Relaxed), total_bytes };
                    if shown != Some(progress) {
                        self.alter(|kept| kept.backup.progress = Some(progress)).await;
                        shown = Some(progress);
                    }
                }
            }
        }
    }

    /// False where it could not be written down.
    async fn alter(&self, change: impl FnOnce(&mut crate::ledger::KeptBackup)) -> bool {
        let (shared, server) = (&self.shared, self.reading.work.id());
        shared.backups.alter(shared, server, self.id, change).await.is_ok()
    }

    fn say(&self, text: &str) {
        self.handle.console.say(self.shared.clock.now(), text);
    }
}

/// Writes down what it is now, and removes what has become too many. None where it is no more.
async fn finish(
    shared: &Arc<Shared>,
    (server, id): (ServerId, BackupId),
    most: u32,
    outcome: Outcome,
    called_off: bool,
) -> Option<Backup> {
    let backups = &shared.backups;
    let mut book = backups.book.lock().await;
    // A server that was deleted took its backups along.
    let entry = book.find(server, id).ok()?;
    let (mut kept, unwanted) = (entry.kept.clone(), entry.unwanted);
    kept.quiet = outcome.owed;
    let backup = &mut kept.backup;
    backup.quiesce = outcome.quiesce;
    let now = shared.clock.now();
    match outcome.made {
        Ok(Made { bytes, packed }) => {
            (backup.state, backup.ended_at, backup.progress) = (BackupState::Ready, Some(now), None);
            backup.revision += 1;
            (backup.archive_bytes, backup.content_bytes) = (bytes, packed.bytes);
            (backup.entries, backup.left_out, backup.changed) =
                (packed.entries, packed.left_out, packed.changed);
            backup.reason = (!outcome.notes.is_empty()).then(|| outcome.notes.join(" "));
        }
        Err(error) => fail(backup, [vec![why(&error, called_off)], outcome.notes].concat().join(" "), now),
    }
    let backup = backup.clone();
    let change = told(&kept);
    book.put(server, Entry::idle(kept));
    // What cannot be written down is Running in the ledger, and failed for the next daemon.
    if backups.write(shared, server, change).await.is_err() {
        return None;
    }
    if unwanted {
        drop(backups.remove(shared, &mut book, server, id).await);
    }
    drop(book);
    if backup.state == BackupState::Ready && comes_by_itself(&backup.cause) {
        backups.tidy(shared, server, |book| book.rotated_out(server, id, most)).await;
    }
    backups.tidy(shared, server, |book| book.old_failures(server)).await;
    Some(backup)
}

fn why(error: &BackupError, called_off: bool) -> String {
    if called_off {
        return "It was called off.".to_owned();
    }
    match error {
        BackupError::Files(FilesError::TooLarge { path, .. }) => {
            format!("With {path} the server's files claim to hold far more than its disk limit allows.")
        }
        error => {
            tracing::warn!(error = chain(error), "a backup was not made");
            sentence(&error.to_string())
        }
    }
}

/// What the console says of it.
fn verdict(backup: &Backup) -> String {
    let name = &backup.name;
    match backup.state {
        BackupState::Ready => {
            let size = crate::install::meter::bytes_of(backup.archive_bytes, None, None);
            format!("The backup \u{201C}{name}\u{201D} is ready: {size}.")
        }
        BackupState::Running | BackupState::Failed | BackupState::Deleted => {
            let why = backup.reason.as_deref().unwrap_or_default();
            format!("The backup \u{201C}{name}\u{201D} was not made. {why}")
        }
    }
}
