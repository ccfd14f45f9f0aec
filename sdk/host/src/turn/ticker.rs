//! The clock that ends slices.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::Engine;

use super::lock;
use crate::budgets::EPOCH_TICK;
use crate::error::HostError;

/// A tick while somebody waits who has hardly begun.
const SHORT_TICK: Duration = Duration::from_millis(1);

/// A thread that advances the epoch while guests run, and sleeps otherwise.
///
/// A task could not do it: it would wait for the very threads that guests occupy.
pub(super) struct Ticker {
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
    /// Those among the waiting for whom slices are short.
    hurried: usize,
    /// Whether the thread waits to be told; waking one that does not costs a system call for nothing.
    waits: bool,
    closed: bool,
}

impl Ticker {
    pub(super) fn start(engine: &Engine) -> Result<Self, HostError> {
        let shared = Arc::new(Shared::default());
        let (theirs, engine) = (shared.clone(), engine.weak());
        let thread = thread::Builder::new()
            .name("gantry-epoch".to_owned())
            .spawn(move || {
                while theirs.wait_until_running() {
                    theirs.wait_for_a_tick();
                    if let Some(engine) = engine.upgrade() {
                        engine.increment_epoch();
                    }
                }
            })
            .map_err(|cause| HostError::Internal(format!("the epoch thread cannot be started: {cause}")))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Keeps the epoch advancing for as long as the answer is held.
    pub(super) fn tick_for_me(&self) -> Ticking {
        let mut state = lock(&self.shared.state);
        state.running += 1;
        if std::mem::take(&mut state.waits) {
            self.shared.changed.notify_one();
        }
        Ticking(self.shared.clone())
    }

    /// Makes slices short for as long as the answer is held.
    pub(super) fn hurry(&self) -> Hurry {
        let mut state = lock(&self.shared.state);
        state.hurried += 1;
        if state.hurried == 1 {
            self.shared.changed.notify_one();
        }
        Hurry(self.shared.clone())
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

    fn wait_for_a_tick(&self) {
        let began = Instant::now();
        let mut state = lock(&self.state);
        while !state.closed {
            let tick = if state.hurried > 0 { SHORT_TICK } else { EPOCH_TICK };
            let left = tick.saturating_sub(began.elapsed());
            if left.is_zero() {
                return;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Every guest holds the turns that hold the ticker, so nobody runs when it is dropped.
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
pub(super) struct Ticking(Arc<Shared>);

impl Drop for Ticking {
    fn drop(&mut self) {
        lock(&self.0.state).running -= 1;
    }
}

/// Keeps slices short.
pub(super) struct Hurry(Arc<Shared>);

impl Drop for Hurry {
    fn drop(&mut self) {
        lock(&self.0.state).hurried -= 1;
    }
}
