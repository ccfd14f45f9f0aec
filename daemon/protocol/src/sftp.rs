//! SFTP: who may come in at a node's own door, and what they did there.
//!
//! People who are asked by their file programs for a name and a password meet the daemon, not the control plane. So the
//! control plane tells each node beforehand whom to let in, as a whole, again whenever that changes and before the lease
//! ends; a node that has heard nothing for so long lets nobody in and shows everybody out. What people then change is told
//! as an [`crate::Event`] and written into the audit log.

use gantry_types::{ServerId, UserId, permission::Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Longest lease, in seconds.
pub const MAX_SFTP_LEASE: u32 = 3_600;
/// Most people of one message.
pub const MAX_SFTP_PEOPLE: usize = 10_000;
/// Most keys, and most app passwords, of one person.
pub const MAX_SFTP_CREDENTIALS: usize = 20;
/// Most servers of one person.
pub const MAX_SFTP_SERVERS: usize = 2_000;
/// Most changes of one [`SftpActivity`]; what is more is only counted.
pub const MAX_SFTP_CHANGES: usize = 100;

/// Everybody whom the node is to let in. It replaces what was said before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SftpGrants {
    /// So long it holds from its arrival on. At most [`MAX_SFTP_LEASE`].
    pub lease_seconds: u32,
    pub people: Vec<SftpPerson>,
}

/// Somebody who has a key or an app password, and may list the files of a server of this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SftpPerson {
    pub user: UserId,
    /// What stands before the dot of `user.server`: lower-case letters, digits, `-` and `_`; unique among all people.
    pub handle: String,
    pub keys: Vec<SftpKey>,
    pub passwords: Vec<SftpPassword>,
    pub servers: Vec<SftpServer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SftpKey {
    pub id: Uuid,
    /// As in `authorized_keys`: type and base64, nothing more.
    pub public_key: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SftpPassword {
    pub id: Uuid,
    /// Lower-case hex SHA-256 of a password that the control plane made from at least 128 random bits.
    pub digest: String,
}

impl std::fmt::Debug for SftpPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SftpPassword").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A server of this node, and what this person may do with its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SftpServer {
    pub server: ServerId,
    /// What stands behind the dot of `user.server`; unique among the servers of the node.
    pub handle: String,
    /// Those of the `files.` family.
    pub permissions: Vec<Permission>,
}

/// How a node is reached by SFTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SftpReport {
    pub port: u16,
    /// The host key as in `known_hosts`: type and base64.
    pub host_key: String,
    /// Its fingerprint, such as `SHA256:…`.
    pub fingerprint: String,
}

/// What somebody did over SFTP since the session began, or since it was last told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SftpActivity {
    pub user: UserId,
    /// The key or the app password that opened the session.
    pub credential: Uuid,
    /// The address that the session came from.
    pub address: String,
    /// The first report of its session.
    pub opened: bool,
    /// In the order of their first time.
    pub changes: Vec<SftpChange>,
    /// Changes beyond [`MAX_SFTP_CHANGES`].
    pub further: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SftpChange {
    pub action: SftpAction,
    /// In the spelling of [`crate::files`].
    pub path: String,
    /// Of a renaming.
    pub to: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SftpAction {
    /// A file was opened for writing.
    Write,
    MakeDirectory,
    MakeLink,
    Rename,
    /// Permission bits or times.
    SetAttributes,
    Delete,
}
