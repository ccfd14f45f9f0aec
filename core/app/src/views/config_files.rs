//! A game's own files as forms, for one actor.

use super::PossibleView;
use gantry_types::{blueprint::Variable, page::ConfigFile};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All that there are for the caller, in the plugin's order.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigFilesView {
    pub items: Vec<ConfigFileItemView>,
}

/// A file, and whether it could be looked at this moment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigFileItemView {
    /// Unique within the server.
    pub id: String,
    pub title: String,
    pub help: String,
    /// Relative to the server's directory.
    pub path: String,
    #[serde(flatten)]
    pub possible: PossibleView,
}

impl ConfigFileItemView {
    pub(crate) fn of(file: ConfigFile, possible: PossibleView) -> Self {
        let ConfigFile { id, title, help, path, .. } = file;
        Self { id, title, help, path, possible }
    }
}

/// A file with what stands in it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigFileView {
    pub id: String,
    pub title: String,
    pub help: String,
    pub path: String,
    /// Of this very state of the file; saving says it again. None where the file is not there yet.
    pub version: Option<String>,
    pub items: Vec<ConfigFieldView>,
}

/// One value of a file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigFieldView {
    pub question: Variable,
    /// None for a secret, and where nothing stands in the file: then the game decides.
    pub value: Option<String>,
    pub is_set: bool,
    /// Why the form cannot hold what stands in the file.
    pub misfit: Option<String>,
    pub editable: bool,
    /// Why the caller cannot change it here.
    pub reason: Option<String>,
}

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigFileSavedView {
    /// Of the file as it is from here on.
    pub version: String,
    /// Whether the game that runs will not know of it before it is started again.
    pub needs_restart: bool,
}
