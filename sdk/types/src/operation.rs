//! Long work: requested once, followed live, ended with a recorded outcome.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    Install,
    Reinstall,
    /// All files become those of a backup.
    Restore,
    Start,
    Stop,
    Restart,
    Kill,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Recorded; the node has not taken it yet.
    Pending,
    Running,
    Succeeded,
    Failed,
    /// Called off by a later wish or by a person.
    Cancelled,
}

impl OperationState {
    /// Whether nothing will follow.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Pending | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Title of the step at work, for people.
    pub step: String,
    /// Steps that are done, and all steps.
    pub step_index: u32,
    pub step_count: u32,
    /// 0.0 to 1.0 over the whole operation.
    pub fraction: f64,
    /// A line of detail: bytes and rate of a download, the last line of a build.
    pub detail: Option<String>,
    pub at: DateTime<Utc>,
}

/// Why an operation failed, for people and for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OperationFailure {
    /// Stable: see [`crate::problem::Code`] for those that the host makes; a plugin's own are passed through.
    pub code: String,
    /// What happened, and why.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The plugin's function that failed, where it was one, as the contract names it: `plans.install`; `load` where the
    /// component did not become a plugin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The step that failed, by its title.
    pub step: Option<String>,
    /// The end of that step's output.
    pub log_tail: Vec<String>,
}
