//! What reconcilers read and write: everything that differs for one node, and what the node saw.
//!
//! Every statement names the node as well as the server, so that a node speaks of its own servers alone.

use crate::{
    Db, Notice, StoreError, SystemTx, codec,
    servers::{ActiveOperation, servers},
    tx::Viewer,
};
use chrono::{DateTime, Utc};
use gantry_domain::{
    allocations::ServerEndpoint, events, operations::Operation, plugins::OfferedBlueprint,
    schedules::Schedule, servers::Server, variables::Values,
};
use gantry_types::{
    NodeId, ServerId,
    server::{Desired, Hold, ObservedState, Setting},
};
use sqlx::types::Json;
use std::{collections::HashMap, sync::Arc};

/// Everything that a node must know of one server.
#[derive(Clone, Debug)]
pub struct DesiredServer {
    pub server: Server,
    /// The release that it is pinned to, shared between servers of the same.
    pub blueprint: Arc<OfferedBlueprint>,
    /// Secrets in clear.
    pub values: Values,
    /// What its plugin looked up for its installation.
    pub facts: Vec<Setting>,
    /// The latest thing that people asked for, ended or not.
    pub operation: Option<Operation>,
    pub schedules: Vec<Schedule>,
    /// The latest of the node's own decisions that what is desired knows of.
    pub heard_decision: u64,
}

/// Which servers of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    /// Those of which the node has not written down the latest generation.
    Unacknowledged,
}

impl Db {
    /// What is wanted of a node's servers, at most `limit` of them from `after` on, by id. Each is as it was at one
    /// instant: a node that heard of something later than the generation that it was told with would decide on top of
    /// it, and be taken for one that had not heard of it.
    pub async fn desired_servers(
        &self,
        node: NodeId,
        scope: Scope,
        after: Option<ServerId>,
        limit: u32,
    ) -> Result<Vec<DesiredServer>, StoreError> {
        self.snapshot_for_nodes().await?.desired_servers(node, scope, after, limit).await
    }
}

impl SystemTx {
    pub(crate) async fn desired_servers(
        &mut self,
        node: NodeId,
        scope: Scope,
        after: Option<ServerId>,
        limit: u32,
    ) -> Result<Vec<DesiredServer>, StoreError> {
        let rows = servers!(
            r#"WHERE s.node_id = $2 AND ($3 OR s.acknowledged_generation < s.generation) AND s.id > $4
               ORDER BY s.id LIMIT $5"#,
            None::<uuid::Uuid>,
            node.uuid(),
            scope == Scope::All,
            after.map_or(uuid::Uuid::nil(), ServerId::uuid),
            i64::from(limit)
        )
        .fetch_all(self.db())
        .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows {
            let heard_decision = codec::to_u64(row.heard_decision);
            all.push((row.server(Viewer::Everything)?, heard_decision));
        }
        self.complete(all).await
    }

    async fn complete(&mut self, servers: Vec<(Server, u64)>) -> Result<Vec<DesiredServer>, StoreError> {
        let ids: Vec<ServerId> = servers.iter().map(|(server, _)| server.id).collect();
        let mut values = self.values_of(&ids).await?;
        let mut facts = self.facts_of(&ids).await?;
        let mut schedules = self.schedules_of(&ids).await?;
        let mut releases: HashMap<(String, String), Arc<OfferedBlueprint>> = HashMap::new();
        let mut complete = Vec::with_capacity(servers.len());
        for (server, heard_decision) in servers {
            let pin = (server.blueprint.digest.clone(), server.blueprint.key.blueprint.clone());
            let blueprint = match releases.get(&pin) {
                Some(known) => Arc::clone(known),
                None => {
                    let read = Arc::new(self.pinned_blueprint(&pin.0, &pin.1).await?);
                    Arc::clone(releases.entry(pin).or_insert(read))
                }
            };
            let operation = self.latest_operation(server.id).await?;
            let values = values.remove(&server.id).unwrap_or_default();
            let facts = facts.remove(&server.id).unwrap_or_default();
            let schedules = schedules.remove(&server.id).unwrap_or_default();
            complete.push(DesiredServer {
                server,
                blueprint,
                values,
                facts,
                operation,
                schedules,
                heard_decision,
            });
        }
        Ok(complete)
    }

    /// The node has written down a generation.
    pub async fn acknowledge_generation(
        &mut self,
        node: NodeId,
        server: ServerId,
        generation: u64,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE servers SET acknowledged_generation = $3
             WHERE id = $1 AND node_id = $2 AND acknowledged_generation < $3 AND $3 <= generation",
            server.uuid(),
            node.uuid(),
            codec::to_i64(generation)
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// The node has a later generation than this database, and with it a wish that nobody here knows: from there on it
    /// counts as acknowledged. What is to be deleted stays so.
    pub async fn catch_up_generation(
        &mut self,
        node: NodeId,
        server: ServerId,
        generation: u64,
        desired: Option<Desired>,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE servers SET generation = $3, acknowledged_generation = $3, desired = coalesce($4, desired),
                    desired_generation = CASE WHEN $4::text IS NULL THEN desired_generation ELSE $3 END
             WHERE id = $1 AND node_id = $2 AND generation < $3 AND desired <> 'deleted'",
            server.uuid(),
            node.uuid(),
            codec::to_i64(generation),
            desired.map(codec::desired)
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 1 {
            self.tell(Notice::Server { server, node, desired: false });
        }
        Ok(())
    }

    /// A node that lost its ledger has written down nothing: everything is to be sent again, and how far it was with a drain is void.
    pub async fn forget_acknowledgements(&mut self, node: NodeId) -> Result<u64, StoreError> {
        sqlx::query!("UPDATE nodes SET drain_heard = 0 WHERE id = $1", node.uuid())
            .execute(self.db())
            .await?;
        // In the order in which others take them.
        sqlx::query!("SELECT id FROM servers WHERE node_id = $1 ORDER BY id FOR NO KEY UPDATE", node.uuid())
            .fetch_all(self.db())
            .await?;
        let done = sqlx::query!(
            "UPDATE servers SET acknowledged_generation = 0, drain = NULL WHERE node_id = $1",
            node.uuid()
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected())
    }

    /// Keeps what the node saw. False if it is known already, or the server is not that node's.
    pub async fn record_observed(
        &mut self,
        node: NodeId,
        server: ServerId,
        seen: &ObservedState,
    ) -> Result<bool, StoreError> {
        let before = sqlx::query!(
            "UPDATE servers s SET observed = $3, observed_since = $4, observed_reason = $5, crashes = $6, started_at = $7,
                    run_generation = $8
             FROM servers old
             WHERE s.id = $1 AND s.node_id = $2 AND old.id = s.id
               AND (s.observed, s.observed_since, s.observed_reason, s.crashes, s.started_at, s.run_generation)
                   IS DISTINCT FROM ($3::text, $4::timestamptz, $5::text, $6::integer, $7::timestamptz, $8::bigint)
             RETURNING old.observed, old.crashes",
            server.uuid(),
            node.uuid(),
            codec::observed(seen.state),
            seen.since,
            seen.reason,
            codec::to_i32(seen.crashes),
            seen.started_at,
            seen.generation.map(codec::to_i64)
        )
        .fetch_optional(self.db())
        .await?;
        let Some(before) = before else { return Ok(false) };
        self.tell(Notice::Server { server, node, desired: false });
        let before = (codec::to_observed(&before.observed)?, codec::to_u32(before.crashes.into()));
        if let Some(happening) = events::of_observed(before, seen) {
            self.happened(happening.on(server));
        }
        Ok(true)
    }

    /// Keeps an event of a server for its history. False if the server is not that node's.
    pub async fn record_event(
        &mut self,
        node: NodeId,
        server: ServerId,
        at: DateTime<Utc>,
        kind: &str,
        body: &serde_json::Value,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "INSERT INTO server_events (server_id, at, kind, body)
             SELECT id, $3, $4, $5 FROM servers WHERE id = $1 AND node_id = $2",
            server.uuid(),
            node.uuid(),
            at,
            kind,
            body
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets events that happened before a time.
    pub async fn sweep_events(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let done = sqlx::query!("DELETE FROM server_events WHERE at < $1", before).execute(self.db()).await?;
        Ok(done.rows_affected())
    }
}
