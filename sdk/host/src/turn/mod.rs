//! Whose turn it is: guests share few threads in slices, and each is charged the processor time that it used.
//!
//! A guest holds a turn while it runs. It gives the turn back at every epoch tick, where it queues with the others,
//! and while it waits for a host function. So a guest that never ends holds up one that has hardly begun for the rest of a
//! short slice, and one that waits for a dead game server costs nothing. Time is the thread's own processor time: between
//! taking a turn and giving it back a guest cannot change its thread.
//!
//! `queue` says who is next, `ticker` how long a slice is.

mod queue;
mod ticker;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use queue::{Permit, Queue};
use rustix::time::{ClockId, clock_gettime};
use ticker::{Ticker, Ticking};
use wasmtime::Engine;

use crate::budgets::EPOCH_TICK;
use crate::error::HostError;
use crate::inline::Pace;

/// Guests that may run beside those whose turn it is, as they hardly will.
const LIGHT: usize = 4;
/// The same of those that end within a slice, while nobody but who computes for long has a turn. A tick that ends such a turn comes late
/// where others keep all processors busy.
pub(crate) const USUAL: usize = 1;

/// The right to run, for as many guests as there are threads.
pub(crate) struct Turns {
    running: Arc<Queue>,
    /// Beside them, for the first slice of those whose calls have been light: they need not wait for the slices of others.
    light: Arc<Queue>,
    /// Beside them, for those that end within a slice: they need not wait for calls that may never end.
    usual: Arc<Queue>,
    threads: usize,
    /// How many of those that run have computed for long.
    heavy: Arc<AtomicUsize>,
    ticker: Ticker,
}

impl Turns {
    pub(crate) fn new(engine: &Engine, threads: usize) -> Result<Self, HostError> {
        Ok(Self {
            running: Arc::new(Queue::new(threads)),
            light: Arc::new(Queue::new(LIGHT)),
            usual: Arc::new(Queue::new(USUAL)),
            threads,
            heavy: Arc::default(),
            ticker: Ticker::start(engine)?,
        })
    }

    /// A place that is free at this moment.
    fn free(&self, pace: Pace) -> Option<Permit> {
        let beside = if pace == Pace::Light { self.light.try_acquire() } else { None };
        let place = beside.or_else(|| self.running.try_acquire());
        let only_heavy_run = || self.heavy.load(Ordering::Relaxed) >= self.threads;
        place
            .or_else(|| if pace == Pace::Usual && only_heavy_run() { self.usual.try_acquire() } else { None })
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
    /// What is still expected of it.
    pace: Pace,
    held: Option<Held>,
    /// Processor time of the slices that have ended.
    used: Duration,
}

struct Held {
    /// The thread's processor clock when the slice began.
    since: Duration,
    _heavy: Option<Counted>,
    _permit: Permit,
    _ticking: Ticking,
}

/// One of a number, until it is dropped.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn in_number(number: &Arc<AtomicUsize>) -> Self {
        number.fetch_add(1, Ordering::Relaxed);
        Self(number.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Turn {
    pub(crate) fn new(turns: Arc<Turns>, pace: Pace) -> Self {
        let slice = Slice { pace, ..Slice::default() };
        Self { turns, slice: Arc::new(Mutex::new(slice)) }
    }

    /// Waits for a thread. Whoever has not computed for a whole slice, and will not, goes before those who have.
    pub(crate) async fn take(&self) {
        let pace = lock(&self.slice).pace;
        let permit = match self.turns.free(pace) {
            Some(permit) => permit,
            None => {
                let is_fresh = pace != Pace::Heavy;
                let _hurry = is_fresh.then(|| self.turns.ticker.hurry());
                self.turns.running.acquire(is_fresh).await
            }
        };
        let ticking = self.turns.ticker.tick_for_me();
        let heavy = (pace == Pace::Heavy).then(|| Counted::in_number(&self.turns.heavy));
        lock(&self.slice).held =
            Some(Held { since: thread_time(), _heavy: heavy, _permit: permit, _ticking: ticking });
    }

    /// Ends the slice and charges it.
    pub(crate) fn give_back(&self) {
        let mut slice = lock(&self.slice);
        if let Some(held) = slice.held.take() {
            slice.used += thread_time().saturating_sub(held.since);
        }
    }

    /// Lets those who wait go first, unless it has hardly begun itself and they have not: the tick that ends slices comes at any
    /// time.
    pub(crate) async fn pass(self) {
        let pace = lock(&self.slice).pace;
        let is_long = self.used() >= EPOCH_TICK;
        let stays = match pace {
            Pace::Light => !is_long,
            Pace::Usual => !is_long && !self.turns.running.has_fresh(),
            Pace::Heavy => false,
        };
        if stays {
            return;
        }
        self.give_back();
        if is_long {
            lock(&self.slice).pace = Pace::Heavy;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    /// One that has a turn now, if it need not wait for it.
    fn takes(turns: &Arc<Turns>, pace: Pace) -> Option<Turn> {
        let turn = Turn::new(turns.clone(), pace);
        turn.take().now_or_never().map(|()| turn)
    }

    #[test]
    fn who_ends_within_a_slice_runs_beside_those_that_compute_for_long_and_beside_no_other() {
        let turns = Arc::new(Turns::new(&Engine::default(), 1).unwrap());
        let heavy = takes(&turns, Pace::Heavy).unwrap();
        assert!(takes(&turns, Pace::Heavy).is_none());
        let usual = takes(&turns, Pace::Usual).unwrap();
        assert!(takes(&turns, Pace::Usual).is_none(), "there is one such place");
        usual.give_back();
        let usual = takes(&turns, Pace::Usual).unwrap();
        heavy.give_back();
        let other = takes(&turns, Pace::Usual).unwrap();
        usual.give_back();
        assert!(takes(&turns, Pace::Usual).is_none(), "who has the turn ends soon");
        other.give_back();
        assert!(takes(&turns, Pace::Usual).is_some());
    }
}
