//! How a plugin fares in each place where it runs.

use gantry_types::{NodeId, conduct::PluginConduct};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A plugin wherever it was called since the programs there started.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConductView {
    /// Only those where it was called.
    pub places: Vec<PlaceConduct>,
    /// Nodes that are connected and did not answer.
    pub silent: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlaceConduct {
    /// Nothing where it is the control plane.
    pub node_id: Option<NodeId>,
    pub node_name: Option<String>,
    pub releases: Vec<PluginConduct>,
}
