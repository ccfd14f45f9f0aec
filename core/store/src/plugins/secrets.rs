//! Secrets that administrators store for plugins, each under a name that the plugin's manifest asks for. Written, replaced and
//! taken away; read by nobody but the plugin.

use crate::{
    StoreError, SystemTx, Tx, error,
    secrets::{Place, SecretKind},
    tx::Who,
};
use chrono::{DateTime, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::audit::AuditEntry;
use gantry_types::PluginId;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use uuid::Uuid;

/// That something is stored under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    pub name: String,
    pub updated_at: DateTime<Utc>,
}

fn place(plugin: PluginId, row: Uuid) -> Place {
    Place { kind: SecretKind::PluginSecret, row, tenant: plugin.uuid() }
}

impl<W: Who> Tx<W> {
    /// Under which names something is stored for a plugin, by name.
    pub async fn plugin_secrets(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
    ) -> Result<Vec<StoredSecret>, StoreError> {
        Ok(sqlx::query_as!(
            StoredSecret,
            "SELECT name, updated_at FROM plugin_secrets WHERE plugin_id = $1 ORDER BY name",
            plugin.uuid()
        )
        .fetch_all(self.db())
        .await?)
    }
}

impl SystemTx {
    /// What is stored under a name.
    pub async fn plugin_secret(
        &mut self,
        plugin: PluginId,
        name: &str,
    ) -> Result<Option<SecretString>, StoreError> {
        let row = sqlx::query!(
            "SELECT id, sealed FROM plugin_secrets WHERE plugin_id = $1 AND name = $2",
            plugin.uuid(),
            name
        )
        .fetch_optional(self.db())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let vault = Arc::clone(&self.vault);
        Ok(Some(vault.unseal_text(self.db(), place(plugin, row.id), &row.sealed).await?))
    }

    /// Stores a secret, in place of any that is there. A row keeps its id, so that its seal holds.
    pub async fn set_plugin_secret(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        (name, value): (&str, &SecretString),
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO plugin_secrets (id, plugin_id, name, sealed) VALUES ($1, $2, $3, '')
             ON CONFLICT ON CONSTRAINT plugin_secrets_name DO NOTHING",
            crate::new_uuid(),
            plugin.uuid(),
            name
        )
        .execute(self.db())
        .await?;
        let id = sqlx::query_scalar!(
            "SELECT id FROM plugin_secrets WHERE plugin_id = $1 AND name = $2 FOR UPDATE",
            plugin.uuid(),
            name
        )
        .fetch_one(self.db())
        .await?;
        let sealed = self.vault.seal(place(plugin, id), value.expose_secret().as_bytes())?;
        sqlx::query!("UPDATE plugin_secrets SET sealed = $2, updated_at = now() WHERE id = $1", id, sealed)
            .execute(self.db())
            .await?;
        self.record(entry);
        Ok(())
    }

    /// Takes a secret away.
    pub async fn remove_plugin_secret(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        name: &str,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "DELETE FROM plugin_secrets WHERE plugin_id = $1 AND name = $2",
            plugin.uuid(),
            name
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "secret")?;
        self.record(entry);
        Ok(())
    }

    /// Forgets what was kept by, stored for and owed to a plugin whose place somebody else takes.
    pub(super) async fn forget_lends(&mut self, plugin: Uuid) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM plugin_secrets WHERE plugin_id = $1", plugin).execute(self.db()).await?;
        sqlx::query!("DELETE FROM plugin_kept WHERE plugin_id = $1", plugin).execute(self.db()).await?;
        sqlx::query!("DELETE FROM plugin_settings WHERE plugin_id = $1", plugin).execute(self.db()).await?;
        sqlx::query!("DELETE FROM deliveries WHERE plugin_id = $1", plugin).execute(self.db()).await?;
        Ok(())
    }
}
