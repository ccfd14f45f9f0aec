//! The drain that the node is in, how far it is with each server, and which games may still hold back their writes for one: a next
//! daemon goes on with it.

use super::{
    Change, Ledger, LedgerError, Seal, failed,
    schedules::{Pairs, key, of},
    tables::META,
};
use chrono::{DateTime, Utc};
use gantry_protocol::Event;
use gantry_types::{
    ServerId,
    drain::{Drain, ServerDrain},
};
use redb::{ReadableDatabase, TableDefinition, WriteTransaction};
use uuid::Uuid;

/// By server and drain → `ServerDrain`, sealed: what it says of trouble may repeat a game.
pub(super) const DRAINS: Pairs = TableDefinition::new("drains");
/// By server → nothing more: its game was asked to save for a drain and was not told yet that it may write again.
pub(super) const QUIETED: Pairs = TableDefinition::new("quieted");
/// The name of the drain itself among the single values.
const DRAIN: &str = "drain";

impl Ledger {
    /// What the node is in, and how far it is.
    pub async fn drain(&self) -> Result<(Option<Drain>, Vec<(ServerId, ServerDrain)>), LedgerError> {
        let drain = self.stored(|_, database| {
            let read = database.begin_read().map_err(failed)?;
            let meta = read.open_table(META).map_err(failed)?;
            let kept = meta.get(DRAIN).map_err(failed)?;
            Ok(kept.map(|kept| serde_json::from_slice(kept.value())).transpose()?.flatten())
        });
        Ok((drain.await?, self.pairs(DRAINS, |(server, _), known| (of(server), known)).await?))
    }

    /// The games that may still hold back their writes.
    pub async fn quieted(&self) -> Result<Vec<ServerId>, LedgerError> {
        self.pairs(QUIETED, |(server, _), ()| of(server)).await
    }

    /// Writes it down in place of what was, with how far it is, of which is told; without servers that stays.
    pub async fn write_drain(
        &self,
        at: DateTime<Utc>,
        drain: Option<Drain>,
        servers: Option<Vec<(ServerId, ServerDrain)>>,
    ) -> Result<(), LedgerError> {
        let told =
            |(server, drain): &(ServerId, ServerDrain)| (*server, Event::Drain { drain: drain.clone() });
        let events = servers.iter().flatten().map(told).collect();
        self.written(at, events, move |inner, write| {
            {
                let mut meta = write.open_table(META).map_err(failed)?;
                meta.insert(DRAIN, serde_json::to_vec(&drain)?.as_slice()).map_err(failed)?;
                let mut table = write.open_table(DRAINS).map_err(failed)?;
                table.retain(|_, _| servers.is_none()).map_err(failed)?;
            }
            for (server, known) in servers.iter().flatten() {
                put(write, &inner.seal, *server, known)?;
            }
            Ok(())
        })
        .await
    }
}

fn put(
    write: &WriteTransaction,
    seal: &Seal,
    server: ServerId,
    known: &ServerDrain,
) -> Result<(), LedgerError> {
    let key = key(server, known.drain_id.uuid());
    let mut table = write.open_table(DRAINS).map_err(failed)?;
    table.insert(key, seal.seal_pair(&DRAINS, key, known)?.as_slice()).map_err(failed)?;
    Ok(())
}

/// Writes what a step says of a drain.
pub(super) fn write(
    write: &WriteTransaction,
    seal: &Seal,
    server: ServerId,
    change: &Change,
) -> Result<(), LedgerError> {
    if let Some(known) = &change.drain {
        put(write, seal, server, known)?;
    }
    let Some(quieted) = change.quieted else { return Ok(()) };
    let key = key(server, Uuid::nil());
    let mut table = write.open_table(QUIETED).map_err(failed)?;
    if quieted {
        table.insert(key, seal.seal_pair(&QUIETED, key, &())?.as_slice()).map_err(failed)?;
    } else {
        table.remove(key).map_err(failed)?;
    }
    Ok(())
}
