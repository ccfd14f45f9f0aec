//! Making a server: one transaction writes the wish, the node does the rest.

use super::draft::{Draft, Problems, TIME_ZONE, place};
use crate::{
    App, OpCtx, allowances,
    error::{Answer, AppError},
    inputs::ServerInput,
    views::ServerCreated,
};
use chrono::Utc;
use gantry_auth::CreateServerGrant;
use gantry_domain::{allocations::ServerEndpoint, audit::AuditEntry, limits};
use gantry_store::{UserTx, server_changes::NewServer};
use gantry_types::{
    OperationId, ServerId,
    problem::Code,
    server::{Desired, Setting},
};
use serde_json::json;

impl App {
    /// Makes a server and has it installed.
    pub async fn create_server(&self, ctx: &OpCtx, input: ServerInput) -> Answer<ServerCreated> {
        let grant = ctx.actor.create_server(input.owner_id.unwrap_or(ctx.actor.user_id))?;
        // A repeated request gets its answer even where the same request would be refused by then. The claim of this
        // transaction ends with it: plugins are asked while no transaction is open.
        if let Some(earlier) = ctx.claim(&mut self.db().as_user(&ctx.actor).await?).await? {
            return Ok(earlier);
        }
        let mut problems = Problems::default();
        let draft = self.draft(ctx, &input, &mut problems).await?;
        problems.into_result()?;
        let draft = draft.ok_or(AppError::Broken("a draft without problems is complete"))?;
        let facts = self.facts_of_draft(&draft).await?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        let created = self.store(&mut tx, ctx, &grant, &input, (draft, facts)).await?;
        ctx.keep(&mut tx, 201, &created).await?;
        tx.commit().await?;
        self.doorbells().ring(input.node_id);
        metrics::counter!("gantry_servers_created_total").increment(1);
        Ok(created)
    }

    async fn store(
        &self,
        tx: &mut UserTx,
        ctx: &OpCtx,
        grant: &CreateServerGrant,
        input: &ServerInput,
        (draft, facts): (Draft, Vec<Setting>),
    ) -> Answer<ServerCreated> {
        tx.lock_node(input.node_id).await?;
        allowances::take(tx, grant.owner(), draft.limits).await?;
        let endpoints = endpoints_under_lock(tx, input, &draft).await?;
        let (id, operation) =
            (ServerId::new(gantry_store::new_uuid()), OperationId::new(gantry_store::new_uuid()));
        let server = NewServer {
            id,
            name: draft.name,
            description: draft.description,
            node_id: input.node_id,
            blueprint: &draft.offered,
            limits: draft.limits,
            time_zone: TIME_ZONE.to_owned(),
            endpoints,
            desired: if input.start { Desired::Running } else { Desired::Stopped },
            values: draft.values,
            facts,
        };
        tx.create_server(grant, &server, entry(ctx, grant, &server)).await?;
        tx.request_install(grant, id, operation, Utc::now()).await?;
        let server = tx.server(id).await?;
        let operation = tx.operation(operation).await?.into();
        Ok(ServerCreated { server: self.own_view(server), operation })
    }
}

/// Decides again what somebody else may have changed since the draft.
async fn endpoints_under_lock(
    tx: &mut UserTx,
    input: &ServerInput,
    draft: &Draft,
) -> Answer<Vec<ServerEndpoint>> {
    let node = tx.node(input.node_id).await?;
    limits::fits(draft.limits, node.capacity, node.promised)
        .map_err(|fields| AppError::Fields { code: Code::CapacityExceeded, fields })?;
    let mut problems = Problems::default();
    let endpoints = place(tx, input, &draft.offered, draft.limits, &mut problems).await?;
    problems.into_result()?;
    endpoints.ok_or(AppError::Broken("a placement without problems is complete"))
}

/// The values stay out: some are secrets, and the others stand in the server.
fn entry(ctx: &OpCtx, grant: &CreateServerGrant, server: &NewServer<'_>) -> AuditEntry {
    AuditEntry::server("server.create", server.id, ctx.origin.clone()).after(json!({
        "name": server.name,
        "ownerId": grant.owner(),
        "nodeId": server.node_id,
        "blueprint": server.blueprint.key.to_string(),
        "digest": server.blueprint.digest,
        "limits": server.limits,
        "endpoints": server.endpoints,
    }))
}
