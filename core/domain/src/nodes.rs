//! Machines that run the daemon: what they offer, what is promised of it, and how one becomes part of the fleet.

use chrono::{DateTime, Duration, Utc};
use gantry_types::{LocationId, NodeId, drain::Drain};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a one-time enrollment token may be used.
pub const ENROLLMENT_LIFETIME: Duration = Duration::minutes(15);

/// What a node offers to servers. Zero sets no bound on that field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    pub memory_mib: u64,
    pub disk_mib: u64,
    /// Hundredths of a core.
    pub cpu_percent: u64,
}

/// What a node's servers have been promised: the sum of their limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Promised {
    pub servers: u32,
    pub memory_mib: u64,
    pub disk_mib: u64,
    pub cpu_percent: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub id: NodeId,
    pub name: String,
    pub description: String,
    pub location_id: LocationId,
    pub location_name: String,
    pub capacity: Capacity,
    pub promised: Promised,
    pub allocations: u32,
    pub free_allocations: u32,
    /// When its daemon last bought an identity; none before the first time and after a revocation.
    pub enrolled_at: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub agent_version: Option<String>,
    /// What the daemon last said of its machine, in the protocol's shape.
    pub report: Option<serde_json::Value>,
    /// That its servers are to stop for work on its machine.
    pub drain: Option<NodeDrain>,
    pub created_at: DateTime<Utc>,
}

/// A drain of a node, and how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeDrain {
    pub drain: Drain,
    /// Whether the node has written it down as it is now.
    pub heard: bool,
    pub progress: DrainProgress,
}

/// How far a drain is, over all servers of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrainProgress {
    /// Servers that start, run or stop.
    pub running: u32,
    /// Servers whose players have time to leave.
    pub waiting: u32,
    pub backing_up: u32,
    /// Servers of which something is left to be done, or that an operation is at work on.
    pub open: u32,
    /// Servers of which something could not be done as it should.
    pub troubled: u32,
}

impl NodeDrain {
    /// Whether the machine can be worked on.
    pub const fn is_done(&self) -> bool {
        self.heard && self.progress.running == 0 && self.progress.open == 0
    }
}
