//! What is paid for afterwards: nobody knows beforehand how long a call computes.
//!
//! `governor` counts what is known when it is asked for, as calls are. What only shows when a call has ended is taken from
//! here, and may leave a debt; until that is paid off nothing more is begun.

use std::time::{Duration, Instant};

use super::shares::Flow;

/// How much there is.
pub(super) struct Bucket {
    flow: Flow,
    level: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn full(flow: Flow, now: Instant) -> Self {
        Self { flow, level: f64::from(flow.saved), at: now }
    }

    /// How long it takes until more than `reserve` is there, if that is not so.
    pub(super) fn wait(&mut self, reserve: f64, now: Instant) -> Option<Duration> {
        self.fill(now);
        let missing = reserve - self.level;
        if missing < 0.0 {
            return None;
        }
        let seconds = (missing + 1.0) / f64::from(self.flow.per_second.max(1));
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }

    /// A quarter of what can be saved: what nobody waits for leaves it to what people wait for.
    pub(super) fn quarter(&self) -> f64 {
        f64::from(self.flow.saved) / 4.0
    }

    pub(super) fn take(&mut self, units: u64, now: Instant) {
        self.fill(now);
        #[expect(clippy::cast_precision_loss, reason = "an amount of use, not a count that is compared")]
        let units = units as f64;
        self.level -= units;
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        let come = passed * f64::from(self.flow.per_second);
        self.level = (self.level + come).min(f64::from(self.flow.saved));
    }
}
