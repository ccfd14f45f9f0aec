//! Making, changing and removing nodes.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{NodeInput, NodeUpdate, PartsQuery, StatisticsQuery},
    views::{NodePartsView, NodeStatisticsPoint, NodeStatisticsView, NodeView, Page},
};
use chrono::Utc;
use gantry_domain::{
    audit::AuditEntry,
    limits,
    nodes::{Capacity, Node},
    text,
};
use gantry_store::nodes::{NewNode, NodeChange};
use gantry_types::NodeId;
use serde_json::json;

/// Charts of parts are many and small: each has a third of the points that one large chart has.
const PARTS_COARSER: i32 = 3;

impl App {
    /// All nodes. What they say of their machines is for administrators; who makes servers sees the rest.
    pub async fn list_nodes(&self, ctx: &OpCtx) -> Answer<Page<NodeView>> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let nodes = match ctx.actor.administrator() {
            Ok(grant) => tx.nodes_with_reports(&grant).await?,
            Err(_) => tx.nodes().await?,
        };
        Ok(Page::whole(nodes.into_iter().map(|node| self.node_view(ctx, node)).collect()))
    }

    pub async fn node(&self, ctx: &OpCtx, id: NodeId) -> Answer<NodeView> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let node = match ctx.actor.administrator() {
            Ok(grant) => tx.node_with_report(&grant, id).await?,
            Err(_) => tx.node(id).await?,
        };
        Ok(self.node_view(ctx, node))
    }

    /// A chart's points. A span without samples has none.
    pub async fn node_statistics(
        &self,
        ctx: &OpCtx,
        id: NodeId,
        query: StatisticsQuery,
    ) -> Answer<NodeStatisticsView> {
        let grant = ctx.actor.administrator()?;
        let wanted = query.resolution(Utc::now())?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.node(id).await?;
        let points = tx.node_statistics(&grant, id, wanted).await?;
        Ok(NodeStatisticsView {
            from: wanted.from,
            to: wanted.to,
            step_seconds: u32::try_from(wanted.step.num_seconds()).unwrap_or(u32::MAX),
            points: points.into_iter().map(NodeStatisticsPoint::from).collect(),
        })
    }

    /// Charts of the node's parts of one kind.
    pub async fn node_parts(&self, ctx: &OpCtx, id: NodeId, query: PartsQuery) -> Answer<NodePartsView> {
        let grant = ctx.actor.administrator()?;
        let PartsQuery { kind, from, to } = query;
        let wanted = StatisticsQuery { from, to }.resolution(Utc::now())?.coarser(PARTS_COARSER);
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.node(id).await?;
        let points = tx.node_parts(&grant, id, kind, wanted).await?;
        Ok(NodePartsView::of(wanted, points))
    }

    pub(super) fn node_view(&self, ctx: &OpCtx, node: Node) -> NodeView {
        let connected = self.links().client(node.id).is_some();
        let sample =
            ctx.actor.is_administrator().then(|| self.machines().latest(node.id, Utc::now())).flatten();
        NodeView::of(node, connected, sample.as_deref())
    }

    /// Makes a node. It waits for a daemon that enrolls.
    pub async fn create_node(&self, ctx: &OpCtx, input: NodeInput) -> Answer<NodeView> {
        let grant = ctx.actor.administrator()?;
        let node = NewNode {
            id: NodeId::new(gantry_store::new_uuid()),
            location_id: input.location_id,
            name: text::name("name", &input.name)?,
            description: text::description("description", &input.description)?,
            capacity: Capacity {
                memory_mib: input.memory_mib,
                disk_mib: input.disk_mib,
                cpu_percent: input.cpu_percent,
            },
        };
        limits::check_capacity(node.capacity).map_err(AppError::fields_of)?;
        let entry = AuditEntry::new("node.create", "node", node.id, ctx.origin.clone())
            .after(json!({ "name": node.name, "locationId": node.location_id, "capacity": node.capacity }));
        let mut tx = self.db().as_user(&ctx.actor).await?;
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        tx.create_node(&grant, &node, entry).await?;
        let made = self.node_view(ctx, tx.node(node.id).await?);
        ctx.keep(&mut tx, 201, &made).await?;
        tx.commit().await?;
        Ok(made)
    }

    pub async fn update_node(&self, ctx: &OpCtx, id: NodeId, update: NodeUpdate) -> Answer<NodeView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let before = tx.node(id).await?;
        let capacity = Capacity {
            memory_mib: update.memory_mib.unwrap_or(before.capacity.memory_mib),
            disk_mib: update.disk_mib.unwrap_or(before.capacity.disk_mib),
            cpu_percent: update.cpu_percent.unwrap_or(before.capacity.cpu_percent),
        };
        limits::check_capacity(capacity).map_err(AppError::fields_of)?;
        let change = NodeChange {
            location_id: update.location_id,
            name: update.name.map(|name| text::name("name", &name)).transpose()?,
            description: update.description.map(|it| text::description("description", &it)).transpose()?,
            capacity: (capacity != before.capacity).then_some(capacity),
        };
        let entry = AuditEntry::new("node.update", "node", id, ctx.origin.clone())
            .before(
                json!({ "name": before.name, "locationId": before.location_id, "capacity": before.capacity }),
            )
            .after(
                json!({ "name": change.name, "locationId": change.location_id, "capacity": change.capacity }),
            );
        tx.update_node(&grant, id, &change, entry).await?;
        let after = tx.node_with_report(&grant, id).await?;
        tx.commit().await?;
        Ok(self.node_view(ctx, after))
    }

    /// Removes a node without servers. Its daemon is cut off at once and refused from then on.
    pub async fn delete_node(&self, ctx: &OpCtx, id: NodeId) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let before = tx.node(id).await?;
        let entry = AuditEntry::new("node.delete", "node", id, ctx.origin.clone())
            .before(json!({ "name": before.name, "locationId": before.location_id }));
        tx.delete_node(&grant, id, entry).await?;
        tx.commit().await?;
        self.links().close(id);
        Ok(())
    }
}
