//! Releases come and go while servers run: granted, declined, gone back to, removed; plugins disabled and enabled.
//!
//! Nothing of this stops or starts anything. A release that is left goes on for the servers that are pinned to it.

use super::{intake::granted, trust::still_trusted};
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{GrantsInput, RollbackInput},
    views::PluginView,
};
use bytes::Bytes;
use gantry_domain::{
    audit::AuditEntry,
    plugins::{Plugin, Release},
};
use gantry_store::SystemTx;
use gantry_types::{PluginId, problem::Code};
use serde_json::{Value, json};

impl App {
    /// Grants the release that waits what it is to have, and makes it current; or grants the current one more or less.
    pub async fn grant_plugin(&self, ctx: &OpCtx, id: PluginId, input: GrantsInput) -> Answer<PluginView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_system().await?;
        decidable(&tx.plugin(id).await?, &input.digest)?;
        let component = Bytes::from(tx.component(&input.digest).await?);
        drop(tx);
        // What imports more than it is granted does not load, and its refusal says what it is.
        let grants = input.capabilities.iter().cloned().collect();
        let loaded = self.components().inspect(&component, &grants).await?;
        let granted = granted(&loaded, input.capabilities)?;
        self.still_administrator(ctx).await?;
        let mut tx = self.changing(ctx).await?;
        let plugin = tx.plugin(id).await?;
        let release = decidable(&plugin, &input.digest)?;
        if release.digest != plugin.release.digest || release.granted != granted {
            let entry = AuditEntry::new("plugin.grant", "plugin", &plugin.manifest_id, ctx.origin.clone())
                .before(told(&plugin.release))
                .after(json!({ "version": release.version, "digest": release.digest, "granted": granted }));
            if release.accepted_at.is_none() {
                still_trusted(&mut tx, release.origin.as_ref()).await?;
            }
            tx.grant_release(&grant, id, &release.digest, &granted, entry).await?;
            tx.commit().await?;
            self.components().keep(loaded);
        }
        self.plugin(ctx, id).await
    }

    /// Goes back, or forward, to a release that was current before. Servers stay where they are.
    pub async fn roll_back_plugin(
        &self,
        ctx: &OpCtx,
        id: PluginId,
        input: RollbackInput,
    ) -> Answer<PluginView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.changing(ctx).await?;
        let (plugin, release) = (tx.plugin(id).await?, tx.plugin_release(id, &input.digest).await?);
        if release.accepted_at.is_none() {
            let detail = format!("Version {} waits for a grant; grant or decline it.", release.version);
            return Err(AppError::refused(Code::Conflict, detail));
        }
        if release.digest != plugin.release.digest {
            let entry = AuditEntry::new("plugin.rollback", "plugin", &plugin.manifest_id, ctx.origin.clone())
                .before(told(&plugin.release))
                .after(told(&release));
            tx.roll_back(&grant, id, &release.digest, entry).await?;
            tx.commit().await?;
        }
        self.plugin(ctx, id).await
    }

    /// Has nothing new made of a plugin. Its servers go on.
    pub async fn disable_plugin(&self, ctx: &OpCtx, id: PluginId) -> Answer<PluginView> {
        let entry = |plugin: &Plugin| {
            AuditEntry::new("plugin.disable", "plugin", &plugin.manifest_id, ctx.origin.clone())
        };
        self.switch(ctx, id, Switch::Off, entry).await
    }

    pub async fn enable_plugin(&self, ctx: &OpCtx, id: PluginId) -> Answer<PluginView> {
        let entry = |plugin: &Plugin| {
            AuditEntry::new("plugin.enable", "plugin", &plugin.manifest_id, ctx.origin.clone())
        };
        self.switch(ctx, id, Switch::On, entry).await
    }

    async fn switch(
        &self,
        ctx: &OpCtx,
        id: PluginId,
        to: Switch,
        entry: impl FnOnce(&Plugin) -> AuditEntry,
    ) -> Answer<PluginView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.changing(ctx).await?;
        let plugin = tx.plugin(id).await?;
        let entry = entry(&plugin).after(json!({ "name": plugin.release.name }));
        if tx.set_disabled(&grant, id, to == Switch::Off, entry).await? {
            tx.commit().await?;
        }
        self.plugin(ctx, id).await
    }

    /// Declines the release that waits, or removes one that nobody runs.
    pub async fn delete_release(&self, ctx: &OpCtx, id: PluginId, digest: &str) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.changing(ctx).await?;
        let (plugin, release) = (tx.plugin(id).await?, tx.plugin_release(id, digest).await?);
        let origin = ctx.origin.clone();
        if plugin.waiting.as_ref().is_some_and(|waiting| waiting.digest == digest) {
            let entry = AuditEntry::new("plugin.decline", "plugin", &plugin.manifest_id, origin);
            tx.decline_release(&grant, id, entry.before(told(&release))).await?;
            return Ok(tx.commit().await?);
        }
        let version = &release.version;
        let returning = tx.servers_moved_from(digest).await?;
        let hindrance = match (digest == plugin.release.digest, release.servers, returning) {
            (true, ..) => Some(format!("Version {version} is current. Go back to another first.")),
            (false, 0, 0) => None,
            (false, 0, many) => Some(format!(
                "{} moved away from version {version} and not started since: with the next start it shows whether they \
                 stay or go back. Start or restart them first.",
                if many == 1 { "One server was".to_owned() } else { format!("{many} servers were") }
            )),
            (false, 1, _) => Some(format!("One server runs version {version}. Move it first.")),
            (false, many, _) => Some(format!("{many} servers run version {version}. Move them first.")),
        };
        if let Some(detail) = hindrance {
            return Err(AppError::refused(Code::InUse, detail));
        }
        let entry = AuditEntry::new("plugin.forget", "plugin", &plugin.manifest_id, origin);
        tx.delete_release(&grant, id, digest, entry.before(told(&release))).await?;
        Ok(tx.commit().await?)
    }

    /// A transaction of an administrator that nobody else changes plugins beside.
    pub(super) async fn changing(&self, ctx: &OpCtx) -> Answer<SystemTx> {
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.lock_plugins().await?;
        Ok(tx)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Switch {
    On,
    Off,
}

/// The release of which grants can be decided: the one that waits, or the current one.
fn decidable<'a>(plugin: &'a Plugin, digest: &str) -> Answer<&'a Release> {
    let both = plugin.waiting.iter().chain([&plugin.release]);
    both.into_iter().find(|release| release.digest == digest).ok_or_else(|| {
        let detail =
            "This release neither waits nor is current any more. Look again, and decide by what is there.";
        AppError::refused(Code::Conflict, detail)
    })
}

fn told(release: &Release) -> Value {
    json!({ "version": release.version, "digest": release.digest, "granted": release.granted })
}
