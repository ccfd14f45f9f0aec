//! What has to be known of schedules after a daemon was killed: until when their times were dealt with, and which runs were open.

use super::{
    Change, Ledger, LedgerError, Seal,
    backups::BACKUPS,
    drains::{DRAINS, QUIETED},
    failed,
};
use chrono::{DateTime, Utc};
use gantry_types::{ScheduleId, ScheduleRunId, ServerId, schedule::ScheduleRun};
use redb::{ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// Rows by the numbers of a server, and of something of it: a schedule, a run, a backup.
pub(super) type Pairs = TableDefinition<'static, (u128, u128), &'static [u8]>;

/// → [`Dealt`], sealed.
pub(super) const DEALT: Pairs = TableDefinition::new("schedules");
/// → the run that has not ended, sealed: its steps may say what was typed.
pub(super) const RUNS: Pairs = TableDefinition::new("schedule_runs");

/// Until when a schedule's times were dealt with. It counts for these times alone: others begin anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dealt {
    pub cron: String,
    pub time_zone: String,
    pub until: DateTime<Utc>,
}

/// What becomes of an open run.
#[derive(Clone, Debug)]
pub struct RunChange {
    pub id: ScheduleRunId,
    /// None once it has ended.
    pub open: Option<ScheduleRun>,
}

impl Ledger {
    /// Writes down until when the times of schedules were dealt with, or forgets it; all at once, for many come at the same minute.
    pub async fn write_dealt(
        &self,
        all: Vec<((ServerId, ScheduleId), Option<Dealt>)>,
    ) -> Result<(), LedgerError> {
        self.stored(move |inner, database| {
            let write = database.begin_write().map_err(failed)?;
            {
                let mut table = write.open_table(DEALT).map_err(failed)?;
                for ((server, schedule), dealt) in &all {
                    let key = key(*server, schedule.uuid());
                    match dealt {
                        Some(dealt) => {
                            let sealed = inner.seal.seal_pair(&DEALT, key, dealt)?;
                            table.insert(key, sealed.as_slice()).map_err(failed)?;
                        }
                        None => {
                            table.remove(key).map_err(failed)?;
                        }
                    }
                }
            }
            write.commit().map_err(failed)
        })
        .await
    }

    /// Until when all schedules' times were dealt with.
    pub async fn dealt(&self) -> Result<Vec<((ServerId, ScheduleId), Dealt)>, LedgerError> {
        let ids =
            |(server, schedule), dealt| ((of(server), ScheduleId::new(Uuid::from_u128(schedule))), dealt);
        self.pairs(DEALT, ids).await
    }

    /// The runs that have not ended.
    pub async fn open_runs(&self) -> Result<Vec<(ServerId, ScheduleRun)>, LedgerError> {
        self.pairs(RUNS, |(server, _), run| (of(server), run)).await
    }

    pub(super) async fn pairs<T: DeserializeOwned + 'static, R: Send + 'static>(
        &self,
        table: Pairs,
        row: fn((u128, u128), T) -> R,
    ) -> Result<Vec<R>, LedgerError> {
        self.stored(move |inner, database| {
            let read = database.begin_read().map_err(failed)?;
            let rows = read.open_table(table).map_err(failed)?;
            let mut all = Vec::new();
            for entry in rows.iter().map_err(failed)? {
                let (key, value) = entry.map_err(failed)?;
                all.push(row(key.value(), inner.seal.open_pair(&table, key.value(), value.value())?));
            }
            Ok(all)
        })
        .await
    }
}

pub(super) fn of(server: u128) -> ServerId {
    ServerId::new(Uuid::from_u128(server))
}

pub(super) fn key(server: ServerId, of_it: Uuid) -> (u128, u128) {
    (server.uuid().as_u128(), of_it.as_u128())
}

/// Writes what a step says of a run.
pub(super) fn write(
    write: &WriteTransaction,
    seal: &Seal,
    server: ServerId,
    change: &Change,
) -> Result<(), LedgerError> {
    let Some(RunChange { id, open }) = &change.run else { return Ok(()) };
    let key = key(server, id.uuid());
    let mut table = write.open_table(RUNS).map_err(failed)?;
    match open {
        Some(run) => {
            table.insert(key, seal.seal_pair(&RUNS, key, run)?.as_slice()).map_err(failed)?;
        }
        None => {
            table.remove(key).map_err(failed)?;
        }
    }
    Ok(())
}

/// Forgets all that was kept of a server's schedules, backups and drains.
pub(super) fn forget(write: &WriteTransaction, row: u128) -> Result<(), LedgerError> {
    for table in [DEALT, RUNS, BACKUPS, DRAINS, QUIETED] {
        let mut table = write.open_table(table).map_err(failed)?;
        table.retain_in((row, 0)..=(row, u128::MAX), |_, _| false).map_err(failed)?;
    }
    Ok(())
}
