//! Plugins: taken in, granted, offered and put away.
//!
//! A component is loaded by the host before it is stored, so nothing that cannot run is ever offered. What it asks for
//! and what it is granted are two lists; the grant binds exactly this component.

use crate::{
    App, OpCtx, Origin,
    components::{context, failed},
    error::{Answer, AppError},
    views::{BlueprintName, BlueprintView, Page, PluginView},
    workshop::all,
};
use bytes::Bytes;
use gantry_domain::{
    audit::AuditEntry,
    plugins::{BlueprintKey, CapabilityRequest, OfferedBlueprint, Plugin, compare_versions},
};
use gantry_host::{Part, Plugin as Loaded};
use gantry_store::plugins::NewRelease;
use gantry_types::{PluginId, blueprint::Blueprint, problem::Code};
use serde_json::json;
use std::{
    cmp::Ordering,
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Blueprints that one plugin may offer.
const MAX_BLUEPRINTS: usize = 200;

/// A component that somebody uploads.
pub struct PluginUpload {
    pub component: Bytes,
    /// The capabilities that it is granted.
    pub grants: Vec<String>,
    pub takeover: Takeover,
}

/// Whether an upload may take the place of a plugin that it is no update of: a bundled one, or a later version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    Refused,
    Meant,
}

/// What became of the bundled plugins at the start.
#[derive(Clone, Debug, Default)]
pub struct Bundled {
    pub installed: Vec<String>,
    /// Files that did not become plugins, with why.
    pub refused: Vec<(PathBuf, String)>,
}

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

    /// Takes a component in, with the capabilities that the administrator grants to exactly it.
    pub async fn upload_plugin(&self, ctx: &OpCtx, upload: PluginUpload) -> Answer<PluginView> {
        let PluginUpload { component, grants, takeover } = upload;
        let grant = ctx.actor.administrator()?;
        let loaded = self.components().inspect(&component, &grants.iter().cloned().collect()).await?;
        let granted = granted(&loaded, grants)?;
        let release = release(&loaded, &component, granted, false).await?;
        let entry = installed_entry(&release, ctx.origin.clone());
        let mut tx = self.db().as_system().await?.on_behalf(ctx.actor.user_id, &ctx.actor.name);
        tx.lock_plugins().await?;
        if takeover == Takeover::Refused {
            let mut present = tx.plugins().await?.into_iter();
            let present = present.find(|plugin| plugin.manifest_id == release.manifest_id);
            present.map_or(Ok(()), |present| updates(&release, &present))?;
        }
        let installed = tx.install_plugin(&grant, &release, entry).await?;
        tx.commit().await?;
        self.components().keep(loaded);
        self.plugin(ctx, installed.plugin_id).await
    }

    /// Installs the components of a directory, as Gantry brings them. One that is at fault does not keep the others from
    /// it, and none replaces what an administrator uploaded under the same name.
    pub async fn install_bundled(&self, directory: &Path) -> Answer<Bundled> {
        let mut result = Bundled::default();
        for path in components_in(directory).await? {
            match self.install_file(&path).await {
                Ok(Some(name)) => result.installed.push(name),
                Ok(None) => {}
                Err(error @ AppError::Store(_)) => return Err(error),
                Err(error) => {
                    tracing::error!(
                        path = %path.display(), error = &error as &dyn std::error::Error,
                        "a bundled plugin was not installed"
                    );
                    result.refused.push((path, error.detail()));
                }
            }
        }
        Ok(result)
    }

    async fn install_file(&self, path: &Path) -> Answer<Option<String>> {
        let component = read(path).await?;
        let (manifest, parts) = self.components().look(&component, &all()).await?;
        if self.workshop().takes(path, &manifest, parts) {
            return Ok(None);
        }
        // What comes with Gantry gets what it asks for.
        let loaded = self.components().inspect(&component, &all()).await?;
        let requested = manifest.capabilities.iter().map(|request| request.name.clone()).collect();
        let release = release(&loaded, &component, requested, true).await?;
        let mut tx = self.db().as_system().await?;
        let present =
            tx.plugins().await?.into_iter().find(|plugin| plugin.manifest_id == release.manifest_id);
        if present.is_some_and(|plugin| !plugin.bundled) {
            tracing::info!(
                plugin.id = release.manifest_id,
                "an uploaded plugin stands in for the bundled one"
            );
            return Ok(None);
        }
        let entry = installed_entry(&release, Origin::default());
        let installed = tx.install_bundled(&release, entry).await?;
        tx.commit().await?;
        self.components().keep(loaded);
        Ok(installed.changed.then(|| format!("{} {}", release.name, release.version)))
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

/// The capabilities of a request, each of which the manifest must ask for.
fn granted(loaded: &Loaded, grants: Vec<String>) -> Answer<Vec<String>> {
    let asked: BTreeSet<&str> =
        loaded.manifest().capabilities.iter().map(|request| request.name.as_str()).collect();
    let grants: BTreeSet<String> = grants.into_iter().collect();
    match grants.iter().find(|name| !asked.contains(name.as_str())) {
        None => Ok(grants.into_iter().collect()),
        Some(_) => {
            let remedy = match asked.is_empty() {
                true => "It asks for none.".to_owned(),
                false => format!("It asks for {}.", asked.into_iter().collect::<Vec<_>>().join(", ")),
            };
            Err(gantry_domain::problem("grant", "The plugin does not ask for this capability.", remedy)
                .into())
        }
    }
}

/// Whether a release is an update of what is there under its id.
fn updates(release: &NewRelease, present: &Plugin) -> Answer<()> {
    let conflict = |detail| Err(AppError::refused(Code::Conflict, detail));
    let id = &release.manifest_id;
    if present.bundled {
        return conflict(format!(
            "A plugin with the id {id} comes with Gantry. Upload this one with replace=true if it is meant to stand in \
             for that one; Gantry then no longer updates it."
        ));
    }
    if compare_versions(&release.version, &present.release.version) == Ordering::Less {
        return conflict(format!(
            "Version {} of {id} is installed, and this is {}. Upload it with replace=true if going back is meant.",
            present.release.version, release.version
        ));
    }
    Ok(())
}

async fn release(
    loaded: &Loaded,
    component: &Bytes,
    granted: Vec<String>,
    bundled: bool,
) -> Answer<NewRelease> {
    let manifest = loaded.manifest();
    if !loaded.has(Part::Game) {
        let without = "It has no blueprints, so there is nothing that a server could be made of.";
        return Err(AppError::refused(Code::PluginRejected, without));
    }
    let blueprints =
        loaded.blueprints(&context(&granted)).await.map_err(|source| failed(&manifest.name, source))?;
    check(&blueprints)?;
    Ok(NewRelease {
        manifest_id: manifest.id.clone(),
        digest: loaded.digest().to_owned(),
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        manifest: serde_json::to_value(manifest)
            .map_err(|_| AppError::Broken("a manifest cannot be written"))?,
        requested: manifest
            .capabilities
            .iter()
            .map(|request| CapabilityRequest { name: request.name.clone(), reason: request.reason.clone() })
            .collect(),
        granted,
        component: component.to_vec(),
        blueprints,
        bundled,
    })
}

fn check(blueprints: &[Blueprint]) -> Answer<()> {
    let rejected = |reason: String| AppError::refused(Code::PluginRejected, reason);
    if blueprints.is_empty() || blueprints.len() > MAX_BLUEPRINTS {
        return Err(rejected(format!(
            "A plugin offers 1 to {MAX_BLUEPRINTS} blueprints; this one {}.",
            blueprints.len()
        )));
    }
    let mut seen = BTreeSet::new();
    for blueprint in blueprints {
        let key = BlueprintKey { plugin: "x".to_owned(), blueprint: blueprint.id.clone() };
        if key.to_string().parse() != Ok(key) || !seen.insert(&blueprint.id) {
            return Err(rejected(format!(
                "The blueprint id \u{201c}{}\u{201d} is empty, odd or there twice.",
                blueprint.id
            )));
        }
        let mut keys = BTreeSet::new();
        if let Some(twice) = blueprint.variables.iter().find(|variable| !keys.insert(&variable.key)) {
            return Err(rejected(format!(
                "The blueprint {} has the variable {} twice.",
                blueprint.id, twice.key
            )));
        }
    }
    Ok(())
}

fn installed_entry(release: &NewRelease, origin: Origin) -> AuditEntry {
    AuditEntry::new("plugin.install", "plugin", &release.manifest_id, origin).after(json!({
        "name": release.name,
        "version": release.version,
        "digest": release.digest,
        "granted": release.granted,
        "bundled": release.bundled,
    }))
}

async fn components_in(directory: &Path) -> Answer<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| {
        AppError::refused(
            Code::Internal,
            format!("The directory {} cannot be read: {error}.", directory.display()),
        )
    };
    let mut entries = tokio::fs::read_dir(directory).await.map_err(unreadable)?;
    let mut paths = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(unreadable)? {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

pub(crate) async fn read(path: &Path) -> Answer<Bytes> {
    let bytes = tokio::fs::read(path).await;
    bytes.map(Bytes::from).map_err(|error| {
        AppError::refused(
            Code::PluginRejected,
            format!("The file {} cannot be read: {error}.", path.display()),
        )
    })
}
