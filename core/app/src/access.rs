//! What a caller may do with a server, asked inside the transaction that acts on the answer.

use crate::{App, OpCtx, error::Answer};
use gantry_auth::{Denied, ServerAccess};
use gantry_domain::servers::Server;
use gantry_store::UserTx;
use gantry_types::{ServerId, permission::Permission};

impl App {
    /// Begins a transaction for the caller and weighs what the caller may do with the server.
    pub(crate) async fn access(&self, ctx: &OpCtx, server: ServerId) -> Answer<(UserTx, ServerAccess)> {
        weighed(self.db().as_user(&ctx.actor).await?, ctx, server).await
    }

    /// The same, for who changes members: one after another, so that nobody gives or keeps a right by one that is being
    /// taken from them.
    pub(crate) async fn access_to_members(
        &self,
        ctx: &OpCtx,
        server: ServerId,
    ) -> Answer<(UserTx, ServerAccess)> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.members_turn(server).await?;
        weighed(tx, ctx, server).await
    }

    /// The same, for who needs the server's row too.
    pub(crate) async fn server_and_access(
        &self,
        ctx: &OpCtx,
        server: ServerId,
    ) -> Answer<(UserTx, ServerAccess, Server)> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let (access, row) = tx.server_with_access(&ctx.actor, server).await?;
        access.standing()?;
        Ok((tx, access, row.ok_or(Denied::Hidden)?))
    }

    /// The same, for who needs one right.
    pub(crate) async fn server_with(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        permission: Permission,
    ) -> Answer<(UserTx, ServerAccess, Server)> {
        let (tx, access, row) = self.server_and_access(ctx, server).await?;
        access.require(permission)?;
        Ok((tx, access, row))
    }
}

async fn weighed(mut tx: UserTx, ctx: &OpCtx, server: ServerId) -> Answer<(UserTx, ServerAccess)> {
    let access = tx.server_access(&ctx.actor, server).await?;
    access.standing()?;
    Ok((tx, access))
}
