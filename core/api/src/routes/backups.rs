//! Copies of all files of a server, which its node keeps.
//!
//! The archive itself passes through as bytes, an attachment of a type that browsers do not show.

use super::{Answer, Done, Taken, files, taken};
use crate::{
    edge::Edge,
    extract::{self, Caller, Path},
    guard::Preset,
    problem::EdgeError,
    route::{Requirement, Route},
    wire::{Accepted, BackupInput, BackupUpdate, BackupsView},
};
use axum::{Json, extract::State, response::Response};
use gantry_types::{BackupId, ServerId, backup::Backup, permission::Permission, problem::Code};
use http::StatusCode;

/// A tar archive, compressed with Zstandard.
const ARCHIVE: &str = "application/zstd";
/// What asking a node may run into.
const NODE: &[Code] = &[Code::ServerHeld, Code::Conflict, Code::NodeUnreachable, Code::DeadlineExceeded];

pub(super) fn routes() -> Vec<Route> {
    let all = "/api/servers/{id}/backups";
    let one = "/api/servers/{id}/backups/{backupId}";
    let needs = Requirement::Server;
    vec![
        Route::get(all, "listBackups", "The server's backups, newest first", needs(Permission::BackupsRead), list)
            .details("As its node last told of them, also while it cannot be reached; with how many there may be, and why none can be made at this moment.")
            .answers::<BackupsView>(),
        Route::post(all, "createBackup", "Makes a backup of all files", needs(Permission::BackupsCreate), create)
            .details("The node makes it by itself, beside the running game; it is among the server's backups from now on, with its progress. It stays on the node, and goes with the server.")
            .preset(Preset::Power)
            .idempotent()
            .takes::<BackupInput>()
            .status(202)
            .answers::<Backup>()
            .fails(NODE)
            .fails(&[Code::TooManyBackups, Code::BackupInUse, Code::NotInstalled, Code::OperationInProgress, Code::DiskFull]),
        Route::patch(one, "updateBackup", "Renames, locks or unlocks a backup", needs(Permission::BackupsUpdate), change)
            .details("While it is locked, neither people nor schedules delete it.")
            .takes::<BackupUpdate>()
            .answers::<Backup>()
            .fails(NODE)
            .fails(&[Code::BackupInUse]),
        Route::delete(one, "deleteBackup", "Deletes a backup", needs(Permission::BackupsDelete), delete)
            .details("One that is being made is called off, and is gone a moment later.")
            .status(204)
            .fails(NODE)
            .fails(&[Code::BackupInUse]),
        Route::post("/api/servers/{id}/backups/{backupId}/restore", "restoreBackup", "Puts a backup in place of all files", needs(Permission::BackupsRestore), restore)
            .details("The node stops the game, and starts it again afterwards if it is to run. What changed since the backup is lost. Where it fails or is called off, the files are as they were.")
            .preset(Preset::Power)
            .idempotent()
            .status(202)
            .answers::<Accepted>()
            .fails(&[Code::OperationInProgress, Code::ServerHeld, Code::NodeDraining, Code::Conflict, Code::BackupInUse]),
        Route::get("/api/servers/{id}/backups/{backupId}/content", "downloadBackup", "A backup as an attachment", needs(Permission::BackupsDownload), download)
            .details("A tar archive, compressed with Zstandard.")
            .preset(Preset::Files)
            .unhurried()
            .answers_bytes(ARCHIVE)
            .fails(&[Code::Conflict, Code::BackupInUse, Code::NodeUnreachable, Code::DeadlineExceeded, Code::Overloaded]),
    ]
}

async fn list(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
) -> Answer<BackupsView> {
    Ok(Json(edge.app().list_backups(&ctx, id).await?))
}

async fn create(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path(id): Path<ServerId>,
    extract::Json(input): extract::Json<BackupInput>,
) -> Result<(StatusCode, Json<Backup>), EdgeError> {
    Ok((StatusCode::ACCEPTED, Json(edge.app().create_backup(&ctx, id, input).await?)))
}

async fn change(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, backup)): Path<(ServerId, BackupId)>,
    extract::Json(update): extract::Json<BackupUpdate>,
) -> Answer<Backup> {
    Ok(Json(edge.app().update_backup(&ctx, id, backup, update).await?))
}

async fn delete(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, backup)): Path<(ServerId, BackupId)>,
) -> Done {
    edge.app().delete_backup(&ctx, id, backup).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn restore(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, backup)): Path<(ServerId, BackupId)>,
) -> Taken {
    Ok(taken(edge.app().restore_backup(&ctx, id, backup).await?))
}

async fn download(
    State(edge): State<Edge>,
    Caller(ctx): Caller,
    Path((id, backup)): Path<(ServerId, BackupId)>,
) -> Result<Response, EdgeError> {
    let backup = edge.app().download_backup(&ctx, id, backup).await?;
    files::passed_on(ARCHIVE, &backup.name, backup.bytes, backup.content)
}
