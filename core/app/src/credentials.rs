//! Keys and app passwords: what people show at a node's own door. Everybody has their own alone.
//!
//! A change is told to the nodes before the answer is read: whoever takes a key away may rely on it.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{AppPasswordInput, SshKeyInput},
    views::{AppPasswordCreated, AppPasswordView, Page, SshKeyView},
};
use chrono::Utc;
use gantry_domain::{
    audit::AuditEntry,
    credentials::{self, AppPassword, MAX_CREDENTIALS, SshKey},
    problem,
    ssh_keys::PublicKey,
};
use gantry_store::StoreError;
use gantry_types::{AppPasswordId, SshKeyId, problem::Code};
use serde_json::json;

// The bound of the domain is the one that nodes hold people to.
const _: () = assert!(MAX_CREDENTIALS == gantry_protocol::MAX_SFTP_CREDENTIALS);

impl App {
    /// One's own keys, oldest first.
    pub async fn ssh_keys(&self, ctx: &OpCtx) -> Answer<Page<SshKeyView>> {
        let keys = self.db().as_user(&ctx.actor).await?.ssh_keys().await?;
        Ok(Page::whole(keys.into_iter().map(SshKeyView::from).collect()))
    }

    pub async fn create_ssh_key(&self, ctx: &OpCtx, input: SshKeyInput) -> Answer<SshKeyView> {
        let (name, key) =
            (credentials::name("name", &input.name), PublicKey::parse("publicKey", &input.public_key));
        let (name, key) = match (name, key) {
            (Ok(name), Ok(key)) => (name, key),
            (name, key) => {
                return Err(AppError::fields_of([name.err(), key.err()].into_iter().flatten().collect()));
            }
        };
        let key = SshKey {
            id: SshKeyId::new(gantry_store::new_uuid()),
            name,
            public_key: key.text,
            fingerprint: key.fingerprint,
            created_at: Utc::now(),
            last_used_at: None,
        };
        let entry = AuditEntry::new("ssh_key.create", "ssh_key", key.id, ctx.origin.clone())
            .after(json!({ "name": key.name, "fingerprint": key.fingerprint }));
        let mut tx = self.db().as_user(&ctx.actor).await?;
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        tx.create_ssh_key(&ctx.actor.own_account(), &key, entry).await.map_err(|error| match error {
            StoreError::KeyKnown => {
                problem("publicKey", "This key is on your account already.", "Nothing has to be done.").into()
            }
            error => taken(error, "SSH keys"),
        })?;
        let made = SshKeyView::from(tx.ssh_key(key.id).await?);
        ctx.keep(&mut tx, 201, &made).await?;
        tx.commit().await?;
        self.grants_changed();
        Ok(made)
    }

    pub async fn delete_ssh_key(&self, ctx: &OpCtx, id: SshKeyId) -> Answer<()> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let key = tx.ssh_key(id).await?;
        let entry = AuditEntry::new("ssh_key.delete", "ssh_key", id, ctx.origin.clone())
            .before(json!({ "name": key.name, "fingerprint": key.fingerprint }));
        tx.delete_ssh_key(&ctx.actor.own_account(), id, entry).await?;
        tx.commit().await?;
        self.grants_changed();
        Ok(())
    }

    /// One's own app passwords, oldest first, without the passwords.
    pub async fn app_passwords(&self, ctx: &OpCtx) -> Answer<Page<AppPasswordView>> {
        let passwords = self.db().as_user(&ctx.actor).await?.app_passwords().await?;
        Ok(Page::whole(passwords.into_iter().map(AppPasswordView::from).collect()))
    }

    /// Makes an app password. This answer alone has it, so that it is kept for no repeated request either.
    pub async fn create_app_password(
        &self,
        ctx: &OpCtx,
        input: AppPasswordInput,
    ) -> Answer<AppPasswordCreated> {
        let now = Utc::now();
        let (name, expires_at) =
            (credentials::name("name", &input.name), credentials::expiry("expiresAt", input.expires_at, now));
        let (name, expires_at) = match (name, expires_at) {
            (Ok(name), Ok(expires_at)) => (name, expires_at),
            (name, end) => {
                return Err(AppError::fields_of([name.err(), end.err()].into_iter().flatten().collect()));
            }
        };
        let secret = gantry_auth::AppPassword::generate()?;
        let id = AppPasswordId::new(gantry_store::new_uuid());
        let made = AppPassword { id, name, created_at: now, last_used_at: None, expires_at };
        let entry = AuditEntry::new("app_password.create", "app_password", id, ctx.origin.clone())
            .after(json!({ "name": made.name, "expiresAt": made.expires_at }));
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.create_app_password(&ctx.actor.own_account(), &made, &secret.digest(), entry)
            .await
            .map_err(|error| taken(error, "app passwords"))?;
        let made = tx.app_password(id).await?;
        tx.commit().await?;
        self.grants_changed();
        Ok(AppPasswordCreated { app_password: made.into(), password: secret.expose().to_owned() })
    }

    pub async fn delete_app_password(&self, ctx: &OpCtx, id: AppPasswordId) -> Answer<()> {
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let password = tx.app_password(id).await?;
        let entry = AuditEntry::new("app_password.delete", "app_password", id, ctx.origin.clone())
            .before(json!({ "name": password.name, "expiresAt": password.expires_at }));
        tx.delete_app_password(&ctx.actor.own_account(), id, entry).await?;
        tx.commit().await?;
        self.grants_changed();
        Ok(())
    }
}

/// Why one more was not made, at its field where there is one.
fn taken(error: StoreError, nouns: &str) -> AppError {
    match error {
        StoreError::NameTaken => {
            problem("name", format!("Another of your {nouns} has this name."), "Choose another name.").into()
        }
        StoreError::InUse(_) => {
            let detail = format!("You have {MAX_CREDENTIALS} {nouns}; remove one that you do not use.");
            AppError::refused(Code::Conflict, detail)
        }
        error => error.into(),
    }
}
