//! A game's own files as forms.

use super::Answer;
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    guard::Preset,
    route::{Requirement, Route},
    wire::{ConfigFileInput, ConfigFileSavedView, ConfigFileView, ConfigFilesView},
};
use axum::{Json, extract::State};
use gantry_types::{ServerId, permission::Permission, problem::Code};

/// What can be wrong with the plugin, the file and the node that has it.
const PROBLEMS: &[Code] = &[
    Code::Conflict,
    Code::NotInstalled,
    Code::OperationInProgress,
    Code::FileRefused,
    Code::PluginFailed,
    Code::NodeUnreachable,
    Code::Overloaded,
    Code::DeadlineExceeded,
];

const READ: Requirement = Requirement::Server(Permission::FilesRead);
const WRITE: Requirement = Requirement::Server(Permission::FilesWrite);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/servers/{id}/config-files", "configFiles", "Which of the game's files are there as forms", READ, list)
            .details("Those that have anything for the caller, and whether they can be looked at this moment.")
            .answers::<ConfigFilesView>()
            .fails(&[Code::PluginFailed, Code::Overloaded]),
        Route::get("/api/servers/{id}/config-files/{file}", "configFile", "A form with what stands in the file", READ, read)
            .details("Without `version` the file is not there yet: most games write theirs at the first start.")
            .preset(Preset::Files)
            .patient()
            .answers::<ConfigFileView>()
            .fails(PROBLEMS),
        Route::patch("/api/servers/{id}/config-files/{file}", "updateConfigFile", "Writes some answers into the file", WRITE, update)
            .details("Over the version that was read and no other: where the file has changed since, nothing is written and the answer is 412. Everything else in the file stays as it is, comments and order included.")
            .preset(Preset::Files)
            .patient()
            .takes::<ConfigFileInput>()
            .answers::<ConfigFileSavedView>()
            .fails(PROBLEMS)
            .fails(&[Code::FileProtected, Code::FileChanged, Code::QuotaExceeded, Code::DiskFull]),
    ]
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<ConfigFilesView> {
    Ok(Json(edge.app().config_files(&ctx, id).await?))
}

async fn read(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, file)): Path<(ServerId, String)>,
) -> Answer<ConfigFileView> {
    Ok(Json(edge.app().config_file(&ctx, id, &file).await?))
}

async fn update(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, file)): Path<(ServerId, String)>,
    extract::Json(input): extract::Json<ConfigFileInput>,
) -> Answer<ConfigFileSavedView> {
    Ok(Json(edge.app().update_config_file(&ctx, id, &file, input).await?))
}
