//! Reading the audit log.

use crate::{
    App, OpCtx,
    error::Answer,
    inputs::PageQuery,
    views::{AuditView, Page},
};
use gantry_auth::rights;
use gantry_types::ServerId;

impl App {
    /// The whole log, latest first; for administrators.
    pub async fn audit(&self, ctx: &OpCtx, page: PageQuery) -> Answer<Page<AuditView>> {
        let grant = ctx.actor.administrator()?;
        let log = self.db().as_user(&ctx.actor).await?.audit_log(&grant, &page.parse()?).await?;
        Ok(Page::of(log, AuditView::whole))
    }

    /// What was done to one server, latest first.
    pub async fn server_activity(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        page: PageQuery,
    ) -> Answer<Page<AuditView>> {
        let (mut tx, access) = self.access(ctx, server).await?;
        let log = tx.activity(&access.grant::<rights::ActivityRead>()?, &page.parse()?).await?;
        let show = if ctx.actor.is_administrator() { AuditView::whole } else { AuditView::for_members };
        Ok(Page::of(log, show))
    }
}
