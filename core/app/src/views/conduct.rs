//! How a plugin fares in each place where it runs.

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
