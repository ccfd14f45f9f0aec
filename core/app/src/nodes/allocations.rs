//! The addresses that a node offers.

use crate::{
    App, OpCtx,
    error::Answer,
    inputs::{AllocationsInput, PageQuery},
    views::{AllocationView, AllocationsCreated, Page},
};
use gantry_domain::{allocations, audit::AuditEntry};
use gantry_types::{AllocationId, NodeId};
use serde_json::json;

impl App {
    /// A node's addresses. Who makes servers chooses among them; whose server holds one stays hidden where the caller
    /// may not see that server.
    pub async fn list_allocations(
        &self,
        ctx: &OpCtx,
        node: NodeId,
        page: PageQuery,
    ) -> Answer<Page<AllocationView>> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.node(node).await?;
        let found = tx.allocations(node, &page.parse()?).await?;
        Ok(Page::of(found, AllocationView::from))
    }

    /// Adds addresses; those that exist already stay as they are.
    pub async fn create_allocations(
        &self,
        ctx: &OpCtx,
        node: NodeId,
        input: AllocationsInput,
    ) -> Answer<AllocationsCreated> {
        let grant = ctx.actor.administrator()?;
        let address = allocations::parse_address("address", &input.address)?;
        let ports = allocations::parse_ports("ports", &input.ports)?;
        let entry = AuditEntry::new("allocation.create", "node", node, ctx.origin.clone())
            .after(json!({ "address": address, "ports": input.ports }));
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let created = tx.create_allocations(&grant, node, &address, &ports, entry).await?;
        tx.commit().await?;
        let created = u32::try_from(created).unwrap_or(u32::MAX);
        let asked = u32::try_from(ports.len()).unwrap_or(u32::MAX);
        Ok(AllocationsCreated { created, existing: asked.saturating_sub(created) })
    }

    /// Removes an address that no server holds.
    pub async fn delete_allocation(&self, ctx: &OpCtx, id: AllocationId) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        let entry = AuditEntry::new("allocation.delete", "allocation", id, ctx.origin.clone());
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.delete_allocation(&grant, id, entry).await?;
        Ok(tx.commit().await?)
    }
}
