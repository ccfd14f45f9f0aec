//! Whose turn it is: guests share few threads in slices, and each is charged the processor time that it used.
//!
//! A guest holds a turn while it runs. It gives the turn back at every epoch tick, where it queues behind the others,
//! and while it waits for a host function. So a guest that never ends slows its neighbours by a slice each, and one
//! that waits for a dead game server costs nothing. Time is the thread's own processor time: between taking a turn and
//! giving it back a guest cannot change its thread.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::Engine;

use crate::budgets::EPOCH_TICK;
use crate::error::HostError;

/// Guests that may run beside those whose turn it is, as they hardly will.
const LIGHT: usize = 4;

/// The right to run, for as many guests as there are threads.
pub(crate) struct Turns {
    running: Arc<Semaphore>,
    /// Beside them, for the first slice of those whose calls have been light: they need not wait for the slices of others.
    light: Arc<Semaphore>,
    ticker: Ticker,
}

impl Turns {
    pub(crate) fn new(engine: &Engine, threads: usize) -> Result<Self, HostError> {
        Ok(Self {
            running: Arc::new(Semaphore::new(threads)),
            light: Arc::new(Semaphore::new(LIGHT)),
            ticker: Ticker::start(engine)?,
        })
    }
}

/// One guest's place among [`Turns`].
#[derive(Clone)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    slice: Arc<Mutex<Slice>>,
}

#[derive(Default)]
struct Slice {
    /// Whether this is still the first slice of one that is expected to be light.
    is_light: bool,
    held: Option<Held>,
    /// Processor time of the slices that have ended.
    used: Duration,
}

struct Held {
    /// The thread's processor clock when the slice began.
    since: Duration,
    _permit: OwnedSemaphorePermit,
    _ticking: Ticking,
}

impl Turn {
    pub(crate) fn new(turns: Arc<Turns>, is_light: bool) -> Self {
        let slice = Slice { is_light, ..Slice::default() };
        Self { turns, slice: Arc::new(Mutex::new(slice)) }
    }

    /// Waits for a thread, first come, first served.
    pub(crate) async fn take(&self) {
        // The semaphore is never closed; without a permit the guest would merely run uncounted.
        let is_light = lock(&self.slice).is_light;
        let beside = if is_light { self.turns.light.clone().try_acquire_owned().ok() } else { None };
        let permit = match beside {
            Some(permit) => permit,
            None => match self.turns.running.clone().acquire_owned().await {
                Ok(permit) => permit,
                Err(_) => return,
            },
        };
        let ticking = self.turns.ticker.tick_for_me();
        lock(&self.slice).held = Some(Held { since: thread_time(), _permit: permit, _ticking: ticking });
    }

    /// Ends the slice and charges it.
    pub(crate) fn give_back(&self) {
        let mut slice = lock(&self.slice);
        if let Some(held) = slice.held.take() {
            slice.used += thread_time().saturating_sub(held.since);
        }
    }

    /// Lets everybody else who waits go first, unless it has only just begun: the tick that ends slices comes at any time.
    pub(crate) async fn pass(self) {
        if lock(&self.slice).is_light && self.used() < EPOCH_TICK {
            return;
        }
        self.give_back();
        lock(&self.slice).is_light = false;
        tokio::task::yield_now().await;
        self.take().await;
    }

    /// Processor time so far, the present slice included.
    pub(crate) fn used(&self) -> Duration {
        let slice = lock(&self.slice);
        let present =
            slice.held.as_ref().map_or(Duration::ZERO, |held| thread_time().saturating_sub(held.since));
        slice.used + present
    }
}

/// The processor time of this thread.
pub(crate) fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Nothing that is kept behind these locks can be left half-done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread that advances the epoch while guests run, and sleeps otherwise.
///
/// A task could not do it: it would wait for the very threads that guests occupy.
struct Ticker {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    running: usize,
    /// Whether the thread waits to be told; waking one that does not costs a system call for nothing.
    waits: bool,
    closed: bool,
}

impl Ticker {
    fn start(engine: &Engine) -> Result<Self, HostError> {
        let shared = Arc::new(Shared::default());
        let (theirs, engine) = (shared.clone(), engine.weak());
        let thread = thread::Builder::new()
            .name("gantry-epoch".to_owned())
            .spawn(move || {
                while theirs.wait_until_running() {
                    thread::sleep(EPOCH_TICK);
                    if let Some(engine) = engine.upgrade() {
                        engine.increment_epoch();
                    }
                }
            })
            .map_err(|cause| HostError::Internal(format!("the epoch thread cannot be started: {cause}")))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    fn tick_for_me(&self) -> Ticking {
        let mut state = lock(&self.shared.state);
        state.running += 1;
        if std::mem::take(&mut state.waits) {
            self.shared.changed.notify_one();
        }
        Ticking(self.shared.clone())
    }
}

impl Shared {
    /// Answers false when the ticker is to end.
    fn wait_until_running(&self) -> bool {
        let state = lock(&self.state);
        let waiting = |state: &mut State| {
            state.waits = state.running == 0 && !state.closed;
            state.waits
        };
        let state = self.changed.wait_while(state, waiting).unwrap_or_else(PoisonError::into_inner);
        !state.closed
    }
}

/// Every guest holds the turns that hold the ticker, so nobody runs when it is dropped, and joining takes a tick.
impl Drop for Ticker {
    fn drop(&mut self) {
        lock(&self.shared.state).closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the epoch thread panicked");
        }
    }
}

/// Keeps the epoch advancing.
struct Ticking(Arc<Shared>);

impl Drop for Ticking {
    fn drop(&mut self) {
        lock(&self.0.state).running -= 1;
    }
}
