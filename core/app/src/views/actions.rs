//! What a game's plugin lets one actor do to one server.

use gantry_types::{action::ServerAction as OfferedAction, problem::Code};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All that there is for the caller, in the plugin's order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferedActionsView {
    pub items: Vec<OfferedActionView>,
    /// Whether everybody who plays could be told something this moment; none where the plugin does not know how.
    pub broadcast: Option<PossibleView>,
}

/// An action with the questions that the caller may answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferedActionView {
    pub action: OfferedAction,
    #[serde(flatten)]
    pub possible: PossibleView,
}

/// Whether it would be done this moment. A control that is disabled says why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PossibleView {
    pub allowed: bool,
    pub code: Option<Code>,
    pub reason: Option<String>,
}

/// What was done has this to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionDoneView {
    pub messages: Vec<String>,
}
