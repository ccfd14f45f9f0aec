//! Backups: the node makes, keeps and puts back all files of a server.
//!
//! A restore is an operation and comes with the whole desired server. The rest is asked for here, answered with the backup as it is from
//! then on, and told as events; what schedules have made comes up as events alone.

use gantry_types::{BackupId, ServerId, backup::Backup};
use serde::{Deserialize, Serialize};

/// A backup that somebody wants. Asking again with the same id changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRequest {
    pub id: BackupId,
    pub name: String,
    pub locked: bool,
    /// Who asked.
    pub actor: String,
}

/// What somebody changes of a backup; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
}

/// A backup with whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownBackup {
    pub server_id: ServerId,
    pub backup: Backup,
}
