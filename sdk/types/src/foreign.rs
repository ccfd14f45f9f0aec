//! What an importer made of a foreign description of a game.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a loss means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It works, in another way.
    Different,
    /// It does not work.
    Lost,
}

/// Something that could not be kept as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Loss {
    pub severity: Severity,
    /// Where it stands in the source.
    pub at: String,
    /// What it is.
    pub what: String,
    /// What that means for the server.
    pub meaning: String,
}

/// A document that `plugins/declarative` runs, and what it lacks of its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    pub id: String,
    pub name: String,
    pub document: String,
    pub losses: Vec<Loss>,
}
