//! Secrets that a plugin asks for by name: stored, replaced and taken away by administrators, and shown to nobody.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::SecretInput,
    views::{Page, PluginSecretView},
};
use gantry_domain::{audit::AuditEntry, grants::Scope, plugins::Plugin, problem};
use gantry_host::SECRETS;
use gantry_store::SystemTx;
use gantry_types::PluginId;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::collections::BTreeSet;

/// Longest secret, in bytes: a private key of the longest kind, with its certificates.
const MOST: usize = 16 * 1024;

impl App {
    /// Which secrets a plugin asks for, and which are stored for it.
    pub async fn plugin_secrets(&self, ctx: &OpCtx, id: PluginId) -> Answer<Page<PluginSecretView>> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let plugin = tx.plugin(id).await?;
        let stored = tx.plugin_secrets(&grant, id).await?;
        let asked = asked(&plugin);
        let names: BTreeSet<&str> =
            asked.iter().map(String::as_str).chain(stored.iter().map(|one| one.name.as_str())).collect();
        let view = |name: &str| PluginSecretView {
            name: name.to_owned(),
            is_asked_for: asked.contains(name),
            updated_at: stored.iter().find(|one| one.name == name).map(|one| one.updated_at),
        };
        Ok(Page::whole(names.into_iter().map(view).collect()))
    }

    /// Stores a secret under a name that the plugin asks for, in place of any that is there.
    pub async fn set_plugin_secret(
        &self,
        ctx: &OpCtx,
        id: PluginId,
        name: &str,
        input: SecretInput,
    ) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        check(&input.value)?;
        let mut tx = self.on_behalf(ctx).await?;
        let plugin = tx.plugin(id).await?;
        if !asked(&plugin).contains(name) {
            return Err(AppError::not_found("secret that this plugin asks for"));
        }
        let entry = AuditEntry::new("plugin.secret.set", "plugin", &plugin.manifest_id, ctx.origin.clone())
            .after(json!({ "secret": name }));
        tx.set_plugin_secret(&grant, id, (name, &input.value), entry).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a secret away, whether the plugin still asks for it or not.
    pub async fn remove_plugin_secret(&self, ctx: &OpCtx, id: PluginId, name: &str) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.on_behalf(ctx).await?;
        let plugin = tx.plugin(id).await?;
        let entry =
            AuditEntry::new("plugin.secret.remove", "plugin", &plugin.manifest_id, ctx.origin.clone())
                .before(json!({ "secret": name }));
        tx.remove_plugin_secret(&grant, id, name, entry).await?;
        Ok(tx.commit().await?)
    }

    async fn on_behalf(&self, ctx: &OpCtx) -> Answer<SystemTx> {
        Ok(self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name))
    }
}

/// Names that the plugin asks for: as it is, and as it would be if what waits were granted.
fn asked(plugin: &Plugin) -> BTreeSet<String> {
    let releases = plugin.waiting.iter().chain([&plugin.release]);
    releases.flat_map(|release| Scope::of(&release.manifest, SECRETS).names).collect()
}

fn check(value: &SecretString) -> Answer<()> {
    let value = value.expose_secret();
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    let (message, remedy) = match value.len() {
        0 => ("It is empty.", "Type or paste the secret; to have none, remove it."),
        length if length > MOST => ("It is longer than 16 KiB.", "Paste the secret alone."),
        _ if value.contains(odd) => ("It has control characters.", "Copy it again, as text."),
        _ => return Ok(()),
    };
    Err(problem("value", message, remedy).into())
}
