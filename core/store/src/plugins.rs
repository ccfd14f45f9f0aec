//! Plugins, their releases, the bytes of these, and the blueprints that they offer.

use crate::{Notice, StoreError, SystemTx, Tx, codec, error, tx::Who};
use chrono::{DateTime, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::{
    audit::AuditEntry,
    plugins::{BlueprintKey, CapabilityRequest, OfferedBlueprint, Plugin, Release},
};
use gantry_types::{NodeId, PluginId, ServerId, blueprint::Blueprint};
use sqlx::types::Json;
use uuid::Uuid;

/// A component to be installed, with what it says of itself.
pub struct NewRelease {
    pub manifest_id: String,
    /// Lower-case hex SHA-256 of `component`.
    pub digest: String,
    pub name: String,
    pub version: String,
    pub manifest: serde_json::Value,
    pub requested: Vec<CapabilityRequest>,
    pub granted: Vec<String>,
    pub component: Vec<u8>,
    pub blueprints: Vec<Blueprint>,
    pub bundled: bool,
}

/// What installing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Installed {
    pub plugin_id: PluginId,
    /// False when exactly this release was current already, with the same grants.
    pub changed: bool,
}

struct PluginRow {
    id: Uuid,
    manifest_id: String,
    bundled: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    servers: i64,
    digest: String,
    name: String,
    version: String,
    manifest: serde_json::Value,
    requested: Json<Vec<CapabilityRequest>>,
    granted: Vec<String>,
    size: i64,
    installed_at: DateTime<Utc>,
}

impl From<PluginRow> for Plugin {
    fn from(row: PluginRow) -> Self {
        Self {
            id: PluginId::new(row.id),
            manifest_id: row.manifest_id,
            release: Release {
                digest: row.digest,
                name: row.name,
                version: row.version,
                manifest: row.manifest,
                requested: row.requested.0,
                granted: row.granted,
                size: codec::to_u64(row.size),
                installed_at: row.installed_at,
            },
            bundled: row.bundled,
            servers: codec::to_u32(row.servers),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

macro_rules! plugins {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            PluginRow,
            r#"SELECT p.id, p.manifest_id, p.bundled, p.created_at, p.updated_at, r.digest, r.name, r.version,
                      r.manifest, r.requested AS "requested: Json<Vec<CapabilityRequest>>", r.granted, r.size,
                      r.installed_at, (SELECT count(*) FROM servers s WHERE s.plugin_id = p.id) AS "servers!"
               FROM plugins p JOIN plugin_releases r ON r.digest = p.current_digest "# + $tail
            $(, $argument)*
        )
    };
}

struct BlueprintRow {
    plugin_id: Uuid,
    manifest_id: String,
    plugin_name: String,
    plugin_version: String,
    digest: String,
    granted: Vec<String>,
    id: String,
    document: Json<Blueprint>,
}

impl From<BlueprintRow> for OfferedBlueprint {
    fn from(row: BlueprintRow) -> Self {
        Self {
            key: BlueprintKey { plugin: row.manifest_id, blueprint: row.id },
            plugin_id: PluginId::new(row.plugin_id),
            plugin_name: row.plugin_name,
            plugin_version: row.plugin_version,
            digest: row.digest,
            granted: row.granted,
            blueprint: row.document.0,
        }
    }
}

macro_rules! blueprints {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            BlueprintRow,
            r#"SELECT p.id AS plugin_id, p.manifest_id, r.name AS plugin_name, r.version AS plugin_version, r.digest,
                      r.granted, b.id, b.document AS "document: Json<Blueprint>"
               FROM blueprints b JOIN plugin_releases r ON r.digest = b.digest JOIN plugins p ON p.id = r.plugin_id "# + $tail
            $(, $argument)*
        )
    };
}

impl<W: Who> Tx<W> {
    /// All plugins by name; there are never many.
    pub async fn plugins(&mut self) -> Result<Vec<Plugin>, StoreError> {
        let rows = plugins!("ORDER BY lower(r.name), p.id LIMIT 1000").fetch_all(self.db()).await?;
        Ok(rows.into_iter().map(Plugin::from).collect())
    }

    pub async fn plugin(&mut self, id: PluginId) -> Result<Plugin, StoreError> {
        let row = plugins!("WHERE p.id = $1", id.uuid()).fetch_optional(self.db()).await?;
        row.map(Plugin::from).ok_or(StoreError::NotFound("plugin"))
    }

    /// What can be made into a server: the blueprints of all current releases.
    pub async fn blueprints(&mut self) -> Result<Vec<OfferedBlueprint>, StoreError> {
        let rows = blueprints!(
            "WHERE p.current_digest = r.digest ORDER BY lower(r.name), p.id, b.position LIMIT 2000"
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(OfferedBlueprint::from).collect())
    }

    /// A blueprint of its plugin's current release.
    pub async fn blueprint(&mut self, key: &BlueprintKey) -> Result<OfferedBlueprint, StoreError> {
        let row = blueprints!(
            "WHERE p.current_digest = r.digest AND p.manifest_id = $1 AND b.id = $2",
            key.plugin,
            key.blueprint
        )
        .fetch_optional(self.db())
        .await?;
        row.map(OfferedBlueprint::from).ok_or(StoreError::NotFound("blueprint"))
    }

    /// A blueprint of exactly one release, as a server is pinned to it.
    pub async fn pinned_blueprint(&mut self, digest: &str, id: &str) -> Result<OfferedBlueprint, StoreError> {
        let row =
            blueprints!("WHERE b.digest = $1 AND b.id = $2", digest, id).fetch_optional(self.db()).await?;
        row.map(OfferedBlueprint::from).ok_or(StoreError::NotFound("blueprint"))
    }
}

impl SystemTx {
    /// The bytes of a component.
    pub async fn component(&mut self, digest: &str) -> Result<Vec<u8>, StoreError> {
        let bytes = sqlx::query_scalar!("SELECT bytes FROM plugin_components WHERE digest = $1", digest)
            .fetch_optional(self.db())
            .await?;
        bytes.ok_or(StoreError::NotFound("plugin component"))
    }

    /// Lets nobody else install until this transaction ends, so that what is decided by the present plugins holds.
    pub async fn lock_plugins(&mut self) -> Result<(), StoreError> {
        sqlx::query!(r#"SELECT pg_advisory_xact_lock(7219850446) AS "locked: ()""#)
            .fetch_one(self.db())
            .await?;
        Ok(())
    }

    /// Installs a component that an administrator uploaded.
    pub async fn install_plugin(
        &mut self,
        _grant: &AdministratorGrant,
        release: &NewRelease,
        entry: AuditEntry,
    ) -> Result<Installed, StoreError> {
        self.install(release, entry).await
    }

    /// Installs a component that comes with Gantry.
    pub async fn install_bundled(
        &mut self,
        release: &NewRelease,
        entry: AuditEntry,
    ) -> Result<Installed, StoreError> {
        self.install(release, entry).await
    }

    async fn install(&mut self, release: &NewRelease, entry: AuditEntry) -> Result<Installed, StoreError> {
        // Instances that start together install the same bundled plugins.
        self.lock_plugins().await?;
        let present = sqlx::query!(
            r#"SELECT p.id, p.current_digest, r.granted AS "granted?" FROM plugins p
               LEFT JOIN plugin_releases r ON r.digest = p.current_digest WHERE p.manifest_id = $1"#,
            release.manifest_id
        )
        .fetch_optional(self.db())
        .await?;
        if let Some(row) = &present
            && row.current_digest.as_ref() == Some(&release.digest)
            && row.granted.as_ref() == Some(&release.granted)
        {
            return Ok(Installed { plugin_id: PluginId::new(row.id), changed: false });
        }
        let id = present.map_or_else(crate::new_uuid, |row| row.id);
        sqlx::query!(
            "INSERT INTO plugins (id, manifest_id, current_digest, bundled) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET current_digest = excluded.current_digest, bundled = excluded.bundled,
                 updated_at = now()",
            id,
            release.manifest_id,
            release.digest,
            release.bundled
        )
        .execute(self.db())
        .await?;
        self.insert_release(id, release).await?;
        self.tell_servers_of(&release.digest).await?;
        self.record(entry);
        Ok(Installed { plugin_id: PluginId::new(id), changed: true })
    }

    /// Servers that are pinned to a release hear of changed grants by a further generation.
    async fn tell_servers_of(&mut self, digest: &str) -> Result<(), StoreError> {
        let rows = sqlx::query!(
            "UPDATE servers SET generation = generation + 1 WHERE digest = $1 RETURNING id, node_id",
            digest
        )
        .fetch_all(self.db())
        .await?;
        for row in rows {
            self.tell(Notice::Server {
                server: ServerId::new(row.id),
                node: NodeId::new(row.node_id),
                desired: true,
            });
        }
        Ok(())
    }

    async fn insert_release(&mut self, plugin: Uuid, release: &NewRelease) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO plugin_releases (digest, plugin_id, name, version, manifest, requested, granted, size)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (digest) DO UPDATE SET granted = excluded.granted",
            release.digest,
            plugin,
            release.name,
            release.version,
            release.manifest,
            Json(&release.requested) as _,
            &release.granted,
            codec::to_i64(release.component.len() as u64)
        )
        .execute(self.db())
        .await?;
        sqlx::query!(
            "INSERT INTO plugin_components (digest, bytes) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
            release.digest,
            release.component
        )
        .execute(self.db())
        .await?;
        for (position, blueprint) in (0i32..).zip(&release.blueprints) {
            sqlx::query!(
                "INSERT INTO blueprints (digest, id, position, document) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (digest, id) DO NOTHING",
                release.digest,
                blueprint.id,
                position,
                Json(blueprint) as _
            )
            .execute(self.db())
            .await?;
        }
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
        Ok(())
    }
}
