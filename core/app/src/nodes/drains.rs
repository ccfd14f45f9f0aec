//! Drains of nodes: what administrators want goes down whole, and what the node says of it is kept.
//!
//! The node does all of it by itself and remembers it. It is told whenever it may know something else: after a change, on a new link, and
//! with each full comparison.

use super::follow::Link;
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::DrainInput,
    views::{DrainServerView, DrainServersView, NodeView, reached},
};
use chrono::Utc;
use gantry_domain::{
    audit::AuditEntry,
    drains::{self, DrainWish},
    events,
};
use gantry_nodes::NodeError;
use gantry_protocol::DesiredNode;
use gantry_store::drains::DrainedServer;
use gantry_types::{DrainId, NodeId, drain::Drain};
use serde_json::json;
use std::sync::atomic::Ordering;

/// Servers that are shown of a drain.
const SHOWN: u32 = 500;

impl App {
    /// Has a node drained, or changes how it is.
    pub async fn drain_node(&self, ctx: &OpCtx, id: NodeId, input: DrainInput) -> Answer<NodeView> {
        let grant = ctx.actor.administrator()?;
        let DrainInput { wait_seconds, message, backup } = input;
        let wish = DrainWish { wait_seconds, message, backup };
        let mut tx = self.db().as_user(&ctx.actor).await?;
        // Whoever makes a server there holds it too.
        tx.lock_node(id).await?;
        let node = tx.node(id).await?;
        let before = node.drain.map(|known| known.drain);
        let now = Utc::now();
        let (action, drain) = match before.clone() {
            Some(present) => ("node.drain_change", drains::change(present, wish, now)),
            None => {
                let fresh = DrainId::new(gantry_store::new_uuid());
                ("node.drain", drains::begin(fresh, wish, &ctx.actor.name, now))
            }
        };
        let drain = drain.map_err(AppError::fields_of)?;
        if before.as_ref() != Some(&drain) {
            let entry = AuditEntry::new(action, "node", id, ctx.origin.clone())
                .before(before.as_ref().map_or(json!(null), said))
                .after(said(&drain));
            tx.drain_node(&grant, id, Some(&drain), entry).await?;
            tx.happened(events::of_drain(&node.name, Some(&drain)));
        }
        let after = tx.node_with_report(&grant, id).await?;
        tx.commit().await?;
        self.doorbells().ring(id);
        if before.is_none() {
            metrics::counter!("gantry_drains_total").increment(1);
        }
        Ok(self.node_view(ctx, after))
    }

    /// Ends a drain: what is to run starts again.
    pub async fn end_drain(&self, ctx: &OpCtx, id: NodeId) -> Answer<NodeView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.lock_node(id).await?;
        let node = tx.node(id).await?;
        if let Some(known) = node.drain {
            let entry =
                AuditEntry::new("node.drain_end", "node", id, ctx.origin.clone()).before(said(&known.drain));
            tx.drain_node(&grant, id, None, entry).await?;
            tx.happened(events::of_drain(&node.name, None));
        }
        let after = tx.node_with_report(&grant, id).await?;
        tx.commit().await?;
        self.doorbells().ring(id);
        Ok(self.node_view(ctx, after))
    }

    /// The servers that a drain is about, while there is one.
    pub async fn drained_servers(&self, ctx: &OpCtx, id: NodeId) -> Answer<DrainServersView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let servers = match tx.node(id).await?.drain {
            Some(_) => tx.drained_servers(&grant, id, SHOWN).await?,
            None => Vec::new(),
        };
        let now = Utc::now();
        // As the node counts: bots keep nothing from being stopped.
        let players = |server| self.samples().latest(server, now)?.game?.people();
        let view = |DrainedServer { id, name, observed, progress }| {
            let (state, trouble) = reached(progress);
            DrainServerView { id, name, observed, state, trouble, players: players(id) }
        };
        Ok(DrainServersView { items: servers.into_iter().map(view).collect() })
    }
}

/// What the log says of it.
fn said(drain: &Drain) -> serde_json::Value {
    json!({ "message": drain.message, "deadline": drain.deadline, "backup": drain.backup })
}

/// Tells the node what is wanted of it, unless it knows: `there` is the drain that it says it is in, where it said.
pub(super) async fn tell(link: &Link, there: Option<Option<DrainId>>) -> Answer<()> {
    let wanted = link.app.db().as_system_for_nodes().await?.wanted_drain(link.node()).await?;
    let knows = there.is_none_or(|there| there == wanted.drain.as_ref().map(|drain| drain.id));
    if knows && wanted.heard == wanted.generation {
        return Ok(());
    }
    let desired = DesiredNode { drain: wanted.drain, sent_at: Utc::now() };
    match link.client.put_desired(&desired).await {
        Ok(()) => {}
        Err(NodeError::Unsupported) => {
            if !link.knows_no_drains.swap(true, Ordering::Relaxed) {
                tracing::warn!(node.id = %link.node(), "the node's daemon is too old to be drained");
            }
            return Ok(());
        }
        // Its servers are to hear what is wanted of them all the same.
        Err(NodeError::Refused(refusal)) => {
            tracing::warn!(
                node.id = %link.node(), code = ?refusal.code, message = refusal.message,
                "the node refused what is wanted of it"
            );
            metrics::counter!("gantry_reconcile_refusals_total").increment(1);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    let mut tx = link.app.db().as_system_for_nodes().await?;
    tx.heard_drain(link.node(), wanted.generation).await?;
    Ok(tx.commit().await?)
}
