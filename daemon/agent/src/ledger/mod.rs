//! The node's own memory: what it was told, what it did, and what it has not yet said.
//!
//! Everything that must survive a killed daemon is here, in one file, and nothing is acknowledged or acted upon before
//! its write is durable: a step of a server's machine, the operations that it touched and the events that tell of it
//! are one transaction. Values are JSON, because they are read by people in need more often than they are large; those
//! that secrets may be part of are sealed, and forgotten when their server is deleted.
//!
//! Modules in reading order: [`record`], [`spool`], `tables`, `sealed`, `store`, `kept`, [`schedules`], [`backups`], [`drains`].

pub mod backups;
pub mod drains;
mod kept;
pub mod record;
pub mod schedules;
mod sealed;
pub mod spool;
mod store;
mod tables;

pub use backups::{BackupKept, KeptBackup};
pub use record::{Journal, RunNote, ServerRecord};
pub use schedules::{Dealt, RunChange};

use chrono::{DateTime, TimeDelta, Utc};
use gantry_protocol::{Event, EventEnvelope, OperationReport};
use gantry_seal::{SealError, SecretKey};
use gantry_types::{NodeId, OperationId, ServerId, drain::ServerDrain};
use redb::{Database, ReadableDatabase, ReadableTable, WriteTransaction};
use sealed::Seal;
use spool::Spool;
use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use store::{Reserve, Store};
use tables::{EVENTS, JOURNALS, META, OPERATIONS, SERVERS, Table};
use tokio::sync::{Mutex as AsyncMutex, watch};

/// How long the outcome of an operation is remembered, so that a repeated request finds it.
pub const OPERATIONS_KEPT: TimeDelta = TimeDelta::hours(48);
/// How long a deleted server is remembered, so that a late message does not bring it back.
pub const TOMBSTONES_KEPT: TimeDelta = TimeDelta::days(7);

/// Cache of the store; the working set is small.
const CACHE_BYTES: usize = 4 << 20;

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the ledger cannot be opened")]
    Open(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the ledger cannot be read or written")]
    Store(#[source] Box<redb::Error>),
    #[error("the ledger holds something that cannot be understood")]
    Content(#[from] serde_json::Error),
    #[error(
        "the ledger was sealed with another key than this node's, or was altered: put the node.key back that it was made \
         with, or enroll the node anew in another data directory"
    )]
    Seal(#[from] SealError),
    #[error("the ledger's worker ended")]
    Worker(#[from] tokio::task::JoinError),
}

fn failed(error: impl Into<redb::Error>) -> LedgerError {
    LedgerError::Store(Box::new(error.into()))
}

/// What one step changes, all or nothing.
#[derive(Debug, Default)]
pub struct Change {
    pub record: Option<ServerRecord>,
    pub operations: Vec<OperationReport>,
    pub events: Vec<Event>,
    pub run: Option<RunChange>,
    pub backups: Vec<BackupKept>,
    pub drain: Option<ServerDrain>,
    /// That the game was asked to save for a drain, or was told that it may write again.
    pub quieted: Option<bool>,
}

/// Events on their way down.
struct Told<'a> {
    at: DateTime<Utc>,
    /// The number of the first.
    first: u64,
    events: &'a [(ServerId, Event)],
}

/// A handle; clones share the store.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    store: Store,
    seal: Seal,
    spool: Mutex<Spool>,
    /// The last event's number, for those who wait for more.
    last_event: watch::Sender<u64>,
    /// Who writes for a plugin. Each write is on the disk before the next, and what operations and events write must not wait
    /// for all that plugins would.
    keeping: AsyncMutex<()>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("last_event", &*self.0.last_event.borrow()).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Opens or makes the ledger, readable by its owner alone, and forgets what has become too old. Whoever has the file
    /// but not the node's key learns no secret.
    pub fn open(path: &Path, key: &SecretKey, now: DateTime<Utc>) -> Result<Self, LedgerError> {
        let owned = path.to_owned();
        let opener = move || store::database(&owned, CACHE_BYTES);
        let store = Store::open(opener, Reserve::beside(path))?;
        let seal = Seal::new(key);
        let (spool, last) = store.run(|database| {
            let write = database.begin_write().map_err(failed)?;
            tables::create(&write)?;
            forget(&write, &seal, now)?;
            let loaded = load_spool(&write)?;
            write.commit().map_err(failed)?;
            Ok(loaded)
        })?;
        store.restock();
        let (last_event, _) = watch::channel(last);
        Ok(Self(Arc::new(Inner {
            store,
            seal,
            spool: Mutex::new(spool),
            last_event,
            keeping: AsyncMutex::default(),
        })))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let inner = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&inner)).await?
    }

    async fn stored<T: Send + 'static>(
        &self,
        work: impl Fn(&Inner, &Database) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.blocking(move |inner| inner.store.run(|database| work(inner, database))).await
    }

    /// Writes one step down. When this returns it is durable.
    pub async fn commit(
        &self,
        server: ServerId,
        at: DateTime<Utc>,
        mut change: Change,
    ) -> Result<(), LedgerError> {
        let events = std::mem::take(&mut change.events).into_iter().map(|event| (server, event)).collect();
        self.written(at, events, move |inner, write| inner.write(write, server, at, &change)).await
    }

    /// Writes something down together with what is told of it.
    async fn written(
        &self,
        at: DateTime<Utc>,
        events: Vec<(ServerId, Event)>,
        work: impl Fn(&Inner, &WriteTransaction) -> Result<(), LedgerError> + Send + 'static,
    ) -> Result<(), LedgerError> {
        self.blocking(move |inner| inner.commit(at, &events, |write| work(inner, write))).await
    }

    /// All servers, deleted ones that are still remembered included.
    pub async fn servers(&self) -> Result<Vec<ServerRecord>, LedgerError> {
        self.stored(|inner, database| {
            let read = database.begin_read().map_err(failed)?;
            let table = read.open_table(SERVERS).map_err(failed)?;
            let mut records = Vec::new();
            for entry in table.iter().map_err(failed)? {
                let (row, value) = entry.map_err(failed)?;
                records.push(inner.seal.open(&SERVERS, row.value(), value.value())?);
            }
            Ok(records)
        })
        .await
    }

    /// What became of an operation, if this node has seen it.
    pub async fn operation(&self, id: OperationId) -> Result<Option<OperationReport>, LedgerError> {
        self.stored(move |_, database| {
            let read = database.begin_read().map_err(failed)?;
            let table = read.open_table(OPERATIONS).map_err(failed)?;
            let Some(value) = table.get(id.uuid().as_u128()).map_err(failed)? else { return Ok(None) };
            let kept: record::KeptOperation = serde_json::from_slice(value.value())?;
            Ok(Some(kept.report))
        })
        .await
    }

    /// The journal of the server's latest installation.
    pub async fn journal(&self, server: ServerId) -> Result<Option<Journal>, LedgerError> {
        let row = server.uuid().as_u128();
        self.stored(move |inner, database| {
            let read = database.begin_read().map_err(failed)?;
            let table = read.open_table(JOURNALS).map_err(failed)?;
            let value = table.get(row).map_err(failed)?;
            value.map(|value| inner.seal.open(&JOURNALS, row, value.value())).transpose()
        })
        .await
    }

    /// Writes the journal down.
    pub async fn write_journal(&self, server: ServerId, journal: &Journal) -> Result<(), LedgerError> {
        let row = server.uuid().as_u128();
        let sealed = self.0.seal.seal(&JOURNALS, row, journal)?;
        self.stored(move |_, database| {
            let write = database.begin_write().map_err(failed)?;
            insert(&write, JOURNALS, row, &sealed)?;
            write.commit().map_err(failed)
        })
        .await
    }

    /// The identity under which containers are labelled while the node has not been enrolled.
    pub async fn own_node(&self, fresh: NodeId) -> Result<NodeId, LedgerError> {
        self.stored(move |_, database| {
            let write = database.begin_write().map_err(failed)?;
            let node = {
                let mut table = write.open_table(META).map_err(failed)?;
                let kept = table.get("node").map_err(failed)?.map(|value| value.value().to_vec());
                match kept {
                    Some(bytes) => serde_json::from_slice(&bytes)?,
                    None => {
                        table.insert("node", serde_json::to_vec(&fresh)?.as_slice()).map_err(failed)?;
                        fresh
                    }
                }
            };
            write.commit().map_err(failed)?;
            Ok(node)
        })
        .await
    }

    /// At most `limit` events after this number that nobody has acknowledged, oldest first.
    pub async fn events_after(&self, after: u64, limit: usize) -> Result<Vec<EventEnvelope>, LedgerError> {
        let last = self.last_event();
        self.stored(move |_, database| {
            let read = database.begin_read().map_err(failed)?;
            let table = read.open_table(EVENTS).map_err(failed)?;
            let mut events = Vec::new();
            // What a failed step may have left behind its number is not an event yet.
            for entry in table.range(after.saturating_add(1)..=last).map_err(failed)?.take(limit) {
                events.push(serde_json::from_slice(entry.map_err(failed)?.1.value())?);
            }
            Ok(events)
        })
        .await
    }

    /// Forgets all events up to this number: they are stored elsewhere.
    pub async fn acknowledge(&self, through: u64) -> Result<(), LedgerError> {
        self.blocking(move |inner| {
            let mut spool = inner.spool();
            inner.store.run(|database| {
                let write = database.begin_write().map_err(failed)?;
                write
                    .open_table(EVENTS)
                    .and_then(|mut table| Ok(table.retain_in(..=through, |_, _| false)?))
                    .map_err(failed)?;
                write.commit().map_err(failed)
            })?;
            spool.acknowledge(through);
            Ok(())
        })
        .await
    }

    /// The last event's number.
    pub fn last_event(&self) -> u64 {
        *self.0.last_event.borrow()
    }

    /// Told of each further event.
    pub fn watch_events(&self) -> watch::Receiver<u64> {
        self.0.last_event.subscribe()
    }

    /// How many events were dropped because nobody took them.
    pub fn dropped_events(&self) -> u64 {
        self.0.spool().dropped()
    }

    /// Forgets old operations and tombstones.
    pub async fn tidy(&self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.blocking(move |inner| {
            inner.store.run(|database| {
                let write = database.begin_write().map_err(failed)?;
                forget(&write, &inner.seal, now)?;
                write.commit().map_err(failed)
            })?;
            inner.store.restock();
            Ok(())
        })
        .await
    }
}

impl Inner {
    fn spool(&self) -> MutexGuard<'_, Spool> {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commit(
        &self,
        at: DateTime<Utc>,
        events: &[(ServerId, Event)],
        work: impl Fn(&WriteTransaction) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        // Held until the last number is known to all: numbers are given in the order in which they become durable, and no
        // two events get the same.
        let mut spool = self.spool();
        let told = Told { at, first: *self.last_event.borrow() + 1, events };
        let dropped = spool.dropped();
        self.store.run(|database| {
            let mut pushed = Vec::new();
            let write = database.begin_write().map_err(failed)?;
            let written = work(&write)
                .and_then(|()| write_events(&write, &told, &mut spool, &mut pushed))
                .and_then(|()| write.commit().map_err(failed));
            written.inspect_err(|_| spool.take_back(pushed))
        })?;
        if !events.is_empty() {
            self.last_event.send_modify(|last| *last += events.len() as u64);
        }
        spool.say_dropped(dropped);
        drop(spool);
        Ok(())
    }

    fn write(
        &self,
        write: &WriteTransaction,
        server: ServerId,
        at: DateTime<Utc>,
        change: &Change,
    ) -> Result<(), LedgerError> {
        if let Some(record) = &change.record {
            self.write_record(write, server.uuid().as_u128(), record)?;
        }
        for report in &change.operations {
            let kept = record::KeptOperation { at, server, report: report.clone() };
            insert(write, OPERATIONS, report.id.uuid().as_u128(), &serde_json::to_vec(&kept)?)?;
        }
        schedules::write(write, &self.seal, server, change)?;
        backups::write(write, &self.seal, server, change)?;
        drains::write(write, &self.seal, server, change)
    }

    /// Of a deleted server only stays what a late message has to be compared with.
    fn write_record(
        &self,
        write: &WriteTransaction,
        row: u128,
        record: &ServerRecord,
    ) -> Result<(), LedgerError> {
        if !record.is_deleted() {
            return insert(write, SERVERS, row, &self.seal.seal(&SERVERS, row, record)?);
        }
        write.open_table(JOURNALS).map_err(failed)?.remove(row).map_err(failed)?;
        kept::forget(write, row)?;
        schedules::forget(write, row)?;
        insert(write, SERVERS, row, &self.seal.seal(&SERVERS, row, &record.tombstone())?)
    }
}

fn write_events(
    write: &WriteTransaction,
    told: &Told<'_>,
    spool: &mut Spool,
    pushed: &mut Vec<spool::Pushed>,
) -> Result<(), LedgerError> {
    let Told { at, first, events } = *told;
    if events.is_empty() {
        return Ok(());
    }
    let mut table = write.open_table(EVENTS).map_err(failed)?;
    let mut meta = write.open_table(META).map_err(failed)?;
    for (seq, (server_id, event)) in (first..).zip(events) {
        let envelope = EventEnvelope { seq, at, server_id: *server_id, event: event.clone() };
        table.insert(seq, serde_json::to_vec(&envelope)?.as_slice()).map_err(failed)?;
        let push = spool.push(seq, spool::Worth::of(event));
        if let Some((victim, _)) = push.victim {
            table.remove(victim).map_err(failed)?;
        }
        pushed.push(push);
        meta.insert("last_event", serde_json::to_vec(&seq)?.as_slice()).map_err(failed)?;
    }
    meta.insert("dropped_events", serde_json::to_vec(&spool.dropped())?.as_slice()).map_err(failed)?;
    Ok(())
}

fn insert(write: &WriteTransaction, table: Table, row: u128, value: &[u8]) -> Result<(), LedgerError> {
    write.open_table(table).map_err(failed)?.insert(row, value).map_err(failed)?;
    Ok(())
}

fn load_spool(write: &WriteTransaction) -> Result<(Spool, u64), LedgerError> {
    let meta = write.open_table(META).map_err(failed)?;
    let number = |key: &str| -> Result<u64, LedgerError> {
        let value = meta.get(key).map_err(failed)?;
        value.map_or(Ok(0), |value| serde_json::from_slice(value.value()).map_err(Into::into))
    };
    let mut spool = Spool::new(number("dropped_events")?);
    let events = write.open_table(EVENTS).map_err(failed)?;
    for entry in events.iter().map_err(failed)? {
        let (seq, value) = entry.map_err(failed)?;
        let envelope: EventEnvelope = serde_json::from_slice(value.value())?;
        spool.restore(seq.value(), spool::Worth::of(&envelope.event));
    }
    Ok((spool, number("last_event")?))
}

fn forget(write: &WriteTransaction, seal: &Seal, now: DateTime<Utc>) -> Result<(), LedgerError> {
    let mut operations = write.open_table(OPERATIONS).map_err(failed)?;
    operations
        .retain(|_, value| {
            serde_json::from_slice::<record::KeptOperation>(value)
                .map_or(true, |kept| !kept.report.state.is_terminal() || now - kept.at < OPERATIONS_KEPT)
        })
        .map_err(failed)?;
    let mut gone = Vec::new();
    let mut servers = write.open_table(SERVERS).map_err(failed)?;
    servers
        .retain(|key, value| {
            let keep = seal
                .open::<ServerRecord>(&SERVERS, key, value)
                .map_or(true, |record| !record.is_deleted() || now - record.since() < TOMBSTONES_KEPT);
            if !keep {
                gone.push(key);
            }
            keep
        })
        .map_err(failed)?;
    let mut journals = write.open_table(JOURNALS).map_err(failed)?;
    for key in gone {
        journals.remove(key).map_err(failed)?;
    }
    Ok(())
}
