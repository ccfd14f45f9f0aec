//! Backups: all files of a server as they were at one time, kept on its node.
//!
//! The node makes them and is the one that knows of them; it tells each change of one whole, and the control plane keeps what it was
//! told for people to see while the node is away.

use crate::{BackupId, ScheduleId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most backups of one server, whatever its limits say.
pub const MAX_BACKUPS: u32 = 100;
/// Letters of a backup's name.
pub const MAX_NAME: usize = 100;

/// A backup as its node tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Backup {
    pub id: BackupId,
    /// Counts up with every change: what comes later is never undone by what was told before.
    pub revision: u64,
    pub name: String,
    pub cause: BackupCause,
    pub state: BackupState,
    /// Neither people nor schedules delete it while it is locked.
    pub locked: bool,
    pub created_at: DateTime<Utc>,
    /// When it was ready or failed.
    pub ended_at: Option<DateTime<Utc>>,
    /// How far it is, while it is being made.
    pub progress: Option<BackupProgress>,
    /// How the game was kept from writing meanwhile; absent until that is known.
    pub quiesce: Option<Quiesce>,
    /// What it takes on the node's disk, in bytes.
    pub archive_bytes: u64,
    /// What the files in it hold, in bytes.
    pub content_bytes: u64,
    /// Files, directories and links in it.
    pub entries: u64,
    /// What could not be put into it: pipes and devices, files that cannot be read, links that lead out.
    pub left_out: u64,
    /// Files that changed while they were read, whose content may not fit together.
    pub changed: u64,
    /// Why it failed, or what people should know of it, in words for them.
    pub reason: Option<String>,
}

/// Who wanted a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum BackupCause {
    Person {
        name: String,
    },
    /// A step of a schedule. The schedule may be gone.
    Schedule {
        #[serde(rename = "scheduleId")]
        schedule_id: ScheduleId,
        name: String,
    },
    /// The node was drained; who asked for that.
    Drain {
        name: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackupState {
    /// It is being made.
    Running,
    /// It can be restored and downloaded.
    Ready,
    /// There is nothing of it but the reason.
    Failed,
    /// It is no more; told once, so that others forget it too.
    Deleted,
}

/// How far a backup is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupProgress {
    /// Bytes of files that were read.
    pub done_bytes: u64,
    /// Bytes that the files held when it began.
    pub total_bytes: u64,
}

/// How the game was kept from writing while a backup was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quiesce {
    /// Nothing ran that could write.
    Offline,
    /// The game's plugin had it write everything and then nothing.
    Quiesced,
    /// The game ran, and its plugin knows no way to keep it quiet.
    Unsupported,
    /// The game ran and could not be kept quiet; the backup's reason says why.
    Failed,
}
