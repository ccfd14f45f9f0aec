//! Deleting a server's files: many at once, each for itself.
//!
//! What cannot be deleted is told by its place in the request and keeps nothing else from going.

use super::{
    Refused,
    files::{Session, path, refused},
    routes::{Body, Id, invalid},
};
use crate::{desk::Work, node::Node};
use axum::{Json, extract::State};
use gantry_files::{FilesError, Jail, JailPath};
use gantry_protocol::{FileDeletion, FileDeletionOutcome, FileFailure, MAX_DELETED};
use tokio_util::sync::CancellationToken;

pub(super) async fn delete(
    State(node): State<Node>,
    Id(id): Id,
    Body(FileDeletion { paths }): Body<FileDeletion>,
) -> Result<Json<FileDeletionOutcome>, Refused> {
    if paths.len() > MAX_DELETED {
        return Err(invalid(format!("at most {MAX_DELETED} paths can be deleted at once")));
    }
    let session = Session::changing(&node, id, Work::Change).await?;
    let cancel = CancellationToken::new();
    let _called_off = cancel.clone().drop_guard();
    let _turn = session.desk.change().await?;
    let deleted = session.jail.run(move |jail| all(jail, &paths, &cancel)).await;
    session.desk.forget();
    Ok(Json(FileDeletionOutcome { failed: deleted.map_err(refused)? }))
}

/// Deletes what can be deleted. Ends early only when nobody waits for the answer any more.
fn all(jail: &Jail, paths: &[String], cancel: &CancellationToken) -> Result<Vec<FileFailure>, FilesError> {
    let (mut gone, mut failed) = (Vec::new(), Vec::new());
    for (at, spelled) in paths.iter().enumerate() {
        let refusal = match path(spelled) {
            Err(Refused(_, refusal)) => refusal,
            Ok(path) => match one(jail, &path, cancel) {
                Ok(()) => {
                    gone.push(path);
                    continue;
                }
                // It went with what it was in, or was named twice.
                Err(FilesError::NotFound { .. }) if gone.iter().any(|above| path.is_within(above)) => {
                    continue;
                }
                Err(FilesError::Cancelled) => return Err(FilesError::Cancelled),
                Err(error) => refused(error).1,
            },
        };
        failed.push(FileFailure { at, refusal });
    }
    Ok(failed)
}

fn one(jail: &Jail, path: &JailPath, cancel: &CancellationToken) -> Result<(), FilesError> {
    if path.is_root() {
        let why = "it is the server's directory itself";
        return Err(FilesError::InvalidPath { path: path.spelling(), why: why.into() });
    }
    if jail.stat(path)?.is_none() {
        return Err(FilesError::NotFound { path: path.spelling() });
    }
    jail.remove(path, cancel)
}
