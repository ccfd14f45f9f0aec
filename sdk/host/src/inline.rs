//! Work that is begun on the thread that asks for it, because most of it ends there.
//!
//! Handing a short call to another thread and back costs a good part of its time. So a guest begins on its caller's thread if its
//! plugin has earned that, and goes over to the guests' threads as soon as it waits for anything, the end of its slice
//! included. What bounds a plugin that lulls the host with brief calls and then computes: one guest of the host at a time
//! is a visitor, a visit ends with the slice, and a kind of call that was once not brief starts earning again.
//!
//! What hardly computes but waits for its game, as most collectors do, earns less: it is light, and does not queue for its
//! turn behind those that compute; and those that always compute for long let the others go first (see `turn`). Both are so
//! on average: whose call took long once because the machine was busy would otherwise queue for many calls after it.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::budgets::EPOCH_TICK;
use crate::kind::Kind;

/// Processor time that light calls stay within on average.
const LIGHT: Duration = Duration::from_micros(500);
/// Of about how many calls that is the average.
const LATELY: i64 = 64;
/// The average that a kind of call begins with: about as many light calls earn a place beside the queue.
const UNKNOWN: Duration = Duration::from_micros(1_500);
/// Processor time that a brief call stays within.
const BRIEF: Duration = Duration::from_millis(1);
/// Brief calls in a row that earn a visit.
const EARNED: u32 = 64;

/// What is expected of a call, by what those before it used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Pace {
    /// It will hardly compute, so that it need not wait for the slices of those that do.
    Light,
    /// It ends within a slice.
    #[default]
    Usual,
    /// It computes for long, and others go first.
    Heavy,
}

/// How a plugin's calls of each kind went lately.
#[derive(Default)]
pub(crate) struct Habits {
    used: [Average; Kind::COUNT],
    brief: [Streak; Kind::COUNT],
}

impl Habits {
    /// What is to be expected of the next call of this kind.
    pub(crate) fn pace(&self, kind: Kind) -> Pace {
        self.used[kind as usize].pace()
    }

    /// Whether it will not wait for anything either, and may begin on its caller's thread.
    pub(crate) fn are_brief(&self, kind: Kind) -> bool {
        self.brief[kind as usize].has_earned()
    }

    /// Takes note of a call that ended. It waited if its answers did not all come at once; that the machine was busy with
    /// others is no fault of it.
    pub(crate) fn note(&self, kind: Kind, used: Duration, answered: bool, waited: bool) {
        self.used[kind as usize].note(used, answered);
        self.brief[kind as usize].note(answered && used <= BRIEF && !waited);
    }
}

/// Nanoseconds of processor time.
struct Average(AtomicU32);

impl Default for Average {
    fn default() -> Self {
        Self(AtomicU32::new(nanoseconds(UNKNOWN)))
    }
}

impl Average {
    fn pace(&self) -> Pace {
        match self.0.load(Ordering::Relaxed) {
            used if used <= nanoseconds(LIGHT) => Pace::Light,
            used if used < nanoseconds(EPOCH_TICK) => Pace::Usual,
            _ => Pace::Heavy,
        }
    }

    /// What was stopped earns its place anew.
    fn note(&self, used: Duration, answered: bool) {
        let present = self.0.load(Ordering::Relaxed);
        let next = i64::from(present) + (i64::from(nanoseconds(used)) - i64::from(present)) / LATELY;
        let next = u32::try_from(next).unwrap_or(u32::MAX);
        let least = if answered { 0 } else { nanoseconds(UNKNOWN) };
        // Of two that are noted at the same moment one may be lost.
        self.0.store(next.max(least), Ordering::Relaxed);
    }
}

fn nanoseconds(time: Duration) -> u32 {
    u32::try_from(time.as_nanos()).unwrap_or(u32::MAX)
}

/// Good calls in a row.
#[derive(Default)]
struct Streak(AtomicU32);

impl Streak {
    fn has_earned(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= EARNED
    }

    fn note(&self, was_good: bool) {
        if !was_good {
            self.0.store(0, Ordering::Relaxed);
        } else if !self.has_earned() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Polls once, on this thread. The future can be polled on anywhere else unless it is ready; a panic is its words, as a
/// task's is.
pub(crate) async fn poll<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Poll<Result<F::Output, String>> {
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        Poll::Ready(match polled {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(words(&*panic))),
        })
    })
    .await
}

pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", text.unwrap_or("without words"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: Kind = Kind::Collect;

    fn noted(habits: &Habits, calls: usize, used: Duration) {
        for _ in 0..calls {
            habits.note(KIND, used, true, true);
        }
    }

    #[test]
    fn what_calls_use_on_average_is_expected_of_the_next() {
        let (habits, short) = (Habits::default(), Duration::from_micros(30));
        noted(&habits, 64, short);
        assert_eq!(habits.pace(KIND), Pace::Usual, "it must be earned");
        noted(&habits, 200, short);
        assert_eq!(habits.pace(KIND), Pace::Light);
        // A busy machine.
        noted(&habits, 1, Duration::from_millis(20));
        assert_eq!(habits.pace(KIND), Pace::Light);
        noted(&habits, 16, Duration::from_millis(4));
        assert_eq!(habits.pace(KIND), Pace::Usual, "that is no accident");
        noted(&habits, 1_000, short);
        assert_eq!(habits.pace(KIND), Pace::Light);
        habits.note(KIND, short, false, false);
        assert_eq!(habits.pace(KIND), Pace::Usual, "it was stopped");
        for _ in 0..8 {
            habits.note(KIND, Duration::from_millis(100), false, false);
        }
        assert_eq!(habits.pace(KIND), Pace::Heavy);
    }

    #[test]
    fn calls_are_brief_without_exception() {
        let habits = Habits::default();
        let note = |used, waited| habits.note(KIND, used, true, waited);
        let short = Duration::from_micros(30);
        (0..64).for_each(|_| note(short, false));
        assert!(habits.are_brief(KIND));
        note(short, true);
        assert!(!habits.are_brief(KIND), "it waited");
        (0..64).for_each(|_| note(short, false));
        assert!(habits.are_brief(KIND));
        note(Duration::from_millis(2), false);
        assert!(!habits.are_brief(KIND), "it computed");
    }
}
