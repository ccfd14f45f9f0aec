//! The whole of what a server should be, as it goes down to the node.

use chrono::{DateTime, Utc};
use gantry_types::{
    BackupId, OperationId, ServerId, UserId,
    blueprint::CommandDoor,
    operation::OperationKind,
    schedule::Schedule,
    server::{Desired, Endpoint, Hold, Setting},
    units::Limits,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Everything the node needs to run the server alone. A higher generation replaces a lower one whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DesiredServer {
    pub id: ServerId,
    pub generation: u64,
    pub name: String,
    /// Whose it is: what fails for one person's servers is no fault of a plugin's for others. Older control planes do not say.
    #[serde(default)]
    pub owner: Option<UserId>,
    pub desired: Desired,
    pub holds: Vec<Hold>,
    pub blueprint: BlueprintRef,
    /// Secrets among them in clear: the link is authenticated, and the daemon seals them in its ledger.
    pub settings: Vec<Setting>,
    /// Keys of the settings that are secrets; only plans and run specs are computed from those.
    pub secrets: Vec<String>,
    pub endpoints: Vec<Endpoint>,
    pub limits: Limits,
    pub time_zone: String,
    /// What the plugin looked up for this installation.
    #[serde(default)]
    pub facts: Vec<Setting>,
    /// The latest thing that people asked for. Its effect happens once, by its id.
    pub operation: Option<OperationRequest>,
    /// What the node does by itself at certain times.
    #[serde(default)]
    pub schedules: Vec<Schedule>,
    /// The latest of the node's own [decisions](crate::Decision) about this server that what is desired here knows of. While the
    /// node has made a later one, what is desired is what the node decided, unless a person asks for an operation.
    #[serde(default)]
    pub heard_decision: u64,
}

/// Which plugin's which blueprint, and how to run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlueprintRef {
    /// For messages: the plugin's name and version.
    pub plugin: String,
    /// Lower-case hex SHA-256 of the component.
    pub digest: String,
    pub blueprint: String,
    pub collect_every_ms: Option<u32>,
    /// How the game takes commands.
    #[serde(default)]
    pub commands: CommandDoor,
    /// Capabilities that an administrator granted to exactly this component, such as `query`.
    pub capabilities: Vec<String>,
    /// Globs of files that people read and do not change. A daemon that does not know of them lets people change them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected_files: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationRequest {
    pub id: OperationId,
    pub kind: OperationKind,
    /// What a restore puts back; absent for everything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupId>,
    pub requested_at: DateTime<Utc>,
    /// After this the node refuses to begin it.
    pub deadline: DateTime<Utc>,
    /// When the message went out, by the clock that made the deadline: the node's own may be wrong.
    #[serde(default)]
    pub sent_at: Option<DateTime<Utc>>,
}

/// Why the node did not take a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    pub code: RefusalCode,
    pub message: String,
    /// When asking again makes sense, where the node knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    /// One that waiting alone does not change.
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after_ms: None }
    }

    /// When asking again makes sense, where the node knows.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after_ms.map(Duration::from_millis)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The node has a higher generation.
    StaleGeneration,
    /// Send the component first, then repeat.
    MissingPlugin,
    /// The bytes do not have the digest of the path.
    DigestMismatch,
    /// No such server on this node.
    UnknownServer,
    /// The server has no such schedule.
    UnknownSchedule,
    /// The server has no such backup.
    UnknownBackup,
    /// The server has as many backups as it may, and none of them goes by itself.
    TooManyBackups,
    /// The backup is locked, being made or being restored.
    BackupInUse,
    /// Nothing runs that could take a command.
    NotRunning,
    /// The game takes no commands at all.
    NoCommands,
    /// The plugin said no, or the game did not do what the plugin asked of it; the message says which.
    PluginRefused,
    /// The plugin could not be asked, or was stopped.
    PluginFailed,
    /// The plugin keeps failing and is not asked for a while.
    PluginOnHold,
    /// The plugin has used up what it may; it is asked again in a moment.
    PluginBusy,
    /// The body could not be understood.
    Invalid,
    /// Nothing has this path.
    NoSuchFile,
    /// The name is taken.
    FileExists,
    /// The file is not the one that the change was made from.
    FileChanged,
    /// The path leads to something that this cannot be done with.
    FileRefused,
    /// Only the game and its plugin write this file.
    FileProtected,
    /// The server's disk limit leaves no room.
    QuotaExceeded,
    /// The node's disk is full.
    DiskFull,
    /// The server is being installed or deleted, or too much is asked of its files at once.
    Busy,
    /// The node itself is at fault.
    Internal,
}
