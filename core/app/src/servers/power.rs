//! Starting, stopping, installing again and deleting: each is an operation that is asked for once and followed by its
//! id.

use super::variables::{context, settings};
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::PowerInput,
    lend::About,
    plugins::AskedFor,
    views::Accepted,
};
use chrono::Utc;
use gantry_domain::{
    actions,
    audit::{AuditEntry, Origin},
    servers::{Server, ServerAction},
};
use gantry_store::operations::OperationMove;
use gantry_types::{
    OperationId, ServerId,
    operation::{OperationKind, OperationState},
    problem::Code,
    server::{Desired, Setting},
};
use serde_json::json;

/// What was looked up for a server, and for which generation of it.
struct LookedUp {
    facts: Vec<Setting>,
    generation: u64,
}

impl App {
    /// Asks for a start, stop, restart or kill. What the server's state does not allow is refused with the reason.
    pub async fn power_server(&self, ctx: &OpCtx, id: ServerId, input: PowerInput) -> Answer<Accepted> {
        self.request(ctx, id, input.action.into(), None).await
    }

    /// Installs the game again; the server's files stay where the plan does not replace them. What the plan needs is looked up
    /// before anything is written: where that fails, all stays as it is.
    pub async fn reinstall_server(&self, ctx: &OpCtx, id: ServerId) -> Answer<Accepted> {
        let (mut tx, access, server) = self.server_and_access(ctx, id).await?;
        access.operation(OperationKind::Reinstall)?;
        // The claim of this transaction ends with it: plugins are asked while no transaction is open.
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        actions::check(self.situation(&server), ServerAction::Reinstall)?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let there = context(&server, &offered, &values, tx.facts(id).await?);
        drop(tx);
        let asked = AskedFor { server: Some((id, &server.name)) };
        let facts = self.facts(&offered, &there, About::Server(id), asked).await?;
        let looked_up = LookedUp { facts, generation: server.generation };
        self.request(ctx, id, ServerAction::Reinstall, Some(looked_up)).await
    }

    /// Deletes a server with its files. It is gone when its node has removed it.
    pub async fn delete_server(&self, ctx: &OpCtx, id: ServerId) -> Answer<Accepted> {
        self.request(ctx, id, ServerAction::Delete, None).await
    }

    async fn request(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        action: ServerAction,
        looked_up: Option<LookedUp>,
    ) -> Answer<Accepted> {
        let kind = action.operation().ok_or(AppError::Broken("a command is no operation"))?;
        let (mut tx, access) = self.access(ctx, id).await?;
        let grant = access.operation(kind)?;
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        let server = tx.server_for_update(id).await?;
        actions::check(self.situation(&server), action)?;
        if let Some(LookedUp { facts, generation }) = looked_up {
            if generation != server.generation {
                let detail =
                    "The server was changed meanwhile, and what was looked up is for what it was. Ask again.";
                return Err(AppError::refused(Code::Conflict, detail));
            }
            tx.set_facts(&grant, &facts).await?;
        }
        let operation_id = OperationId::new(gantry_store::new_uuid());
        let desired = desired(action);
        let entry = AuditEntry::server(name(action), id, ctx.origin.clone())
            .before(json!({ "desired": server.desired, "observed": server.observed.state }))
            .after(json!({ "desired": desired.unwrap_or(server.desired), "operationId": operation_id }));
        tx.request_operation(&grant, operation_id, desired, Utc::now(), entry).await?;
        let accepted = Accepted { operation_id };
        ctx.keep(&mut tx, 202, &accepted).await?;
        tx.commit().await?;
        self.doorbells().ring(server.node.id);
        if action == ServerAction::Delete {
            self.forget_if_unknown(&server, operation_id).await?;
        }
        Ok(accepted)
    }

    /// A server on a node that no daemon ever became is nowhere: its deletion has nothing to wait for.
    async fn forget_if_unknown(&self, server: &Server, operation: OperationId) -> Answer<()> {
        if server.acknowledged_generation > 0 {
            return Ok(());
        }
        let mut tx = self.db().as_system().await?;
        let node = tx.node(server.node.id).await?;
        if node.enrolled_at.is_some() || node.last_seen_at.is_some() {
            return Ok(());
        }
        let ended = OperationMove {
            id: operation,
            state: OperationState::Succeeded,
            progress: None,
            failure: None,
            at: Utc::now(),
        };
        tx.move_operation(node.id, &ended).await?;
        tx.finish_deleted(
            node.id,
            server.id,
            AuditEntry::server("server.removed", server.id, Origin::default()),
        )
        .await?;
        Ok(tx.commit().await?)
    }
}

/// What is wanted of the server from then on; installing again leaves that as it is.
fn desired(action: ServerAction) -> Option<Desired> {
    match action {
        ServerAction::Start | ServerAction::Restart => Some(Desired::Running),
        ServerAction::Stop | ServerAction::Kill => Some(Desired::Stopped),
        ServerAction::Delete => Some(Desired::Deleted),
        ServerAction::Reinstall | ServerAction::Restore | ServerAction::Command => None,
    }
}

fn name(action: ServerAction) -> &'static str {
    match action {
        ServerAction::Start => "server.start",
        ServerAction::Stop => "server.stop",
        ServerAction::Restart => "server.restart",
        ServerAction::Kill => "server.kill",
        ServerAction::Reinstall => "server.reinstall",
        ServerAction::Restore => "backup.restore",
        ServerAction::Delete => "server.delete",
        ServerAction::Command => "console.command",
    }
}
