//! Backups of a server.

use gantry_types::backup::Backup;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupsView {
    /// As their node last told of them, newest first.
    pub items: Vec<Backup>,
    /// How many the server may have. What failed takes no place.
    pub limit: u32,
    /// Why none can be made at this moment, in words for people.
    pub refusal: Option<String>,
}
