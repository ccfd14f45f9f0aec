//! What plugins are owed of events, as administrators see it; and the two things that they can do about it.

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    views::DeliveriesView,
};
use gantry_domain::{
    audit::AuditEntry,
    events::{EventKind, Happening},
    plugins::Plugin,
};
use gantry_store::deliveries::Asked;
use gantry_types::{PluginId, problem::Code};
use serde_json::json;

impl App {
    /// What was told last, waits, and was given up.
    pub async fn plugin_deliveries(&self, ctx: &OpCtx, id: PluginId) -> Answer<DeliveriesView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.plugin(id).await?;
        Ok(tx.deliveries(&grant, id).await?.into())
    }

    /// Has a plugin told an event that means nothing.
    pub async fn test_delivery(&self, ctx: &OpCtx, id: PluginId) -> Answer<DeliveriesView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.changing(ctx).await?;
        let plugin = tx.plugin(id).await?;
        let entry = AuditEntry::new("plugin.test", "plugin", &plugin.manifest_id, ctx.origin.clone())
            .after(json!({ "name": plugin.release.name }));
        let no = match tx.tell_one(&grant, id, Happening::new(EventKind::Test), entry).await? {
            Asked::Waits => None,
            Asked::Already => Some("A test waits to be told already. The list says when, and why."),
            Asked::Deaf => Some(deaf(&plugin)),
        };
        if let Some(detail) = no {
            return Err(AppError::refused(Code::Conflict, detail));
        }
        tx.commit().await?;
        self.plugin_deliveries(ctx, id).await
    }

    /// Has a plugin told at once what waits and what was given up.
    pub async fn retry_deliveries(&self, ctx: &OpCtx, id: PluginId) -> Answer<DeliveriesView> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.changing(ctx).await?;
        let plugin = tx.plugin(id).await?;
        let entry = AuditEntry::new("plugin.retry", "plugin", &plugin.manifest_id, ctx.origin.clone())
            .after(json!({ "name": plugin.release.name }));
        tx.retry_deliveries(&grant, id, entry).await?;
        tx.commit().await?;
        self.plugin_deliveries(ctx, id).await
    }
}

/// Why a plugin hears nothing at the moment.
fn deaf(plugin: &Plugin) -> &'static str {
    match (&plugin.release.listening, plugin.disabled_at) {
        (None, _) => "This plugin does not listen to events.",
        (Some(_), Some(_)) => "The plugin is disabled. Enable it first.",
        (Some(_), None) => "Settings that the plugin needs are missing. Set them first.",
    }
}
