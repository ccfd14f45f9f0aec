//! Secrets of plugins: which there are, and never what they are.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A name under which a plugin asks for a secret, or one is stored.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginSecretView {
    pub name: String,
    /// Whether the plugin asks for it, or the release of it that waits. What is stored and no longer asked for can be removed.
    pub is_asked_for: bool,
    /// When it was stored last; none while nothing is.
    pub updated_at: Option<DateTime<Utc>>,
}
