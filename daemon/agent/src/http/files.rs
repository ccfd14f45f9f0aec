//! A server's files: listing, reading, writing, changing names.
//!
//! All of it happens in the jail; here is only what HTTP adds. Bytes pass through in pieces, so that no file is ever held
//! whole; whoever goes away in the middle of a write leaves nothing behind, and a change that nobody waits for any more
//! is called off.

use super::{
    Refused,
    routes::{Asked, Body, Id, internal, invalid, known},
};
use crate::{
    desk::{Desk, Work, open_jail},
    node::Node,
    server::{FileTerms, refusal},
};
use axum::{
    Json,
    body::Body as HttpBody,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use futures_util::{StreamExt, stream};
use gantry_files::{Entry, Existing, Expected, FilesError, Jail, JailPath, Kind, Opened, Version, Writing};
use gantry_protocol::{
    ExpectedFile, FileChange, FileEntry, FileKind, FileListing, FileOutcome, FileSaved, MAX_LISTED,
    MAX_UPLOAD, PROTECTED_HEADER, Refusal, RefusalCode,
};
use gantry_types::ServerId;
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

/// Bytes that are read or written at a time.
const PIECE: usize = 256 << 10;
/// For so long the next bytes of a write may let wait for themselves.
const SILENCE: Duration = Duration::from_secs(60);
/// The last moment that a date has four digits for its year.
const LAST_SECOND: i64 = 253_402_300_799;

/// One request's place at a server's desk.
pub(super) struct Session {
    pub(super) jail: Jail,
    pub(super) desk: Arc<Desk>,
    terms: FileTerms,
    place: OwnedSemaphorePermit,
}

impl Session {
    pub(super) async fn reading(node: &Node, id: ServerId, work: Work) -> Result<Self, Refused> {
        let handle = known(node, id)?;
        let place = handle.desk.admit(work)?;
        let terms = handle.terms()?;
        let jail = open_jail(node.shared(), id, &terms).await?;
        Ok(Self { jail, desk: handle.desk, terms, place })
    }

    /// The same, for who changes something.
    pub(super) async fn changing(node: &Node, id: ServerId, work: Work) -> Result<Self, Refused> {
        let session = Self::reading(node, id, work).await?;
        match session.terms.closed {
            None => Ok(session),
            Some(why) => Err(refusal(RefusalCode::Busy, why).into()),
        }
    }

    pub(super) async fn measure(
        &self,
        bytes: Option<u64>,
        cancel: &CancellationToken,
    ) -> Result<(), Refused> {
        self.desk.measure(&self.jail, self.terms.disk_mib, bytes, cancel).await.map_err(refused)
    }
}

#[derive(Deserialize)]
pub(super) struct PathAsked {
    path: String,
}

#[derive(Deserialize)]
pub(super) struct ReadAsked {
    path: String,
    #[serde(default)]
    whole: bool,
}

#[derive(Deserialize)]
pub(super) struct WriteAsked {
    path: String,
    expected: Option<String>,
    #[serde(default)]
    whole: bool,
}

/// What it is to move a file. Whoever does not say that it goes whole may take their time.
const fn moving(whole: bool) -> Work {
    if whole { Work::Short } else { Work::Transfer }
}

pub(super) fn path(spelled: &str) -> Result<JailPath, Refused> {
    JailPath::from_spelling(spelled).map_err(refused)
}

pub(super) async fn list(
    State(node): State<Node>,
    Id(id): Id,
    Asked(asked): Asked<PathAsked>,
) -> Result<Json<FileListing>, Refused> {
    let path = path(&asked.path)?;
    let session = Session::reading(&node, id, Work::Short).await?;
    let listing = session.jail.run(move |jail| jail.list(&path, MAX_LISTED)).await.map_err(refused)?;
    let entries = listing.entries.iter().map(entry).collect();
    Ok(Json(FileListing { entries, truncated: listing.truncated }))
}

pub(super) async fn read(
    State(node): State<Node>,
    Id(id): Id,
    Asked(asked): Asked<ReadAsked>,
) -> Result<Response, Refused> {
    let path = path(&asked.path)?;
    let Session { jail, place, .. } = Session::reading(&node, id, moving(asked.whole)).await?;
    let opened = jail.run(move |jail| jail.open_for_reading(&path)).await.map_err(refused)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(opened.bytes));
    let tag = HeaderValue::from_str(&format!("\"{}\"", opened.version.as_str()));
    headers.insert(header::ETAG, tag.map_err(|error| internal(&error))?);
    if opened.protected {
        headers.insert(PROTECTED_HEADER, HeaderValue::from_static("1"));
    }
    Ok((headers, HttpBody::from_stream(pieces(jail, opened, place))).into_response())
}

/// Exactly as many bytes as were promised: a file that grows meanwhile is cut, one that shrinks breaks the answer off.
fn pieces(
    jail: Jail,
    opened: Opened,
    place: OwnedSemaphorePermit,
) -> impl stream::Stream<Item = Result<Vec<u8>, FilesError>> + Send {
    let left = opened.bytes;
    stream::try_unfold((jail, opened, place, left), |(jail, mut opened, place, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let (piece, opened) = jail.run(move |_| Ok((opened.piece(most)?, opened))).await?;
        if piece.is_empty() {
            return Err(FilesError::Changed { path: "the file".to_owned() });
        }
        let left = left.saturating_sub(piece.len() as u64);
        Ok(Some((piece, (jail, opened, place, left))))
    })
}

pub(super) async fn write(
    State(node): State<Node>,
    Id(id): Id,
    Asked(asked): Asked<WriteAsked>,
    request: Request,
) -> Result<Json<FileSaved>, Refused> {
    let path = path(&asked.path)?;
    let expected = match ExpectedFile::from_text(asked.expected.as_deref()) {
        ExpectedFile::Nothing => Expected::Nothing,
        ExpectedFile::Anything => Expected::Anything,
        ExpectedFile::Version(version) => Expected::Version(Version::from_text(&version)),
    };
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let session = Session::changing(&node, id, moving(asked.whole)).await?;
    let cancel = CancellationToken::new();
    let _called_off = cancel.clone().drop_guard();
    session.measure(length, &cancel).await?;
    let reservation = session.desk.quota.reserve();
    let begin = move |jail: &Jail| {
        jail.check_name(&path)?;
        jail.begin_writing(&path, MAX_UPLOAD, length, reservation)
    };
    let begun = session.jail.run(begin).await;
    let writing = take_in(&session.jail, begun.map_err(refused)?, request.into_body()).await?;
    // Between the beginning and now the server may have been given to an installation, or to another release.
    let terms = known(&node, id)?.terms()?;
    if let Some(why) = terms.closed {
        return Err(refusal(RefusalCode::Busy, why).into());
    }
    let turn = session.desk.change().await?;
    let jail = session.jail.guarding(terms.protected);
    let saved = jail.run(move |jail| writing.commit(jail, &expected)).await.map_err(refused)?;
    drop(turn);
    Ok(Json(FileSaved { entry: entry(&saved.0), version: saved.1.as_str().to_owned() }))
}

/// Writes a body down as it comes.
async fn take_in(jail: &Jail, mut writing: Writing, body: HttpBody) -> Result<Writing, Refused> {
    let mut body = body.into_data_stream();
    let mut waiting = Vec::with_capacity(PIECE);
    loop {
        let next = tokio::time::timeout(SILENCE, body.next()).await;
        let next = next.map_err(|_| invalid("the body stopped coming"))?;
        let ended = next.is_none();
        if let Some(piece) = next {
            waiting.extend_from_slice(&piece.map_err(|_| invalid("the body broke off"))?);
        }
        if waiting.len() >= PIECE || (ended && !waiting.is_empty()) {
            let piece = std::mem::take(&mut waiting);
            let written = jail.run(move |_| writing.write(&piece).map(|()| writing)).await;
            writing = written.map_err(refused)?;
        }
        if ended {
            return Ok(writing);
        }
    }
}

pub(super) async fn change(
    State(node): State<Node>,
    Id(id): Id,
    Body(change): Body<FileChange>,
) -> Result<Json<FileOutcome>, Refused> {
    let session = Session::changing(&node, id, Work::Change).await?;
    let cancel = CancellationToken::new();
    let _called_off = cancel.clone().drop_guard();
    let _turn = session.desk.change().await?;
    let jail = &session.jail;
    let mut outcome = FileOutcome::default();
    match change {
        FileChange::MakeDirectory { path: made } => {
            let made = path(&made)?;
            session.measure(None, &cancel).await?;
            let reservation = session.desk.quota.reserve();
            let make = move |jail: &Jail| {
                jail.check_name(&made)?;
                jail.make_new_directory(&made, reservation)
            };
            jail.run(make).await.map_err(refused)?;
        }
        FileChange::Rename { from, to, replace } => {
            let (from, to) = (path(&from)?, path(&to)?);
            let existing = if replace { Existing::Replace } else { Existing::Keep };
            let rename = move |jail: &Jail| {
                jail.check_name(&to)?;
                jail.rename(&from, &to, existing)
            };
            jail.run(rename).await.map_err(refused)?;
        }
        FileChange::Copy { from, to } => {
            outcome.skipped = copy(&session, &path(&from)?, &path(&to)?, &cancel).await?;
        }
    }
    Ok(Json(outcome))
}

/// Copies; what has no room by an old measurement is tried again after a further one.
async fn copy(
    session: &Session,
    from: &JailPath,
    to: &JailPath,
    cancel: &CancellationToken,
) -> Result<u64, Refused> {
    session.measure(None, cancel).await?;
    let attempt = || {
        let (from, to, cancel) = (from.clone(), to.clone(), cancel.clone());
        let reservation = session.desk.quota.reserve();
        session.jail.run(move |jail| {
            jail.check_name(&to)?;
            jail.copy(&from, &to, reservation, &cancel)
        })
    };
    let copied = match attempt().await {
        Err(FilesError::Quota { .. }) => {
            session.measure(Some(u64::MAX), cancel).await?;
            attempt().await
        }
        copied => copied,
    };
    Ok(copied.map_err(refused)?.skipped)
}

fn entry(entry: &Entry) -> FileEntry {
    FileEntry {
        name: entry.spelling(),
        kind: match entry.kind {
            Kind::File => FileKind::File,
            Kind::Directory => FileKind::Directory,
            Kind::Link => FileKind::Link,
            Kind::Other => FileKind::Other,
        },
        bytes: entry.bytes,
        mode: entry.mode,
        modified: DateTime::from_timestamp(entry.modified.clamp(0, LAST_SECOND), 0).unwrap_or_default(),
        protected: entry.protected,
    }
}

/// A sentence for people.
fn told(error: &FilesError) -> String {
    match error {
        FilesError::NotFound { path } => format!("There is no {path} among the server's files."),
        FilesError::Exists { path } => format!("There is already something at {path}."),
        FilesError::Stale { path } => format!("The file {path} was changed since it was read."),
        FilesError::Escapes { path } => format!("The path {path} leads out of the server's directory."),
        FilesError::WrongKind { path, expected } => format!("What is at {path} is not {expected}."),
        FilesError::InvalidPath { path, why } => format!("The path {path} is not possible: {why}."),
        FilesError::TooLarge { path, limit } => format!("The limit of {limit} is exceeded by {path}."),
        FilesError::Protected(guarded) => format!("{guarded}."),
        FilesError::Quota { limit } => {
            format!("The server may hold {} MiB, which leaves no room for this.", limit >> 20)
        }
        error => format!("It was not done: {error}."),
    }
}

/// What people are told. Paths in it are lossy, and control characters of a tenant's names do not pass.
#[expect(clippy::needless_pass_by_value, reason = "errors are mapped with it by name")]
pub(super) fn refused(error: FilesError) -> Refused {
    let code = match &error {
        FilesError::InvalidPath { .. } => RefusalCode::Invalid,
        FilesError::NotFound { .. } => RefusalCode::NoSuchFile,
        FilesError::Exists { .. } => RefusalCode::FileExists,
        FilesError::Stale { .. } => RefusalCode::FileChanged,
        FilesError::Escapes { .. }
        | FilesError::WrongKind { .. }
        | FilesError::TooLarge { .. }
        | FilesError::Changed { .. } => RefusalCode::FileRefused,
        FilesError::Protected(_) => RefusalCode::FileProtected,
        FilesError::Quota { .. } | FilesError::Limit => RefusalCode::QuotaExceeded,
        FilesError::DiskFull => RefusalCode::DiskFull,
        FilesError::Edit { .. }
        | FilesError::Archive { .. }
        | FilesError::Outbound(_)
        | FilesError::Worker(_)
        | FilesError::Cancelled
        | FilesError::Io { .. }
        | FilesError::Root { .. }
        | FilesError::Interrupted => return internal(&error),
    };
    let plain = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    Refusal::new(code, told(&error).chars().map(plain).collect::<String>()).into()
}
