//! Locations, nodes and their allocations.

use chrono::{DateTime, Utc};
use gantry_domain::{
    allocations::Allocation,
    locations::Location,
    nodes::{Capacity, Node, Promised},
};
use gantry_protocol::NodeReport;
use gantry_types::{AllocationId, LocationId, NodeId, ServerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocationView {
    pub id: LocationId,
    pub name: String,
    pub description: String,
    pub node_count: u32,
    pub created_at: DateTime<Utc>,
}

/// How far a node is on its way to being useful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// No daemon has taken this identity yet.
    AwaitingEnrollment,
    Connected,
    Disconnected,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeView {
    pub id: NodeId,
    pub name: String,
    pub description: String,
    pub location_id: LocationId,
    pub location_name: String,
    pub state: NodeState,
    /// What servers may use together; zero is unlimited.
    pub capacity: Capacity,
    /// What servers have been promised.
    pub promised: Promised,
    pub allocation_count: u32,
    pub free_allocation_count: u32,
    /// What the daemon last said of its machine. Administrators alone see it.
    pub report: Option<NodeReport>,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllocationView {
    pub id: AllocationId,
    pub node_id: NodeId,
    pub address: String,
    pub port: u16,
    /// Whether a server holds it.
    pub in_use: bool,
    /// The server that holds it, for who may see that server.
    pub server_id: Option<ServerId>,
    pub server_name: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllocationsCreated {
    pub created: u32,
    /// Addresses of the request that existed before.
    pub existing: u32,
}

/// The one-time token that turns a daemon into this node. It is shown once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrollmentView {
    pub token: String,
    /// What to type on the machine.
    pub command: String,
    pub expires_at: DateTime<Utc>,
}

impl From<Location> for LocationView {
    fn from(location: Location) -> Self {
        Self {
            id: location.id,
            name: location.name,
            description: location.description,
            node_count: location.nodes,
            created_at: location.created_at,
        }
    }
}

impl From<Allocation> for AllocationView {
    fn from(allocation: Allocation) -> Self {
        Self {
            id: allocation.id,
            node_id: allocation.node_id,
            address: allocation.address,
            port: allocation.port,
            in_use: allocation.server_id.is_some(),
            // Row security hides the name of a server that the caller may not see.
            server_id: allocation.server_id.filter(|_| allocation.server_name.is_some()),
            server_name: allocation.server_name,
        }
    }
}

impl NodeView {
    /// The node, with whether its link stands at present.
    pub(crate) fn of(node: Node, connected: bool) -> Self {
        let state = match (connected, node.enrolled_at) {
            (true, _) => NodeState::Connected,
            (false, Some(_)) => NodeState::Disconnected,
            (false, None) => NodeState::AwaitingEnrollment,
        };
        Self {
            id: node.id,
            name: node.name,
            description: node.description,
            location_id: node.location_id,
            location_name: node.location_name,
            state,
            capacity: node.capacity,
            promised: node.promised,
            allocation_count: node.allocations,
            free_allocation_count: node.free_allocations,
            report: node.report.and_then(|report| serde_json::from_value(report).ok()),
            last_seen_at: node.last_seen_at,
            created_at: node.created_at,
        }
    }
}
