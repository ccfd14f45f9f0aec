//! The audit log: written with each change, numbered without gaps, never changed.

use crate::{
    StoreError, Tx, UserTx, codec, cursor,
    tx::{Signed, Who},
};
use chrono::{DateTime, Utc};
use gantry_auth::{AdministratorGrant, ServerGrant, rights};
use gantry_domain::{
    audit::{AuditEntry, AuditRecord},
    page::{Page, PageRequest},
    users::Person,
};
use gantry_types::{AuditId, ServerId, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// Longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 300;

pub(crate) async fn write(
    db: &mut PgConnection,
    signature: Option<(UserId, String)>,
    entries: Vec<Signed>,
) -> Result<(), StoreError> {
    for Signed { entry, by } in entries {
        let by = by.as_ref().or(signature.as_ref());
        let (actor, name) = by.map(|(id, name)| (id.uuid(), name.as_str())).unzip();
        let agent =
            entry.origin.user_agent.map(|agent| agent.chars().take(MAX_USER_AGENT).collect::<String>());
        sqlx::query!(
            "INSERT INTO audit (id, seq, actor_id, actor_name, action, subject_kind, subject_id, server_id, before,
                                after, request_id, ip, user_agent)
             VALUES ($1, 0, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            crate::new_uuid(),
            actor,
            name,
            entry.action,
            entry.subject_kind,
            entry.subject_id,
            entry.server_id.map(ServerId::uuid),
            entry.before,
            entry.after,
            entry.origin.request_id,
            entry.origin.ip.map(|ip| ip.to_string()),
            agent
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

struct AuditRow {
    id: Uuid,
    seq: i64,
    at: DateTime<Utc>,
    actor_id: Option<Uuid>,
    actor_name: Option<String>,
    action: String,
    subject_kind: String,
    subject_id: String,
    server_id: Option<Uuid>,
    before: serde_json::Value,
    after: serde_json::Value,
    request_id: Option<String>,
    ip: Option<String>,
}

impl From<AuditRow> for AuditRecord {
    fn from(row: AuditRow) -> Self {
        let actor = row.actor_id.map(UserId::new).zip(row.actor_name);
        Self {
            id: AuditId::new(row.id),
            seq: codec::to_u64(row.seq),
            at: row.at,
            actor: actor.map(|(id, name)| Person { id, name }),
            action: row.action,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            server_id: row.server_id,
            before: row.before,
            after: row.after,
            request_id: row.request_id,
            ip: row.ip,
        }
    }
}

fn page_of(rows: Vec<AuditRow>, limit: u32) -> Page<AuditRecord> {
    Page::of(rows.into_iter().map(AuditRecord::from).collect(), limit, |record| record.seq.to_string())
}

impl<W: Who> Tx<W> {
    /// Writes an entry for something that has no changing call of its own, such as signing in or a command typed into
    /// a console.
    pub fn audit(&mut self, entry: AuditEntry) {
        self.record(entry);
    }
}

impl UserTx {
    /// The whole log, latest first.
    pub async fn audit_log(
        &mut self,
        _grant: &AdministratorGrant,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, StoreError> {
        let before = cursor::parse_number(page.cursor.as_deref())?.unwrap_or(i64::MAX);
        let rows = sqlx::query_as!(
            AuditRow,
            "SELECT id, seq, at, actor_id, actor_name, action, subject_kind, subject_id, server_id, before, after,
                    request_id, ip
             FROM audit WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
            before,
            i64::from(page.limit) + 1
        )
        .fetch_all(self.db())
        .await?;
        Ok(page_of(rows, page.limit))
    }

    /// What was done to one server, latest first.
    pub async fn activity(
        &mut self,
        grant: &ServerGrant<rights::ActivityRead>,
        page: &PageRequest,
    ) -> Result<Page<AuditRecord>, StoreError> {
        let before = cursor::parse_number(page.cursor.as_deref())?.unwrap_or(i64::MAX);
        let rows = sqlx::query_as!(
            AuditRow,
            "SELECT id, seq, at, actor_id, actor_name, action, subject_kind, subject_id, server_id, before, after,
                    request_id, ip
             FROM audit WHERE server_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3",
            grant.server().uuid(),
            before,
            i64::from(page.limit) + 1
        )
        .fetch_all(self.db())
        .await?;
        Ok(page_of(rows, page.limit))
    }
}
