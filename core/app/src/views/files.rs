//! A file as an editor sees it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text file, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileContentView {
    pub text: String,
    /// Of this very state of the file; saving says it again.
    pub version: String,
}
