//! People who are looked up take turns, so that thousands of pages that come back together leave connections of the
//! database, and the processors, to whoever signs in. Those for whom there is no room are told when to come again, each
//! at another moment of the next half minute: refusing has its price too, and those who come again at once pay it in vain.

use crate::error::{Answer, AppError};
use std::{
    num::NonZero,
    sync::atomic::{AtomicU64, Ordering},
    thread::available_parallelism,
    time::Duration,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// At most half of the connections that the store has for it, at its usual size; fewer where there are fewer processors.
const MOST_AT_ONCE: usize = 4;
const LEAST_AT_ONCE: usize = 2;
/// Requests that wait. Each of these turns takes some milliseconds.
const WAITING: usize = 256;
/// Seconds over which those who are refused are spread.
const SPREAD: u64 = 30;

/// Turns, first come, first served.
pub(crate) struct Turns {
    turns: Semaphore,
    waiting: Semaphore,
    refused: AtomicU64,
}

impl Default for Turns {
    fn default() -> Self {
        let processors = available_parallelism().map_or(LEAST_AT_ONCE, NonZero::get);
        Self::of(processors.clamp(LEAST_AT_ONCE, MOST_AT_ONCE))
    }
}

impl Turns {
    fn of(at_once: usize) -> Self {
        let (turns, waiting) = (Semaphore::new(at_once), Semaphore::new(WAITING));
        Self { turns, waiting, refused: AtomicU64::new(0) }
    }

    /// A request's turn; refused where very many wait already.
    pub(crate) async fn of_request(&self) -> Answer<SemaphorePermit<'_>> {
        let Ok(_place) = self.waiting.try_acquire() else {
            let wait = 1 + self.refused.fetch_add(1, Ordering::Relaxed) % SPREAD;
            return Err(AppError::Crowded { wait: Duration::from_secs(wait) });
        };
        self.of_socket().await
    }

    /// An open socket's, however many wait: it would come again if it were refused, and there is a limit to sockets.
    pub(crate) async fn of_socket(&self) -> Answer<SemaphorePermit<'_>> {
        self.turns.acquire().await.map_err(|_| AppError::Broken("nobody takes turns any more"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use gantry_types::problem::Code;
    use std::collections::BTreeSet;

    #[tokio::test]
    async fn those_beyond_whom_nobody_can_wait_are_told_to_come_again() {
        let turns = Turns::of(3);
        let held: Vec<_> = (0..3).map(|_| turns.of_request().now_or_never().unwrap().unwrap()).collect();
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(turns.of_request())).collect();
        assert!(waiting.iter_mut().all(|one| one.now_or_never().is_none()));
        let mut told = BTreeSet::new();
        for _ in 0..SPREAD {
            let refused = turns.of_request().await.map(drop).unwrap_err();
            assert_eq!(refused.code(), Code::Overloaded);
            told.extend(refused.retry_after());
        }
        assert_eq!(told, (1..=SPREAD).map(Duration::from_secs).collect(), "each is told another moment");
        waiting.pop();
        assert!(turns.of_request().now_or_never().is_none(), "who gave up made room");
        drop(held);
        assert!(waiting.swap_remove(0).await.is_ok());
    }
}
