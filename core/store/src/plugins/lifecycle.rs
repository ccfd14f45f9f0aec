//! Releases come and go: granted, declined, gone back to, removed; plugins are disabled, enabled, removed.

use crate::{Notice, StoreError, SystemTx, error};
use gantry_auth::AdministratorGrant;
use gantry_domain::audit::AuditEntry;
use gantry_types::{PluginId, ServerId};

/// A server and the release that it is pinned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    pub server: ServerId,
    pub name: String,
    pub digest: String,
}

impl SystemTx {
    /// Grants a release capabilities, and makes it current.
    pub async fn grant_release(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        digest: &str,
        granted: &[String],
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.set_grants(digest, granted).await?;
        self.make_current(plugin, digest).await?;
        self.record(entry);
        Ok(())
    }

    /// Puts away the release that waits.
    pub async fn decline_release(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.drop_waiting(plugin).await?;
        self.record(entry);
        self.tell(Notice::Plugin { plugin });
        Ok(())
    }

    /// Makes a release current that was so before.
    pub async fn roll_back(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        digest: &str,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        self.make_current(plugin, digest).await?;
        self.record(entry);
        Ok(())
    }

    /// Has nothing new made of a plugin from here on, or has it again. False where it is so already.
    pub async fn set_disabled(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        disabled: bool,
        entry: AuditEntry,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE plugins SET disabled_at = CASE WHEN $2 THEN now() END, updated_at = now()
             WHERE id = $1 AND (disabled_at IS NOT NULL) <> $2",
            plugin.uuid(),
            disabled
        )
        .execute(self.db())
        .await?;
        let changed = done.rows_affected() == 1;
        if changed {
            self.record(entry);
            self.tell(Notice::Plugin { plugin });
        }
        Ok(changed)
    }

    /// How many servers go back to this release if the one that they were moved to fails with its first plan.
    pub async fn servers_moved_from(&mut self, digest: &str) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM servers WHERE moved_from = $1 AND digest <> $1"#,
            digest
        );
        Ok(count.fetch_one(self.db()).await?)
    }

    /// Removes one release that no server runs and that is not current. What waits is declined instead.
    pub async fn delete_release(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        digest: &str,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        // The current release is told by a reference that is looked at when the transaction ends, which is too late to say.
        let current = sqlx::query_scalar!(
            "SELECT id FROM plugins WHERE id = $1 AND current_digest = $2",
            plugin.uuid(),
            digest
        )
        .fetch_optional(self.db())
        .await?;
        if current.is_some() {
            return Err(StoreError::InUse("release"));
        }
        let done = sqlx::query!(
            "DELETE FROM plugin_releases WHERE plugin_id = $1 AND digest = $2",
            plugin.uuid(),
            digest
        )
        .execute(self.db())
        .await
        .map_err(error::in_use("release"))?;
        error::touched(done.rows_affected(), "release")?;
        self.record(entry);
        self.tell(Notice::Plugin { plugin });
        Ok(())
    }

    /// Removes a plugin that no server runs, with all its releases.
    pub async fn delete_plugin(
        &mut self,
        _grant: &AdministratorGrant,
        id: PluginId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!("DELETE FROM plugins WHERE id = $1", id.uuid())
            .execute(self.db())
            .await
            .map_err(error::in_use("plugin"))?;
        error::touched(done.rows_affected(), "plugin")?;
        self.record(entry);
        self.tell(Notice::Plugin { plugin: id });
        Ok(())
    }

    /// Servers of a plugin that are pinned to another release than `to`, or exactly to `from`; at most 10,000.
    pub async fn servers_to_move(
        &mut self,
        plugin: PluginId,
        from: Option<&str>,
        to: &str,
    ) -> Result<Vec<Pinned>, StoreError> {
        let rows = sqlx::query!(
            "SELECT id, name, digest FROM servers
             WHERE plugin_id = $1 AND digest <> $2 AND ($3::text IS NULL OR digest = $3) AND desired <> 'deleted'
             ORDER BY id LIMIT 10000",
            plugin.uuid(),
            to,
            from
        )
        .fetch_all(self.db())
        .await?;
        let pinned = rows.into_iter().map(|row| Pinned {
            server: ServerId::new(row.id),
            name: row.name,
            digest: row.digest,
        });
        Ok(pinned.collect())
    }
}
