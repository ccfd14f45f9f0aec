//! What became of a release's plans: the first one proves it or gives it up, and every failure is kept for administrators.
//!
//! Giving up is one transaction: the plugin goes back to the release before, and so do the servers that were moved.

use crate::{Notice, StoreError, SystemTx, Tx, UserTx, codec, tx::Who};
use chrono::{DateTime, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::plugins::{ReleaseFailure, SeenFailure};
use gantry_types::{NodeId, OperationId, PluginId, ServerId};
use sqlx::types::Json;

/// Kinds of failures that are kept of one plugin; the one that was not seen for longest makes way.
const KEPT: i64 = 100;

/// A release that was given up, with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenUp {
    pub plugin: PluginId,
    pub manifest_id: String,
    pub version: String,
    /// The release that is current in its place, by digest and version; none where it was not current, or nothing was
    /// before it.
    pub back_to: Option<(String, String)>,
    /// Servers that went back, each to the release that it was moved from.
    pub servers: Vec<(ServerId, String)>,
}

/// The release that an operation of a node was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub plugin: PluginId,
    pub digest: String,
    pub server: ServerId,
    pub server_name: String,
    pub node_name: String,
    /// Whether the server was moved to it, and has not planned with it yet.
    pub moved: bool,
}

impl SystemTx {
    /// A release planned what was asked of it.
    pub async fn prove_release(&mut self, digest: &str) -> Result<(), StoreError> {
        let plugin = sqlx::query_scalar!(
            "UPDATE plugin_releases SET proved_at = now()
             WHERE digest = $1 AND proved_at IS NULL AND failed_at IS NULL RETURNING plugin_id",
            digest
        )
        .fetch_optional(self.db())
        .await?;
        if let Some(plugin) = plugin {
            self.tell(Notice::Plugin { plugin: PluginId::new(plugin) });
        }
        Ok(())
    }

    /// A server that was moved has planned with its release, and stays.
    pub async fn settle_server(&mut self, server: ServerId) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE servers SET moved_from = NULL WHERE id = $1 AND moved_from IS NOT NULL",
            server.uuid()
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Which release an operation was for. None where the server is gone, or was moved after it was asked for: what it tells
    /// is of another release then.
    pub async fn tried(&mut self, operation: OperationId) -> Result<Option<Tried>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT s.id, s.name, s.node_name, s.plugin_id, s.digest, s.moved_from IS NOT NULL AS "moved!"
               FROM operations o JOIN servers s ON s.id = o.server_id
               WHERE o.id = $1 AND (s.moved_at IS NULL OR o.requested_at >= s.moved_at)"#,
            operation.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        Ok(row.map(|row| Tried {
            plugin: PluginId::new(row.plugin_id),
            digest: row.digest,
            server: ServerId::new(row.id),
            server_name: row.name,
            node_name: row.node_name,
            moved: row.moved,
        }))
    }

    /// Gives a release up whose first plan failed. None where it has planned before, or was given up already, or is the first
    /// of its plugin and only one that others came before is given up for this.
    pub async fn give_up(
        &mut self,
        digest: &str,
        failure: &ReleaseFailure,
        even_the_first: bool,
    ) -> Result<Option<GivenUp>, StoreError> {
        self.lock_plugins().await?;
        let row = sqlx::query!(
            r#"UPDATE plugin_releases r SET failed_at = now(), failure = $2 FROM plugins p
               WHERE r.digest = $1 AND p.id = r.plugin_id AND r.proved_at IS NULL AND r.failed_at IS NULL
                     AND ($3 OR r.predecessor IS NOT NULL)
               RETURNING r.plugin_id, r.version, p.manifest_id, p.current_digest = r.digest AS "current!", r.predecessor"#,
            digest,
            Json(failure) as _,
            even_the_first
        )
        .fetch_optional(self.db())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let plugin = PluginId::new(row.plugin_id);
        let before = match (row.current, row.predecessor) {
            (true, Some(before)) => self.go_back_to(plugin, &before).await?,
            _ => None,
        };
        let servers = self.move_back(digest).await?;
        self.tell(Notice::Plugin { plugin });
        let (manifest_id, version) = (row.manifest_id, row.version);
        Ok(Some(GivenUp { plugin, manifest_id, version, back_to: before, servers }))
    }

    /// A failed release is none to go back to.
    async fn go_back_to(
        &mut self,
        plugin: PluginId,
        digest: &str,
    ) -> Result<Option<(String, String)>, StoreError> {
        let row = sqlx::query!(
            "UPDATE plugins p SET current_digest = r.digest, updated_at = now() FROM plugin_releases r
             WHERE p.id = $1 AND r.digest = $2 AND r.plugin_id = p.id AND r.failed_at IS NULL
             RETURNING r.digest, r.version",
            plugin.uuid(),
            digest
        )
        .fetch_optional(self.db())
        .await?;
        Ok(row.map(|row| (row.digest, row.version)))
    }

    /// Whatever was moved to a release goes back to where it was.
    async fn move_back(&mut self, digest: &str) -> Result<Vec<(ServerId, String)>, StoreError> {
        let rows = sqlx::query!(
            r#"UPDATE servers s SET digest = s.moved_from, moved_from = NULL, moved_at = now(), updated_at = now(),
                      generation = s.generation + 1, blueprint_name = b.document ->> 'name'
               FROM blueprints b
               WHERE s.digest = $1 AND s.moved_from IS NOT NULL AND b.digest = s.moved_from AND b.id = s.blueprint
               RETURNING s.id, s.node_id, s.digest"#,
            digest
        )
        .fetch_all(self.db())
        .await?;
        let mut moved = Vec::with_capacity(rows.len());
        for row in rows {
            let server = ServerId::new(row.id);
            self.tell(Notice::Server { server, node: NodeId::new(row.node_id), desired: true });
            moved.push((server, row.digest));
        }
        Ok(moved)
    }

    /// Keeps a failure, or counts it where its kind is known. A release that is gone has none.
    pub async fn record_failure(
        &mut self,
        digest: &str,
        failure: &ReleaseFailure,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let plugin = sqlx::query_scalar!(
            "INSERT INTO plugin_failures (plugin_id, digest, version, call, code, message, server_id, server_name, node_name,
                                          first_at, last_at)
             SELECT r.plugin_id, r.digest, r.version, $2, $3, $4, $5, $6, $7, $8, $8 FROM plugin_releases r
             WHERE r.digest = $1
             ON CONFLICT (plugin_id, digest, call, code, md5(message)) DO UPDATE
                 SET times = plugin_failures.times + 1, last_at = greatest(plugin_failures.last_at, excluded.last_at),
                     server_id = excluded.server_id, server_name = excluded.server_name, node_name = excluded.node_name
             RETURNING plugin_id",
            digest,
            failure.call,
            failure.code,
            failure.message,
            failure.server_id.map(ServerId::uuid),
            failure.server_name,
            failure.node_name,
            at
        )
        .fetch_optional(self.db())
        .await?;
        let Some(plugin) = plugin else { return Ok(()) };
        sqlx::query!(
            "DELETE FROM plugin_failures WHERE plugin_id = $1 AND id NOT IN
                 (SELECT id FROM plugin_failures WHERE plugin_id = $1 ORDER BY last_at DESC LIMIT $2)",
            plugin,
            KEPT
        )
        .execute(self.db())
        .await?;
        self.tell(Notice::Plugin { plugin: PluginId::new(plugin) });
        Ok(())
    }

    /// Whether a plugin has a release of this digest.
    pub async fn is_release(&mut self, plugin: PluginId, digest: &str) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM plugin_releases WHERE plugin_id = $1 AND digest = $2) AS "found!""#,
            plugin.uuid(),
            digest
        );
        Ok(found.fetch_one(self.db()).await?)
    }

    /// The release that a server is pinned to, as a node's failure is told of it.
    pub async fn pinned_release(&mut self, server: ServerId) -> Result<Option<Tried>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT id, name, node_name, plugin_id, digest, moved_from IS NOT NULL AS "moved!" FROM servers WHERE id = $1"#,
            server.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        Ok(row.map(|row| Tried {
            plugin: PluginId::new(row.plugin_id),
            digest: row.digest,
            server: ServerId::new(row.id),
            server_name: row.name,
            node_name: row.node_name,
            moved: row.moved,
        }))
    }
}

impl UserTx {
    /// What went wrong in a plugin, latest first.
    pub async fn plugin_failures(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
    ) -> Result<Vec<SeenFailure>, StoreError> {
        let rows = sqlx::query!(
            "SELECT digest, version, call, code, message, server_id, server_name, node_name, times, first_at, last_at
             FROM plugin_failures WHERE plugin_id = $1 ORDER BY last_at DESC, id DESC LIMIT $2",
            plugin.uuid(),
            KEPT
        )
        .fetch_all(self.db())
        .await?;
        let seen = rows.into_iter().map(|row| SeenFailure {
            digest: row.digest,
            version: row.version,
            failure: ReleaseFailure {
                call: row.call,
                code: row.code,
                message: row.message,
                server_id: row.server_id.map(ServerId::new),
                server_name: row.server_name,
                node_name: row.node_name,
            },
            times: codec::to_u64(row.times),
            first_at: row.first_at,
            last_at: row.last_at,
        });
        Ok(seen.collect())
    }
}

impl<W: Who> Tx<W> {
    /// The current release of a server's plugin, by digest and version.
    pub async fn current_release(&mut self, plugin: PluginId) -> Result<(String, String), StoreError> {
        let row = sqlx::query!(
            "SELECT r.digest, r.version FROM plugins p JOIN plugin_releases r ON r.digest = p.current_digest WHERE p.id = $1",
            plugin.uuid()
        )
        .fetch_optional(self.db())
        .await?
        .ok_or(StoreError::NotFound("plugin"))?;
        Ok((row.digest, row.version))
    }
}
