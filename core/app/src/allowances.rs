//! What an account may take of all nodes together: shown to its person, set by administrators, and kept whenever a server
//! is made or grows.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    views::AllowanceView,
};
use gantry_domain::{
    allowances::{self, Allowance},
    audit::AuditEntry,
    servers::Server,
};
use gantry_store::UserTx;
use gantry_types::{UserId, blueprint::FieldProblem, problem::Code, units::Limits};
use serde_json::{Value, json};

impl App {
    /// One's own allowance, with what is left of it.
    pub async fn own_allowance(&self, ctx: &OpCtx) -> Answer<AllowanceView> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        view(&mut tx, ctx.actor.user_id).await
    }

    /// Anybody's, for administrators.
    pub async fn allowance(&self, ctx: &OpCtx, user: UserId) -> Answer<AllowanceView> {
        ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.user(user).await?;
        view(&mut tx, user).await
    }

    /// Replaces an account's bounds, as an administrator. What is taken beyond them stays; there is no more of it.
    pub async fn set_allowance(
        &self,
        ctx: &OpCtx,
        user: UserId,
        allowance: Allowance,
    ) -> Answer<AllowanceView> {
        let grant = ctx.actor.administrator()?;
        allowances::check(&allowance).map_err(AppError::fields_of)?;
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.user(user).await?;
        // Whoever takes of it at this moment is either counted or refused.
        tx.lock_allowance(user).await?;
        let before = tx.allowance(user).await?;
        let entry = AuditEntry::new("user.allowance", "user", user, ctx.origin.clone())
            .before(told(&before))
            .after(told(&allowance));
        tx.set_allowance(&grant, user, &allowance, entry).await?;
        tx.commit().await?;
        self.allowance(ctx, user).await
    }
}

async fn view(tx: &mut UserTx, user: UserId) -> Answer<AllowanceView> {
    let (limits, held) = (tx.allowance(user).await?, tx.holdings(user).await?);
    Ok(AllowanceView::of(limits, &held))
}

/// For the audit log, where null would mean that it stayed as it was.
fn told(allowance: &Allowance) -> Value {
    let bound = |bound: Option<u64>| bound.map_or_else(|| json!("unlimited"), |bound| json!(bound));
    json!({
        "servers": bound(allowance.servers),
        "memoryMib": bound(allowance.memory_mib),
        "diskMib": bound(allowance.disk_mib),
        "cpuPercent": bound(allowance.cpu_percent),
    })
}

/// What stands in the way of one more server. Without the lock it is a preview.
pub(crate) async fn hindrances(tx: &mut UserTx, owner: UserId, asked: Limits) -> Answer<Vec<FieldProblem>> {
    let allowance = tx.allowance(owner).await?;
    if allowance == Allowance::default() {
        return Ok(Vec::new());
    }
    let held = tx.holdings(owner).await?;
    Ok(allowances::admits(asked, &allowance, &held).err().unwrap_or_default())
}

/// Holds the owner's allowance until the transaction ends, and refuses one more server that it does not admit.
pub(crate) async fn take(tx: &mut UserTx, owner: UserId, asked: Limits) -> Answer<()> {
    tx.lock_allowance(owner).await?;
    refuse(hindrances(tx, owner, asked).await?)
}

/// The same for a server that is to have other limits.
pub(crate) async fn take_change(tx: &mut UserTx, before: &Server, asked: Limits) -> Answer<()> {
    let owner = before.owner.id;
    tx.lock_allowance(owner).await?;
    let (allowance, held) = (tx.allowance(owner).await?, tx.holdings(owner).await?);
    let admitted = allowances::admits_change(before.limits, asked, &allowance, &held);
    refuse(admitted.err().unwrap_or_default())
}

fn refuse(fields: Vec<FieldProblem>) -> Answer<()> {
    if fields.is_empty() { Ok(()) } else { Err(AppError::Fields { code: Code::AllowanceExceeded, fields }) }
}
