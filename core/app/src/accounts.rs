//! People: their own account, and the accounts that administrators keep.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{AccountUpdate, PageQuery, UserInput, UserUpdate},
    rights::RightsChange,
    setup::person,
    views::{Page, UserView},
};
use gantry_auth::AdministratorGrant;
use gantry_domain::{
    audit::AuditEntry,
    page::PageRequest,
    problem, text,
    users::{self, Email, Role, User},
};
use gantry_store::users::{NewUser, UserChange};
use gantry_types::{SessionId, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

impl PageQuery {
    pub(crate) fn parse(self) -> Answer<PageRequest> {
        Ok(PageRequest::parse(self.cursor, self.limit)?)
    }
}

impl App {
    /// One's own account.
    pub async fn account(&self, ctx: &OpCtx) -> Answer<UserView> {
        Ok(self.db().as_user(&ctx.actor).await?.user(ctx.actor.user_id).await?.into())
    }

    /// Changes one's own account. A new password or address takes the present password.
    pub async fn update_account(&self, ctx: &OpCtx, update: AccountUpdate) -> Answer<UserView> {
        let user = self.db().as_user(&ctx.actor).await?.user(ctx.actor.user_id).await?;
        if update.email.is_some() || update.new_password.is_some() {
            self.confirm_password(&user, update.current_password.as_ref()).await?;
        }
        let change = AccountChange::check(&user, update.name, update.email, update.new_password)?;
        self.change_account(ctx, user.id, change, "newPassword", Some(ctx.actor.session_id), None).await
    }

    async fn confirm_password(&self, user: &User, given: Option<&SecretString>) -> Answer<()> {
        let wrong =
            || problem("currentPassword", "The present password is needed.", "Enter it as it is now.");
        let given = given.ok_or_else(wrong)?;
        let known = self.db().as_system().await?.credentials(&user.email).await?;
        let hash = known.and_then(|known| known.password_hash);
        if self.hasher().verify(given, hash.as_deref()).await?.is_right() {
            Ok(())
        } else {
            Err(wrong().into())
        }
    }

    /// All accounts, for administrators.
    pub async fn list_users(&self, ctx: &OpCtx, page: PageQuery) -> Answer<Page<UserView>> {
        let grant = ctx.actor.administrator()?;
        let users = self.db().as_user(&ctx.actor).await?.users(&grant, &page.parse()?).await?;
        Ok(Page::of(users, UserView::from))
    }

    pub async fn user(&self, ctx: &OpCtx, id: UserId) -> Answer<UserView> {
        ctx.actor.account(id)?;
        Ok(self.db().as_user(&ctx.actor).await?.user(id).await?.into())
    }

    pub async fn create_user(&self, ctx: &OpCtx, input: UserInput) -> Answer<UserView> {
        let grant = ctx.actor.administrator()?;
        let (name, email) = person(&input.name, &input.email, Some(("password", &input.password)))?;
        let password_hash = self.hasher().hash(&input.password).await?;
        let user = NewUser {
            id: UserId::new(gantry_store::new_uuid()),
            name,
            email,
            role: input.role,
            password_hash,
        };
        let entry = AuditEntry::new("user.create", "user", user.id, ctx.origin.clone())
            .after(json!({ "name": user.name, "email": user.email.as_str(), "role": user.role }));
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.create_user(&grant, &user, entry).await?;
        let made = tx.user(user.id).await?;
        tx.commit().await?;
        Ok(made.into())
    }

    /// Changes somebody's account, as an administrator: all of it or nothing.
    pub async fn update_user(&self, ctx: &OpCtx, id: UserId, update: UserUpdate) -> Answer<UserView> {
        let grant = ctx.actor.administrator()?;
        let user = self.db().as_user(&ctx.actor).await?.user(id).await?;
        let change = AccountChange::check(&user, update.name, update.email, update.password)?;
        let role = update.role.filter(|role| *role != user.role);
        let keep = (id == ctx.actor.user_id).then_some(ctx.actor.session_id);
        self.change_account(ctx, id, change, "password", keep, Some((grant, role))).await
    }

    /// Removes an account that owns no server.
    pub async fn delete_user(&self, ctx: &OpCtx, id: UserId) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        let user = self.db().as_user(&ctx.actor).await?.user(id).await?;
        let entry = AuditEntry::new("user.delete", "user", id, ctx.origin.clone())
            .before(json!({ "name": user.name, "email": user.email.as_str(), "role": user.role }));
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.delete_user(&grant, id, entry).await?;
        tx.commit().await?;
        self.rights_changed(RightsChange::User(id));
        Ok(())
    }

    async fn change_account(
        &self,
        ctx: &OpCtx,
        id: UserId,
        change: AccountChange,
        password_key: &str,
        keep: Option<SessionId>,
        by: Option<(AdministratorGrant, Option<Role>)>,
    ) -> Answer<UserView> {
        let AccountChange { before, change, password } = change;
        let hash = match &password {
            None => None,
            Some(password) => {
                let (name, email) = (
                    change.name.as_ref().unwrap_or(&before.name),
                    change.email.as_ref().unwrap_or(&before.email),
                );
                users::check_password(password_key, password.expose_secret(), email, name)?;
                Some(self.hasher().hash(password).await?)
            }
        };
        let user = self.store_account(ctx, id, &before, change, hash.as_deref(), keep, by).await?;
        self.rights_changed(RightsChange::User(id));
        Ok(user.into())
    }

    #[expect(clippy::too_many_arguments, reason = "one transaction over all that changes of an account")]
    async fn store_account(
        &self,
        ctx: &OpCtx,
        id: UserId,
        before: &User,
        change: UserChange,
        hash: Option<&str>,
        keep: Option<SessionId>,
        by: Option<(AdministratorGrant, Option<Role>)>,
    ) -> Answer<User> {
        let grant = ctx.actor.account(id)?;
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        match by {
            None => {}
            Some((administrator, None)) => tx.confirm_administrator(&administrator).await?,
            // It confirms by itself.
            Some((administrator, Some(role))) => {
                let entry = AuditEntry::new("user.role", "user", id, ctx.origin.clone())
                    .before(json!({ "role": before.role }))
                    .after(json!({ "role": role }));
                tx.set_role(&administrator, id, role, entry).await?;
            }
        }
        if change.name.is_some() || change.email.is_some() {
            let entry = AuditEntry::new("user.update", "user", id, ctx.origin.clone())
                .before(json!({ "name": before.name, "email": before.email.as_str() }))
                .after(json!({ "name": change.name, "email": change.email.as_ref().map(Email::as_str) }));
            tx.update_user(&grant, &change, entry).await?;
        }
        if let Some(hash) = hash {
            let entry = AuditEntry::new("user.password", "user", id, ctx.origin.clone());
            tx.set_password(&grant, hash, entry).await?;
            tx.end_sessions(&grant, keep).await?;
            // Whoever sets another's password means to decide anew who comes in by that account, by every door.
            if id != ctx.actor.user_id {
                let entry = AuditEntry::new("user.credentials", "user", id, ctx.origin.clone());
                tx.delete_credentials(&grant, entry).await?;
            }
        }
        let user = tx.user(id).await?;
        tx.commit().await?;
        Ok(user)
    }
}

/// What changes of an account, checked as far as it can be without its password.
struct AccountChange {
    before: User,
    change: UserChange,
    password: Option<SecretString>,
}

impl AccountChange {
    fn check(
        before: &User,
        name: Option<String>,
        email: Option<String>,
        password: Option<SecretString>,
    ) -> Answer<Self> {
        let name = name.map(|name| text::name("name", &name)).transpose();
        let email = email.map(|email| Email::parse("email", &email)).transpose();
        match (name, email) {
            (Ok(name), Ok(email)) => {
                Ok(Self { before: before.clone(), change: UserChange { name, email }, password })
            }
            (name, email) => {
                Err(AppError::fields_of([name.err(), email.err()].into_iter().flatten().collect()))
            }
        }
    }
}
