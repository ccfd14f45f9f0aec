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
use gantry_protocol::{MAX_TRANSFERS, Refusal, RefusalCode};
use gantry_types::ServerId;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Requests about one server's files at once that take as long as the disk; more are refused.
const SHORT: usize = 8;
/// Changes of names at once, which wait for each other and may be copies of whole trees.
const CHANGES: usize = 8;
/// So long a request waits for another's change to end.
const PATIENCE: Duration = Duration::from_secs(20);
/// A measurement older than this is not believed.
const STALE: Duration = Duration::from_secs(60);
/// One younger than this is as good as a further one.
const FRESH: Duration = Duration::from_secs(1);
/// By so much the kernel's times of files may lag behind the clock.
const COARSE: Duration = Duration::from_millis(20);

/// What somebody wants at a desk. Each kind has places of its own, so that what takes long never keeps out what does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A list, or a text that comes or goes whole.
    Short,
    /// Names, of one file or of a tree.
    Change,
    /// A file that comes or goes as fast as a person gives or takes it. The control plane shares these out among people, so
    /// there are as many as a link may have.
    Transfer,
}

/// Whether a refusal for want of room is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Never at once: what ends with it was long awaited.
    Always,
    /// If the tree was walked within the last second: what writes in a loop does not have it walked each time.
    Stale,
}

pub(crate) struct Desk {
    pub(crate) quota: Quota,
    /// Held while names change.
    changing: Arc<Mutex<()>>,
    measured: Mutex<Option<Instant>>,
    /// Whether something was written or removed past the account since then.
    is_outdated: AtomicBool,
    short: Arc<Semaphore>,
    /// How often another directory has taken the place of the server's.
    replaced: AtomicU64,
    changes: Arc<Semaphore>,
    transfers: Arc<Semaphore>,
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
            is_outdated: AtomicBool::new(false),
            replaced: AtomicU64::new(0),
            short: Arc::new(Semaphore::new(SHORT)),
            changes: Arc::new(Semaphore::new(CHANGES)),
            transfers: Arc::new(Semaphore::new(MAX_TRANSFERS)),
            opened_at: opened_at.saturating_sub(COARSE),
        }
    }

    /// A place at the desk for one request.
    pub(crate) fn admit(&self, work: Work) -> Result<OwnedSemaphorePermit, Refusal> {
        let room = match work {
            Work::Short => &self.short,
            Work::Change => &self.changes,
            Work::Transfer => &self.transfers,
        };
        Arc::clone(room)
            .try_acquire_owned()
            .map_err(|_| refusal(RefusalCode::Busy, "Too much is asked of the server's files at once."))
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
        disk_mib: u32,
        bytes: Option<u64>,
        cancel: &CancellationToken,
    ) -> Result<(), FilesError> {
        let limit = (disk_mib > 0).then(|| u64::from(disk_mib) << 20);
        self.quota.limit(limit);
        let mut measured = self.measured.lock().await;
        // What is written past it from here on may be missed by this walk, and asks for another.
        if self.is_outdated.swap(false, Ordering::Relaxed) {
            *measured = None;
        }
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

    /// Has something done within the server's disk limit. What has no room by an old measurement is done again after a new one,
    /// unless one is newer than the doubt in it.
    pub(crate) async fn within<T, F: Future<Output = Result<T, FilesError>> + Send>(
        &self,
        jail: &Jail,
        disk_mib: u32,
        doubt: Doubt,
        cancel: &CancellationToken,
        attempt: impl Fn(Quota) -> F + Send + Sync,
    ) -> Result<T, FilesError> {
        self.measure(jail, disk_mib, None, cancel).await?;
        match attempt(self.quota.clone()).await {
            Err(FilesError::Quota { .. }) => {
                if doubt == Doubt::Always {
                    self.forget();
                }
                self.measure(jail, disk_mib, Some(u64::MAX), cancel).await?;
                attempt(self.quota.clone()).await
            }
            done => done,
        }
    }

    /// Another directory is the server's from here on: whoever holds the former one open opens it anew.
    pub(crate) fn replace(&self) {
        self.replaced.fetch_add(1, Ordering::Release);
        self.forget();
    }

    /// Which directory it is, counted from the start of the daemon.
    pub(crate) fn directory(&self) -> u64 {
        self.replaced.load(Ordering::Acquire)
    }

    /// What was measured is not what is there by now.
    pub(crate) fn forget(&self) {
        self.is_outdated.store(true, Ordering::Relaxed);
    }
}

/// Opens the directory of a server for people, if it has one yet.
pub(crate) async fn open_jail(shared: &Shared, id: ServerId, terms: &FileTerms) -> Result<Jail, Refusal> {
    let root = shared.data.server_files(id);
    let (owner, protected) = (shared.own_files.then_some(terms.user), terms.protected.clone());
    let open = move || Jail::open(&root, owner).map(|jail| jail.guarding(protected));
    let opened = tokio::task::spawn_blocking(open).await;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_of_work_keeps_another_out() {
        let desk = Desk::new(Utc::now());
        for full in [Work::Transfer, Work::Change, Work::Short] {
            let held: Vec<_> = std::iter::from_fn(|| desk.admit(full).ok()).collect();
            assert!(held.len() >= SHORT, "{full:?}");
            for work in [Work::Short, Work::Change, Work::Transfer] {
                assert_eq!(desk.admit(work).is_ok(), work != full, "{work:?} beside {full:?}");
            }
        }
    }
    #[tokio::test(start_paused = true)]
    async fn what_writes_in_a_loop_does_not_have_the_tree_walked_each_time() {
        let place = tempfile::tempdir().unwrap();
        let jail = Jail::open(place.path(), None).unwrap();
        let (desk, cancel) = (Desk::new(Utc::now()), CancellationToken::new());
        let write = async |doubt| {
            let path = gantry_files::JailPath::parse("new").unwrap();
            let attempt = |quota: Quota| {
                let path = path.clone();
                jail.run(move |jail| jail.write_within(&path, &[1; 1 << 19], 0o640, quota.reserve()))
            };
            desk.within(&jail, 1, doubt, &cancel, attempt).await
        };
        let fill = || std::fs::write(place.path().join("old"), vec![1; 1 << 20]).unwrap();
        let make_room = || std::fs::remove_file(place.path().join("old")).unwrap();
        for (doubt, waited) in [(Doubt::Always, Duration::ZERO), (Doubt::Stale, FRESH)] {
            desk.forget();
            fill();
            assert!(matches!(write(doubt).await, Err(FilesError::Quota { .. })), "{doubt:?}");
            make_room();
            if doubt == Doubt::Stale {
                assert!(
                    matches!(write(doubt).await, Err(FilesError::Quota { .. })),
                    "it was walked just now"
                );
            }
            tokio::time::advance(waited).await;
            write(doubt).await.unwrap();
        }
    }
}
