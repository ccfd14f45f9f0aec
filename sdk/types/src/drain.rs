//! Drains: all servers of a node stop, in good time and each by its own means, so that the machine can be worked on.
//!
//! Who plays is told, and the server stops once nobody does, or at the deadline. It is held from then on: what people want of it stays,
//! and when the drain ends it starts again where it is to run. The node does it by itself, and goes on with it after a restart.

use crate::DrainId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Seconds that players may have to leave at the most.
pub const MAX_WAIT: u32 = 7 * 24 * 3_600;
/// Letters of what players are told.
pub const MAX_MESSAGE: usize = 300;
/// What stands for the time that is left, in what players are told.
pub const TIME_LEFT: &str = "{time}";

/// That a node is to be drained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drain {
    pub id: DrainId,
    /// What players are told, with [`TIME_LEFT`] where the time that is left stands. Nobody is told where it is empty.
    pub message: String,
    /// When servers stop although somebody plays.
    pub deadline: DateTime<Utc>,
    /// Whether a backup is made of each server that ran, once it has stopped.
    pub backup: bool,
    /// Who asked for it.
    pub by: String,
    pub began_at: DateTime<Utc>,
}

/// How far a drain is with a server that ran when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerDrain {
    pub drain_id: DrainId,
    pub state: ServerDrainState,
    /// What could not be done as it should, in words for people.
    pub trouble: Vec<String>,
}

/// In the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServerDrainState {
    /// It runs until nobody plays or the deadline comes.
    Waiting,
    /// The game writes all that it has to its disk.
    Saving,
    Stopping,
    BackingUp,
    /// Nothing is left to be done.
    Drained,
}
