//! A file as an editor sees it, and what became of files that were to go.

use gantry_types::problem::Code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text file, whole.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileContentView {
    pub text: String,
    /// Of this very state of the file; saving says it again.
    pub version: String,
    /// Only the game and its plugin write it: it cannot be saved.
    pub protected: bool,
}

/// What a deletion came to, path by path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileDeletionView {
    pub deleted: Vec<String>,
    /// What is still there, or never was.
    pub failed: Vec<FileFailureView>,
}

/// Why one of several paths was not deleted, as a problem would say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileFailureView {
    pub path: String,
    pub code: Code,
    pub detail: String,
    pub remedy: String,
}
