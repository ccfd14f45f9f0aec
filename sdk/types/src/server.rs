//! What a server is doing, on axes that are independent of each other.
//!
//! `desired` is what people want, `observed` what the node sees, an operation what is being worked on, a hold what
//! forbids. None of them is ever folded into another.

use crate::units::Limits;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What people want of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Desired {
    Running,
    Stopped,
    /// Gone, with its files.
    Deleted,
}

/// What the node sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// Nothing on the node yet, or its installation has not succeeded.
    Uninstalled,
    /// Installed; no process.
    Offline,
    /// Process started; readiness probes have not passed.
    Starting,
    /// Ready for players.
    Running,
    /// Asked to stop; the process has not ended.
    Stopping,
    /// Its process ended by itself; a restart waits for its back-off, or was given up.
    Crashed,
    /// Removed from the node.
    Deleted,
}

/// Observed state with when it began and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservedState {
    pub state: Observed,
    pub since: DateTime<Utc>,
    /// For people: why it is so, where there is more to say than the state's name ("exit code 1, restarting in 10 s").
    pub reason: Option<String>,
    /// How often it has crashed since it last ran well.
    pub crashes: u32,
    /// When the running container was started, if there is one.
    pub started_at: Option<DateTime<Utc>>,
    /// The generation of what was wanted that the running container was started from, if that is known. What changed
    /// in a later one waits for a restart.
    #[serde(default)]
    pub generation: Option<u64>,
}

/// Why a server may not run. A suspension is a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Stable name of whoever holds: `administrator`, `maintenance`.
    pub by: String,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    Tcp,
    Udp,
}

/// An address that the game uses, under the name that its blueprint gave.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    pub name: String,
    pub protocol: Protocol,
    pub address: String,
    /// The same inside and outside the container.
    pub port: u16,
}

/// The user and group of a node's system that a server's process runs as and that its files belong to. Never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SystemUser {
    pub uid: u32,
    pub gid: u32,
}

/// One variable's value, as text: booleans are `true` or `false`, numbers decimal.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    pub key: String,
    pub value: String,
}

/// A setting may be a secret, so its value is never printed.
impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting").field("key", &self.key).finish_non_exhaustive()
    }
}

/// All that a plugin may know of the server that a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerContext {
    pub id: String,
    pub name: String,
    pub blueprint: String,
    pub settings: Vec<Setting>,
    /// What the plugin looked up when the server was last installed.
    #[serde(default)]
    pub facts: Vec<Setting>,
    pub endpoints: Vec<Endpoint>,
    pub limits: Limits,
    pub time_zone: String,
}

/// What a user may ask of a server's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PowerAction {
    Start,
    Stop,
    Restart,
    Kill,
}
