//! Typed identifiers: one registry, so that a server's id can never be passed where a node's is meant.
//!
//! In text and on the wire an id is a plain UUID, version 7 for all that Gantry makes. Making one needs a clock and
//! randomness, which this crate has not: callers pass a [`uuid::Uuid`].

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to name such a thing.
            pub const fn new(id: Uuid) -> Self { Self(id) }
            /// The bare UUID, for storage and hashing.
            pub const fn uuid(self) -> Uuid { self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )*};
}

typed_id! {
    /// A person with an account.
    UserId,
    /// One signed-in browser or client.
    SessionId,
    /// A named group of nodes.
    LocationId,
    /// A machine that runs the daemon.
    NodeId,
    /// An IP:port of a node that a server may use.
    AllocationId,
    /// An installed plugin, whatever its version.
    PluginId,
    /// One game-server instance.
    ServerId,
    /// One long piece of work with progress and a recorded outcome.
    OperationId,
    /// Work on a server that is done at certain times.
    ScheduleId,
    /// One time that a schedule was followed.
    ScheduleRunId,
    /// One time that a node's servers are stopped for work on its machine.
    DrainId,
    /// All files of a server as they were at one time.
    BackupId,
    /// One line of the audit log.
    AuditId,
    /// A public key that somebody signs in to SFTP with.
    SshKeyId,
    /// A password that somebody made for file programs.
    AppPasswordId,
    /// A user name and a password for a registry of plugins.
    RegistryLoginId,
}
