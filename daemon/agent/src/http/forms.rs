//! A server's configuration files as forms. A child without power reads and writes them; here is what it may take for that.

use super::{
    Refused,
    files::{Session, refused},
    routes::{Body, Id, known},
};
use crate::{desk::Work, node::Node, server::refusal};
use axum::{Json, extract::State};
use gantry_files::{
    EditError, FilesError, Filled, Form, JailPath, MAX_FORM_BYTES, WorkerError, form::Change,
};
use gantry_protocol::{FormChange, FormReport, FormRequest, RefusalCode};
use gantry_types::ServerId;
use tokio_util::sync::CancellationToken;

/// As much as one letter of an answer may become in a file: a pair of escapes.
const SPELLED: usize = 12;
/// Beside an answer and its place: quotes, brackets, indentation of what is made on the way there.
const AROUND: usize = 1_024;

pub(super) async fn fill(
    State(node): State<Node>,
    Id(id): Id,
    Body(asked): Body<FormRequest>,
) -> Result<Json<FormReport>, Refused> {
    let FormRequest { path, format, places, change } = asked;
    let change = change.map(|FormChange { version, answers }| Change { version, answers });
    let form = Form { path, format, places, change };
    let cancel = CancellationToken::new();
    let _called_off = cancel.clone().drop_guard();
    if let Some(change) = &form.change {
        return Ok(Json(report(changed(&node, id, &form, change, &cancel).await?)));
    }
    let session = Session::reading(&node, id, Work::Short).await?;
    let path = JailPath::parse(&form.path).map_err(refused)?;
    let protected = match session.jail.run(move |jail| jail.check_change(&path)).await {
        Ok(()) | Err(FilesError::NotFound { .. }) => false,
        Err(FilesError::Protected(_)) => true,
        Err(error) => return Err(refused(error)),
    };
    match node.shared().workers.fill(&session.jail, &form, 0, &cancel).await {
        Ok(filled) => Ok(Json(FormReport { protected, ..report(filled) })),
        Err(FilesError::NotFound { .. }) => {
            Ok(Json(FormReport { version: None, values: Vec::new(), protected }))
        }
        Err(error) => Err(told(error)),
    }
}

/// Changes the file within what was reserved for it: the child cannot write a larger one.
async fn changed(
    node: &Node,
    id: ServerId,
    form: &Form,
    change: &Change,
    cancel: &CancellationToken,
) -> Result<Filled, Refused> {
    let session = Session::changing(node, id, Work::Change).await?;
    let path = JailPath::parse(&form.path).map_err(refused)?;
    let looked = path.clone();
    let present = session.jail.run(move |jail| jail.stat(&looked)).await.map_err(refused)?;
    let growth: usize =
        change.answers.iter().map(|one| (one.at.len() + one.value.len()) * SPELLED + AROUND).sum();
    let most = present.map_or(0, |present| present.bytes).saturating_add(growth as u64).min(MAX_FORM_BYTES);
    session.measure(Some(most), cancel).await?;
    let mut reservation = session.desk.quota.reserve();
    reservation.grow_by_entry(most).map_err(refused)?;
    let _turn = session.desk.change().await?;
    // Between the beginning and now the server may have been given to an installation.
    let terms = known(node, id)?.terms()?;
    if let Some(why) = terms.closed {
        return Err(refusal(RefusalCode::Busy, why).into());
    }
    // The child knows of no guard: while nobody else changes names, what is free here is free there.
    let jail = session.jail.guarding(terms.protected);
    jail.run(move |jail| jail.check_change(&path)).await.map_err(refused)?;
    let filled = node.shared().workers.fill(&session.jail, form, most, cancel).await.map_err(told)?;
    reservation.settle();
    Ok(filled)
}

fn report(filled: Filled) -> FormReport {
    FormReport { version: Some(filled.version), values: filled.values, protected: false }
}

/// What a file that people wrote makes impossible is theirs to correct, and no fault of the daemon.
fn told(error: FilesError) -> Refused {
    let code = match &error {
        FilesError::Edit { .. } => RefusalCode::FileRefused,
        FilesError::Worker(WorkerError::FileSize { .. }) => RefusalCode::QuotaExceeded,
        FilesError::Worker(WorkerError::CpuTime { .. } | WorkerError::Memory { .. } | WorkerError::Wall) => {
            RefusalCode::FileRefused
        }
        _ => return refused(error),
    };
    let message = match &error {
        FilesError::Edit { path, source: EditError::Malformed(why) } => {
            format!("The file {path} cannot be understood: {why}.")
        }
        FilesError::Edit { path, source } => format!("The file {path} stays as it is: {source}."),
        error => format!("It was not done: {error}."),
    };
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    refusal(code, message.chars().map(plain).collect::<String>()).into()
}
