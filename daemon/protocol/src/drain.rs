//! Whether the node is to be drained. It comes whole, like what is desired of servers; how far each server is comes up as events and with
//! the full state.

use chrono::{DateTime, Utc};
use gantry_types::drain::Drain;
use serde::{Deserialize, Serialize};

/// What is wanted of the node itself from here on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DesiredNode {
    /// None ends a drain: servers that are to run start again.
    pub drain: Option<Drain>,
    /// When this was sent, by the clock that made the deadline.
    pub sent_at: DateTime<Utc>,
}
