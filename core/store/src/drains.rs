//! Drains of nodes: what is wanted, whether the node heard of it, and how far it says that it is.
//!
//! The node's row has the wish. A trigger copies it into the rows of its servers, and what was told of another drain goes with it.

use crate::{Notice, StoreError, SystemTx, UserTx, codec, error};
use gantry_auth::AdministratorGrant;
use gantry_domain::audit::AuditEntry;
use gantry_types::{
    NodeId, ServerId,
    drain::{Drain, ServerDrain},
    server::Observed,
};
use sqlx::types::Json;

/// What is kept of what could not be done on one server: a node may say more.
const TROUBLES: usize = 16;
const TROUBLE: usize = 500;

/// What is wanted of a node itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedDrain {
    pub drain: Option<Drain>,
    /// Raised by each change.
    pub generation: u64,
    /// The one that the node has written down.
    pub heard: u64,
}

/// A server of a node that is being drained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainedServer {
    pub id: ServerId,
    pub name: String,
    pub observed: Observed,
    /// None where it did not run when the drain began, or the node has not said.
    pub progress: Option<ServerDrain>,
}

impl UserTx {
    /// Has a node drained, changes how, or ends it.
    pub async fn drain_node(
        &mut self,
        _grant: &AdministratorGrant,
        node: NodeId,
        drain: Option<&Drain>,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE nodes SET drain = $2, drain_generation = drain_generation + 1 WHERE id = $1",
            node.uuid(),
            drain.map(Json) as _
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "node")?;
        let servers = sqlx::query_scalar!("SELECT id FROM servers WHERE node_id = $1", node.uuid())
            .fetch_all(self.db())
            .await?;
        self.record(entry);
        self.tell(Notice::Drain { node });
        for server in servers {
            self.tell(Notice::Server { server: ServerId::new(server), node, desired: false });
        }
        Ok(())
    }

    /// Servers of a node that run or are worked on, or that its drain was about: those with something left to be done first. At
    /// most `limit`.
    pub async fn drained_servers(
        &mut self,
        _grant: &AdministratorGrant,
        node: NodeId,
        limit: u32,
    ) -> Result<Vec<DrainedServer>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT id, name, observed, drain AS "drain: Json<ServerDrain>" FROM servers
               WHERE node_id = $1 AND (drain IS NOT NULL OR active_operation IS NOT NULL
                                    OR observed IN ('starting', 'running', 'stopping'))
               ORDER BY coalesce(drain ->> 'state', '') = 'drained', sort_key, id LIMIT $2"#,
            node.uuid(),
            i64::from(limit)
        )
        .fetch_all(self.db())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(DrainedServer {
                    id: ServerId::new(row.id),
                    name: row.name,
                    observed: codec::to_observed(&row.observed)?,
                    progress: row.drain.map(|known| known.0),
                })
            })
            .collect()
    }
}

impl SystemTx {
    pub async fn wanted_drain(&mut self, node: NodeId) -> Result<WantedDrain, StoreError> {
        let row = sqlx::query!(
            r#"SELECT drain AS "drain: Json<Drain>", drain_generation, drain_heard FROM nodes WHERE id = $1"#,
            node.uuid()
        )
        .fetch_optional(self.db())
        .await?
        .ok_or(StoreError::NotFound("node"))?;
        Ok(WantedDrain {
            drain: row.drain.map(|drain| drain.0),
            generation: codec::to_u64(row.drain_generation),
            heard: codec::to_u64(row.drain_heard),
        })
    }

    /// The node has written down what was wanted in this generation.
    pub async fn heard_drain(&mut self, node: NodeId, generation: u64) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE nodes SET drain_heard = $2 WHERE id = $1 AND drain_heard < $2 AND $2 <= drain_generation",
            node.uuid(),
            codec::to_i64(generation)
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 1 {
            self.tell(Notice::Node { node });
        }
        Ok(())
    }

    /// Keeps how far the node's drain is with one of its servers. False if that is none of its own, of another drain, or from before
    /// what is known: a full state may be written after what happened since it was made.
    pub async fn record_drain(
        &mut self,
        node: NodeId,
        server: ServerId,
        drain: &ServerDrain,
    ) -> Result<bool, StoreError> {
        let cut = |text: &String| text.chars().filter(|letter| *letter != '\0').take(TROUBLE).collect();
        let trouble = drain.trouble.iter().take(TROUBLES).map(cut).collect();
        let kept = ServerDrain { trouble, ..drain.clone() };
        let before = sqlx::query_scalar!(
            r#"SELECT drain AS "drain: Json<ServerDrain>" FROM servers WHERE id = $1 AND node_id = $2 FOR NO KEY UPDATE"#,
            server.uuid(),
            node.uuid()
        )
        .fetch_optional(self.db())
        .await?
        .flatten();
        let reached = |drain: &ServerDrain| (drain.state, drain.trouble.len());
        // What is known is of the drain that is wanted: of another it is void.
        if before.is_some_and(|before| before.drain_id == kept.drain_id && reached(&before) > reached(&kept))
        {
            return Ok(false);
        }
        let done = sqlx::query!(
            "UPDATE servers SET drain = $3
             WHERE id = $1 AND node_id = $2 AND node_drain ->> 'id' = $4 AND drain IS DISTINCT FROM $3",
            server.uuid(),
            node.uuid(),
            Json(&kept) as _,
            drain.drain_id.to_string()
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.tell(Notice::Server { server, node, desired: false });
        self.tell(Notice::Node { node });
        Ok(true)
    }
}
