//! Who runs next: a guest that has hardly begun goes before those that have computed for long.
//!
//! A queue in the order of coming would make a call of two milliseconds wait for a slice of each call that never ends, and
//! once more after each of its questions. So there are two lines, and whoever computes for long does not wait for ever either.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::lock;

/// Of those that have hardly begun, so many may go before one of the others.
const AHEAD: u32 = 4;

/// As many guests as there are threads, and those that wait.
pub(super) struct Queue(Mutex<Lines>);

struct Lines {
    free: usize,
    fresh: VecDeque<oneshot::Sender<Permit>>,
    long: VecDeque<oneshot::Sender<Permit>>,
    /// How many went before the first of `long` since it is the first.
    ahead: u32,
}

/// The right to run, which goes on to the next when it is dropped.
pub(super) struct Permit(Option<Arc<Queue>>);

impl Queue {
    pub(super) fn new(threads: usize) -> Self {
        let (fresh, long) = (VecDeque::new(), VecDeque::new());
        Self(Mutex::new(Lines { free: threads, fresh, long, ahead: 0 }))
    }

    /// The right to run, if nobody waits for it.
    pub(super) fn try_acquire(self: &Arc<Self>) -> Option<Permit> {
        let mut lines = lock(&self.0);
        lines.free = lines.free.checked_sub(1)?;
        Some(Permit(Some(self.clone())))
    }

    /// Waits for the right to run. Whoever stops waiting is passed over.
    pub(super) async fn acquire(self: &Arc<Self>, is_fresh: bool) -> Permit {
        let place = {
            let mut lines = lock(&self.0);
            if let Some(rest) = lines.free.checked_sub(1) {
                lines.free = rest;
                return Permit(Some(self.clone()));
            }
            let (sender, place) = oneshot::channel();
            if is_fresh {
                lines.fresh.push_back(sender)
            } else {
                lines.long.push_back(sender)
            }
            place
        };
        // No line is left before it is served; without a permit the guest would merely run uncounted.
        place.await.unwrap_or(Permit(None))
    }

    /// Whether somebody waits who has hardly begun, or did until a moment ago.
    pub(super) fn has_fresh(&self) -> bool {
        !lock(&self.0).fresh.is_empty()
    }

    fn release(self: Arc<Self>) {
        loop {
            let Some(next) = lock(&self.0).next() else { return };
            match next.send(Permit(Some(self.clone()))) {
                Ok(()) => return,
                // It does not wait any more.
                Err(mut permit) => drop(permit.0.take()),
            }
        }
    }
}

impl Lines {
    /// Who is served now. With nobody there the place becomes free.
    fn next(&mut self) -> Option<oneshot::Sender<Permit>> {
        let is_due = self.ahead >= AHEAD || self.fresh.is_empty();
        let next = if is_due { self.long.pop_front() } else { None };
        if next.is_some() {
            self.ahead = 0;
            return next;
        }
        let next = self.fresh.pop_front();
        match next {
            Some(_) if !self.long.is_empty() => self.ahead += 1,
            Some(_) => self.ahead = 0,
            None => self.free += 1,
        }
        next
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            queue.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;

    type Waiting = BoxFuture<'static, Permit>;

    fn waits(queue: &Arc<Queue>, is_fresh: bool) -> Waiting {
        let queue = queue.clone();
        let mut waiting: Waiting = Box::pin(async move { queue.acquire(is_fresh).await });
        assert!((&mut waiting).now_or_never().is_none(), "nothing is free");
        waiting
    }

    #[test]
    fn those_that_have_hardly_begun_go_first_and_the_others_are_not_forgotten() {
        let queue = Arc::new(Queue::new(1));
        let mut running = queue.try_acquire();
        let mut long: VecDeque<Waiting> = (0..2).map(|_| waits(&queue, false)).collect();
        let mut fresh: VecDeque<Waiting> = (0..6).map(|_| waits(&queue, true)).collect();
        let mut order = String::new();
        while running.take().is_some() {
            let served = |line: &mut VecDeque<Waiting>| {
                let permit = line.front_mut()?.now_or_never()?;
                line.pop_front();
                Some(permit)
            };
            running = served(&mut fresh).inspect(|_| order.push('f'));
            if running.is_none() {
                running = served(&mut long).inspect(|_| order.push('l'));
            }
        }
        assert_eq!(order, "fffflffl");
        assert!(queue.try_acquire().is_some(), "all have run");
    }

    #[test]
    fn who_stops_waiting_is_passed_over_even_if_served_at_that_moment() {
        let queue = Arc::new(Queue::new(1));
        let running = queue.try_acquire().unwrap();
        let (gone, served, mut last) = (waits(&queue, true), waits(&queue, true), waits(&queue, true));
        drop(gone);
        drop(running);
        // The second has been given the permit and never looked.
        assert!((&mut last).now_or_never().is_none());
        drop(served);
        assert!((&mut last).now_or_never().is_some());
        assert!(queue.try_acquire().is_some(), "nobody has it");
        let both = (queue.try_acquire(), queue.try_acquire());
        assert!(both.0.is_some() && both.1.is_none(), "there is one");
    }
}
