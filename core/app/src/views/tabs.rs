//! Pages that a game's plugin fills, for one actor.

use super::PossibleView;
use chrono::{DateTime, Utc};
use gantry_types::page::Block;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All that there are for the caller, in the plugin's order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabsView {
    pub items: Vec<TabItemView>,
}

/// A page, and whether it could be filled this moment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabItemView {
    /// Unique within the server.
    pub id: String,
    pub title: String,
    /// How often to ask for it anew while somebody looks; none means when they ask for it.
    pub refresh_ms: Option<u32>,
    #[serde(flatten)]
    pub possible: PossibleView,
}

/// What stands on a page. All text is a plugin's or a game's, and never markup.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TabContentView {
    pub blocks: Vec<Block>,
    /// Whoever asks within the time that it holds gets the same.
    pub rendered_at: DateTime<Utc>,
}
