//! Which addresses a server uses.

use super::change::standing;
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::ServerAllocationInput,
    views::{EndpointView, Page},
};
use gantry_auth::{ServerGrant, rights};
use gantry_domain::{allocations, allocations::ServerEndpoint, audit::AuditEntry, servers::Server};
use gantry_store::UserTx;
use gantry_types::{AllocationId, ServerId, blueprint::EndpointNeed, problem::Code};
use serde_json::json;
use std::collections::BTreeMap;

impl App {
    /// Gives an endpoint an address, in place of any that it has. The game listens there from its next start.
    pub async fn add_server_allocation(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        input: ServerAllocationInput,
    ) -> Answer<Page<EndpointView>> {
        let (mut tx, grant, server, needs) = self.for_addresses(ctx, id).await?;
        let need: Vec<EndpointNeed> =
            needs.iter().filter(|need| need.name == input.endpoint).map(required).collect();
        if need.is_empty() {
            let message = "The game has no endpoint of this name.";
            return Err(gantry_domain::problem("endpoint", message, "Choose one of the blueprint's.").into());
        }
        let free = tx.free_allocations(server.node.id).await?;
        let asked: BTreeMap<_, _> =
            input.allocation_id.map(|chosen| (input.endpoint.clone(), chosen)).into_iter().collect();
        let chosen = allocations::choose(&need, &free, &asked)?;
        let mut endpoints = server.endpoints.clone();
        endpoints.retain(|one| one.endpoint.name != input.endpoint);
        endpoints.extend(chosen);
        endpoints.sort_by_key(|one| needs.iter().position(|need| need.name == one.endpoint.name));
        self.replace(tx, ctx, &grant, &server, endpoints).await
    }

    /// Takes an address from a server. What the game cannot do without stays.
    pub async fn remove_server_allocation(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        allocation: AllocationId,
    ) -> Answer<Page<EndpointView>> {
        let (tx, grant, server, needs) = self.for_addresses(ctx, id).await?;
        let (gone, left): (Vec<_>, Vec<_>) =
            server.endpoints.clone().into_iter().partition(|one| one.allocation_id == allocation);
        if gone.is_empty() {
            return Err(AppError::not_found("allocation"));
        }
        let needed =
            |one: &&ServerEndpoint| needs.iter().any(|need| need.required && need.name == one.endpoint.name);
        if let Some(needed) = gone.iter().find(needed) {
            let detail =
                format!("The game needs an address for {}; give it another first.", needed.endpoint.name);
            return Err(AppError::refused(Code::Conflict, detail));
        }
        self.replace(tx, ctx, &grant, &server, left).await
    }

    async fn for_addresses(
        &self,
        ctx: &OpCtx,
        id: ServerId,
    ) -> Answer<(UserTx, ServerGrant<rights::AllocationsUpdate>, Server, Vec<EndpointNeed>)> {
        let (mut tx, access, row) = self.server_and_access(ctx, id).await?;
        let grant = access.grant::<rights::AllocationsUpdate>()?;
        tx.lock_node(row.node.id).await?;
        let server = standing(tx.server_for_update(id).await?)?;
        let pin = &server.blueprint;
        let needs = tx.pinned_blueprint(&pin.digest, &pin.key.blueprint).await?.blueprint.endpoints;
        Ok((tx, grant, server, needs))
    }

    async fn replace(
        &self,
        mut tx: UserTx,
        ctx: &OpCtx,
        grant: &ServerGrant<rights::AllocationsUpdate>,
        server: &Server,
        endpoints: Vec<ServerEndpoint>,
    ) -> Answer<Page<EndpointView>> {
        let entry = AuditEntry::server("server.allocations", server.id, ctx.origin.clone())
            .before(json!(server.endpoints))
            .after(json!(endpoints));
        tx.update_endpoints(grant, &endpoints, entry).await?;
        tx.commit().await?;
        self.doorbells().ring(server.node.id);
        Ok(Page::whole(EndpointView::list(endpoints)))
    }
}

/// The same need, as somebody asks for it expressly.
fn required(need: &EndpointNeed) -> EndpointNeed {
    EndpointNeed { required: true, ..need.clone() }
}
