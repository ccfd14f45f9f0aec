//! Locations, nodes and their allocations.

use chrono::{DateTime, Utc};
use gantry_domain::{
    allocations::Allocation,
    locations::Location,
    nodes::{Capacity, DrainProgress, Node, NodeDrain, Promised},
    statistics::{NodePoint, PartPoint, Resolution},
};
use gantry_protocol::{NodeReport, NodeSample};
use gantry_types::{
    AllocationId, LocationId, NodeId, ServerId,
    drain::{Drain, ServerDrainState},
    server::Observed,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
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
    /// What its machine did at last; none while it is not connected. Administrators alone see it.
    pub usage: Option<NodeUsage>,
    /// While it is being drained.
    pub drain: Option<NodeDrainView>,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// A drain of a node: its servers stop, and nothing starts on it until it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeDrainView {
    #[serde(flatten)]
    pub drain: Drain,
    /// Whether the node has written it down as it is now. It does what it was told last while it cannot be reached.
    pub heard: bool,
    pub progress: DrainProgress,
    /// Nothing runs and nothing is left to be done: the machine can be worked on.
    pub done: bool,
}

impl From<NodeDrain> for NodeDrainView {
    fn from(drain: NodeDrain) -> Self {
        let done = drain.is_done();
        let NodeDrain { drain, heard, progress } = drain;
        Self { drain, heard, progress, done }
    }
}

/// The servers of a drain: those that run or are worked on, and those that ran when it began. At most 500, what is left to be done first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrainServersView {
    pub items: Vec<DrainServerView>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DrainServerView {
    pub id: ServerId,
    pub name: String,
    pub observed: Observed,
    /// None where it did not run when the drain began, or the node has not said.
    pub state: Option<ServerDrainState>,
    /// What could not be done as it should.
    pub trouble: Vec<String>,
    /// How many people play, where that is known; bots are none.
    pub players: Option<u32>,
}

/// The two numbers by which machines are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeUsage {
    pub at: DateTime<Utc>,
    /// Of all its cores together, from 0 to 100.
    pub cpu_percent: Option<f64>,
    pub memory_bytes: u64,
    pub memory_total_bytes: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatisticsView {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub step_seconds: u32,
    pub points: Vec<NodeStatisticsPoint>,
}

/// Means over one step, or the last or highest value where a mean says nothing. What nobody measured is null. Percents are
/// of the whole machine, from 0 to 100; bytes that move are per second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatisticsPoint {
    /// The step's beginning.
    pub at: DateTime<Utc>,
    /// All that was not idle.
    pub cpu_percent: Option<f64>,
    pub cpu_iowait_percent: Option<f64>,
    pub cpu_steal_percent: Option<f64>,
    pub memory_bytes: Option<u64>,
    pub memory_total_bytes: Option<u64>,
    pub swap_bytes: Option<u64>,
    pub swap_total_bytes: Option<u64>,
    pub load_one: Option<f64>,
    pub load_five: Option<f64>,
    pub load_fifteen: Option<f64>,
    pub disk_read_bytes: Option<u64>,
    pub disk_written_bytes: Option<u64>,
    /// Of the file system that holds the servers' files.
    pub disk_bytes: Option<u64>,
    pub disk_total_bytes: Option<u64>,
    pub network_rx_bytes: Option<u64>,
    pub network_tx_bytes: Option<u64>,
    pub tcp_established: Option<f64>,
    /// In all states together.
    pub tcp_total: Option<f64>,
    /// The hottest.
    pub temperature_celsius: Option<f64>,
}

/// What parts of a node's machine did. Steps in which nothing was measured are left out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodePartsView {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub step_seconds: u32,
    /// The steps' beginnings.
    pub at: Vec<DateTime<Utc>>,
    pub series: Vec<NodePartSeries>,
}

/// One number of one part over time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodePartSeries {
    /// The part: a core's number, a device, an interface, a sensor, a mount point.
    pub name: String,
    /// `busy` (percent), `read`, `written`, `received`, `sent` (bytes per second), `used`, `total` (bytes), `celsius`.
    pub measure: String,
    /// Means, one for each of `at`; null where this part was not measured.
    pub values: Vec<Option<f64>>,
}

impl NodePartsView {
    /// From points that are ordered by part.
    pub(crate) fn of(wanted: Resolution, points: Vec<PartPoint>) -> Self {
        let at: BTreeSet<DateTime<Utc>> = points.iter().map(|point| point.at).collect();
        let places: HashMap<DateTime<Utc>, usize> =
            at.iter().enumerate().map(|(place, at)| (*at, place)).collect();
        let mut series: Vec<NodePartSeries> = Vec::new();
        for PartPoint { measure, name, at: time, value } in points {
            if series.last().is_none_or(|last| (&last.measure, &last.name) != (&measure, &name)) {
                series.push(NodePartSeries { name, measure, values: vec![None; at.len()] });
            }
            let place = places.get(&time).copied();
            if let Some(slot) =
                series.last_mut().zip(place).and_then(|(last, place)| last.values.get_mut(place))
            {
                *slot = Some(value);
            }
        }
        Self {
            from: wanted.from,
            to: wanted.to,
            step_seconds: u32::try_from(wanted.step.num_seconds()).unwrap_or(u32::MAX),
            at: at.into_iter().collect(),
            series,
        }
    }
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
    /// The node, with whether its link stands at present and what its machine did at last.
    pub(crate) fn of(node: Node, connected: bool, sample: Option<&NodeSample>) -> Self {
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
            usage: sample.filter(|_| connected).map(NodeUsage::from),
            drain: node.drain.map(Into::into),
            last_seen_at: node.last_seen_at,
            created_at: node.created_at,
        }
    }
}

impl From<&NodeSample> for NodeUsage {
    fn from(sample: &NodeSample) -> Self {
        Self {
            at: sample.at,
            cpu_percent: sample.cpu.map(|cpu| cpu.busy()),
            memory_bytes: sample.memory.used_bytes,
            memory_total_bytes: sample.memory.total_bytes,
        }
    }
}

impl From<NodePoint> for NodeStatisticsPoint {
    fn from(point: NodePoint) -> Self {
        let measures = point.measures;
        let bytes = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        Self {
            at: point.at,
            cpu_percent: measures.cpu_percent,
            cpu_iowait_percent: measures.cpu_iowait_percent,
            cpu_steal_percent: measures.cpu_steal_percent,
            memory_bytes: bytes(measures.memory_bytes),
            memory_total_bytes: bytes(measures.memory_total_bytes),
            swap_bytes: bytes(measures.swap_bytes),
            swap_total_bytes: bytes(measures.swap_total_bytes),
            load_one: measures.load_one,
            load_five: measures.load_five,
            load_fifteen: measures.load_fifteen,
            disk_read_bytes: bytes(measures.disk_read_bytes),
            disk_written_bytes: bytes(measures.disk_written_bytes),
            disk_bytes: bytes(measures.disk_bytes),
            disk_total_bytes: bytes(measures.disk_total_bytes),
            network_rx_bytes: bytes(measures.network_rx_bytes),
            network_tx_bytes: bytes(measures.network_tx_bytes),
            tcp_established: measures.tcp_established,
            tcp_total: measures.tcp_total,
            temperature_celsius: measures.temperature_celsius,
        }
    }
}
