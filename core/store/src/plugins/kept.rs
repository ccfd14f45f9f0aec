//! What plugins keep in the control plane: a few bytes under keys of their own, sealed, counted, and gone with the server or
//! the plugin that they are for.

use crate::{
    StoreError, SystemTx, codec,
    secrets::{Place, SecretKind},
};
use gantry_types::{PluginId, ServerId};
use std::sync::Arc;
use uuid::Uuid;

/// Counted for each key beside its bytes, so that many empty ones are not free. As nodes count it.
const ENTRY_BYTES: i32 = 64;

/// Whose it is: a plugin's, for itself or for one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelf {
    pub plugin: PluginId,
    pub server: Option<ServerId>,
}

impl Shelf {
    fn server(self) -> Option<Uuid> {
        self.server.map(ServerId::uuid)
    }

    fn place(self, row: Uuid) -> Place {
        let tenant = self.server().unwrap_or_else(|| self.plugin.uuid());
        Place { kind: SecretKind::PluginKept, row, tenant }
    }
}

impl SystemTx {
    /// What stands under a key.
    pub async fn kept(&mut self, shelf: Shelf, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = sqlx::query!(
            "SELECT id, sealed FROM plugin_kept
             WHERE plugin_id = $1 AND server_id IS NOT DISTINCT FROM $2 AND key = $3",
            shelf.plugin.uuid(),
            shelf.server(),
            key
        )
        .fetch_optional(self.db())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let vault = Arc::clone(&self.vault);
        let plain = vault.unseal(self.db(), shelf.place(row.id), &row.sealed).await?;
        Ok(Some(plain.to_vec()))
    }

    /// Puts it there. False where there would be more than `quota` bytes; nothing has changed then, once this transaction is
    /// dropped.
    pub async fn keep(
        &mut self,
        shelf: Shelf,
        key: &str,
        value: &[u8],
        quota: u64,
    ) -> Result<bool, StoreError> {
        // Two calls of one plugin at once would each find room.
        let whose = shelf.server().unwrap_or_else(|| shelf.plugin.uuid()).to_string();
        sqlx::query!(
            r#"SELECT pg_advisory_xact_lock(hashtextextended($1, 7219850451)) AS "locked: ()""#,
            whose
        )
        .fetch_one(self.db())
        .await?;
        let known = sqlx::query_scalar!(
            "SELECT id FROM plugin_kept
             WHERE plugin_id = $1 AND server_id IS NOT DISTINCT FROM $2 AND key = $3",
            shelf.plugin.uuid(),
            shelf.server(),
            key
        )
        .fetch_optional(self.db())
        .await?;
        let id = known.unwrap_or_else(crate::new_uuid);
        let sealed = self.vault.seal(shelf.place(id), value)?;
        sqlx::query!(
            "INSERT INTO plugin_kept (id, plugin_id, server_id, key, sealed) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed",
            id,
            shelf.plugin.uuid(),
            shelf.server(),
            key,
            sealed
        )
        .execute(self.db())
        .await?;
        let bytes = sqlx::query_scalar!(
            r#"SELECT coalesce(sum(octet_length(key) + octet_length(sealed) + $3), 0)::bigint AS "bytes!"
               FROM plugin_kept WHERE plugin_id = $1 AND server_id IS NOT DISTINCT FROM $2"#,
            shelf.plugin.uuid(),
            shelf.server(),
            ENTRY_BYTES
        )
        .fetch_one(self.db())
        .await?;
        Ok(codec::to_u64(bytes) <= quota)
    }

    /// Takes it away, if it is there.
    pub async fn forget_kept(&mut self, shelf: Shelf, key: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "DELETE FROM plugin_kept WHERE plugin_id = $1 AND server_id IS NOT DISTINCT FROM $2 AND key = $3",
            shelf.plugin.uuid(),
            shelf.server(),
            key
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Keys that begin so, in order.
    pub async fn kept_keys(&mut self, shelf: Shelf, prefix: &str) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar!(
            "SELECT key FROM plugin_kept
             WHERE plugin_id = $1 AND server_id IS NOT DISTINCT FROM $2 AND starts_with(key, $3) ORDER BY key",
            shelf.plugin.uuid(),
            shelf.server(),
            prefix
        )
        .fetch_all(self.db())
        .await?)
    }
}
