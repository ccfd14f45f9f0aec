//! Plugins: taken in, granted, offered and put away.
//!
//! A component is loaded by the host before it is stored, so nothing that cannot run is ever offered. What it asks for
//! and what it is granted are two lists; the grant binds exactly this component.
//!
//! Modules in reading order: here what is shown; `intake` takes what administrators bring, `bundled` what comes with Gantry,
//! `trust` is the policy, `logins` are the words for private registries, `registry` pulls and judges, `lifecycle` has releases come and go, `secrets` holds what they ask for by name, `verdicts` hears what became of their plans;
//! `settings` are those of a plugin as a whole, `telling` has plugins told what happened, `deliveries` shows what came of that,
//! `conduct` how they fare wherever they run, `records` calls of theirs that were stopped.

mod bundled;
mod conduct;
mod deliveries;
mod intake;
mod lifecycle;
mod logins;
mod records;
mod registry;
mod secrets;
mod settings;
mod telling;
mod trust;
mod verdicts;

pub use bundled::Bundled;
pub(crate) use bundled::read;
pub use conduct::measure_plugins;
pub(crate) use intake::offered;
pub use intake::{PluginFile, PluginUpload, Takeover};
pub(crate) use telling::tell;
pub(crate) use verdicts::{AskedFor, ended_on_node, fault_on_node};

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    views::{BlueprintName, BlueprintView, Page, PluginFailureView, PluginView, ReleaseView},
};
use gantry_domain::{
    audit::AuditEntry,
    plugins::{BlueprintKey, OfferedBlueprint, Plugin},
};
use gantry_types::PluginId;
use serde_json::json;

impl App {
    pub async fn list_plugins(&self, ctx: &OpCtx) -> Answer<Page<PluginView>> {
        ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let (plugins, blueprints) = (tx.plugins().await?, tx.blueprints().await?);
        Ok(Page::whole(plugins.into_iter().map(|plugin| view(plugin, &blueprints)).collect()))
    }

    pub async fn plugin(&self, ctx: &OpCtx, id: PluginId) -> Answer<PluginView> {
        ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let (plugin, blueprints) = (tx.plugin(id).await?, tx.blueprints().await?);
        Ok(view(plugin, &blueprints))
    }

    /// The releases of a plugin, latest first.
    pub async fn plugin_releases(&self, ctx: &OpCtx, id: PluginId) -> Answer<Page<ReleaseView>> {
        ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let (plugin, releases) = (tx.plugin(id).await?, tx.releases(id).await?);
        Ok(Page::whole(releases.into_iter().map(|release| ReleaseView::of(release, &plugin)).collect()))
    }

    /// What went wrong in a plugin, here and on nodes, latest first.
    pub async fn plugin_failures(&self, ctx: &OpCtx, id: PluginId) -> Answer<Page<PluginFailureView>> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_user(&ctx.actor).await?;
        tx.plugin(id).await?;
        let failures = tx.plugin_failures(&grant, id).await?;
        Ok(Page::whole(failures.into_iter().map(PluginFailureView::from).collect()))
    }

    /// Removes a plugin that no server runs.
    pub async fn delete_plugin(&self, ctx: &OpCtx, id: PluginId) -> Answer<()> {
        let grant = ctx.actor.administrator()?;
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        let plugin = tx.plugin(id).await?;
        let entry = AuditEntry::new("plugin.delete", "plugin", id, ctx.origin.clone())
            .before(json!({ "manifestId": plugin.manifest_id, "digest": plugin.release.digest }));
        tx.delete_plugin(&grant, id, entry).await?;
        Ok(tx.commit().await?)
    }

    /// What can be made into a server.
    pub async fn list_blueprints(&self, ctx: &OpCtx) -> Answer<Page<BlueprintView>> {
        let blueprints = self.db().as_user(&ctx.actor).await?.blueprints().await?;
        Ok(Page::whole(blueprints.into_iter().map(BlueprintView::from).collect()))
    }

    /// One blueprint by `plugin:blueprint`.
    pub async fn blueprint(&self, ctx: &OpCtx, id: &str) -> Answer<BlueprintView> {
        let key: BlueprintKey = id.parse().map_err(|_| AppError::not_found("blueprint"))?;
        Ok(self.db().as_user(&ctx.actor).await?.blueprint(&key).await?.into())
    }
}

fn view(plugin: Plugin, blueprints: &[OfferedBlueprint]) -> PluginView {
    let own = blueprints.iter().filter(|offered| offered.plugin_id == plugin.id);
    let names = own.map(|offered| BlueprintName::of(&offered.key, &offered.blueprint.name)).collect();
    PluginView::of(plugin, names)
}
