//! What administrators set for a plugin as a whole. A secret one is sealed for its own row.

use crate::{
    Notice, StoreError, SystemTx,
    secrets::{Place, SecretKind},
};
use gantry_auth::AdministratorGrant;
use gantry_domain::{
    audit::AuditEntry,
    variables::{StoredValue, Values},
};
use gantry_types::PluginId;
use secrecy::ExposeSecret;
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;

/// A plugin's settings.
#[derive(Clone, Default)]
pub struct PluginSettings {
    /// Secrets in clear: to be checked against and given to the plugin, and never shown.
    pub values: Values,
    /// Keys of those that were stored as secrets. They stay so, whatever a later release calls them.
    pub sealed: BTreeSet<String>,
}

impl SystemTx {
    /// All that was set for a plugin.
    pub async fn plugin_settings(&mut self, plugin: PluginId) -> Result<PluginSettings, StoreError> {
        let rows = sqlx::query!(
            "SELECT id, key, value, sealed FROM plugin_settings WHERE plugin_id = $1",
            plugin.uuid()
        )
        .fetch_all(self.db())
        .await?;
        let mut settings = PluginSettings::default();
        for row in rows {
            let value = match (row.value, row.sealed) {
                (Some(plain), _) => plain,
                (None, Some(sealed)) => {
                    settings.sealed.insert(row.key.clone());
                    let vault = Arc::clone(&self.vault);
                    let text = vault.unseal_text(self.db(), place(row.id, plugin), &sealed).await?;
                    text.expose_secret().to_owned()
                }
                (None, None) => return Err(StoreError::Unreadable("plugin_settings")),
            };
            settings.values.insert(row.key, value);
        }
        Ok(settings)
    }

    /// Writes values; one that is empty is not there any more.
    pub async fn set_plugin_settings(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        values: &[StoredValue],
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        for value in values {
            if value.value.is_empty() {
                sqlx::query!(
                    "DELETE FROM plugin_settings WHERE plugin_id = $1 AND key = $2",
                    plugin.uuid(),
                    value.key
                )
                .execute(self.db())
                .await?;
                continue;
            }
            let id = self.setting_row(plugin, &value.key).await?;
            let (plain, sealed) = if value.secret {
                (None, Some(self.vault.seal(place(id, plugin), value.value.as_bytes())?))
            } else {
                (Some(value.value.as_str()), None)
            };
            sqlx::query!(
                "UPDATE plugin_settings SET value = $2, sealed = $3 WHERE id = $1",
                id,
                plain,
                sealed
            )
            .execute(self.db())
            .await?;
        }
        self.record(entry);
        self.tell(Notice::Plugin { plugin });
        Ok(())
    }

    /// A row keeps its id for its life, so that its seal holds.
    async fn setting_row(&mut self, plugin: PluginId, key: &str) -> Result<Uuid, StoreError> {
        sqlx::query!(
            "INSERT INTO plugin_settings (id, plugin_id, key, value) VALUES ($1, $2, $3, '')
             ON CONFLICT ON CONSTRAINT plugin_settings_key DO NOTHING",
            crate::new_uuid(),
            plugin.uuid(),
            key
        )
        .execute(self.db())
        .await?;
        let id = sqlx::query_scalar!(
            "SELECT id FROM plugin_settings WHERE plugin_id = $1 AND key = $2 FOR UPDATE",
            plugin.uuid(),
            key
        )
        .fetch_one(self.db())
        .await?;
        Ok(id)
    }
}

fn place(row: Uuid, plugin: PluginId) -> Place {
    Place { kind: SecretKind::PluginSetting, row, tenant: plugin.uuid() }
}
