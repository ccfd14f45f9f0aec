//! Where people's work on one server's files is kept in order: how much at once, how much it may add, one change of
//! names at a time.
//!
//! The game writes past the desk. So what is used is measured by walking the tree: at first, when the last measurement is
//! old, and before a refusal for want of room is final. The first walk also removes what writes of an earlier daemon left
//! behind.

use crate::{
    failure::chain,
    node::Shared,
    server::{FileTerms, refusal},
};
use chrono::{DateTime, Utc};
use gantry_files::{FilesError, Jail, Quota};
use gantry_protocol::{Refusal, RefusalCode};
use gantry_types::ServerId;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Requests about one server's files at once; more are refused.
const AT_ONCE: usize = 8;
/// So long a request waits for another's change to end.
const PATIENCE: Duration = Duration::from_secs(20);
/// A measurement older than this is not believed.
const STALE: Duration = Duration::from_secs(60);
/// One younger than this is as good as a further one.
const FRESH: Duration = Duration::from_secs(1);
/// By so much the kernel's times of files may lag behind the clock.
const COARSE: Duration = Duration::from_millis(20);

pub(crate) struct Desk {
    pub(crate) quota: Quota,
    /// Held while names change.
    changing: Arc<Mutex<()>>,
    measured: Mutex<Option<Instant>>,
    room: Arc<Semaphore>,
    /// Temporary files from before belong to nobody any more. In Unix time.
    opened_at: Duration,
}

impl Desk {
    pub(crate) fn new(now: DateTime<Utc>) -> Self {
        let opened_at = Duration::from_nanos(now.timestamp_nanos_opt().unwrap_or(0).unsigned_abs());
        Self {
            quota: Quota::default(),
            changing: Arc::default(),
            measured: Mutex::new(None),
            room: Arc::new(Semaphore::new(AT_ONCE)),
            opened_at: opened_at.saturating_sub(COARSE),
        }
    }

    /// A place at the desk for one request.
    pub(crate) fn admit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = Arc::clone(&self.room).try_acquire_owned();
        place.map_err(|_| refusal(RefusalCode::Busy, "Too much is asked of the server's files at once."))
    }

    /// The right to change names, of which there is one.
    pub(crate) async fn change(&self) -> Result<OwnedMutexGuard<()>, Refusal> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.changing).lock_owned()).await;
        turn.map_err(|_| refusal(RefusalCode::Busy, "Another change of the server's files has not ended."))
    }

    /// Brings the account up to date for a write of so many bytes, if they are known.
    pub(crate) async fn measure(
        &self,
        jail: &Jail,
        terms: &FileTerms,
        bytes: Option<u64>,
        cancel: &CancellationToken,
    ) -> Result<(), FilesError> {
        let limit = (terms.disk_mib > 0).then(|| u64::from(terms.disk_mib) << 20);
        self.quota.limit(limit);
        let mut measured = self.measured.lock().await;
        let wanted = self.quota.taken().saturating_add(bytes.unwrap_or(0));
        let most_age = if limit.is_some_and(|limit| wanted > limit) { FRESH } else { STALE };
        if measured.is_some_and(|at| at.elapsed() < most_age) {
            return Ok(());
        }
        let (mark, cancel, before) = (self.quota.mark(), cancel.clone(), self.opened_at);
        let usage = jail.run(move |jail| jail.sweep(before, &cancel)).await?;
        self.quota.measured(mark, usage.bytes);
        *measured = Some(Instant::now());
        Ok(())
    }

    /// What was measured is too much by now.
    pub(crate) async fn forget(&self) {
        *self.measured.lock().await = None;
    }
}

/// Opens the directory of a server, if it has one yet.
pub(crate) async fn open_jail(shared: &Shared, id: ServerId, terms: &FileTerms) -> Result<Jail, Refusal> {
    let root = shared.data.server_files(id);
    let owner = shared.own_files.then_some(terms.user);
    let opened = tokio::task::spawn_blocking(move || Jail::open(&root, owner)).await;
    let failed = |error: &dyn std::error::Error| {
        tracing::error!(server.id = %id, error = chain(error), "a server's directory could not be opened");
        refusal(RefusalCode::Internal, error.to_string())
    };
    opened.map_err(|error| failed(&error))?.map_err(|error| match error {
        FilesError::Root { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            refusal(RefusalCode::UnknownServer, "The server has no files yet: it is not installed.")
        }
        error => failed(&error),
    })
}
