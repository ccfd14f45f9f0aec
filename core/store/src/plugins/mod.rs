//! Plugins, their releases, the bytes of these, and the blueprints that they offer.
//!
//! Modules in reading order: here what is read; [`install`] takes releases in, [`lifecycle`] has them come and go,
//! [`settings`] keeps what was set for one as a whole, [`verdicts`] what became of their plans, [`trust`] whose may come in and
//! [`logins`] with which words registries are asked; [`kept`] and [`secrets`] hold what is lent to them.

mod install;
mod kept;
mod lifecycle;
mod logins;
mod secrets;
mod settings;
mod trust;
mod verdicts;

pub use install::{Installed, Intake, NewRelease};
pub use kept::Shelf;
pub use lifecycle::Pinned;
pub use logins::{NewLogin, RegistryLogin};
pub use secrets::StoredSecret;
pub use settings::PluginSettings;
pub use trust::TrustRules;
pub use verdicts::{GivenUp, Tried};

use crate::{StoreError, SystemTx, Tx, codec, tx::Who};
use chrono::{DateTime, Utc};
use gantry_domain::plugins::{
    BlueprintKey, CapabilityRequest, FailedRelease, Listening, OfferedBlueprint, Plugin, Release,
    ReleaseFailure, ReleaseOrigin,
};
use gantry_types::{
    PluginId,
    blueprint::{Blueprint, Variable},
};
use sqlx::types::Json;
use std::collections::HashMap;
use uuid::Uuid;

struct PluginRow {
    id: Uuid,
    manifest_id: String,
    bundled: bool,
    disabled_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    servers: i64,
    current_digest: String,
    waiting_digest: Option<String>,
}

macro_rules! plugin_rows {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            PluginRow,
            r#"SELECT p.id, p.manifest_id, p.bundled, p.disabled_at, p.created_at, p.updated_at,
                      p.current_digest AS "current_digest!", p.waiting_digest,
                      (SELECT count(*) FROM servers s WHERE s.plugin_id = p.id) AS "servers!"
               FROM plugins p JOIN plugin_releases r ON r.digest = p.current_digest "# + $tail
            $(, $argument)*
        )
    };
}

struct ReleaseRow {
    digest: String,
    name: String,
    version: String,
    manifest: serde_json::Value,
    requested: Json<Vec<CapabilityRequest>>,
    granted: Vec<String>,
    size: i64,
    installed_at: DateTime<Utc>,
    origin: Option<Json<ReleaseOrigin>>,
    accepted_at: Option<DateTime<Utc>>,
    proved_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    failure: Option<Json<ReleaseFailure>>,
    servers: i64,
    wants: Option<Vec<String>>,
    settings: Json<Vec<Variable>>,
    has_games: bool,
}

impl From<ReleaseRow> for Release {
    fn from(row: ReleaseRow) -> Self {
        Self {
            digest: row.digest,
            name: row.name,
            version: row.version,
            manifest: row.manifest,
            requested: row.requested.0,
            granted: row.granted,
            size: codec::to_u64(row.size),
            installed_at: row.installed_at,
            origin: row.origin.map(|origin| origin.0),
            accepted_at: row.accepted_at,
            proved_at: row.proved_at,
            failure: row.failed_at.zip(row.failure.map(|failure| failure.0)),
            servers: codec::to_u32(row.servers),
            listening: row.wants.map(|wants| Listening { wants, settings: row.settings.0 }),
            has_games: row.has_games,
        }
    }
}

macro_rules! release_rows {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            ReleaseRow,
            r#"SELECT r.digest, r.name, r.version, r.manifest, r.requested AS "requested: Json<Vec<CapabilityRequest>>",
                      r.granted, r.size, r.installed_at, r.origin AS "origin: Json<ReleaseOrigin>", r.accepted_at, r.proved_at, r.failed_at,
                      r.failure AS "failure: Json<ReleaseFailure>",
                      (SELECT count(*) FROM servers s WHERE s.digest = r.digest) AS "servers!",
                      r.wants, r.settings AS "settings: Json<Vec<Variable>>",
                      EXISTS (SELECT FROM blueprints b WHERE b.digest = r.digest) AS "has_games!"
               FROM plugin_releases r "# + $tail
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
    disabled: bool,
    unproved: bool,
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
            disabled: row.disabled,
            unproved: row.unproved,
            blueprint: row.document.0,
        }
    }
}

macro_rules! blueprints {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            BlueprintRow,
            r#"SELECT p.id AS plugin_id, p.manifest_id, r.name AS plugin_name, r.version AS plugin_version, r.digest,
                      r.granted, p.disabled_at IS NOT NULL AS "disabled!",
                      r.proved_at IS NULL AND r.failed_at IS NULL AS "unproved!",
                      b.id, b.document AS "document: Json<Blueprint>"
               FROM blueprints b JOIN plugin_releases r ON r.digest = b.digest JOIN plugins p ON p.id = r.plugin_id "# + $tail
            $(, $argument)*
        )
    };
}

impl<W: Who> Tx<W> {
    /// All plugins by name; there are never many.
    pub async fn plugins(&mut self) -> Result<Vec<Plugin>, StoreError> {
        let rows = plugin_rows!("ORDER BY lower(r.name), p.id LIMIT 1000").fetch_all(self.db()).await?;
        self.whole(rows).await
    }

    pub async fn plugin(&mut self, id: PluginId) -> Result<Plugin, StoreError> {
        let rows = plugin_rows!("WHERE p.id = $1", id.uuid()).fetch_all(self.db()).await?;
        self.whole(rows).await?.pop().ok_or(StoreError::NotFound("plugin"))
    }

    async fn whole(&mut self, rows: Vec<PluginRow>) -> Result<Vec<Plugin>, StoreError> {
        let digests: Vec<String> = rows
            .iter()
            .flat_map(|row| row.waiting_digest.iter().chain([&row.current_digest]))
            .cloned()
            .collect();
        let releases = release_rows!("WHERE r.digest = ANY ($1)", &digests).fetch_all(self.db()).await?;
        let mut releases: HashMap<String, Release> =
            releases.into_iter().map(|row| (row.digest.clone(), row.into())).collect();
        let mut failed = self.failed_releases().await?;
        let mut plugins = Vec::with_capacity(rows.len());
        for row in rows {
            let release = releases.remove(&row.current_digest).ok_or(StoreError::Unreadable("plugins"))?;
            plugins.push(Plugin {
                id: PluginId::new(row.id),
                manifest_id: row.manifest_id,
                release,
                waiting: row.waiting_digest.and_then(|digest| releases.remove(&digest)),
                failed: failed.remove(&row.id),
                disabled_at: row.disabled_at,
                bundled: row.bundled,
                servers: codec::to_u32(row.servers),
                created_at: row.created_at,
                updated_at: row.updated_at,
            });
        }
        Ok(plugins)
    }

    /// The latest release of each plugin whose first plan failed.
    async fn failed_releases(&mut self) -> Result<HashMap<Uuid, FailedRelease>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT DISTINCT ON (plugin_id) plugin_id, digest, version, failed_at AS "failed_at!",
                      failure AS "failure!: Json<ReleaseFailure>"
               FROM plugin_releases WHERE failed_at IS NOT NULL ORDER BY plugin_id, failed_at DESC"#
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let failed = FailedRelease {
                    digest: row.digest,
                    version: row.version,
                    at: row.failed_at,
                    failure: row.failure.0,
                };
                (row.plugin_id, failed)
            })
            .collect())
    }

    /// All releases of a plugin, latest first.
    pub async fn releases(&mut self, id: PluginId) -> Result<Vec<Release>, StoreError> {
        let rows = release_rows!(
            "WHERE r.plugin_id = $1 ORDER BY r.installed_at DESC, r.digest LIMIT 1000",
            id.uuid()
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(Release::from).collect())
    }

    /// Those of them that have a blueprint.
    pub async fn releases_with(&mut self, id: PluginId, blueprint: &str) -> Result<Vec<Release>, StoreError> {
        let rows = release_rows!(
            "WHERE r.plugin_id = $1 AND EXISTS (SELECT FROM blueprints b WHERE b.digest = r.digest AND b.id = $2)
             ORDER BY r.installed_at DESC, r.digest LIMIT 1000",
            id.uuid(),
            blueprint
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(Release::from).collect())
    }

    /// One release of a plugin.
    pub async fn plugin_release(&mut self, id: PluginId, digest: &str) -> Result<Release, StoreError> {
        let row = release_rows!("WHERE r.plugin_id = $1 AND r.digest = $2", id.uuid(), digest)
            .fetch_optional(self.db())
            .await?;
        row.map(Release::from).ok_or(StoreError::NotFound("release"))
    }

    /// What can be made into a server: the blueprints of all current releases but those of disabled plugins.
    pub async fn blueprints(&mut self) -> Result<Vec<OfferedBlueprint>, StoreError> {
        let rows = blueprints!(
            "WHERE p.current_digest = r.digest AND p.disabled_at IS NULL ORDER BY lower(r.name), p.id, b.position LIMIT 2000"
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(OfferedBlueprint::from).collect())
    }

    /// A blueprint of its plugin's current release, be it disabled or not.
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
}
