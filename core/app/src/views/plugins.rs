//! Plugins and the blueprints that they provide.

use super::{GivenUpView, WaitingView};
use chrono::{DateTime, Utc};
use gantry_domain::{
    grants::Scope,
    plugins::{BlueprintKey, OfferedBlueprint, Plugin, Release, ReleaseOrigin},
};
use gantry_types::{PluginId, blueprint::Blueprint};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapabilityView {
    pub name: String,
    /// Why the plugin asks for it, in its author's words.
    pub reason: String,
    pub granted: bool,
    #[serde(flatten)]
    pub scope: ScopeView,
}

/// How far a capability goes, as the manifest says it. What a capability has no such thing of is empty.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScopeView {
    /// Names of hosts, or `*.` and what they end with.
    pub hosts: Vec<String>,
    /// Names of secrets.
    pub names: Vec<String>,
    /// How much it may keep, in KiB.
    pub quota_kib: Option<u32>,
}

impl ScopeView {
    pub(super) fn of(manifest: &serde_json::Value, capability: &str) -> Self {
        let Scope { hosts, names, quota_kib } = Scope::of(manifest, capability);
        Self { hosts, names, quota_kib }
    }
}

/// What a release asks for and was granted.
pub(super) fn capabilities(release: &Release) -> Vec<CapabilityView> {
    let view = |request: &gantry_domain::plugins::CapabilityRequest| CapabilityView {
        name: request.name.clone(),
        reason: request.reason.clone(),
        granted: release.granted.contains(&request.name),
        scope: ScopeView::of(&release.manifest, &request.name),
    };
    release.requested.iter().map(view).collect()
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginView {
    pub id: PluginId,
    /// The name that its author chose, the first half of a blueprint's id.
    pub manifest_id: String,
    pub name: String,
    pub version: String,
    pub author: String,
    pub description: String,
    pub licence: String,
    pub contract: String,
    /// Lower-case hex SHA-256 of the component.
    pub digest: String,
    pub size_bytes: u64,
    pub capabilities: Vec<CapabilityView>,
    /// Empty while it is disabled, and of a plugin that only listens.
    pub blueprints: Vec<BlueprintName>,
    /// Whether it has anything that a server could be made of.
    pub has_games: bool,
    /// The kinds of events that it hears of; none where it does not listen.
    pub listens: Option<Vec<String>>,
    /// A release that was taken in and asks for more than was granted.
    pub waiting: Option<WaitingView>,
    /// The latest release that was given up because its first plan failed.
    pub given_up: Option<GivenUpView>,
    /// How it came here; none for what comes with Gantry.
    pub origin: Option<ReleaseOrigin>,
    /// Since when nothing new is made of it. Its servers go on.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Comes with Gantry.
    pub bundled: bool,
    pub server_count: u32,
    pub installed_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlueprintName {
    /// `plugin:blueprint`.
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginName {
    pub id: PluginId,
    pub name: String,
    pub version: String,
}

/// A blueprint with the plugin it comes from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BlueprintView {
    /// `plugin:blueprint`.
    pub id: String,
    pub plugin: PluginName,
    pub blueprint: Blueprint,
}

impl PluginView {
    pub(crate) fn of(plugin: Plugin, blueprints: Vec<BlueprintName>) -> Self {
        let release = plugin.release;
        let text = |field: &str| release.manifest[field].as_str().unwrap_or_default().to_owned();
        Self {
            id: plugin.id,
            author: text("author"),
            description: text("description"),
            licence: text("licence"),
            contract: text("contract"),
            capabilities: capabilities(&release),
            waiting: plugin.waiting.map(|waiting| WaitingView::of(waiting, &release)),
            given_up: plugin.failed.map(GivenUpView::from),
            origin: release.origin,
            disabled_at: plugin.disabled_at,
            manifest_id: plugin.manifest_id,
            name: release.name,
            version: release.version,
            digest: release.digest,
            size_bytes: release.size,
            blueprints,
            has_games: release.has_games,
            listens: release.listening.map(|listening| listening.wants),
            bundled: plugin.bundled,
            server_count: plugin.servers,
            installed_at: release.installed_at,
        }
    }
}

impl BlueprintName {
    pub(crate) fn of(key: &BlueprintKey, name: &str) -> Self {
        Self { id: key.to_string(), name: name.to_owned() }
    }
}

impl From<OfferedBlueprint> for BlueprintView {
    fn from(offered: OfferedBlueprint) -> Self {
        Self {
            id: offered.key.to_string(),
            plugin: PluginName {
                id: offered.plugin_id,
                name: offered.plugin_name,
                version: offered.plugin_version,
            },
            blueprint: offered.blueprint,
        }
    }
}
