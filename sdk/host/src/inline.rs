//! Work that is begun on the thread that asks for it, because most of it ends there.
//!
//! Handing a short call to another thread and back costs a good part of its time. So a guest begins on its caller's thread if its
//! plugin has earned that, and goes over to the guests' threads as soon as it waits for anything, the end of its slice
//! included. What bounds a plugin that lulls the host with brief calls and then computes: one guest of the host at a time
//! is a visitor, a visit ends with the slice, and a kind of call that was once not brief starts earning again.
//!
//! What hardly computes but waits for its game, as most collectors do, earns less: it is light, and does not queue for its
//! turn behind those that compute (see `turn`).

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use crate::kind::Kind;

/// Processor time that a light call stays within, and so a brief one.
const BRIEF: Duration = Duration::from_millis(1);
/// Light calls in a row that earn a place beside the queue; brief ones, a visit.
const EARNED: u32 = 64;

/// How a plugin's calls of each kind went lately.
#[derive(Default)]
pub(crate) struct Habits {
    light: [Streak; Kind::COUNT],
    brief: [Streak; Kind::COUNT],
}

impl Habits {
    /// Whether the next call of this kind will hardly compute, so that it need not wait for the slices of those that do.
    pub(crate) fn are_light(&self, kind: Kind) -> bool {
        self.light[kind as usize].has_earned()
    }

    /// Whether it will not wait for anything either, and may begin on its caller's thread.
    pub(crate) fn are_brief(&self, kind: Kind) -> bool {
        self.brief[kind as usize].has_earned()
    }

    /// Takes note of a call that ended. It waited if its answers did not all come at once; that the machine was busy with
    /// others is no fault of it.
    pub(crate) fn note(&self, kind: Kind, used: Duration, answered: bool, waited: bool) {
        let was_light = answered && used <= BRIEF;
        self.light[kind as usize].note(was_light);
        self.brief[kind as usize].note(was_light && !waited);
    }
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
