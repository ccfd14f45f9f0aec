//! Plugins and the blueprints that they provide.

use chrono::{DateTime, Utc};
use gantry_domain::plugins::{BlueprintKey, OfferedBlueprint, Plugin};
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
    fn of(manifest: &serde_json::Value, capability: &str) -> Self {
        let mut asked = manifest["capabilities"].as_array().into_iter().flatten();
        let Some(request) = asked.find(|request| request["name"] == capability) else {
            return Self::default();
        };
        let texts = |field: &str| {
            let list = request[field].as_array().into_iter().flatten();
            list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let quota_kib = request["quota_kib"].as_u64().and_then(|quota| quota.try_into().ok());
        Self { hosts: texts("hosts"), names: texts("names"), quota_kib }
    }
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
    pub blueprints: Vec<BlueprintName>,
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
        let capability = |request: &gantry_domain::plugins::CapabilityRequest| CapabilityView {
            name: request.name.clone(),
            reason: request.reason.clone(),
            granted: release.granted.contains(&request.name),
            scope: ScopeView::of(&release.manifest, &request.name),
        };
        Self {
            id: plugin.id,
            author: text("author"),
            description: text("description"),
            licence: text("licence"),
            contract: text("contract"),
            capabilities: release.requested.iter().map(capability).collect(),
            manifest_id: plugin.manifest_id,
            name: release.name,
            version: release.version,
            digest: release.digest,
            size_bytes: release.size,
            blueprints,
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
