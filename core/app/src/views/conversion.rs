//! What a foreign description of a game would become.

use super::{CapabilityView, ScopeView};
use gantry_domain::plugins::Plugin;
use gantry_host::Manifest;
use gantry_types::{
    blueprint::Blueprint,
    foreign::{Imported, Loss},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A document that was made of a foreign description, what was lost on the way, and the plugin that it would be.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConvertedView {
    /// The plugin that read it, with its version; none where it was a document already.
    pub importer: Option<String>,
    /// The id that the plugin would have.
    pub manifest_id: String,
    pub name: String,
    pub version: String,
    pub author: String,
    pub description: String,
    /// In JSON, as `POST /api/plugins/documents` takes it.
    pub document: String,
    /// What could not be kept as it was.
    pub losses: Vec<Loss>,
    /// What it asks for. None of it is granted yet.
    pub capabilities: Vec<CapabilityView>,
    pub blueprints: Vec<Blueprint>,
    /// The plugin under that id that is installed already.
    pub present: Option<PresentView>,
}

/// A plugin that another would take the place of.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresentView {
    pub version: String,
    /// Comes with Gantry.
    pub bundled: bool,
}

impl ConvertedView {
    pub(crate) fn of(
        importer: Option<String>,
        imported: Imported,
        manifest: &Manifest,
        blueprints: Vec<Blueprint>,
        present: Option<Plugin>,
    ) -> Self {
        let capabilities = manifest.capabilities.iter().map(|request| CapabilityView {
            name: request.name.clone(),
            reason: request.reason.clone(),
            granted: false,
            scope: ScopeView {
                hosts: request.hosts.clone(),
                names: request.names.clone(),
                quota_kib: request.quota_kib,
            },
        });
        Self {
            importer,
            manifest_id: manifest.id.clone(),
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            author: manifest.author.clone(),
            description: manifest.description.clone(),
            document: imported.document,
            losses: imported.losses,
            capabilities: capabilities.collect(),
            blueprints,
            present: present
                .map(|plugin| PresentView { version: plugin.release.version, bundled: plugin.bundled }),
        }
    }
}
