//! Backups as a node of these tests has them: it does what it is asked, or says the no that a test gave it.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use chrono::{DateTime, Utc};
use gantry_protocol::{BackupChange, BackupRequest, KnownBackup, Refusal, RefusalCode};
use gantry_types::{
    BackupId, ServerId,
    backup::{Backup, BackupCause, BackupState},
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// What a backup of these tests holds.
pub(crate) const ARCHIVE: &str = "all files of the server";

/// What the node has.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) all: Mutex<BTreeMap<(ServerId, BackupId), Backup>>,
    /// What it says to whatever it is asked, if it says no.
    pub(crate) refuses: Mutex<Option<RefusalCode>>,
}

pub(crate) fn backup(id: BackupId, state: BackupState) -> Backup {
    Backup {
        id,
        revision: 1,
        name: "Backup".to_owned(),
        cause: BackupCause::Person { name: "Ada".to_owned() },
        state,
        locked: false,
        created_at: DateTime::from_timestamp(Utc::now().timestamp(), 0).unwrap(),
        ended_at: None,
        progress: None,
        quiesce: None,
        archive_bytes: 0,
        content_bytes: 0,
        entries: 0,
        left_out: 0,
        changed: 0,
        reason: None,
    }
}

type Shared = State<Arc<Shelf>>;

pub(crate) fn router(shelf: Arc<Shelf>) -> Router {
    Router::new()
        .route("/v1/backups", get(all))
        .route("/v1/servers/{id}/backups", post(make))
        .route("/v1/servers/{id}/backups/{backup}", patch(change).delete(delete))
        .route("/v1/servers/{id}/backups/{backup}/content", get(content))
        .with_state(shelf)
}

fn no(code: RefusalCode) -> Response {
    let status =
        if code == RefusalCode::UnknownBackup { StatusCode::NOT_FOUND } else { StatusCode::CONFLICT };
    (status, Json(Refusal::new(code, "the node says no"))).into_response()
}

fn refusal(shelf: &Shelf) -> Option<Response> {
    shelf.refuses.lock().unwrap().map(no)
}

async fn all(State(shelf): Shared) -> Json<Vec<KnownBackup>> {
    let all = shelf.all.lock().unwrap();
    let known = |(&(server_id, _), backup): (&(ServerId, BackupId), &Backup)| KnownBackup {
        server_id,
        backup: backup.clone(),
    };
    Json(all.iter().map(known).collect())
}

async fn make(
    State(shelf): Shared,
    Path(server): Path<ServerId>,
    Json(request): Json<BackupRequest>,
) -> Response {
    if let Some(no) = refusal(&shelf) {
        return no;
    }
    let BackupRequest { id, name, locked, actor } = request;
    let cause = BackupCause::Person { name: actor };
    let made = Backup { name, locked, cause, ..backup(id, BackupState::Running) };
    let mut all = shelf.all.lock().unwrap();
    let there = all.entry((server, id)).or_insert(made);
    (StatusCode::ACCEPTED, Json(there.clone())).into_response()
}

async fn change(
    State(shelf): Shared,
    Path(place): Path<(ServerId, BackupId)>,
    Json(change): Json<BackupChange>,
) -> Response {
    if let Some(no) = refusal(&shelf) {
        return no;
    }
    let mut all = shelf.all.lock().unwrap();
    let Some(backup) = all.get_mut(&place) else { return no(RefusalCode::UnknownBackup) };
    backup.revision += 1;
    backup.name = change.name.unwrap_or_else(|| backup.name.clone());
    backup.locked = change.locked.unwrap_or(backup.locked);
    Json(backup.clone()).into_response()
}

async fn delete(State(shelf): Shared, Path(place): Path<(ServerId, BackupId)>) -> Response {
    if let Some(no) = refusal(&shelf) {
        return no;
    }
    match shelf.all.lock().unwrap().remove(&place) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => no(RefusalCode::UnknownBackup),
    }
}

async fn content(State(shelf): Shared, Path(place): Path<(ServerId, BackupId)>) -> Response {
    match shelf.all.lock().unwrap().contains_key(&place) {
        true => ARCHIVE.into_response(),
        false => no(RefusalCode::UnknownBackup),
    }
}
