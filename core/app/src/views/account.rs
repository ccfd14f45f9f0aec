//! People, sessions and the first-time setup.

use chrono::{DateTime, Utc};
use gantry_domain::{
    Role,
    allowances::{self, Allowance, Holdings},
    nodes::Promised,
    sessions::Session,
    users::User,
};
use gantry_types::{SessionId, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetupStatus {
    /// Whether no account exists.
    pub needed: bool,
    /// Whether the caller needs the one-time token that the control plane printed.
    pub token_required: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Servers that the person owns.
    pub server_count: u32,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionUser {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Short for `role` being the administrator's.
    pub administrator: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    pub id: SessionId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Who is signed in, and until when.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CurrentSession {
    pub user: SessionUser,
    pub session: SessionInfo,
}

/// A session that has just begun. The token goes into the cookie and nowhere else.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub token: SecretString,
    pub current: CurrentSession,
}

/// A ticket for one WebSocket, good once and for half a minute.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketView {
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

/// What an account may take of all nodes together, and how its servers stand to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AllowanceView {
    /// Null sets no bound.
    pub limits: Allowance,
    pub used: Promised,
    /// Null where there is no bound. A server without a limit of its own leaves nothing.
    pub left: Allowance,
}

impl AllowanceView {
    pub(crate) fn of(limits: Allowance, held: &Holdings) -> Self {
        let used = Promised {
            servers: u32::try_from(held.servers).unwrap_or(u32::MAX),
            memory_mib: held.memory_mib.amount,
            disk_mib: held.disk_mib.amount,
            cpu_percent: held.cpu_percent.amount,
        };
        Self { limits, used, left: allowances::remainder(&limits, held) }
    }
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            name: user.name,
            email: user.email.to_string(),
            role: user.role,
            server_count: user.servers,
            created_at: user.created_at,
        }
    }
}

impl CurrentSession {
    pub(crate) fn of(id: UserId, name: String, email: String, role: Role, session: &Session) -> Self {
        let user = SessionUser { id, name, email, role, administrator: role.is_administrator() };
        let Session { id, created_at, expires_at, .. } = *session;
        Self { user, session: SessionInfo { id, created_at, expires_at } }
    }
}
