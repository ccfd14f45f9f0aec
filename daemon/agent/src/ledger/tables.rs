//! The tables, with what their keys are.

use super::{
    LedgerError,
    backups::BACKUPS,
    drains::{DRAINS, QUIETED},
    failed,
    schedules::{DEALT, RUNS},
};
use redb::{TableDefinition, WriteTransaction};

/// Rows by a UUID's number.
pub(super) type Table = TableDefinition<'static, u128, &'static [u8]>;

/// Server id → [`super::ServerRecord`], sealed.
pub(super) const SERVERS: Table = TableDefinition::new("servers");
/// Operation id → [`super::record::KeptOperation`].
pub(super) const OPERATIONS: Table = TableDefinition::new("operations");
/// Server id → [`super::Journal`], sealed.
pub(super) const JOURNALS: Table = TableDefinition::new("journals");
/// Event number → `EventEnvelope`.
pub(super) const EVENTS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("events");
/// Server id, and plugin and key with a zero byte between them → what the plugin keeps, sealed.
pub(super) const KEPT: TableDefinition<'static, (u128, &'static str), &'static [u8]> =
    TableDefinition::new("kept");
/// Single values by name.
pub(super) const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

/// Makes all tables, so that readers find them.
pub(super) fn create(write: &WriteTransaction) -> Result<(), LedgerError> {
    write.open_table(SERVERS).map_err(failed)?;
    write.open_table(OPERATIONS).map_err(failed)?;
    write.open_table(JOURNALS).map_err(failed)?;
    write.open_table(EVENTS).map_err(failed)?;
    write.open_table(KEPT).map_err(failed)?;
    write.open_table(DEALT).map_err(failed)?;
    write.open_table(RUNS).map_err(failed)?;
    write.open_table(BACKUPS).map_err(failed)?;
    write.open_table(DRAINS).map_err(failed)?;
    write.open_table(QUIETED).map_err(failed)?;
    write.open_table(META).map_err(failed)?;
    Ok(())
}
