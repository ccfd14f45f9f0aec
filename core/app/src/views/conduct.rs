//! How a plugin fares in each place where it runs.

use chrono::{DateTime, Utc};
use gantry_types::{
    NodeId, PluginId,
    conduct::{PluginConduct, PluginHold, PluginLine, PluginRecord},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A plugin wherever it was called since the programs there started.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConductView {
    /// Only those where it was called; of each release's servers the busiest.
    pub places: Vec<PlaceConduct>,
    /// Nodes that have a daemon which is away or did not answer: nobody knows how it fares there.
    pub silent: Vec<String>,
    /// Names of the servers that holds and figures are about, by id. One that is gone has none.
    pub servers: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceConduct {
    /// Nothing where it is the control plane.
    pub node_id: Option<NodeId>,
    pub node_name: Option<String>,
    pub releases: Vec<PluginConduct>,
}

/// What a release wrote in one place, oldest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginLogView {
    pub items: Vec<PluginLine>,
    /// Names of the servers that lines are about, by id. One that is gone has none.
    pub servers: BTreeMap<String, String>,
}

/// Calls of a plugin that were stopped and are kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordsView {
    /// The newest first.
    pub items: Vec<RecordView>,
    /// Nodes that have a daemon which is away or did not answer: what they keep is not known.
    pub silent: Vec<String>,
    /// Names of the servers that records are about, by id. One that is gone has none.
    pub servers: BTreeMap<String, String>,
}

/// One of them in one place.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecordView {
    /// Nothing where it is the control plane.
    pub node_id: Option<NodeId>,
    pub node_name: Option<String>,
    #[serde(flatten)]
    pub record: PluginRecord,
}

/// A record as a file.
#[derive(Clone, Debug)]
pub struct RecordFile {
    pub name: String,
    pub text: String,
}

/// Whether the plugin of a server's game is on hold where that server needs it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerHoldsView {
    pub plugin_id: PluginId,
    pub name: String,
    /// Of the release that the server is made of.
    pub version: String,
    pub items: Vec<ServerHoldView>,
    /// False while the node is away: nobody knows how it fares there.
    pub node_answered: bool,
}

/// A hold as a server's people see it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerHoldView {
    /// On the server's node: it is told of nothing, and collects nothing. Otherwise in the control plane: its forms cannot be filled in.
    pub on_node: bool,
    /// It is on hold for this server only.
    pub only_here: bool,
    /// The kind of call that failed: `collector.collect`.
    pub call: String,
    pub since: DateTime<Utc>,
    /// When it is tried again.
    pub until: DateTime<Utc>,
    /// How it failed, for administrators: what it says may be about other servers.
    pub reason: Option<String>,
}

/// All plugins that are on hold somewhere.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldsView {
    pub items: Vec<HoldView>,
    /// Nodes that have a daemon which is away or did not answer.
    pub silent: Vec<String>,
}

/// A hold of one release in one place.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldView {
    pub plugin_id: PluginId,
    pub version: String,
    /// Nothing where it is the control plane.
    pub node_id: Option<NodeId>,
    pub node_name: Option<String>,
    #[serde(flatten)]
    pub hold: PluginHold,
}
