//! Which backups there are of this node's servers, and which games may still be keeping quiet for one.

use super::{
    Change, Ledger, LedgerError, Seal, failed,
    schedules::{Pairs, key, of},
};
use gantry_types::{BackupId, ServerId, backup::Backup};
use redb::{TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

/// → [`KeptBackup`], sealed: its reason may repeat what a game or a plugin said.
pub(super) const BACKUPS: Pairs = TableDefinition::new("backups");

/// A backup with what a next daemon has to know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBackup {
    pub backup: Backup,
    /// The game was asked to keep quiet for it and was not told yet that it may write again.
    pub quiet: bool,
}

/// What becomes of a backup.
#[derive(Clone, Debug)]
pub struct BackupKept {
    pub id: BackupId,
    /// None once it is no more.
    pub kept: Option<KeptBackup>,
}

impl Ledger {
    /// All backups of all servers.
    pub async fn backups(&self) -> Result<Vec<(ServerId, KeptBackup)>, LedgerError> {
        self.pairs(BACKUPS, |(server, _), kept| (of(server), kept)).await
    }
}

/// Writes what a step says of a backup.
pub(super) fn write(
    write: &WriteTransaction,
    seal: &Seal,
    server: ServerId,
    change: &Change,
) -> Result<(), LedgerError> {
    for BackupKept { id, kept } in &change.backups {
        let key = key(server, id.uuid());
        let mut table = write.open_table(BACKUPS).map_err(failed)?;
        match kept {
            Some(kept) => {
                table.insert(key, seal.seal_pair(&BACKUPS, key, kept)?.as_slice()).map_err(failed)?;
            }
            None => {
                table.remove(key).map_err(failed)?;
            }
        }
    }
    Ok(())
}
