//! The node's HTTP interface: `gantry_protocol`'s table, decoded, answered, encoded.
//!
//! It is served over the link and on a unix socket alike and knows nothing of either. Whoever reaches it has been
//! authenticated by the connection. Every refusal is a [`Refusal`] in JSON; every body and every stream is bounded.
//!
//! Modules in reading order: [`routes`], `streams`, `files`, `forms`,
//! `deletion`, `actions`, `backups`, `conduct`.

mod actions;
mod backups;
mod conduct;
mod deletion;
mod files;
mod forms;
mod routes;
mod streams;

use crate::{node::Node, plugins::COMPONENT_BYTES};
use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, patch, post, put},
};
use gantry_protocol::{MAX_FORM_REQUEST, Refusal, RefusalCode};

/// The largest desired server.
const SERVER_BYTES: usize = 2 << 20;
/// Everybody who may come in over SFTP.
const SFTP_BYTES: usize = 8 << 20;
/// The largest of all other bodies.
const SMALL_BYTES: usize = 64 << 10;

/// Every row of the table.
pub fn router(node: Node) -> Router {
    Router::new()
        .route("/v1/node", get(routes::node))
        .route("/v1/node/desired", put(routes::put_desired))
        .route("/v1/node/samples", get(streams::machine))
        .route("/v1/plugins/{digest}", put(routes::put_plugin).layer(DefaultBodyLimit::max(COMPONENT_BYTES)))
        .route("/v1/plugins/{digest}/log", get(conduct::log))
        .route("/v1/plugins/{digest}/lift", post(conduct::lift))
        .route("/v1/plugins/{digest}/holds/{server}", get(conduct::holds))
        .route("/v1/plugins/{digest}/records/{record}", get(conduct::record))
        .route("/v1/conduct", get(conduct::all))
        .route("/v1/records", get(conduct::records))
        .route("/v1/servers", get(routes::servers))
        .route("/v1/servers/{id}", put(routes::put_server).layer(DefaultBodyLimit::max(SERVER_BYTES)))
        .route("/v1/servers/{id}/console", get(routes::console).post(routes::command))
        .route("/v1/servers/{id}/actions/{action}", post(actions::perform))
        .route("/v1/servers/{id}/broadcast", post(actions::broadcast))
        .route("/v1/servers/{id}/quiesce", post(actions::quiesce))
        .route("/v1/servers/{id}/resume", post(actions::resume))
        .route("/v1/servers/{id}/schedules/{schedule}/run", post(actions::run_schedule))
        .route("/v1/servers/{id}/schedules/{schedule}/call-off", post(actions::call_off_schedule))
        .route("/v1/backups", get(backups::all))
        .route("/v1/servers/{id}/backups", get(backups::list).post(backups::make))
        .route("/v1/servers/{id}/backups/{backup}", patch(backups::change).delete(backups::delete))
        .route("/v1/servers/{id}/backups/{backup}/content", get(backups::read))
        .route("/v1/servers/{id}/tabs/{tab}", get(actions::tab))
        .route("/v1/servers/{id}/console/live", get(streams::console))
        .route("/v1/servers/{id}/files", get(files::list).post(files::change))
        .route("/v1/servers/{id}/files/delete", post(deletion::delete))
        .route("/v1/servers/{id}/files/content", get(files::read).put(files::write))
        .route("/v1/servers/{id}/form", post(forms::fill).layer(DefaultBodyLimit::max(MAX_FORM_REQUEST)))
        .route("/v1/sftp", put(routes::put_sftp).layer(DefaultBodyLimit::max(SFTP_BYTES)))
        .route("/v1/events", get(streams::events))
        .route("/v1/events/acknowledge", post(routes::acknowledge))
        .route("/v1/samples", get(streams::samples))
        .fallback(|| async {
            Refused::new(StatusCode::NOT_FOUND, RefusalCode::Invalid, "there is nothing here")
        })
        .method_not_allowed_fallback(|| async {
            Refused::new(
                StatusCode::METHOD_NOT_ALLOWED,
                RefusalCode::Invalid,
                "this path takes another method",
            )
        })
        .layer(DefaultBodyLimit::max(SMALL_BYTES))
        .with_state(node)
}

/// A refusal with its status.
#[derive(Debug)]
struct Refused(StatusCode, Refusal);

impl Refused {
    fn new(status: StatusCode, code: RefusalCode, message: impl Into<String>) -> Self {
        Self(status, Refusal::new(code, message))
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.code {
            RefusalCode::StaleGeneration
            | RefusalCode::MissingPlugin
            | RefusalCode::NotRunning
            | RefusalCode::NoCommands
            | RefusalCode::FileExists
            | RefusalCode::TooManyBackups
            | RefusalCode::BackupInUse
            | RefusalCode::Busy => StatusCode::CONFLICT,
            RefusalCode::FileProtected => StatusCode::FORBIDDEN,
            RefusalCode::FileChanged => StatusCode::PRECONDITION_FAILED,
            RefusalCode::FileRefused | RefusalCode::QuotaExceeded | RefusalCode::PluginRefused => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            RefusalCode::PluginFailed => StatusCode::BAD_GATEWAY,
            RefusalCode::PluginOnHold | RefusalCode::PluginBusy => StatusCode::SERVICE_UNAVAILABLE,
            RefusalCode::DiskFull => StatusCode::INSUFFICIENT_STORAGE,
            RefusalCode::DigestMismatch | RefusalCode::Invalid => StatusCode::BAD_REQUEST,
            RefusalCode::UnknownServer
            | RefusalCode::UnknownSchedule
            | RefusalCode::UnknownBackup
            | RefusalCode::NoSuchFile => StatusCode::NOT_FOUND,
            RefusalCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}
