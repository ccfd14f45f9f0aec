//! Taking in what an administrator brings: looked into, granted or told to wait, stored.
//!
//! An update inherits what the release before it was granted, for each request that goes no further. Where it asks for more it
//! waits beside the release that goes on, until an administrator has decided. Whoever else takes the id of a plugin is no update
//! of it: that has to be meant, and inherits nothing.

use super::trust::still_trusted;
use crate::{
    App, OpCtx, Origin,
    components::{context, failed},
    error::{Answer, AppError, sentence},
    views::PluginView,
    workshop::all,
};
use bytes::Bytes;
use gantry_domain::{
    audit::AuditEntry,
    grants::{self, Inheritance},
    plugins::{
        BlueprintKey, CapabilityRequest, Listening, Plugin, Publisher, ReleaseOrigin, compare_versions,
    },
};
use gantry_host::{CallContext, CallError, HostError, Part, Plugin as Loaded, StopReason};
use gantry_store::plugins::{Intake, NewRelease};
use gantry_types::{blueprint::Blueprint, problem::Code};
use serde_json::json;
use std::{cmp::Ordering, collections::BTreeSet};

/// Blueprints that one plugin may offer.
const MAX_BLUEPRINTS: usize = 200;

/// A file that somebody uploads.
pub struct PluginUpload {
    pub file: PluginFile,
    /// The capabilities that it is granted; none given, an update has what the release before it had.
    pub grants: Option<Vec<String>>,
    pub takeover: Takeover,
}

/// What a file is.
pub enum PluginFile {
    Component(Bytes),
    /// `.gantry.tar`: a component with its signatures.
    Package(Bytes),
}

/// A component that the trust policy lets in.
pub(super) struct Arrived {
    pub(super) component: Bytes,
    pub(super) origin: ReleaseOrigin,
    /// The capabilities that it is granted, as in an upload.
    pub(super) grants: Option<Vec<String>>,
    pub(super) takeover: Takeover,
}

/// Whether an upload may take the place of a plugin that it is no update of: a bundled one, somebody else's, or a later version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    Refused,
    Meant,
}

/// A release that was looked into, and what becomes of it.
struct Decided {
    loaded: Loaded,
    granted: Vec<String>,
    intake: Intake,
}

impl App {
    /// Takes a component in. It becomes current with the capabilities that it is granted, or waits for a grant.
    pub async fn upload_plugin(&self, ctx: &OpCtx, upload: PluginUpload) -> Answer<PluginView> {
        let PluginUpload { file, grants, takeover } = upload;
        ctx.actor.administrator()?;
        let (component, origin) = self.trusted_file(file).await?;
        self.take_in(ctx, Arrived { component, origin, grants, takeover }).await
    }

    /// Takes in what may come in.
    pub(super) async fn take_in(&self, ctx: &OpCtx, arrived: Arrived) -> Answer<PluginView> {
        let Arrived { component, origin, grants, takeover } = arrived;
        let grant = ctx.actor.administrator()?;
        let (decided, basis) = match grants {
            Some(grants) => (self.with_grants(&component, grants).await?, None),
            None => self.with_inheritance(&component, &origin).await?,
        };
        let Decided { loaded, granted, intake } = decided;
        let mut release = release(&loaded, &component, granted, false).await?;
        release.origin = Some(origin);
        let entry = match intake {
            Intake::Current => installed_entry(&release, ctx.origin.clone()),
            Intake::Waiting => waiting_entry(&release, ctx.origin.clone()),
        };
        self.still_administrator(ctx).await?;
        let mut tx = self.changing(ctx).await?;
        still_trusted(&mut tx, release.origin.as_ref()).await?;
        let mut present = tx.plugins().await?.into_iter();
        let present = present.find(|plugin| plugin.manifest_id == release.manifest_id);
        if let Some(basis) = &basis
            && present.as_ref().map(|plugin| (&plugin.release.digest, &plugin.release.granted))
                != Some((&basis.release.digest, &basis.release.granted))
        {
            let detail = "The plugin was changed by somebody else meanwhile; look at it and upload again.";
            return Err(AppError::refused(Code::Conflict, detail));
        }
        if takeover == Takeover::Refused {
            present.as_ref().map_or(Ok(()), |present| updates(&release, present))?;
        }
        let installed = tx.install_plugin(&grant, &release, intake, entry).await?;
        tx.commit().await?;
        if intake == Intake::Current {
            self.components().keep(loaded);
        }
        self.plugin(ctx, installed.plugin_id).await
    }

    /// Exactly these capabilities, at once.
    async fn with_grants(&self, component: &Bytes, grants: Vec<String>) -> Answer<Decided> {
        let loaded = self.components().inspect(component, &grants.iter().cloned().collect()).await?;
        let granted = granted(&loaded, grants)?;
        Ok(Decided { loaded, granted, intake: Intake::Current })
    }

    /// What the release before it had, and the plugin that was decided by.
    async fn with_inheritance(
        &self,
        component: &Bytes,
        origin: &ReleaseOrigin,
    ) -> Answer<(Decided, Option<Plugin>)> {
        // Looked into with all that it asks for, so that it can be told what it is; nothing is lent to it.
        let loaded = self.components().inspect(component, &all()).await?;
        let plugins = self.db().as_system().await?.plugins().await?;
        let present = plugins.into_iter().find(|plugin| plugin.manifest_id == loaded.manifest().id);
        let Some(present) = present else {
            return Ok((self.with_grants(component, Vec::new()).await?, None));
        };
        if present.release.digest == loaded.digest() {
            let decided = self.with_grants(component, present.release.granted.clone()).await?;
            return Ok((decided, Some(present)));
        }
        let Inheritance { granted, declined, more } = inheritance(&loaded, origin, &present)?;
        let waits = |loaded, granted| Decided { loaded, granted, intake: Intake::Waiting };
        if !more.is_empty() {
            return Ok((waits(loaded, granted), Some(present)));
        }
        match self.components().inspect(component, &granted.iter().cloned().collect()).await {
            Ok(loaded) => Ok((Decided { loaded, granted, intake: Intake::Current }, Some(present))),
            // The release before it could do without what was not granted, and this one cannot.
            Err(AppError::Component(HostError::Rejected(_))) if !declined.is_empty() => {
                Ok((waits(loaded, granted), Some(present)))
            }
            Err(error) => Err(error),
        }
    }
}

/// Whoever stands in for what comes with Gantry, or for what another published, is somebody else and inherits nothing of it.
fn inheritance(loaded: &Loaded, origin: &ReleaseOrigin, present: &Plugin) -> Answer<Inheritance> {
    let requests = requests(loaded);
    if present.bundled || another(Some(origin), present).is_some() {
        let more = requests.into_iter().map(|request| request.name).collect();
        return Ok(Inheritance { more, ..Inheritance::default() });
    }
    Ok(grants::inherit(&present.release, &requests, &manifest(loaded)?))
}

fn manifest(loaded: &Loaded) -> Answer<serde_json::Value> {
    serde_json::to_value(loaded.manifest()).map_err(|_| AppError::Broken("a manifest cannot be written"))
}

fn requests(loaded: &Loaded) -> Vec<CapabilityRequest> {
    let asked = loaded.manifest().capabilities.iter();
    asked
        .map(|request| CapabilityRequest { name: request.name.clone(), reason: request.reason.clone() })
        .collect()
}

/// The capabilities of a request, each of which the manifest must ask for.
pub(super) fn granted(loaded: &Loaded, grants: Vec<String>) -> Answer<Vec<String>> {
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

/// Who published what is there, if somebody else published this. Behind a file that nobody signed may be anybody.
fn another(origin: Option<&ReleaseOrigin>, present: &Plugin) -> Option<Publisher> {
    let theirs = present.release.origin.as_ref()?.publisher()?;
    (origin.and_then(ReleaseOrigin::publisher).as_ref() != Some(&theirs)).then_some(theirs)
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
    if let Some(theirs) = another(release.origin.as_ref(), present) {
        let ours = match release.origin.as_ref().and_then(ReleaseOrigin::publisher) {
            Some(ours) => format!("this one {ours}"),
            None => "nobody signed this file".to_owned(),
        };
        return conflict(format!(
            "The plugin {id} that is installed {theirs}, and {ours}. Its servers, settings and secrets would be this one's. \
             Upload it with replace=true if it is meant to stand in for that one."
        ));
    }
    if compare_versions(&release.version, &present.release.version) == Ordering::Less {
        return conflict(format!(
            "Version {} of {id} is installed, and this is {}. What a later version wrote, an earlier one may not understand. \
             Upload it with replace=true if going back is meant.",
            present.release.version, release.version
        ));
    }
    Ok(())
}

pub(super) async fn release(
    loaded: &Loaded,
    component: &Bytes,
    granted: Vec<String>,
    bundled: bool,
) -> Answer<NewRelease> {
    let manifest = loaded.manifest();
    if !(loaded.has(Part::Game) || loaded.has(Part::Hooks)) {
        let without = "It has no blueprints and listens to nothing, so there is no use for it here.";
        return Err(AppError::refused(Code::PluginRejected, without));
    }
    let blueprints = blueprints(loaded, &granted).await?;
    let listening = listening(loaded, &granted).await?;
    Ok(NewRelease {
        manifest_id: manifest.id.clone(),
        digest: loaded.digest().to_owned(),
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        manifest: self::manifest(loaded)?,
        requested: requests(loaded),
        granted,
        component: component.to_vec(),
        blueprints,
        listening,
        bundled,
        origin: None,
    })
}

/// None where it only listens.
async fn blueprints(loaded: &Loaded, granted: &[String]) -> Answer<Vec<Blueprint>> {
    if !loaded.has(Part::Game) {
        return Ok(Vec::new());
    }
    let blueprints = offered(loaded, &context(granted)).await?;
    check(&blueprints)?;
    Ok(blueprints)
}

/// The blueprints of what somebody wants to bring in. If they break the contract, that is a fault of what was brought.
pub(crate) async fn offered(loaded: &Loaded, call: &CallContext) -> Answer<Vec<Blueprint>> {
    loaded.blueprints(call).await.map_err(|source| at_the_door(&loaded.manifest().name, source))
}

fn at_the_door(name: &str, source: CallError) -> AppError {
    match source {
        CallError::Stopped(stop) if stop.reason == StopReason::Answer => {
            AppError::refused(Code::PluginRejected, sentence(&stop))
        }
        source => failed(name, source),
    }
}

/// What it wants to hear of, which is asked once.
async fn listening(loaded: &Loaded, granted: &[String]) -> Answer<Option<Listening>> {
    if !loaded.has(Part::Hooks) {
        return Ok(None);
    }
    let (call, name) = (context(granted), &loaded.manifest().name);
    let wants = loaded.wanted_events(&call).await.map_err(|source| at_the_door(name, source))?;
    let settings = loaded.settings(&call).await.map_err(|source| at_the_door(name, source))?;
    Ok(Some(Listening { wants, settings }))
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

pub(super) fn installed_entry(release: &NewRelease, origin: Origin) -> AuditEntry {
    AuditEntry::new("plugin.install", "plugin", &release.manifest_id, origin).after(told(release))
}

fn waiting_entry(release: &NewRelease, origin: Origin) -> AuditEntry {
    AuditEntry::new("plugin.waiting", "plugin", &release.manifest_id, origin).after(told(release))
}

fn told(release: &NewRelease) -> serde_json::Value {
    json!({
        "name": release.name,
        "version": release.version,
        "digest": release.digest,
        "granted": release.granted,
        "bundled": release.bundled,
        "reference": release.origin.as_ref().and_then(|origin| origin.reference.as_ref()),
    })
}
