//! What happened, as it is told to plugins that listen.

use crate::server::Setting;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The server that an event is about, in few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventServer {
    pub id: String,
    pub name: String,
    pub blueprint: String,
    pub node: String,
}

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HookEvent {
    /// The same when it is told again.
    pub id: String,
    /// Such as `server.crashed`; the list stands in `sdk/wit/SPEC.md`.
    pub kind: String,
    pub at: DateTime<Utc>,
    pub server: Option<EventServer>,
    /// Who brought it about; none for the system.
    pub actor: Option<String>,
    /// One sentence for people.
    pub summary: String,
    pub details: Vec<Setting>,
}
