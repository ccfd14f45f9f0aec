//! Backups of this node's servers: made beside the game, kept on the node's disk, put back as an operation.
//!
//! The node alone knows which there are: people ask it by the control plane, schedules ask it while nobody is there, and each change is
//! told whole as an event. A backup that is being made asks the game's plugin for quiet, and tells the game that it may write again
//! whatever comes between; that it owes that is written down before the game is asked, so that a next daemon makes up for it.
//!
//! Modules in reading order: `book`, `quiet`, `making`, `restoring`.

mod book;
mod making;
pub(crate) mod quiet;
mod restoring;

pub(crate) use restoring::{restore, tidy};

use crate::{
    data::DataDir,
    failure::chain,
    ledger::{BackupKept, Change, KeptBackup, LedgerError},
    node::{NodeError, Shared},
    server::{ServerHandle, refusal},
};
use book::{Book, Entry, Use, keeps};
use chrono::{DateTime, Utc};
use gantry_backup::{BackupError, Store};
use gantry_files::Line;
use gantry_protocol::{BackupChange, Event, KnownBackup, Refusal, RefusalCode};
use gantry_types::{
    BackupId, ServerId,
    backup::{Backup, BackupCause, BackupState, MAX_NAME},
    names::leaves_line,
};
use making::Making;
use std::{collections::HashSet, fs::File, sync::Arc, time::Duration};
use tokio::sync::{Mutex, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// So long a daemon that ends waits for games to be told that they may write again.
const FAREWELL: Duration = Duration::from_secs(10);

/// A backup that somebody wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) id: BackupId,
    pub(crate) name: String,
    pub(crate) locked: bool,
    pub(crate) cause: BackupCause,
}

/// A backup that is being made, and what it is once it was.
pub(crate) struct Begun {
    pub(crate) backup: Backup,
    /// Nothing comes where it had been asked for before.
    pub(crate) ended: oneshot::Receiver<Backup>,
    /// Whoever wanted it wants it no more.
    pub(crate) called_off: CancellationToken,
}

impl Begun {
    /// Waits until it is ready; with the future it is called off. Otherwise why it was not made.
    pub(crate) async fn made(self) -> Result<Backup, String> {
        let _called_off = self.called_off.drop_guard();
        let backup = self.ended.await.map_err(|_| "It could not be written down.".to_owned())?;
        match backup.state {
            BackupState::Ready => Ok(backup),
            BackupState::Running | BackupState::Failed | BackupState::Deleted => {
                Err(backup.reason.unwrap_or_else(|| "It was not made.".to_owned()))
            }
        }
    }
}

/// All backups of the node.
pub(crate) struct Backups {
    store: Store,
    book: Mutex<Book>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Backups {
    /// Takes up what a former daemon left: what it was making has failed, and what is not there any more too.
    pub(crate) async fn open(
        data: &DataDir,
        ledger: &crate::ledger::Ledger,
        now: DateTime<Utc>,
    ) -> Result<Self, NodeError> {
        let store = Store::open(&data.backups())?;
        let kept = ledger.backups().await?;
        let ready = |kept: &KeptBackup| kept.backup.state == BackupState::Ready;
        let known: HashSet<_> = kept
            .iter()
            .filter(|(_, kept)| ready(kept))
            .map(|(server, kept)| (*server, kept.backup.id))
            .collect();
        let missing = store.tidy(known).await.unwrap_or_else(|error| {
            tracing::error!(error = chain(&error), "which archives of backups are there is not known");
            HashSet::new()
        });
        let mut book = Book::default();
        for (server, mut kept) in kept {
            let why = match kept.backup.state {
                BackupState::Running => Some("The node's daemon ended while it was made."),
                _ if missing.contains(&(server, kept.backup.id)) => {
                    Some("Its archive is no longer on the node's disk.")
                }
                _ => None,
            };
            if let Some(why) = why {
                fail(&mut kept.backup, why.to_owned(), now);
                let change = told(&kept);
                ledger.commit(server, now, change).await?;
            }
            book.put(server, Entry::idle(kept));
        }
        let (tasks, stopping) = (TaskTracker::new(), CancellationToken::new());
        Ok(Self { store, book: Mutex::new(book), tasks, stopping })
    }

    /// Lets games write again that a former daemon left quiet.
    pub(crate) async fn make_up(
        &self,
        shared: &Arc<Shared>,
        find: impl Fn(ServerId) -> Option<ServerHandle>,
    ) {
        let owed: Vec<_> = {
            let book = self.book.lock().await;
            book.all()
                .filter(|(_, entry)| entry.kept.quiet)
                .map(|(server, entry)| (server, entry.backup().id))
                .collect()
        };
        for (server, id) in owed {
            let (Some(handle), shared) = (find(server), Arc::clone(shared)) else { continue };
            self.tasks.spawn(async move { quiet::make_up(&shared, &handle, server, id).await });
        }
    }

    /// Calls off what is being made, and waits until the games know.
    pub(crate) async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(FAREWELL, self.tasks.wait()).await.is_err() {
            tracing::warn!(
                "a game may still be quiet for a backup; the next daemon tells it that it may write again"
            );
        }
    }

    /// Whether a game keeps quiet for one that is being made.
    pub(crate) async fn keeps_quiet(&self, server: ServerId) -> bool {
        let book = self.book.lock().await;
        book.of(server).iter().any(|entry| entry.kept.quiet && matches!(entry.at_work, Use::Making(_)))
    }

    /// All of a server, oldest first.
    pub(crate) async fn list(&self, server: ServerId) -> Vec<Backup> {
        self.book.lock().await.of(server).iter().map(|entry| entry.backup().clone()).collect()
    }

    /// All of the node.
    pub(crate) async fn all(&self) -> Vec<KnownBackup> {
        let book = self.book.lock().await;
        book.all()
            .map(|(server_id, entry)| KnownBackup { server_id, backup: entry.backup().clone() })
            .collect()
    }

    /// Begins to make one. Asked again with the same id it answers what became of it.
    pub(crate) async fn make(
        &self,
        shared: &Arc<Shared>,
        handle: &ServerHandle,
        wanted: Wanted,
    ) -> Result<Begun, Refusal> {
        let name = named(&wanted.name)?;
        let server = handle.id;
        if let (BackupCause::Person { .. } | BackupCause::Schedule { .. }, true) =
            (&wanted.cause, shared.drains.has_files_of(server))
        {
            let why = "the node is being drained, and the server is being stopped and backed up for it";
            return Err(refusal(RefusalCode::Busy, why));
        }
        // Whoever asks again and again meanwhile needs no place among those who read.
        let book = self.book.lock().await;
        if let (Err(_), Some(refusal)) = (book.find(server, wanted.id), book.is_making(server)) {
            return Err(refusal);
        }
        drop(book);
        let reading = handle.reading().await?;
        let most = reading.work.server.limits.backups;
        let mut book = self.book.lock().await;
        if let Ok(there) = book.find(server, wanted.id) {
            let (_, ended) = oneshot::channel();
            return Ok(Begun { backup: there.backup().clone(), ended, called_off: CancellationToken::new() });
        }
        if self.stopping.is_cancelled() {
            return Err(refusal(RefusalCode::Busy, "the node's daemon is ending"));
        }
        if let Some(refusal) = book.refuses(server, &wanted.cause, most) {
            return Err(refusal);
        }
        let kept = KeptBackup { backup: fresh(&wanted, name, shared.clock.now()), quiet: false };
        self.write(shared, server, told(&kept)).await?;
        let backup = kept.backup.clone();
        let called_off = reading.work.cancel.clone();
        let at_work = Use::Making(called_off.clone());
        book.put(server, Entry { at_work, ..Entry::idle(kept) });
        drop(book);
        let (ended, told) = oneshot::channel();
        let line = match wanted.cause {
            BackupCause::Person { .. } | BackupCause::Schedule { .. } => Line::Usual,
            BackupCause::Drain { .. } => Line::Urgent,
        };
        let (shared, handle) = (Arc::clone(shared), handle.clone());
        let making = Making { shared, handle, id: wanted.id, line, reading };
        let stopping = self.stopping.clone();
        self.tasks.spawn(making.whole(stopping, ended));
        Ok(Begun { backup, ended: told, called_off })
    }

    pub(crate) async fn change(
        &self,
        shared: &Shared,
        server: ServerId,
        id: BackupId,
        change: BackupChange,
    ) -> Result<Backup, Refusal> {
        let name = change.name.as_deref().map(named).transpose()?;
        self.book.lock().await.find(server, id)?;
        self.alter(shared, server, id, |kept| {
            if let Some(name) = name {
                kept.backup.name = name;
            }
            if let Some(locked) = change.locked {
                kept.backup.locked = locked;
            }
        })
        .await
    }

    /// Deletes one; what is being made is called off, and goes once it has ended.
    pub(crate) async fn delete(
        &self,
        shared: &Shared,
        server: ServerId,
        id: BackupId,
    ) -> Result<(), Refusal> {
        let mut book = self.book.lock().await;
        let entry = book.find(server, id)?;
        if let Some(why) = keeps(entry) {
            return Err(refusal(RefusalCode::BackupInUse, why));
        }
        if let Use::Making(called_off) = &entry.at_work {
            called_off.cancel();
            if let Some(entry) = book.find_mut(server, id) {
                entry.unwanted = true;
            }
            return Ok(());
        }
        self.remove(shared, &mut book, server, id).await
    }

    /// The archive of one that is ready, for reading.
    pub(crate) async fn read(&self, server: ServerId, id: BackupId) -> Result<File, Refusal> {
        let state = self.book.lock().await.find(server, id)?.backup().state;
        if state != BackupState::Ready {
            return Err(refusal(RefusalCode::BackupInUse, "there is nothing to read of the backup yet"));
        }
        self.store.read(server, id).await.map_err(|error| refused(&error))
    }

    /// Forgets a server that is being deleted, with all of its archives.
    pub(crate) async fn forget(&self, server: ServerId) -> Result<(), BackupError> {
        self.book.lock().await.forget(server);
        self.store.remove_all(server).await
    }

    /// Changes one and tells of it.
    async fn alter(
        &self,
        shared: &Shared,
        server: ServerId,
        id: BackupId,
        change: impl FnOnce(&mut KeptBackup),
    ) -> Result<Backup, Refusal> {
        let mut book = self.book.lock().await;
        let entry = book.find(server, id)?;
        let mut kept = entry.kept.clone();
        change(&mut kept);
        kept.backup.revision += 1;
        let (backup, entry) = (kept.backup.clone(), Entry { kept, ..entry.clone() });
        self.write(shared, server, told(&entry.kept)).await?;
        book.put(server, entry);
        Ok(backup)
    }

    async fn remove(
        &self,
        shared: &Shared,
        book: &mut Book,
        server: ServerId,
        id: BackupId,
    ) -> Result<(), Refusal> {
        let Ok(entry) = book.find(server, id) else { return Ok(()) };
        // Whole or gone: an archive that nobody knows of would stay for ever.
        self.store.remove(server, id).await.map_err(|error| refused(&error))?;
        let mut backup = entry.backup().clone();
        (backup.state, backup.revision, backup.progress) = (BackupState::Deleted, backup.revision + 1, None);
        let change = Change {
            backups: vec![BackupKept { id, kept: None }],
            events: vec![Event::Backup { backup: Box::new(backup) }],
            ..Change::default()
        };
        self.write(shared, server, change).await?;
        book.remove(server, id);
        Ok(())
    }

    /// Removes what has become too many.
    async fn tidy(&self, shared: &Shared, server: ServerId, ids: impl FnOnce(&Book) -> Vec<BackupId>) {
        let mut book = self.book.lock().await;
        for id in ids(&book) {
            if let Err(refusal) = self.remove(shared, &mut book, server, id).await {
                tracing::warn!(server.id = %server, backup.id = %id, why = refusal.message, "an old backup stays");
            }
        }
    }

    async fn write(&self, shared: &Shared, server: ServerId, change: Change) -> Result<(), Refusal> {
        let written = shared.ledger.commit(server, shared.clock.now(), change).await;
        written.map_err(|error: LedgerError| {
            tracing::error!(server.id = %server, error = chain(&error), "a backup cannot be written down");
            refusal(RefusalCode::Internal, "the node's ledger cannot be written")
        })
    }
}

/// What is written down of one, and told.
fn told(kept: &KeptBackup) -> Change {
    Change {
        backups: vec![BackupKept { id: kept.backup.id, kept: Some(kept.clone()) }],
        events: vec![Event::Backup { backup: Box::new(kept.backup.clone()) }],
        ..Change::default()
    }
}

fn fresh(wanted: &Wanted, name: String, now: DateTime<Utc>) -> Backup {
    Backup {
        id: wanted.id,
        revision: 1,
        name,
        cause: wanted.cause.clone(),
        state: BackupState::Running,
        locked: wanted.locked,
        created_at: now,
        ended_at: None,
        progress: None,
        quiesce: None,
        archive_bytes: 0,
        content_bytes: 0,
        entries: 0,
        left_out: 0,
        changed: 0,
        reason: None,
    }
}

fn fail(backup: &mut Backup, why: String, now: DateTime<Utc>) {
    backup.state = BackupState::Failed;
    backup.revision += 1;
    backup.progress = None;
    backup.reason = Some(why);
    backup.ended_at = Some(now);
}

fn named(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(leaves_line) {
        let why = format!("a backup's name is one line of 1 to {MAX_NAME} letters");
        return Err(refusal(RefusalCode::Invalid, why));
    }
    Ok(name.to_owned())
}

fn refused(error: &BackupError) -> Refusal {
    let code = match error {
        BackupError::NotFound => RefusalCode::UnknownBackup,
        BackupError::NoRoom => RefusalCode::DiskFull,
        BackupError::Files(_) | BackupError::Io(_) => {
            tracing::error!(error = chain(error), "a backup cannot be reached");
            RefusalCode::Internal
        }
    };
    refusal(code, error.to_string())
}
