//! Operations: followed by their id, called off, and ended when their time is over.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::PageQuery,
    views::{OperationView, Page},
};
use chrono::Utc;
use gantry_auth::rights;
use gantry_domain::audit::AuditEntry;
use gantry_types::{OperationId, ServerId, operation::OperationKind, permission::Permission, problem::Code};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often operations are checked against their deadline.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

impl App {
    pub async fn operation(&self, ctx: &OpCtx, id: OperationId) -> Answer<OperationView> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let operation = tx.operation(id).await?;
        if !ctx.actor.is_administrator() {
            tx.server_access(&ctx.actor, operation.server_id).await?.require(Permission::OperationsRead)?;
        }
        Ok(operation.into())
    }

    /// A server's operations, latest first.
    pub async fn server_operations(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        page: PageQuery,
    ) -> Answer<Page<OperationView>> {
        let (mut tx, access) = self.access(ctx, server).await?;
        access.require(Permission::OperationsRead)?;
        Ok(Page::of(tx.operations(server, &page.parse()?).await?, OperationView::from))
    }

    /// Calls off an installation or a restore that has not ended. The node hears of it and stops where it is.
    pub async fn cancel_operation(&self, ctx: &OpCtx, id: OperationId) -> Answer<OperationView> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let server = tx.operation(id).await?.server_id;
        let access = tx.server_access(&ctx.actor, server).await?;
        let grant = access.grant::<rights::OperationsCancel>()?;
        let row = tx.server_for_update(server).await?;
        let Some(active) = row.operation.filter(|active| active.id == id) else {
            return Err(AppError::refused(Code::Conflict, "The operation has ended."));
        };
        // What people want of a running server they say by another power action; nothing brings deleted files back.
        let may_end =
            matches!(active.kind, OperationKind::Install | OperationKind::Reinstall | OperationKind::Restore);
        if !may_end {
            return Err(AppError::refused(
                Code::Conflict,
                "Only an installation or a restore can be called off; ask for another power action instead.",
            ));
        }
        let entry = AuditEntry::new("operation.cancel", "operation", id, ctx.origin.clone()).about(server);
        tx.cancel_operation(&grant, Utc::now(), entry).await?;
        let after = tx.operation(id).await?;
        tx.commit().await?;
        self.doorbells().ring(row.node.id);
        Ok(after.into())
    }
}

/// Ends what nobody finished in time, until cancelled.
pub(crate) async fn sweep(app: &App, cancel: &CancellationToken) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while cancel.run_until_cancelled(ticks.tick()).await.is_some() {
        if let Err(error) = expire(app).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "operations were not checked for their deadline"
            );
        }
    }
}

async fn expire(app: &App) -> Answer<()> {
    let mut tx = app.db().as_system().await?;
    let expired = tx.expire_operations(Utc::now()).await?;
    tx.commit().await?;
    for operation in expired {
        metrics::counter!("gantry_operations_expired_total").increment(1);
        tracing::warn!(operation.id = %operation.id, server.id = %operation.server_id, "an operation ran out of time");
    }
    Ok(())
}
