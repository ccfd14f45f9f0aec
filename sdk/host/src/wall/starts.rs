//! When a child is started: for the first call, and again when it has ended, with growing pauses where it cannot live.
//!
//! What one component does to it is held against that component: one whose code the child did not survive loading is left
//! alone for a growing while, so that it does not take the calls of all others with it again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gantry_confine::ChildProgram;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio::task::spawn_blocking;

use super::child::Start;
use super::process::{Process, lock};
use crate::budgets::Budgets;
use crate::error::HostError;
use crate::inline::Pace;

/// A child that ended earlier than this counts as one that cannot live.
const LIVED: Duration = Duration::from_secs(10);
/// The first pause before another start, which doubles with each child that cannot live.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The same for a component with which it ended.
const SUSPENSION: Duration = Duration::from_secs(10);
const LONGEST_SUSPENSION: Duration = Duration::from_secs(600);
/// Components that are remembered so.
const SUSPECTS: usize = 256;

/// The child that lives, if one does. Whoever takes it out with nobody else holding it ends it.
pub(super) type Current = Arc<Mutex<Option<Arc<Process>>>>;

/// The children: one for those that hardly compute, one for those that compute for long.
///
/// In one process the two would share an address space: each page that an interpreter writes first has the kernel interrupt
/// all processors that run a thread of that process, and wait for them. A call in Python, which writes some 270, took twice
/// its processor time beside one that never ends.
pub(crate) struct Runners {
    usual: Runner,
    long: Runner,
}

impl Runners {
    pub(crate) fn new(program: &ChildProgram, budgets: Budgets) -> Self {
        let runner = |kind| Runner::new(program.clone(), budgets, kind);
        Self { usual: runner(Kind::Usual), long: runner(Kind::Long) }
    }

    /// Where a call belongs.
    pub(super) fn of(&self, pace: Pace) -> &Runner {
        match pace {
            Pace::Light | Pace::Usual => &self.usual,
            Pace::Heavy => &self.long,
        }
    }

    /// The process ids of those that live, that of the usual one first.
    pub(crate) fn pids(&self) -> [Option<u32>; 2] {
        [self.usual.pid(), self.long.pid()]
    }
}

/// Whose calls run in a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Usual,
    Long,
}

/// Starts children, one at a time.
pub(super) struct Runner {
    kind: Kind,
    program: ChildProgram,
    budgets: Budgets,
    current: Current,
    starts: AsyncMutex<Starts>,
    suspects: Mutex<HashMap<[u8; 32], Suspect>>,
    /// Callers whose thread waits for its guest.
    pub(super) visits: Semaphore,
}

#[derive(Default)]
struct Starts {
    generation: u64,
    /// Children in a row that ended too early, or had to be ended.
    short_lives: u32,
    /// When the next may be started.
    until: Option<Instant>,
}

impl Starts {
    fn note(&mut self, ended: Instant, was_short: bool) {
        self.short_lives = if was_short { self.short_lives.saturating_add(1) } else { 0 };
        self.until = Some(ended + pause(self.short_lives, PAUSE, LONGEST_PAUSE));
    }

    fn may_start(&self) -> Result<(), HostError> {
        let wait = self.until.map(|until| until.saturating_duration_since(Instant::now()));
        match wait.filter(|wait| !wait.is_zero()) {
            None => Ok(()),
            Some(wait) => Err(HostError::Runner(format!(
                "ended soon after each start, or had to be ended, and is left alone for {wait:?}"
            ))),
        }
    }
}

/// A component whose code the child did not survive loading.
struct Suspect {
    times: u32,
    until: Instant,
}

impl Runner {
    fn new(program: ChildProgram, budgets: Budgets, kind: Kind) -> Self {
        Self {
            kind,
            program,
            budgets,
            current: Current::default(),
            starts: AsyncMutex::default(),
            suspects: Mutex::default(),
            visits: Semaphore::new(1),
        }
    }

    /// The child that lives. None does: one is started, unless the last ones ended at once.
    pub(super) async fn process(&self) -> Result<Arc<Process>, HostError> {
        if let Some(process) = self.living() {
            return Ok(process);
        }
        let mut starts = self.starts.lock().await;
        if let Some(process) = self.living() {
            return Ok(process);
        }
        let last = lock(&self.current).take();
        if let Some(last) = last {
            let (ended, was_short) = last.life(LIVED);
            starts.note(ended, was_short);
        }
        starts.may_start()?;
        starts.generation += 1;
        let start = Start {
            kind: self.kind,
            program: self.program.clone(),
            budgets: self.budgets,
            generation: starts.generation,
            current: Arc::downgrade(&self.current),
        };
        let started = spawn_blocking(move || Process::start(start)).await;
        let process = started.map_err(|cause| HostError::Internal(cause.to_string()))?;
        if process.is_err() {
            starts.note(Instant::now(), true);
        }
        let process = process?;
        *lock(&self.current) = Some(process.clone());
        Ok(process)
    }

    fn living(&self) -> Option<Arc<Process>> {
        lock(&self.current).as_ref().filter(|process| process.is_living()).cloned()
    }

    /// The child's process id, for whoever measures it.
    fn pid(&self) -> Option<u32> {
        self.living().map(|process| process.pid)
    }

    /// Whether a component may be loaded, or is left alone for what it did.
    pub(super) fn may_load(&self, digest: &[u8; 32]) -> Result<(), HostError> {
        let suspects = lock(&self.suspects);
        let Some(Suspect { times, until }) = suspects.get(digest) else { return Ok(()) };
        let wait = until.saturating_duration_since(Instant::now());
        if wait.is_zero() {
            return Ok(());
        }
        Err(HostError::Runner(format!(
            "ended {times} times in a row while it loaded this plugin, which is left alone for {wait:?}"
        )))
    }

    /// What came of loading a component: whether the child is still there.
    pub(super) fn loaded(&self, digest: &[u8; 32], survived: bool) {
        let mut suspects = lock(&self.suspects);
        if survived {
            suspects.remove(digest);
            return;
        }
        let times = suspects.get(digest).map_or(0, |suspect| suspect.times).saturating_add(1);
        let until = Instant::now() + pause(times, SUSPENSION, LONGEST_SUSPENSION);
        suspects.insert(*digest, Suspect { times, until });
        if suspects.len() > SUSPECTS {
            let oldest = suspects.iter().min_by_key(|(_, suspect)| suspect.until).map(|(digest, _)| *digest);
            oldest.map(|digest| suspects.remove(&digest));
        }
    }
}

/// One start after an early end is made at once.
fn pause(short_lives: u32, first: Duration, longest: Duration) -> Duration {
    match short_lives.checked_sub(2) {
        None => Duration::ZERO,
        Some(doublings) => first.saturating_mul(1 << doublings.min(10)).min(longest),
    }
}
