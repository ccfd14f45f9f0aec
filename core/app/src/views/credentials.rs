//! Keys, app passwords, and the door that they open.

use chrono::{DateTime, Utc};
use gantry_domain::credentials::{AppPassword, SshKey};
use gantry_types::{AppPasswordId, SshKeyId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SshKeyView {
    pub id: SshKeyId,
    pub name: String,
    /// As in `authorized_keys`: type and base64.
    pub public_key: String,
    /// `SHA256:…`, as programs show it.
    pub fingerprint: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppPasswordView {
    pub id: AppPasswordId,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// None is never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// An app password that was just made.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppPasswordCreated {
    pub app_password: AppPasswordView,
    /// In no other answer.
    pub password: String,
}

/// Without the password.
impl std::fmt::Debug for AppPasswordCreated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppPasswordCreated").field("app_password", &self.app_password).finish_non_exhaustive()
    }
}

/// How one reaches a server's files by SFTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SftpView {
    /// What is known of the node's door, open or not.
    pub door: Option<SftpDoorView>,
    /// The name to sign in with.
    pub user: String,
    /// Whether the caller has a key to show.
    pub has_ssh_key: bool,
    /// Whether the caller has an app password that has not expired.
    pub has_app_password: bool,
    /// Why nobody comes in at present; none where people do.
    pub unavailable: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SftpDoorView {
    /// The address that the server's players use.
    pub host: String,
    pub port: u16,
    /// As in `known_hosts`: type and base64.
    pub host_key: String,
    /// `SHA256:…`: what a program shows at the first connection.
    pub fingerprint: String,
}

impl From<SshKey> for SshKeyView {
    fn from(key: SshKey) -> Self {
        let SshKey { id, name, public_key, fingerprint, created_at, last_used_at } = key;
        Self { id, name, public_key, fingerprint, created_at, last_used_at }
    }
}

impl From<AppPassword> for AppPasswordView {
    fn from(password: AppPassword) -> Self {
        let AppPassword { id, name, created_at, last_used_at, expires_at } = password;
        Self { id, name, created_at, last_used_at, expires_at }
    }
}
