//! Changing what a server is called, what it may use, and whether it is held.

use crate::{
    App, OpCtx, allowances,
    error::{Answer, AppError},
    inputs::{HoldInput, ServerUpdate},
    views::ServerView,
};
use gantry_auth::rights;
use gantry_domain::{
    audit::AuditEntry,
    limits,
    servers::{ADMINISTRATOR_HOLD, Server},
    text,
};
use gantry_store::UserTx;
use gantry_types::{
    ServerId,
    problem::Code,
    server::{Desired, Hold},
    units::Limits,
};
use serde_json::json;

impl App {
    pub async fn update_server(&self, ctx: &OpCtx, id: ServerId, update: ServerUpdate) -> Answer<ServerView> {
        let (mut tx, access) = self.access(ctx, id).await?;
        let grant = access.grant::<rights::ServerUpdate>()?;
        let name = update.name.map(|name| text::name("name", &name)).transpose()?;
        let description = update.description.map(|it| text::description("description", &it)).transpose()?;
        let before = still_wanted(tx.server_for_update(id).await?)?;
        let entry = AuditEntry::server("server.update", id, ctx.origin.clone())
            .before(json!({ "name": before.name, "description": before.description }))
            .after(json!({ "name": name, "description": description }));
        tx.update_server(&grant, name.as_deref(), description.as_deref(), entry).await?;
        self.finish(tx, id).await
    }

    /// Gives a server other limits, as an administrator. They hold from its next start.
    pub async fn update_limits(&self, ctx: &OpCtx, id: ServerId, limits: Limits) -> Answer<ServerView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let node = tx.server(id).await?.node.id;
        tx.lock_node(node).await?;
        let before = still_wanted(tx.server_for_update(id).await?)?;
        let pin = &before.blueprint;
        let offered = tx.pinned_blueprint(&pin.digest, &pin.key.blueprint).await?;
        limits::check(limits, offered.blueprint.least).map_err(AppError::fields_of)?;
        allowances::take_change(&mut tx, &before, limits).await?;
        let node = tx.node(node).await?;
        let mut promised = node.promised;
        promised.memory_mib = promised.memory_mib.saturating_sub(before.limits.memory_mib.into());
        promised.disk_mib = promised.disk_mib.saturating_sub(before.limits.disk_mib.into());
        promised.cpu_percent = promised.cpu_percent.saturating_sub(before.limits.cpu_percent.into());
        limits::fits(limits, node.capacity, promised)
            .map_err(|fields| AppError::Fields { code: Code::CapacityExceeded, fields })?;
        let entry = AuditEntry::server("server.limits", id, ctx.origin.clone())
            .before(json!(before.limits))
            .after(json!(limits));
        tx.update_limits(&grant, id, limits, entry).await?;
        self.finish(tx, id).await
    }

    /// Suspends a server: it is stopped and does not start until it is released.
    pub async fn hold_server(&self, ctx: &OpCtx, id: ServerId, input: HoldInput) -> Answer<ServerView> {
        let reason = text::description("reason", &input.reason)?;
        let hold = Hold { by: ADMINISTRATOR_HOLD.to_owned(), reason };
        self.change_hold(ctx, id, "server.hold", Some(hold)).await
    }

    /// Ends a suspension.
    pub async fn release_server(&self, ctx: &OpCtx, id: ServerId) -> Answer<ServerView> {
        self.change_hold(ctx, id, "server.release", None).await
    }

    async fn change_hold(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        action: &'static str,
        hold: Option<Hold>,
    ) -> Answer<ServerView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let before = still_wanted(tx.server_for_update(id).await?)?;
        let mut holds = before.holds.clone();
        holds.retain(|other| other.by != ADMINISTRATOR_HOLD);
        holds.extend(hold);
        if holds != before.holds {
            let entry = AuditEntry::server(action, id, ctx.origin.clone())
                .before(json!(before.holds))
                .after(json!(holds));
            tx.update_holds(&grant, id, &holds, entry).await?;
        }
        self.finish(tx, id).await
    }

    /// Commits a change of what is wanted, has the node look, and shows the server.
    pub(super) async fn finish(&self, mut tx: UserTx, id: ServerId) -> Answer<ServerView> {
        let after = tx.server(id).await?;
        let node = after.node.id;
        tx.commit().await?;
        self.doorbells().ring(node);
        Ok(self.own_view(after))
    }
}

/// A server that is to be deleted takes no more changes.
pub(crate) fn still_wanted(server: Server) -> Answer<Server> {
    match server.desired {
        Desired::Running | Desired::Stopped => Ok(server),
        Desired::Deleted => Err(AppError::refused(Code::Conflict, "The server is being deleted.")),
    }
}
