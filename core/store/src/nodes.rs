//! Nodes: what they offer, what they said of themselves, how far their events are stored.

use crate::{Notice, StoreError, SystemTx, Tx, UserTx, codec, error, tx::Who};
use chrono::{DateTime, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::{
    audit::AuditEntry,
    nodes::{Capacity, DrainProgress, Node, NodeDrain, Promised},
};
use gantry_types::{LocationId, NodeId, drain::Drain};
use sqlx::types::Json;
use uuid::Uuid;

/// A node to be made. It has no identity until its daemon enrolls.
pub struct NewNode {
    pub id: NodeId,
    pub location_id: LocationId,
    pub name: String,
    pub description: String,
    pub capacity: Capacity,
}

/// What changes of a node; none stays.
#[derive(Clone, Debug, Default)]
pub struct NodeChange {
    pub location_id: Option<LocationId>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub capacity: Option<Capacity>,
}

struct NodeRow {
    id: Uuid,
    name: String,
    description: String,
    location_id: Uuid,
    location_name: String,
    capacity_memory_mib: i64,
    capacity_disk_mib: i64,
    capacity_cpu_percent: i64,
    servers: i64,
    memory_mib: i64,
    disk_mib: i64,
    cpu_percent: i64,
    allocations: i64,
    free_allocations: i64,
    enrolled_at: Option<DateTime<Utc>>,
    last_seen_at: Option<DateTime<Utc>>,
    agent_version: Option<String>,
    report: Option<serde_json::Value>,
    drain: Option<Json<Drain>>,
    drain_heard: bool,
    drain_progress: Option<Json<DrainProgress>>,
    created_at: DateTime<Utc>,
}

impl From<NodeRow> for Node {
    fn from(row: NodeRow) -> Self {
        Self {
            id: NodeId::new(row.id),
            name: row.name,
            description: row.description,
            location_id: LocationId::new(row.location_id),
            location_name: row.location_name,
            capacity: Capacity {
                memory_mib: codec::to_u64(row.capacity_memory_mib),
                disk_mib: codec::to_u64(row.capacity_disk_mib),
                cpu_percent: codec::to_u64(row.capacity_cpu_percent),
            },
            promised: Promised {
                servers: codec::to_u32(row.servers),
                memory_mib: codec::to_u64(row.memory_mib),
                disk_mib: codec::to_u64(row.disk_mib),
                cpu_percent: codec::to_u64(row.cpu_percent),
            },
            allocations: codec::to_u32(row.allocations),
            free_allocations: codec::to_u32(row.free_allocations),
            enrolled_at: row.enrolled_at,
            last_seen_at: row.last_seen_at,
            agent_version: row.agent_version,
            report: row.report,
            drain: row.drain.map(|drain| NodeDrain {
                drain: drain.0,
                heard: row.drain_heard,
                progress: row.drain_progress.map(|known| known.0).unwrap_or_default(),
            }),
            created_at: row.created_at,
        }
    }
}

/// One list of columns for every query over nodes.
macro_rules! nodes {
    ($report:tt, $tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            NodeRow,
            r#"SELECT n.id, n.name, n.description, n.location_id, l.name AS location_name, n.capacity_memory_mib,
                      n.capacity_disk_mib, n.capacity_cpu_percent, p.servers AS "servers!",
                      p.memory_mib AS "memory_mib!", p.disk_mib AS "disk_mib!", p.cpu_percent AS "cpu_percent!",
                      a.total AS "allocations!", a.free AS "free_allocations!", n.enrolled_at, n.last_seen_at,
                      n.agent_version, n.created_at, n.drain AS "drain: Json<Drain>",
                      n.drain_generation = n.drain_heard AS "drain_heard!",
                      CASE WHEN n.drain IS NOT NULL THEN app.node_drained(n.id) END AS "drain_progress: Json<DrainProgress>", "# + $report + r#" AS report
               FROM nodes n JOIN locations l ON l.id = n.location_id
               CROSS JOIN LATERAL app.node_promised(n.id) p
               CROSS JOIN LATERAL (SELECT count(*) AS total, count(*) FILTER (WHERE server_id IS NULL) AS free
                                   FROM allocations WHERE node_id = n.id) a "# + $tail
            $(, $argument)*
        )
    };
}

impl<W: Who> Tx<W> {
    /// A node, without its report.
    pub async fn node(&mut self, id: NodeId) -> Result<Node, StoreError> {
        let row = nodes!("NULL::jsonb", "WHERE n.id = $1", id.uuid()).fetch_optional(self.db()).await?;
        row.map(Node::from).ok_or(StoreError::NotFound("node"))
    }

    /// All nodes by name, without reports.
    pub async fn nodes(&mut self) -> Result<Vec<Node>, StoreError> {
        let rows =
            nodes!("NULL::jsonb", "ORDER BY lower(n.name), n.id LIMIT 5000").fetch_all(self.db()).await?;
        Ok(rows.into_iter().map(Node::from).collect())
    }

    /// A node with what it said of itself.
    pub async fn node_with_report(
        &mut self,
        _grant: &AdministratorGrant,
        id: NodeId,
    ) -> Result<Node, StoreError> {
        let row = nodes!(
            "(SELECT r.report FROM node_reports r WHERE r.node_id = n.id)",
            "WHERE n.id = $1",
            id.uuid()
        )
        .fetch_optional(self.db())
        .await?;
        row.map(Node::from).ok_or(StoreError::NotFound("node"))
    }

    /// All nodes by name, with what they said of themselves.
    pub async fn nodes_with_reports(&mut self, _grant: &AdministratorGrant) -> Result<Vec<Node>, StoreError> {
        let rows = nodes!(
            "(SELECT r.report FROM node_reports r WHERE r.node_id = n.id)",
            "ORDER BY lower(n.name), n.id LIMIT 5000"
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(Node::from).collect())
    }

    /// Orders everything that promises a node's resources or addresses, until the transaction ends.
    pub async fn lock_node(&mut self, id: NodeId) -> Result<(), StoreError> {
        sqlx::query!(
            r#"SELECT pg_advisory_xact_lock(hashtextextended($1, 7219850445)) AS "locked: ()""#,
            id.to_string()
        )
        .fetch_one(self.db())
        .await?;
        Ok(())
    }
}

impl UserTx {
    pub async fn create_node(
        &mut self,
        _grant: &AdministratorGrant,
        node: &NewNode,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO nodes (id, location_id, name, description, capacity_memory_mib, capacity_disk_mib,
                                capacity_cpu_percent)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            node.id.uuid(),
            node.location_id.uuid(),
            node.name,
            node.description,
            codec::to_i64(node.capacity.memory_mib),
            codec::to_i64(node.capacity.disk_mib),
            codec::to_i64(node.capacity.cpu_percent)
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        self.tell(Notice::Node { node: node.id });
        Ok(())
    }

    pub async fn update_node(
        &mut self,
        _grant: &AdministratorGrant,
        id: NodeId,
        change: &NodeChange,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let capacity = change.capacity;
        let done = sqlx::query!(
            "UPDATE nodes SET location_id = coalesce($2, location_id), name = coalesce($3, name),
                    description = coalesce($4, description), capacity_memory_mib = coalesce($5, capacity_memory_mib),
                    capacity_disk_mib = coalesce($6, capacity_disk_mib),
                    capacity_cpu_percent = coalesce($7, capacity_cpu_percent)
             WHERE id = $1",
            id.uuid(),
            change.location_id.map(LocationId::uuid),
            change.name.as_deref(),
            change.description.as_deref(),
            capacity.map(|c| codec::to_i64(c.memory_mib)),
            capacity.map(|c| codec::to_i64(c.disk_mib)),
            capacity.map(|c| codec::to_i64(c.cpu_percent))
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "node")?;
        self.record(entry);
        self.tell(Notice::Node { node: id });
        Ok(())
    }

    /// Deletes a node without servers, with its keys: its daemon is refused from then on.
    pub async fn delete_node(
        &mut self,
        _grant: &AdministratorGrant,
        id: NodeId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!("DELETE FROM nodes WHERE id = $1", id.uuid())
            .execute(self.db())
            .await
            .map_err(error::in_use("node"))?;
        error::touched(done.rows_affected(), "node")?;
        self.record(entry);
        self.tell(Notice::Node { node: id });
        Ok(())
    }
}

impl SystemTx {
    /// Keeps what a node says of itself.
    pub async fn record_report(
        &mut self,
        id: NodeId,
        agent_version: &str,
        report: &serde_json::Value,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE nodes SET agent_version = $2, last_seen_at = $3 WHERE id = $1",
            id.uuid(),
            agent_version,
            now
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "node")?;
        sqlx::query!(
            "INSERT INTO node_reports (node_id, report, at) VALUES ($1, $2, $3)
             ON CONFLICT (node_id) DO UPDATE SET report = excluded.report, at = excluded.at",
            id.uuid(),
            report,
            now
        )
        .execute(self.db())
        .await?;
        self.tell(Notice::Node { node: id });
        Ok(())
    }

    /// Notes that a node was heard of.
    pub async fn record_seen(&mut self, id: NodeId, now: DateTime<Utc>) -> Result<(), StoreError> {
        sqlx::query!("UPDATE nodes SET last_seen_at = $2 WHERE id = $1", id.uuid(), now)
            .execute(self.db())
            .await?;
        Ok(())
    }

    /// The number of the last event that is stored.
    pub async fn last_event(&mut self, id: NodeId) -> Result<u64, StoreError> {
        let seq = sqlx::query_scalar!("SELECT last_event_seq FROM nodes WHERE id = $1", id.uuid())
            .fetch_optional(self.db())
            .await?;
        seq.map(codec::to_u64).ok_or(StoreError::NotFound("node"))
    }

    /// Claims an event for storing: false if it, or a later one, is stored already. The claim holds with the
    /// transaction, so an event counts exactly when its effect does.
    pub async fn claim_event(&mut self, id: NodeId, seq: u64) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "UPDATE nodes SET last_event_seq = $2 WHERE id = $1 AND last_event_seq < $2",
            id.uuid(),
            codec::to_i64(seq)
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected() == 1)
    }
}
