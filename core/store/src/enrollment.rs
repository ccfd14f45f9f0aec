//! How a node's daemon gets its identity: a one-time token buys a pair of keys.

use crate::{
    Notice, StoreError, SystemTx, UserTx,
    secrets::{Place, SecretKind},
};
use chrono::{DateTime, Utc};
use gantry_auth::{AdministratorGrant, HashedToken, Purpose};
use gantry_domain::audit::AuditEntry;
use gantry_types::NodeId;
use sqlx::PgConnection;
use zeroize::Zeroizing;

/// The keys that enrollment makes. The daemon's private half never leaves the node.
pub struct NewNodeKeys {
    pub public_key: [u8; 32],
    pub private_key: Zeroizing<[u8; 32]>,
    pub daemon_public_key: [u8; 32],
    pub agent_version: String,
}

/// What proves either side to the other.
pub struct NodeKeys {
    pub public_key: [u8; 32],
    pub private_key: Zeroizing<[u8; 32]>,
    pub daemon_public_key: [u8; 32],
}

impl UserTx {
    /// Keeps a one-time token for a node; one that was made before is good no longer.
    pub async fn create_enrollment(
        &mut self,
        _grant: &AdministratorGrant,
        node: NodeId,
        token: &HashedToken,
        expires_at: DateTime<Utc>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        drop_tokens(self.db(), node).await?;
        sqlx::query!(
            "INSERT INTO one_time_tokens (token_hash, purpose, subject, expires_at)
             SELECT $1, $2, id, $4 FROM nodes WHERE id = $3",
            token.bytes().as_slice(),
            Purpose::Enrollment.as_str(),
            node.uuid(),
            expires_at
        )
        .execute(self.db())
        .await
        .map_err(StoreError::from)
        .and_then(|done| crate::error::touched(done.rows_affected(), "node"))?;
        self.record(entry);
        Ok(())
    }
}

async fn drop_tokens(db: &mut PgConnection, node: NodeId) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM one_time_tokens WHERE purpose = $1 AND subject = $2",
        Purpose::Enrollment.as_str(),
        node.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}

impl SystemTx {
    /// Spends an enrollment token. None if there is no such token, it was spent, or its time is over.
    pub async fn spend_enrollment(
        &mut self,
        token: &HashedToken,
        now: DateTime<Utc>,
    ) -> Result<Option<(NodeId, String)>, StoreError> {
        let row = sqlx::query!(
            "DELETE FROM one_time_tokens t USING nodes n
             WHERE t.token_hash = $1 AND t.purpose = $2 AND t.expires_at > $3 AND n.id = t.subject
             RETURNING n.id, n.name",
            token.bytes().as_slice(),
            token.purpose().as_str(),
            now
        )
        .fetch_optional(self.db())
        .await?;
        Ok(row.map(|row| (NodeId::new(row.id), row.name)))
    }

    /// Gives a node its keys, in place of any that it had; its daemon's ledger begins anew.
    pub async fn enroll_node(
        &mut self,
        node: NodeId,
        keys: &NewNodeKeys,
        now: DateTime<Utc>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let place = Place { kind: SecretKind::NodeKey, row: node.uuid(), tenant: node.uuid() };
        let sealed = self.vault.seal(place, keys.private_key.as_ref())?;
        sqlx::query!(
            "INSERT INTO node_keys (node_id, public_key, private_key, daemon_public_key, created_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (node_id) DO UPDATE SET public_key = excluded.public_key,
                 private_key = excluded.private_key, daemon_public_key = excluded.daemon_public_key,
                 created_at = excluded.created_at",
            node.uuid(),
            keys.public_key.as_slice(),
            sealed,
            keys.daemon_public_key.as_slice(),
            now
        )
        .execute(self.db())
        .await?;
        let done = sqlx::query!(
            "UPDATE nodes SET enrolled_at = $2, agent_version = $3, last_event_seq = 0 WHERE id = $1",
            node.uuid(),
            now,
            keys.agent_version
        )
        .execute(self.db())
        .await?;
        crate::error::touched(done.rows_affected(), "node")?;
        self.record(entry);
        self.tell(Notice::Node { node });
        Ok(())
    }

    /// The keys of a node, if it is enrolled and not revoked.
    pub async fn node_keys(&mut self, node: NodeId) -> Result<Option<NodeKeys>, StoreError> {
        let row = sqlx::query!(
            "SELECT public_key, private_key, daemon_public_key FROM node_keys WHERE node_id = $1",
            node.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let place = Place { kind: SecretKind::NodeKey, row: node.uuid(), tenant: node.uuid() };
        let vault = std::sync::Arc::clone(&self.vault);
        let private = vault.unseal(self.db(), place, &row.private_key).await?;
        let key = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(|_| StoreError::Unreadable("node_keys"));
        Ok(Some(NodeKeys {
            public_key: key(&row.public_key)?,
            private_key: Zeroizing::new(key(&private)?),
            daemon_public_key: key(&row.daemon_public_key)?,
        }))
    }

    /// Takes a node's keys and tokens away: its daemon is refused from then on, until it enrolls again.
    pub async fn revoke_node(
        &mut self,
        _grant: &AdministratorGrant,
        node: NodeId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        drop_tokens(self.db(), node).await?;
        sqlx::query!("DELETE FROM node_keys WHERE node_id = $1", node.uuid()).execute(self.db()).await?;
        sqlx::query!("UPDATE nodes SET enrolled_at = NULL WHERE id = $1", node.uuid())
            .execute(self.db())
            .await?;
        self.record(entry);
        self.tell(Notice::Node { node });
        Ok(())
    }
}
