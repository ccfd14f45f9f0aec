//! Taking a release in: what is stored of it, and whether it becomes current or waits for a grant.

use crate::{Notice, StoreError, SystemTx, codec};
use gantry_auth::AdministratorGrant;
use gantry_domain::{
    audit::AuditEntry,
    plugins::{CapabilityRequest, Listening, ReleaseOrigin},
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
    /// None of a plugin that only listens.
    pub blueprints: Vec<Blueprint>,
    /// None of a plugin that does not.
    pub listening: Option<Listening>,
    pub bundled: bool,
    pub origin: Option<ReleaseOrigin>,
}

/// What a release that is taken in becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// What servers that are made from here on get.
    Current,
    /// Nothing yet: it asks for more than was granted. The plugin's current release goes on.
    Waiting,
}

/// What installing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Installed {
    pub plugin_id: PluginId,
    /// False when exactly this release was current already, with the same grants.
    pub changed: bool,
}

impl SystemTx {
    /// Lets nobody else install until this transaction ends, so that what is decided by the present plugins holds.
    pub async fn lock_plugins(&mut self) -> Result<(), StoreError> {
        sqlx::query!(r#"SELECT pg_advisory_xact_lock(7219850446) AS "locked: ()""#)
            .fetch_one(self.db())
            .await?;
        Ok(())
    }

    /// Installs a component that an administrator brought.
    pub async fn install_plugin(
        &mut self,
        _grant: &AdministratorGrant,
        release: &NewRelease,
        intake: Intake,
        entry: AuditEntry,
    ) -> Result<Installed, StoreError> {
        match intake {
            Intake::Current => self.install(release, entry).await,
            Intake::Waiting => self.take_in_waiting(release, entry).await,
        }
    }

    /// Installs a component that comes with Gantry. What the folder brought before and was since left for another release
    /// stays left.
    pub async fn install_bundled(
        &mut self,
        release: &NewRelease,
        entry: AuditEntry,
    ) -> Result<Installed, StoreError> {
        // Instances that start together install the same bundled plugins.
        self.lock_plugins().await?;
        let known = sqlx::query_scalar!(
            "SELECT id FROM plugins WHERE manifest_id = $1 AND bundled AND bundled_digest = $2",
            release.manifest_id,
            release.digest
        )
        .fetch_optional(self.db())
        .await?;
        if let Some(id) = known {
            return Ok(Installed { plugin_id: PluginId::new(id), changed: false });
        }
        let installed = self.install(release, entry).await?;
        sqlx::query!(
            "UPDATE plugins SET bundled_digest = $2 WHERE id = $1",
            installed.plugin_id.uuid(),
            release.digest
        )
        .execute(self.db())
        .await?;
        Ok(installed)
    }

    async fn install(&mut self, release: &NewRelease, entry: AuditEntry) -> Result<Installed, StoreError> {
        self.lock_plugins().await?;
        let present = sqlx::query!(
            r#"SELECT p.id, p.current_digest, p.bundled, r.granted AS "granted?" FROM plugins p
               LEFT JOIN plugin_releases r ON r.digest = p.current_digest WHERE p.manifest_id = $1"#,
            release.manifest_id
        )
        .fetch_optional(self.db())
        .await?;
        if let Some(row) = &present
            && row.current_digest.as_ref() == Some(&release.digest)
            && row.granted.as_ref() == Some(&release.granted)
            && row.bundled == release.bundled
        {
            return Ok(Installed { plugin_id: PluginId::new(row.id), changed: false });
        }
        if let Some(row) = present.as_ref().filter(|row| row.bundled != release.bundled) {
            // Whoever stands in for what comes with Gantry is somebody else, and so the other way round.
            self.forget_lends(row.id).await?;
        }
        let id = present.map_or_else(crate::new_uuid, |row| row.id);
        sqlx::query!(
            "INSERT INTO plugins (id, manifest_id, bundled) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET bundled = excluded.bundled, updated_at = now()",
            id,
            release.manifest_id,
            release.bundled
        )
        .execute(self.db())
        .await?;
        self.insert_release(id, release).await?;
        self.set_grants(&release.digest, &release.granted).await?;
        self.make_current(PluginId::new(id), &release.digest).await?;
        // What waited was an update of what was current before.
        self.drop_waiting(PluginId::new(id)).await?;
        self.record(entry);
        Ok(Installed { plugin_id: PluginId::new(id), changed: true })
    }

    /// Keeps a release beside the current one, in place of any that waits.
    async fn take_in_waiting(
        &mut self,
        release: &NewRelease,
        entry: AuditEntry,
    ) -> Result<Installed, StoreError> {
        let plugin = sqlx::query_scalar!(
            "SELECT id FROM plugins WHERE manifest_id = $1 AND current_digest <> $2 FOR UPDATE",
            release.manifest_id,
            release.digest
        )
        .fetch_optional(self.db())
        .await?
        .ok_or(StoreError::NotFound("plugin"))?;
        let id = PluginId::new(plugin);
        self.drop_waiting(id).await?;
        self.insert_release(plugin, release).await?;
        sqlx::query!(
            "UPDATE plugins SET waiting_digest = $2, updated_at = now() WHERE id = $1",
            plugin,
            release.digest
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        self.tell(Notice::Plugin { plugin: id });
        Ok(Installed { plugin_id: id, changed: true })
    }

    /// Makes a release what servers that are made from here on get. What was current before is where its failure leads
    /// back to.
    pub(super) async fn make_current(&mut self, plugin: PluginId, digest: &str) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE plugin_releases r
             SET accepted_at = coalesce(r.accepted_at, now()), failed_at = NULL, failure = NULL,
                 predecessor = CASE WHEN p.current_digest = r.digest THEN r.predecessor ELSE p.current_digest END
             FROM plugins p WHERE p.id = r.plugin_id AND r.plugin_id = $1 AND r.digest = $2",
            plugin.uuid(),
            digest
        )
        .execute(self.db())
        .await?;
        sqlx::query!(
            "UPDATE plugins SET current_digest = $2, waiting_digest = nullif(waiting_digest, $2), updated_at = now()
             WHERE id = $1",
            plugin.uuid(),
            digest
        )
        .execute(self.db())
        .await?;
        self.tell(Notice::Plugin { plugin });
        Ok(())
    }

    /// Puts away what waits. What was never granted is forgotten altogether.
    pub(super) async fn drop_waiting(&mut self, plugin: PluginId) -> Result<(), StoreError> {
        let waiting = sqlx::query_scalar!(
            r#"UPDATE plugins p SET waiting_digest = NULL FROM plugins old
               WHERE p.id = $1 AND old.id = p.id AND old.waiting_digest IS NOT NULL
               RETURNING old.waiting_digest AS "digest!""#,
            plugin.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        if let Some(digest) = waiting {
            sqlx::query!("DELETE FROM plugin_releases WHERE digest = $1 AND accepted_at IS NULL", digest)
                .execute(self.db())
                .await?;
        }
        Ok(())
    }

    /// Grants exactly this component exactly these capabilities. Servers that are pinned to it hear of it by a further
    /// generation.
    pub(super) async fn set_grants(&mut self, digest: &str, granted: &[String]) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE plugin_releases SET granted = $2 WHERE digest = $1 AND granted <> $2",
            digest,
            granted
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
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

    /// Keeps a release. One that is known stays as it is, but for where it came from last.
    async fn insert_release(&mut self, plugin: Uuid, release: &NewRelease) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO plugin_releases (digest, plugin_id, name, version, manifest, requested, granted, size, origin, wants,
                                          settings)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (digest) DO UPDATE SET origin = coalesce(excluded.origin, plugin_releases.origin),
                                                wants = excluded.wants, settings = excluded.settings",
            release.digest,
            plugin,
            release.name,
            release.version,
            release.manifest,
            Json(&release.requested) as _,
            &release.granted,
            codec::to_i64(release.component.len() as u64),
            release.origin.as_ref().map(Json) as _,
            release.listening.as_ref().map(|it| it.wants.as_slice()) as _,
            Json(release.listening.as_ref().map_or(&[][..], |it| &it.settings)) as _
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
}
