//! Changes of what is wanted of a server. Each raises the generation, which is what its node is compared with.
//!
//! Callers read the server by [`Tx::server_for_update`](crate::Tx::server_for_update), let the domain decide, and write
//! here, all in one transaction.

use crate::{Notice, StoreError, SystemTx, Tx, UserTx, codec, tx::Who};
use gantry_auth::{AdministratorGrant, CreateServerGrant, ServerGrant, rights};
use gantry_domain::{
    allocations::ServerEndpoint, audit::AuditEntry, plugins::OfferedBlueprint, variables::StoredValue,
};
use gantry_types::{
    AllocationId, NodeId, ServerId,
    hook::EventServer,
    server::{Desired, Hold, Setting},
    units::Limits,
};
use sqlx::types::Json;
use std::collections::BTreeSet;

/// A server to be made.
pub struct NewServer<'a> {
    pub id: ServerId,
    pub name: String,
    pub description: String,
    pub node_id: NodeId,
    /// The release that it is pinned to.
    pub blueprint: &'a OfferedBlueprint,
    pub limits: Limits,
    pub time_zone: String,
    /// Its addresses, all free.
    pub endpoints: Vec<ServerEndpoint>,
    pub desired: Desired,
    pub values: Vec<StoredValue>,
    /// What was looked up for its installation.
    pub facts: Vec<Setting>,
}

/// Where a server is moved to.
pub struct Move<'a> {
    /// Of its plugin, with the blueprint's id that it has.
    pub blueprint: &'a OfferedBlueprint,
    /// What it has, and what it gets beside that.
    pub endpoints: &'a [ServerEndpoint],
    pub more_endpoints: &'a [ServerEndpoint],
    /// Values that are other than those that stand, or are to stand otherwise.
    pub values: &'a [StoredValue],
    /// What was looked up because nothing had been; none leaves what there is.
    pub facts: Option<&'a [Setting]>,
    /// Whether the release has proved itself: nothing is to be tried out.
    pub settled: bool,
}

fn claimed(endpoints: &[ServerEndpoint]) -> BTreeSet<AllocationId> {
    endpoints.iter().map(|endpoint| endpoint.allocation_id).collect()
}

impl UserTx {
    /// Makes a server with its addresses and values. Take [`Tx::lock_node`] before deciding on either.
    pub async fn create_server(
        &mut self,
        grant: &CreateServerGrant,
        server: &NewServer<'_>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let (blueprint, limits) = (server.blueprint, server.limits);
        sqlx::query!(
            "INSERT INTO servers (id, name, description, owner_id, node_id, plugin_id, digest, blueprint,
                 blueprint_name, memory_mib, swap_mib, cpu_percent, disk_mib, pids, backups, time_zone, endpoints, desired)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
            server.id.uuid(),
            server.name,
            server.description,
            grant.owner().uuid(),
            server.node_id.uuid(),
            blueprint.plugin_id.uuid(),
            blueprint.digest,
            blueprint.key.blueprint,
            blueprint.blueprint.name,
            codec::to_i32(limits.memory_mib),
            codec::to_i32(limits.swap_mib),
            codec::to_i32(limits.cpu_percent),
            codec::to_i32(limits.disk_mib),
            codec::to_i32(limits.pids),
            codec::to_i32(limits.backups),
            server.time_zone,
            Json(&server.endpoints) as _,
            codec::desired(server.desired)
        )
        .execute(self.db())
        .await?;
        self.claim(server.id, &claimed(&server.endpoints)).await?;
        self.store_values(server.id, &server.values).await?;
        self.write_facts(server.id, &server.facts).await?;
        self.record(entry);
        self.tell(Notice::Server { server: server.id, node: server.node_id, desired: true });
        Ok(())
    }

    /// Renames or describes a server. Its node hears of it, because plugins are told the name.
    pub async fn update_server(
        &mut self,
        grant: &ServerGrant<rights::ServerUpdate>,
        name: Option<&str>,
        description: Option<&str>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let node = sqlx::query_scalar!(
            "UPDATE servers SET name = coalesce($2, name), description = coalesce($3, description),
                    generation = generation + 1, updated_at = now()
             WHERE id = $1 RETURNING node_id",
            grant.server().uuid(),
            name,
            description
        )
        .fetch_optional(self.db())
        .await?;
        self.changed(grant.server(), node, entry)
    }

    /// Writes values that the domain has checked and found to be other than those that stand.
    pub async fn update_variables(
        &mut self,
        grant: &ServerGrant<rights::VariablesUpdate>,
        values: &[StoredValue],
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let node = self.raise(grant.server()).await?;
        self.store_values(grant.server(), values).await?;
        self.changed(grant.server(), node, entry)
    }

    pub async fn update_limits(
        &mut self,
        _grant: &AdministratorGrant,
        server: ServerId,
        limits: Limits,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let node = sqlx::query_scalar!(
            "UPDATE servers SET memory_mib = $2, swap_mib = $3, cpu_percent = $4, disk_mib = $5, pids = $6, backups = $7,
                    generation = generation + 1, updated_at = now()
             WHERE id = $1 RETURNING node_id",
            server.uuid(),
            codec::to_i32(limits.memory_mib),
            codec::to_i32(limits.swap_mib),
            codec::to_i32(limits.cpu_percent),
            codec::to_i32(limits.disk_mib),
            codec::to_i32(limits.pids),
            codec::to_i32(limits.backups)
        )
        .fetch_optional(self.db())
        .await?;
        self.changed(server, node, entry)
    }

    /// Replaces the holds: a suspension, or its end.
    pub async fn update_holds(
        &mut self,
        _grant: &AdministratorGrant,
        server: ServerId,
        holds: &[Hold],
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let node = sqlx::query_scalar!(
            "UPDATE servers SET holds = $2, generation = generation + 1, updated_at = now()
             WHERE id = $1 RETURNING node_id",
            server.uuid(),
            Json(holds) as _
        )
        .fetch_optional(self.db())
        .await?;
        self.changed(server, node, entry)
    }

    /// Replaces the addresses: those that are left out become free. Take [`Tx::lock_node`] first.
    pub async fn update_endpoints(
        &mut self,
        grant: &ServerGrant<rights::AllocationsUpdate>,
        endpoints: &[ServerEndpoint],
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let server = grant.server();
        let wanted = claimed(endpoints);
        let held = sqlx::query_scalar!("SELECT id FROM allocations WHERE server_id = $1", server.uuid())
            .fetch_all(self.db())
            .await?;
        let held: BTreeSet<AllocationId> = held.into_iter().map(AllocationId::new).collect();
        self.release(server, &wanted).await?;
        self.claim(server, &wanted.difference(&held).copied().collect()).await?;
        let node = sqlx::query_scalar!(
            "UPDATE servers SET endpoints = $2, generation = generation + 1, updated_at = now()
             WHERE id = $1 RETURNING node_id",
            server.uuid(),
            Json(endpoints) as _
        )
        .fetch_optional(self.db())
        .await?;
        self.changed(server, node, entry)
    }

    /// Pins a server to another release of its plugin, with the addresses and values that it needs there. Where it came from
    /// is kept until it has planned with the release. Take [`Tx::lock_node`] before deciding on addresses.
    pub async fn move_to_release(
        &mut self,
        grant: &ServerGrant<rights::ServerReinstall>,
        to: &Move<'_>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let (server, blueprint) = (grant.server(), to.blueprint);
        self.claim(server, &claimed(to.more_endpoints)).await?;
        let endpoints = [to.endpoints, to.more_endpoints].concat();
        let node = sqlx::query_scalar!(
            "UPDATE servers SET moved_from = CASE WHEN $4 THEN NULL ELSE coalesce(moved_from, digest) END, moved_at = now(),
                    digest = $2, blueprint_name = $3, endpoints = $5, generation = generation + 1, updated_at = now()
             WHERE id = $1 AND plugin_id = $6 AND blueprint = $7 RETURNING node_id",
            server.uuid(),
            blueprint.digest,
            blueprint.blueprint.name,
            to.settled,
            Json(&endpoints) as _,
            blueprint.plugin_id.uuid(),
            blueprint.key.blueprint
        )
        .fetch_optional(self.db())
        .await?;
        self.store_values(server, to.values).await?;
        if let Some(facts) = to.facts {
            self.write_facts(server, facts).await?;
        }
        self.changed(server, node, entry)
    }

    fn changed(
        &mut self,
        server: ServerId,
        node: Option<uuid::Uuid>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let node = node.ok_or(StoreError::NotFound("server"))?;
        self.record(entry);
        self.tell(Notice::Server { server, node: NodeId::new(node), desired: true });
        Ok(())
    }
}

impl<W: Who> Tx<W> {
    /// The node has to hear of a change; answers which it is.
    pub(crate) async fn raise(&mut self, server: ServerId) -> Result<Option<uuid::Uuid>, StoreError> {
        Ok(sqlx::query_scalar!(
            "UPDATE servers SET generation = generation + 1, updated_at = now() WHERE id = $1 RETURNING node_id",
            server.uuid()
        )
        .fetch_optional(self.db())
        .await?)
    }
}

impl SystemTx {
    /// Forgets a server that its node has removed. Its operations and its log stay.
    pub async fn finish_deleted(
        &mut self,
        node: NodeId,
        server: ServerId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let gone = sqlx::query!(
            "DELETE FROM servers WHERE id = $1 AND node_id = $2 AND desired = 'deleted'
             RETURNING name, blueprint_name, node_name",
            server.uuid(),
            node.uuid()
        )
        .fetch_optional(self.db())
        .await?
        .ok_or(StoreError::NotFound("server"))?;
        let about = EventServer {
            id: server.to_string(),
            name: gone.name,
            blueprint: gone.blueprint_name,
            node: gone.node_name,
        };
        self.record_about(entry, Some(about));
        self.tell(Notice::Removed { server });
        Ok(())
    }
}
