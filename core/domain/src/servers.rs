//! Game servers, on axes that are independent of each other: what is desired, what is observed, what is being worked
//! on, what holds it.

use crate::{allocations::ServerEndpoint, operations::Operation, plugins::BlueprintKey, users::Person};
use chrono::{DateTime, Utc};
use gantry_types::{
    LocationId, NodeId, PluginId, ServerId,
    blueprint::CommandDoor,
    drain::{Drain, ServerDrain},
    operation::OperationKind,
    permission::Permission,
    server::{Desired, Hold, Observed, ObservedState, PowerAction},
    units::Limits,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The hold that an administrator's suspension is.
pub const ADMINISTRATOR_HOLD: &str = "administrator";

/// Which release of which plugin's which blueprint runs a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlueprintPin {
    pub plugin_id: PluginId,
    pub key: BlueprintKey,
    /// The blueprint's name for people, at that release.
    pub name: String,
    pub plugin_name: String,
    pub plugin_version: String,
    /// Lower-case hex SHA-256 of the component.
    pub digest: String,
    /// How the game takes commands.
    pub commands: CommandDoor,
}

/// Where a server stands, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePlace {
    pub id: NodeId,
    pub name: String,
    pub location_id: LocationId,
    pub location_name: String,
}

/// A server with all that a list or a page shows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    pub id: ServerId,
    pub name: String,
    pub description: String,
    pub owner: Person,
    pub node: NodePlace,
    pub blueprint: BlueprintPin,
    pub limits: Limits,
    pub time_zone: String,
    pub endpoints: Vec<ServerEndpoint>,
    pub desired: Desired,
    pub observed: ObservedState,
    pub holds: Vec<Hold>,
    /// That its node is to be drained.
    pub drain: Option<ServerDraining>,
    /// Raised by each change of what is wanted.
    pub generation: u64,
    /// The generation that the node has written down.
    pub acknowledged_generation: u64,
    /// The generations in which its limits, but for the disk's, and its addresses last changed.
    pub limits_generation: u64,
    pub endpoints_generation: u64,
    /// The generation in which its release last changed.
    pub release_generation: u64,
    /// The release that it was moved from, while it has not planned with the present one.
    pub moved_from: Option<String>,
    /// The operation that has not ended, if there is one.
    pub operation: Option<Operation>,
    /// What whoever asked may do with it; all for its owner and administrators.
    pub permissions: BTreeSet<Permission>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The drain of a server's node, and how far it is with this server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerDraining {
    pub drain: Drain,
    /// None where it did not run when that began, or the node has not said.
    pub progress: Option<ServerDrain>,
}

/// What of a server is taken in only when its process starts, besides variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StartPart {
    /// Memory, swap, processor and number of processes.
    Limits,
    Addresses,
    /// Another release of its plugin.
    Release,
}

impl Server {
    /// What changed after the running process was started, and waits for a restart.
    pub fn waiting(&self) -> Vec<StartPart> {
        let parts = [
            (StartPart::Limits, self.limits_generation),
            (StartPart::Addresses, self.endpoints_generation),
            (StartPart::Release, self.release_generation),
        ];
        let waits = |changed: u64| self.observed.generation.is_some_and(|started| started < changed);
        parts.into_iter().filter(|(_, changed)| waits(*changed)).map(|(part, _)| part).collect()
    }
}

/// A place in a list of servers: which one, and how recent what is known of it would have to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerStamp {
    pub id: ServerId,
    /// Another after each change of the server's row, whatever made it.
    pub version: i64,
    /// What whoever asked may do with it; none is everything.
    pub permissions: Option<BTreeSet<Permission>>,
}

/// Narrows a list of servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFilter {
    /// Part of the name, the id or an address, whatever its case.
    pub search: Option<String>,
    pub observed: Option<Observed>,
    pub node_id: Option<NodeId>,
    pub owner_id: Option<gantry_types::UserId>,
}

/// What a person can ask of a server as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServerAction {
    Start,
    Stop,
    Restart,
    Kill,
    Reinstall,
    /// Put a backup in place of all files.
    Restore,
    Delete,
    /// Type a line into the console.
    Command,
}

impl ServerAction {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Start,
        Self::Stop,
        Self::Restart,
        Self::Kill,
        Self::Reinstall,
        Self::Restore,
        Self::Delete,
        Self::Command,
    ];

    /// The right that it needs.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Start => Permission::PowerStart,
            Self::Stop => Permission::PowerStop,
            Self::Restart => Permission::PowerRestart,
            Self::Kill => Permission::PowerKill,
            Self::Reinstall => Permission::ServerReinstall,
            Self::Restore => Permission::BackupsRestore,
            Self::Delete => Permission::ServerDelete,
            Self::Command => Permission::ConsoleWrite,
        }
    }

    /// The operation that carries it out; a command is answered at once and has none.
    pub const fn operation(self) -> Option<OperationKind> {
        match self {
            Self::Start => Some(OperationKind::Start),
            Self::Stop => Some(OperationKind::Stop),
            Self::Restart => Some(OperationKind::Restart),
            Self::Kill => Some(OperationKind::Kill),
            Self::Reinstall => Some(OperationKind::Reinstall),
            Self::Restore => Some(OperationKind::Restore),
            Self::Delete => Some(OperationKind::Delete),
            Self::Command => None,
        }
    }
}

impl From<PowerAction> for ServerAction {
    fn from(action: PowerAction) -> Self {
        match action {
            PowerAction::Start => Self::Start,
            PowerAction::Stop => Self::Stop,
            PowerAction::Restart => Self::Restart,
            PowerAction::Kill => Self::Kill,
        }
    }
}
