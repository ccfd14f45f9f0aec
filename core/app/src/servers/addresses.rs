//! Which addresses a server uses.

use super::change::still_wanted;
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
        let Some(need) = needs.iter().find(|need| need.name == input.endpoint) else {
            let message = "The game has no endpoint of this name.";
            return Err(gantry_domain::problem("endpoint", message, "Choose one of the blueprint's.").into());
        };
        let free = tx.free_allocations(server.node.id).await?;
        let mut endpoints = server.endpoints.clone();
        if need.relative_to.is_some() {
            let follower = allocations::follow(need, &endpoints, &free, input.allocation_id)?;
            endpoints.retain(|one| one.endpoint.name != need.name);
            endpoints.push(follower);
        } else {
            // What follows it goes along.
            let group = group(need, &needs, &endpoints);
            let asked: BTreeMap<_, _> =
                input.allocation_id.map(|chosen| (need.name.clone(), chosen)).into_iter().collect();
            let chosen = allocations::choose(&group, &free, &asked)?;
            endpoints.retain(|one| group.iter().all(|need| need.name != one.endpoint.name));
            endpoints.extend(chosen);
        }
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
        let endpoints = server.endpoints.clone();
        let (mut gone, mut left): (Vec<_>, Vec<_>) =
            endpoints.into_iter().partition(|one| one.allocation_id == allocation);
        let behind: Vec<_> = left.extract_if(.., |one| follows_any(one, &gone, &needs)).collect();
        gone.extend(behind);
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
        let server = still_wanted(tx.server_for_update(id).await?)?;
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

/// An endpoint with those behind it that the server has or needs, as somebody asks for them expressly.
fn group(leader: &EndpointNeed, needs: &[EndpointNeed], endpoints: &[ServerEndpoint]) -> Vec<EndpointNeed> {
    let is_there = |need: &EndpointNeed| endpoints.iter().any(|one| one.endpoint.name == need.name);
    let is_behind = |need: &EndpointNeed| {
        need.relative_to.as_ref().is_some_and(|relative| relative.endpoint == leader.name)
            && (need.required || is_there(need))
    };
    let all = needs.iter().filter(|need| need.name == leader.name || is_behind(need));
    all.map(|need| EndpointNeed { required: true, ..need.clone() }).collect()
}

/// Whether an endpoint follows one of these.
fn follows_any(one: &ServerEndpoint, leaders: &[ServerEndpoint], needs: &[EndpointNeed]) -> bool {
    let need = needs.iter().find(|need| need.name == one.endpoint.name);
    let leader = need.and_then(|need| need.relative_to.as_ref()).map(|relative| &relative.endpoint);
    leader.is_some_and(|leader| leaders.iter().any(|one| one.endpoint.name == *leader))
}
