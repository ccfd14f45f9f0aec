//! Operations: asked for by people, moved by nodes along legal edges, ended by whoever comes first.
//!
//! An operation's row is locked after its server's, by everybody: its trigger writes into the server, and people begin with
//! the server. In the other order two who come at once would wait for each other.

use crate::{Notice, StoreError, SystemTx, Tx, UserTx, codec, cursor, tx::Who};
use chrono::{DateTime, Utc};
use gantry_auth::{CreateServerGrant, OperationGrant, ServerGrant, rights};
use gantry_domain::{
    audit::AuditEntry,
    events,
    operations::{self, Operation},
    page::{Page, PageRequest},
    users::Person,
};
use gantry_types::{
    BackupId, NodeId, OperationId, ServerId, UserId,
    operation::{OperationFailure, OperationKind, OperationState, Progress},
    server::Desired,
};
use sqlx::types::Json;
use uuid::Uuid;

pub(crate) struct OperationRow {
    pub(crate) id: Uuid,
    pub(crate) server_id: Uuid,
    pub(crate) kind: String,
    pub(crate) backup_id: Option<Uuid>,
    pub(crate) state: String,
    pub(crate) progress: Option<Json<Progress>>,
    pub(crate) failure: Option<Json<OperationFailure>>,
    pub(crate) requested_by: Option<Uuid>,
    pub(crate) requested_by_name: Option<String>,
    pub(crate) requested_at: DateTime<Utc>,
    pub(crate) deadline: DateTime<Utc>,
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
}

macro_rules! operations {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            $crate::operations::OperationRow,
            r#"SELECT id, server_id, kind, backup_id, state, progress AS "progress: Json<Progress>",
                      failure AS "failure: Json<OperationFailure>", requested_by, requested_by_name, requested_at,
                      deadline, started_at, ended_at
               FROM operations "# + $tail
            $(, $argument)*
        )
    };
}

impl TryFrom<OperationRow> for Operation {
    type Error = StoreError;
    fn try_from(row: OperationRow) -> Result<Self, StoreError> {
        let person = row.requested_by.map(UserId::new).zip(row.requested_by_name);
        Ok(Self {
            id: OperationId::new(row.id),
            server_id: ServerId::new(row.server_id),
            kind: codec::to_kind(&row.kind)?,
            backup: row.backup_id.map(BackupId::new),
            state: codec::to_state(&row.state)?,
            progress: row.progress.map(|json| json.0),
            failure: row.failure.map(|json| json.0),
            requested_by: person.map(|(id, name)| Person { id, name }),
            requested_at: row.requested_at,
            deadline: row.deadline,
            started_at: row.started_at,
            ended_at: row.ended_at,
        })
    }
}

/// An operation that begins.
struct Beginning {
    id: OperationId,
    kind: OperationKind,
    /// What a restore puts back.
    backup: Option<BackupId>,
    /// What is wanted of the server from then on; none leaves that as it is.
    desired: Option<Desired>,
    at: DateTime<Utc>,
}

/// What a node says of an operation.
pub struct OperationMove {
    pub id: OperationId,
    pub state: OperationState,
    pub progress: Option<Progress>,
    pub failure: Option<OperationFailure>,
    pub at: DateTime<Utc>,
}

impl UserTx {
    /// Asks for an operation, in place of one that has not ended. `desired` is what is wanted of the server from then
    /// on; none leaves that as it is. The domain has decided that it is possible.
    pub async fn request_operation(
        &mut self,
        grant: &OperationGrant,
        id: OperationId,
        desired: Option<Desired>,
        now: DateTime<Utc>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let beginning = Beginning { id, kind: grant.kind(), backup: None, desired, at: now };
        self.begin(grant.server(), beginning).await?;
        self.record(entry);
        Ok(())
    }

    /// Asks for all files of a server to become those of a backup. What is wanted of the server otherwise stays.
    pub async fn request_restore(
        &mut self,
        grant: &OperationGrant,
        id: OperationId,
        backup: BackupId,
        now: DateTime<Utc>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let beginning = Beginning { id, kind: grant.kind(), backup: Some(backup), desired: None, at: now };
        self.begin(grant.server(), beginning).await?;
        self.record(entry);
        Ok(())
    }

    /// The first operation of a server that is made in this transaction. The server's own audit entry speaks for it.
    pub async fn request_install(
        &mut self,
        _grant: &CreateServerGrant,
        server: ServerId,
        id: OperationId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let kind = OperationKind::Install;
        self.begin(server, Beginning { id, kind, backup: None, desired: None, at: now }).await
    }

    /// Calls off an operation that has not ended. The node learns of it by the next generation.
    pub async fn cancel_operation(
        &mut self,
        grant: &ServerGrant<rights::OperationsCancel>,
        now: DateTime<Utc>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let server = grant.server();
        self.cancel_active(server, now).await?;
        let node = sqlx::query_scalar!(
            "UPDATE servers SET generation = generation + 1 WHERE id = $1 RETURNING node_id",
            server.uuid()
        )
        .fetch_optional(self.db())
        .await?
        .ok_or(StoreError::NotFound("server"))?;
        self.record(entry);
        self.tell(Notice::Server { server, node: NodeId::new(node), desired: true });
        Ok(())
    }
}

impl<W: Who> Tx<W> {
    async fn begin(&mut self, server: ServerId, beginning: Beginning) -> Result<(), StoreError> {
        let Beginning { id, kind, backup, desired, at } = beginning;
        let node = sqlx::query_scalar!(
            "UPDATE servers SET desired = coalesce($2, desired), generation = generation + 1, updated_at = now(),
                    desired_generation = CASE WHEN $2::text IS NULL THEN desired_generation ELSE generation + 1 END
             WHERE id = $1 RETURNING node_id",
            server.uuid(),
            desired.map(codec::desired)
        )
        .fetch_optional(self.db())
        .await?
        .ok_or(StoreError::NotFound("server"))?;
        self.cancel_active(server, at).await?;
        let signature = self.who.signature().map(|(id, name)| (id.uuid(), name.to_owned()));
        let (by, by_name) = signature.unzip();
        sqlx::query!(
            "INSERT INTO operations (id, server_id, node_id, kind, requested_by, requested_by_name, requested_at, deadline, backup_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            id.uuid(),
            server.uuid(),
            node,
            codec::kind(kind),
            by,
            by_name,
            at,
            at + operations::time_allowed(kind),
            backup.map(BackupId::uuid)
        )
        .execute(self.db())
        .await?;
        self.tell(Notice::Operation { operation: id, server });
        self.tell(Notice::Server { server, node: NodeId::new(node), desired: true });
        Ok(())
    }

    async fn cancel_active(&mut self, server: ServerId, now: DateTime<Utc>) -> Result<(), StoreError> {
        let ended = sqlx::query_scalar!(
            "UPDATE operations SET state = 'cancelled', ended_at = $2
             WHERE server_id = $1 AND state IN ('pending', 'running') RETURNING id",
            server.uuid(),
            now
        )
        .fetch_all(self.db())
        .await?;
        for id in ended {
            self.tell(Notice::Operation { operation: OperationId::new(id), server });
        }
        Ok(())
    }

    /// One operation, if it may be seen.
    pub async fn operation(&mut self, id: OperationId) -> Result<Operation, StoreError> {
        let row = operations!("WHERE id = $1", id.uuid()).fetch_optional(self.db()).await?;
        row.ok_or(StoreError::NotFound("operation"))?.try_into()
    }

    /// The latest operation of a server, ended or not.
    pub async fn latest_operation(&mut self, server: ServerId) -> Result<Option<Operation>, StoreError> {
        let row = operations!("WHERE server_id = $1 ORDER BY id DESC LIMIT 1", server.uuid())
            .fetch_optional(self.db())
            .await?;
        row.map(Operation::try_from).transpose()
    }

    /// A server's operations, latest first.
    pub async fn operations(
        &mut self,
        server: ServerId,
        page: &PageRequest,
    ) -> Result<Page<Operation>, StoreError> {
        let before = cursor::parse_id(page.cursor.as_deref())?.unwrap_or(Uuid::max());
        let rows = operations!(
            "WHERE server_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
            server.uuid(),
            before,
            i64::from(page.limit) + 1
        )
        .fetch_all(self.db())
        .await?;
        let all = rows.into_iter().map(Operation::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::of(all, page.limit, |operation| cursor::by_id(operation.id.uuid())))
    }
}

impl SystemTx {
    /// Has a server started by the system itself, whose wish to run stands, after what hindered it is out of the way.
    pub async fn start_again(
        &mut self,
        server: ServerId,
        id: OperationId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let kind = OperationKind::Start;
        self.begin(server, Beginning { id, kind, backup: None, desired: None, at: now }).await
    }

    /// Moves an operation as its node says. None if it is not of that node's, or the move is not legal: what has ended
    /// stays as it ended.
    pub async fn move_operation(
        &mut self,
        node: NodeId,
        change: &OperationMove,
    ) -> Result<Option<Operation>, StoreError> {
        // Operations outlive their server, and keep to it for ever.
        sqlx::query!(
            "SELECT s.id FROM servers s JOIN operations o ON o.server_id = s.id WHERE o.id = $1 AND o.node_id = $2
             FOR NO KEY UPDATE OF s",
            change.id.uuid(),
            node.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        let present = sqlx::query!(
            "SELECT state, server_id FROM operations WHERE id = $1 AND node_id = $2 FOR UPDATE",
            change.id.uuid(),
            node.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        let Some(present) = present else { return Ok(None) };
        if !operations::may_move(codec::to_state(&present.state)?, change.state) {
            return Ok(None);
        }
        let ended = change.state.is_terminal().then_some(change.at);
        sqlx::query!(
            "UPDATE operations SET state = $2, progress = coalesce($3, progress), failure = $4,
                    started_at = coalesce(started_at, $5), ended_at = $6
             WHERE id = $1",
            change.id.uuid(),
            codec::state(change.state),
            change.progress.as_ref().map(Json) as _,
            change.failure.as_ref().map(Json) as _,
            change.at,
            ended
        )
        .execute(self.db())
        .await?;
        let server = ServerId::new(present.server_id);
        self.tell(Notice::Operation { operation: change.id, server });
        self.tell(Notice::Server { server, node, desired: false });
        let operation = self.operation(change.id).await?;
        self.tell_of_end(&operation);
        Ok(Some(operation))
    }

    /// Ends operations whose time has run out, as failed. Those of servers that somebody is busy with come next time.
    pub async fn expire_operations(&mut self, now: DateTime<Utc>) -> Result<Vec<Operation>, StoreError> {
        let free = sqlx::query_scalar!(
            "SELECT s.id FROM servers s JOIN operations o ON o.server_id = s.id
             WHERE o.state IN ('pending', 'running') AND o.deadline <= $1 ORDER BY o.deadline LIMIT 500
             FOR NO KEY UPDATE OF s SKIP LOCKED",
            now
        )
        .fetch_all(self.db())
        .await?;
        let rows = operations!(
            "WHERE state IN ('pending', 'running') AND deadline <= $1
               AND (server_id = ANY ($2) OR NOT EXISTS (SELECT FROM servers s WHERE s.id = server_id))
             ORDER BY deadline LIMIT 500 FOR UPDATE SKIP LOCKED",
            now,
            &free
        )
        .fetch_all(self.db())
        .await?;
        let mut expired = Vec::with_capacity(rows.len());
        for row in rows {
            let mut operation = Operation::try_from(row)?;
            let failure = operations::deadline_exceeded(operation.kind);
            let node = sqlx::query_scalar!(
                "UPDATE operations SET state = 'failed', failure = $2, ended_at = $3 WHERE id = $1 RETURNING node_id",
                operation.id.uuid(),
                Json(&failure) as _,
                now
            )
            .fetch_one(self.db())
            .await?;
            let server = operation.server_id;
            self.tell(Notice::Operation { operation: operation.id, server });
            self.tell(Notice::Server { server, node: NodeId::new(node), desired: false });
            (operation.state, operation.failure, operation.ended_at) =
                (OperationState::Failed, Some(failure), Some(now));
            self.tell_of_end(&operation);
            expired.push(operation);
        }
        Ok(expired)
    }

    /// Whoever listens hears how it ended, unless it was called off.
    fn tell_of_end(&mut self, operation: &Operation) {
        let failure = match operation.state {
            OperationState::Succeeded => None,
            OperationState::Failed => operation.failure.as_ref(),
            OperationState::Pending | OperationState::Running | OperationState::Cancelled => return,
        };
        let Some(happening) = events::of_operation(operation.kind, failure) else { return };
        let happening = happening.on(operation.server_id);
        self.happened(match operation.ended_at {
            Some(at) => happening.at(at),
            None => happening,
        });
    }

    /// Forgets what ended long ago on servers that are gone.
    pub async fn sweep_operations(&mut self, ended_before: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "DELETE FROM operations o WHERE o.ended_at < $1 AND NOT EXISTS (SELECT FROM servers s WHERE s.id = o.server_id)",
            ended_before
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected())
    }
}
