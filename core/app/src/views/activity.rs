//! Members, permissions and what was done by whom.

use chrono::{DateTime, Utc};
use gantry_domain::{audit::AuditRecord, members::Member, users::Person};
use gantry_types::{AuditId, UserId, permission::Permission};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemberView {
    pub user_id: UserId,
    pub name: String,
    pub email: String,
    pub permissions: Vec<Permission>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PermissionView {
    pub permission: Permission,
    /// The part before the dot, for forms that group.
    pub group: String,
    pub description: String,
}

/// One line of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    pub id: AuditId,
    /// Counts up by one without gaps, over the whole log.
    pub seq: u64,
    pub at: DateTime<Utc>,
    /// None where the control plane itself acted.
    pub actor: Option<Person>,
    /// Stable: `server.create`, `node.delete`.
    pub action: String,
    /// Stable: `server`, `node`, `user`.
    pub subject_kind: String,
    pub subject_id: String,
    #[schema(value_type = Object)]
    pub before: serde_json::Value,
    #[schema(value_type = Object)]
    pub after: serde_json::Value,
    pub request_id: Option<String>,
    /// Administrators alone see it.
    pub ip: Option<String>,
}

impl AuditView {
    /// The line as an administrator sees it.
    pub(crate) fn whole(record: AuditRecord) -> Self {
        Self {
            id: record.id,
            seq: record.seq,
            at: record.at,
            actor: record.actor,
            action: record.action,
            subject_kind: record.subject_kind,
            subject_id: record.subject_id,
            before: record.before,
            after: record.after,
            request_id: record.request_id,
            ip: record.ip,
        }
    }

    /// The line as a server's people see it: without where the others sit.
    pub(crate) fn for_members(record: AuditRecord) -> Self {
        Self { ip: None, request_id: None, ..Self::whole(record) }
    }
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.user_id,
            name: member.name,
            email: member.email.to_string(),
            permissions: member.permissions.into_iter().collect(),
            created_at: member.created_at,
        }
    }
}

impl PermissionView {
    /// All there are, in reading order.
    pub(crate) fn all() -> Vec<Self> {
        let view = |permission: &Permission| Self {
            permission: *permission,
            group: permission.as_str().split('.').next().unwrap_or_default().to_owned(),
            description: permission.description().to_owned(),
        };
        Permission::ALL.iter().map(view).collect()
    }
}
