//! People invited to a server, within the rights of whoever invites.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{MemberInput, MemberUpdate},
    rights::RightsChange,
    views::{MemberView, Page, PermissionView},
};
use gantry_auth::rights;
use gantry_domain::{audit::AuditEntry, members, problem, users::Email};
use gantry_types::{ServerId, UserId, permission::Permission, problem::Code};
use serde_json::json;
use std::collections::BTreeSet;

/// Every right that there is, with what it allows.
pub fn permissions() -> Page<PermissionView> {
    Page::whole(PermissionView::all())
}

impl App {
    pub async fn list_members(&self, ctx: &OpCtx, server: ServerId) -> Answer<Page<MemberView>> {
        let (mut tx, access) = self.access(ctx, server).await?;
        let members = tx.members(&access.grant::<rights::MembersRead>()?).await?;
        Ok(Page::whole(members.into_iter().map(MemberView::from).collect()))
    }

    /// Makes somebody a member who has an account, at once and without being asked.
    ///
    /// So the answer tells whether an address has an account here: there is no invitation that could wait for one, and
    /// whoever shares a server has to learn that it was a typing error. Who may ask how often is the edge's to limit.
    pub async fn invite_member(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        input: MemberInput,
    ) -> Answer<MemberView> {
        let (mut tx, access) = self.access_to_members(ctx, server).await?;
        let grant = access.grant::<rights::MembersCreate>()?;
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        let asked = input.permissions.into_iter().collect();
        let permissions = members::grantable(&access.permissions(), &BTreeSet::new(), &asked)?;
        let email = Email::parse("email", &input.email)?;
        let unknown = || {
            problem(
                "email",
                "Nobody has an account with this address.",
                "An administrator adds people, under People; then they can be a member here.",
            )
        };
        let person = tx.find_person(&email).await?.ok_or_else(unknown)?;
        if person.id == tx.server(server).await?.owner.id {
            return Err(AppError::refused(Code::Conflict, "The server belongs to this person already."));
        }
        let entry = AuditEntry::new("member.create", "user", person.id, ctx.origin.clone())
            .about(server)
            .after(json!({ "name": person.name, "permissions": permissions }));
        tx.create_member(&grant, person.id, &permissions, entry).await?;
        let made = MemberView::from(tx.member(server, person.id).await?);
        ctx.keep(&mut tx, 201, &made).await?;
        tx.commit().await?;
        self.rights_changed(RightsChange::User(person.id));
        Ok(made)
    }

    pub async fn update_member(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        user: UserId,
        update: MemberUpdate,
    ) -> Answer<MemberView> {
        let (mut tx, access) = self.access_to_members(ctx, server).await?;
        let grant = access.grant::<rights::MembersUpdate>()?;
        let present = tx.member(server, user).await?;
        let asked = update.permissions.into_iter().collect();
        let permissions = members::grantable(&access.permissions(), &present.permissions, &asked)?;
        let entry = AuditEntry::new("member.update", "user", user, ctx.origin.clone())
            .about(server)
            .before(json!({ "permissions": present.permissions }))
            .after(json!({ "permissions": permissions }));
        tx.update_member(&grant, user, &permissions, entry).await?;
        let after = tx.member(server, user).await?;
        tx.commit().await?;
        self.rights_changed(RightsChange::User(user));
        Ok(after.into())
    }

    /// Removes a member; everybody may remove themselves.
    pub async fn remove_member(&self, ctx: &OpCtx, server: ServerId, user: UserId) -> Answer<()> {
        let (mut tx, access) = self.access_to_members(ctx, server).await?;
        let action = if user == ctx.actor.user_id { "member.leave" } else { "member.delete" };
        let entry = AuditEntry::new(action, "user", user, ctx.origin.clone()).about(server);
        if user == ctx.actor.user_id {
            tx.leave_server(&access.grant::<rights::ServerRead>()?, entry).await?;
        } else {
            let grant = access.grant::<rights::MembersDelete>()?;
            let present = tx.member(server, user).await?;
            // Taking somebody's rights away is changing them: nobody takes what they do not have.
            members::grantable(
                &access.permissions(),
                &present.permissions,
                &BTreeSet::from([Permission::ServerRead]),
            )?;
            let entry = entry.before(json!({ "name": present.name, "permissions": present.permissions }));
            tx.delete_member(&grant, user, entry).await?;
        }
        tx.commit().await?;
        self.rights_changed(RightsChange::User(user));
        Ok(())
    }
}
