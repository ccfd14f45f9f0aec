//! What plugins keep for a server: a few bytes under keys of their own, sealed, counted, and gone with the server.

use super::{Ledger, LedgerError, failed, tables::KEPT};
use gantry_types::ServerId;
use redb::{ReadableDatabase, ReadableTable, Table, WriteTransaction};

/// What stands between a plugin's id and its key; neither has one.
const BETWEEN: char = '\0';
/// Counted for each key beside its bytes, so that many empty ones are not free.
const ENTRY_BYTES: u64 = 64;

type Kept<'a> = Table<'a, (u128, &'static str), &'static [u8]>;

fn whole(plugin: &str, key: &str) -> String {
    format!("{plugin}{BETWEEN}{key}")
}

impl Ledger {
    /// What stands under a key.
    pub async fn kept(
        &self,
        server: ServerId,
        plugin: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, LedgerError> {
        let (row, key) = (server.uuid().as_u128(), whole(plugin, key));
        self.stored(move |inner, database| {
            let read = database.begin_read().map_err(failed)?;
            let table = read.open_table(KEPT).map_err(failed)?;
            let value = table.get((row, key.as_str())).map_err(failed)?;
            value.map(|value| inner.seal.open_kept(row, &key, value.value())).transpose()
        })
        .await
    }

    /// Puts it there, durably; false where the plugin would keep more than `quota` bytes for this server.
    pub async fn keep(
        &self,
        server: ServerId,
        plugin: &str,
        key: &str,
        value: Vec<u8>,
        quota: u64,
    ) -> Result<bool, LedgerError> {
        let (row, prefix, key) = (server.uuid().as_u128(), whole(plugin, ""), whole(plugin, key));
        let _turn = self.0.keeping.lock().await;
        self.stored(move |inner, database| {
            let write = database.begin_write().map_err(failed)?;
            {
                let mut table = write.open_table(KEPT).map_err(failed)?;
                let sealed = inner.seal.seal_kept(row, &key, &value)?;
                table.insert((row, key.as_str()), sealed.as_slice()).map_err(failed)?;
                if size(&table, row, &prefix)? > quota {
                    // Nothing of it is kept: the transaction is not committed.
                    return Ok(false);
                }
            }
            write.commit().map_err(failed)?;
            Ok(true)
        })
        .await
    }

    /// Takes it away, if it is there.
    pub async fn forget_kept(&self, server: ServerId, plugin: &str, key: &str) -> Result<(), LedgerError> {
        let (row, key) = (server.uuid().as_u128(), whole(plugin, key));
        let _turn = self.0.keeping.lock().await;
        self.stored(move |_, database| {
            let write = database.begin_write().map_err(failed)?;
            let was_there = {
                let mut table = write.open_table(KEPT).map_err(failed)?;
                table.remove((row, key.as_str())).map_err(failed)?.is_some()
            };
            if was_there { write.commit().map_err(failed) } else { Ok(()) }
        })
        .await
    }

    /// Keys that begin so, in order.
    pub async fn kept_keys(
        &self,
        server: ServerId,
        plugin: &str,
        prefix: &str,
    ) -> Result<Vec<String>, LedgerError> {
        let (row, own, prefix) = (server.uuid().as_u128(), whole(plugin, "").len(), whole(plugin, prefix));
        self.stored(move |_, database| {
            let read = database.begin_read().map_err(failed)?;
            let table = read.open_table(KEPT).map_err(failed)?;
            let mut keys = Vec::new();
            for entry in table.range((row, prefix.as_str())..).map_err(failed)? {
                let (key, _) = entry.map_err(failed)?;
                let (server, key) = key.value();
                if server != row || !key.starts_with(&prefix) {
                    break;
                }
                keys.push(key[own..].to_owned());
            }
            Ok(keys)
        })
        .await
    }
}

fn size(table: &Kept<'_>, row: u128, prefix: &str) -> Result<u64, LedgerError> {
    let mut bytes = 0;
    for entry in table.range((row, prefix)..).map_err(failed)? {
        let (key, value) = entry.map_err(failed)?;
        let (server, key) = key.value();
        if server != row || !key.starts_with(prefix) {
            break;
        }
        bytes += key.len() as u64 + value.value().len() as u64 + ENTRY_BYTES;
    }
    Ok(bytes)
}

/// Forgets all that was kept for a server.
pub(super) fn forget(write: &WriteTransaction, row: u128) -> Result<(), LedgerError> {
    let mut table = write.open_table(KEPT).map_err(failed)?;
    table.retain_in((row, "")..(row.saturating_add(1), ""), |_, _| false).map_err(failed)
}
