//! The tables, with what their keys are.

use super::{LedgerError, store};
use redb::{TableDefinition, WriteTransaction};

/// Server id → [`super::ServerRecord`].
pub(super) const SERVERS: TableDefinition<'static, u128, &'static [u8]> = TableDefinition::new("servers");
/// Operation id → [`super::record::KeptOperation`].
pub(super) const OPERATIONS: TableDefinition<'static, u128, &'static [u8]> =
    TableDefinition::new("operations");
/// Server id → [`super::Journal`].
pub(super) const JOURNALS: TableDefinition<'static, u128, &'static [u8]> = TableDefinition::new("journals");
/// Event number → `EventEnvelope`.
pub(super) const EVENTS: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("events");
/// Single values by name.
pub(super) const META: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("meta");

/// Makes all tables, so that readers find them.
pub(super) fn create(write: &WriteTransaction) -> Result<(), LedgerError> {
    write.open_table(SERVERS).map_err(store)?;
    write.open_table(OPERATIONS).map_err(store)?;
    write.open_table(JOURNALS).map_err(store)?;
    write.open_table(EVENTS).map_err(store)?;
    write.open_table(META).map_err(store)?;
    Ok(())
}
