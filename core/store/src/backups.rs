//! Backups as their nodes told of them: whole, each in its latest revision, for people to see while a node is away.
//!
//! A node speaks of its own servers' alone. What was told before never undoes what was told after it, in whatever order the two
//! come; one that is no more has no row.

use crate::{Notice, StoreError, SystemTx, Tx, codec, tx::Who};
use gantry_domain::backups::MAX_KEPT;
use gantry_types::{
    BackupId, NodeId, ServerId,
    backup::{Backup, BackupState},
};
use sqlx::types::Json;
use std::collections::{BTreeMap, HashMap};

/// What became of what a node told of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is known in this state; in another before, or not at all.
    Changed { before: Option<BackupState> },
    /// As much of it, or more, was known.
    Known,
    /// The server is not that node's, or the backup is another server's.
    NotTheirs,
    /// The server has more rows than there can be backups.
    TooMany,
}

impl<W: Who> Tx<W> {
    /// A server's backups, newest first; their number is bounded.
    pub async fn backups(&mut self, server: ServerId) -> Result<Vec<Backup>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT backup AS "backup: Json<Backup>" FROM backups WHERE server_id = $1
               ORDER BY created_at DESC, id DESC LIMIT $2"#,
            server.uuid(),
            codec::to_i64(MAX_KEPT)
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(|row| row.backup.0).collect())
    }

    /// One backup of a server.
    pub async fn backup(&mut self, server: ServerId, id: BackupId) -> Result<Backup, StoreError> {
        let row = sqlx::query!(
            r#"SELECT backup AS "backup: Json<Backup>" FROM backups WHERE server_id = $1 AND id = $2"#,
            server.uuid(),
            id.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        Ok(row.ok_or(StoreError::NotFound("backup"))?.backup.0)
    }
}

impl SystemTx {
    /// Keeps what a node told of a backup of one of its servers. The domain has found it credible.
    pub async fn record_backup(
        &mut self,
        node: NodeId,
        server: ServerId,
        backup: &Backup,
    ) -> Result<Kept, StoreError> {
        let place = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM backups b WHERE b.server_id = s.id) AS "count!",
                      b.revision AS "revision?", b.state AS "state?"
               FROM servers s LEFT JOIN backups b ON b.server_id = s.id AND b.id = $3
               WHERE s.id = $1 AND s.node_id = $2"#,
            server.uuid(),
            node.uuid(),
            backup.id.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        let Some(place) = place else { return Ok(Kept::NotTheirs) };
        let before = place.state.as_deref().map(codec::to_backup_state).transpose()?;
        if place.revision.is_some_and(|known| codec::to_u64(known) >= backup.revision) {
            return Ok(Kept::Known);
        }
        if backup.state == BackupState::Deleted {
            if before.is_none() {
                return Ok(Kept::Known);
            }
            self.forget_backup(node, server, backup.id).await?;
            return Ok(Kept::Changed { before });
        }
        if before.is_none() && codec::to_u64(place.count) >= MAX_KEPT {
            return Ok(Kept::TooMany);
        }
        let written = self.write_backup(server, backup).await?;
        // Somebody else wrote it a moment ago, or its id is in use elsewhere.
        let otherwise = if before.is_some() { Kept::Known } else { Kept::NotTheirs };
        Ok(if written { Kept::Changed { before } } else { otherwise })
    }

    async fn write_backup(&mut self, server: ServerId, backup: &Backup) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "INSERT INTO backups (id, server_id, revision, created_at, state, backup) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, created_at = excluded.created_at,
                 state = excluded.state, backup = excluded.backup
             WHERE backups.server_id = excluded.server_id AND backups.revision < excluded.revision",
            backup.id.uuid(),
            server.uuid(),
            codec::to_i64(backup.revision),
            backup.created_at,
            codec::backup_state(backup.state),
            Json(backup) as _
        )
        .execute(self.db())
        .await?;
        let written = done.rows_affected() == 1;
        if written {
            self.tell(Notice::Backups { server });
        }
        Ok(written)
    }

    /// Forgets a backup that its node does not have any more. False if there is none to forget.
    pub async fn forget_backup(
        &mut self,
        node: NodeId,
        server: ServerId,
        id: BackupId,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "DELETE FROM backups b USING servers s
             WHERE b.id = $3 AND b.server_id = $1 AND s.id = b.server_id AND s.node_id = $2",
            server.uuid(),
            node.uuid(),
            id.uuid()
        )
        .execute(self.db())
        .await?;
        let forgotten = done.rows_affected() == 1;
        if forgotten {
            self.tell(Notice::Backups { server });
        }
        Ok(forgotten)
    }

    /// Every server of a node, with the revisions of its backups that are known here.
    pub async fn known_backups(
        &mut self,
        node: NodeId,
    ) -> Result<BTreeMap<ServerId, HashMap<BackupId, u64>>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT s.id, b.id AS "backup?", b.revision AS "revision?"
               FROM servers s LEFT JOIN backups b ON b.server_id = s.id WHERE s.node_id = $1"#,
            node.uuid()
        )
        .fetch_all(self.db())
        .await?;
        let mut known: BTreeMap<ServerId, HashMap<BackupId, u64>> = BTreeMap::new();
        for row in rows {
            let of_server = known.entry(ServerId::new(row.id)).or_default();
            of_server.extend(row.backup.map(BackupId::new).zip(row.revision.map(codec::to_u64)));
        }
        Ok(known)
    }
}
