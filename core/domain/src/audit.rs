//! What was done, by whom, to what: one line for each change, in the same transaction as the change.
//!
//! The lines are numbered without gaps, so that a missing one shows. Secrets never stand in them.

use crate::users::Person;
use chrono::{DateTime, Utc};
use gantry_types::{AuditId, ServerId};
use std::net::IpAddr;
use uuid::Uuid;

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    pub request_id: Option<String>,
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
}

/// A change, as whoever makes it describes it. The store adds who, when and the number.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// `server.create`, `member.update`: the noun and the verb.
    pub action: &'static str,
    /// The noun's id, or its natural key.
    pub subject_kind: &'static str,
    pub subject_id: String,
    /// The server that it is about, so that its people can read it.
    pub server_id: Option<ServerId>,
    /// What was so before; null where nothing was. Redacted by the caller.
    pub before: serde_json::Value,
    /// What is so after.
    pub after: serde_json::Value,
    pub origin: Origin,
}

impl AuditEntry {
    /// An entry about one thing.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "ids are small copies; a reference would burden every caller"
    )]
    pub fn new(
        action: &'static str,
        subject_kind: &'static str,
        subject_id: impl ToString,
        origin: Origin,
    ) -> Self {
        Self {
            action,
            subject_kind,
            subject_id: subject_id.to_string(),
            server_id: None,
            before: serde_json::Value::Null,
            after: serde_json::Value::Null,
            origin,
        }
    }

    /// An entry about a server, to be read by its people too.
    pub fn server(action: &'static str, server_id: ServerId, origin: Origin) -> Self {
        Self { server_id: Some(server_id), ..Self::new(action, "server", server_id, origin) }
    }

    #[must_use]
    pub fn about(mut self, server_id: ServerId) -> Self {
        self.server_id = Some(server_id);
        self
    }

    #[must_use]
    pub fn before(mut self, before: serde_json::Value) -> Self {
        self.before = before;
        self
    }

    #[must_use]
    pub fn after(mut self, after: serde_json::Value) -> Self {
        self.after = after;
        self
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    pub id: AuditId,
    /// Counts up by one, without gaps.
    pub seq: u64,
    pub at: DateTime<Utc>,
    /// None for the system itself.
    pub actor: Option<Person>,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    pub server_id: Option<Uuid>,
    pub before: serde_json::Value,
    pub after: serde_json::Value,
    pub request_id: Option<String>,
    pub ip: Option<String>,
}
