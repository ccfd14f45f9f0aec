//! Named groups of nodes: a city, a data centre, a cupboard.

use chrono::{DateTime, Utc};
use gantry_types::LocationId;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub id: LocationId,
    pub name: String,
    pub description: String,
    /// How many nodes stand there.
    pub nodes: u32,
    pub created_at: DateTime<Utc>,
}
