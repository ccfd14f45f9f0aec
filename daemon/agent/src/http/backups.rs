//! Backups of a server, as people ask for them.

use super::{
    Refused,
    routes::{Body, Id, internal, known},
};
use crate::{
    backups::{Begun, Wanted},
    desk::Work,
    node::Node,
};
use axum::{
    Json,
    body::Body as HttpBody,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use gantry_protocol::{BackupChange, BackupRequest, KnownBackup};
use gantry_types::{
    BackupId, ServerId,
    backup::{Backup, BackupCause},
};
use tokio::fs::File;
use tokio_util::io::ReaderStream;

/// Bytes that are read at a time.
const PIECE: usize = 256 << 10;

pub(super) async fn all(State(node): State<Node>) -> Json<Vec<KnownBackup>> {
    Json(node.shared().backups.all().await)
}

pub(super) async fn list(State(node): State<Node>, Id(id): Id) -> Result<Json<Vec<Backup>>, Refused> {
    known(&node, id)?;
    Ok(Json(node.shared().backups.list(id).await))
}

pub(super) async fn make(
    State(node): State<Node>,
    Id(server): Id,
    Body(asked): Body<BackupRequest>,
) -> Result<(StatusCode, Json<Backup>), Refused> {
    let BackupRequest { id, name, locked, actor } = asked;
    let wanted = Wanted { id, name, locked, cause: BackupCause::Person { name: actor } };
    let handle = known(&node, server)?;
    let Begun { backup, .. } = node.shared().backups.make(node.shared(), &handle, wanted).await?;
    Ok((StatusCode::ACCEPTED, Json(backup)))
}

pub(super) async fn change(
    State(node): State<Node>,
    Path((server, id)): Path<(ServerId, BackupId)>,
    Body(change): Body<BackupChange>,
) -> Result<Json<Backup>, Refused> {
    known(&node, server)?;
    Ok(Json(node.shared().backups.change(node.shared(), server, id, change).await?))
}

pub(super) async fn delete(
    State(node): State<Node>,
    Path((server, id)): Path<(ServerId, BackupId)>,
) -> Result<StatusCode, Refused> {
    known(&node, server)?;
    node.shared().backups.delete(node.shared(), server, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn read(
    State(node): State<Node>,
    Path((server, id)): Path<(ServerId, BackupId)>,
) -> Result<Response, Refused> {
    let place = known(&node, server)?.desk.admit(Work::Transfer)?;
    let file = node.shared().backups.read(server, id).await?;
    let bytes = file.metadata().map_err(|error| internal(&error))?.len();
    // The place is free again when the last byte was taken, or nobody takes any.
    let pieces = ReaderStream::with_capacity(File::from_std(file), PIECE).map(move |piece| {
        let _place = &place;
        piece
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zstd")),
        (header::CONTENT_LENGTH, HeaderValue::from(bytes)),
    ];
    Ok((headers, HttpBody::from_stream(pieces)).into_response())
}
