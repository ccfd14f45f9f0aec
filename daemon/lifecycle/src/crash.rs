//! How often a process may end by itself before somebody has to look.
//!
//! Two questions are kept apart. *How long to wait* depends on the streak: each end without a good run between doubles
//! the pause. *Whether to go on* depends on a window: five ends in ten minutes is a server that will not come up.

use crate::Moment;
use serde::{Deserialize, Serialize};

/// The first pause.
pub const FIRST_PAUSE_MS: u64 = 10_000;
/// No pause is longer.
pub const LONGEST_PAUSE_MS: u64 = 300_000;
/// This many ends within [`WINDOW_MS`] are enough.
pub const GIVE_UP_AFTER: usize = 5;
/// The window in which they count.
pub const WINDOW_MS: u64 = 600_000;
/// A run of this length wipes the streak.
pub const GOOD_RUN_MS: u64 = 600_000;

/// The ends that count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrashRecord {
    /// Ends since it last ran well.
    pub streak: u32,
    /// When the latest were, oldest first; never more than [`GIVE_UP_AFTER`].
    recent: Vec<Moment>,
}

/// What follows from one more end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Try again after this.
    RetryAfter(u64),
    GiveUp,
}

impl CrashRecord {
    /// Counts one more end, after a run of `ran_ms`.
    pub fn record(&mut self, at: Moment, ran_ms: u64) -> Verdict {
        if ran_ms >= GOOD_RUN_MS {
            *self = Self::default();
        }
        self.streak = self.streak.saturating_add(1);
        self.recent.retain(|earlier| at.saturating_sub(*earlier) < WINDOW_MS);
        self.recent.push(at);
        if self.recent.len() >= GIVE_UP_AFTER {
            self.recent.clear();
            return Verdict::GiveUp;
        }
        let doublings = self.streak.saturating_sub(1).min(16);
        Verdict::RetryAfter((FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS))
    }

    /// A person asked for it: what was does not count.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes_and_a_good_run_starts_over() {
        let mut record = CrashRecord::default();
        let mut at = 0;
        let pauses: Vec<_> = (0..7)
            .map(|_| {
                at += 200_000;
                record.record(at, 1_000)
            })
            .collect();
        let seconds = |s: u64| Verdict::RetryAfter(s * 1_000);
        assert_eq!(pauses, [10, 20, 40, 80, 160, 300, 300].map(seconds));
        assert_eq!(record.record(at + GOOD_RUN_MS, GOOD_RUN_MS), seconds(10));
    }

    #[test]
    fn five_ends_in_ten_minutes_are_enough() {
        let mut record = CrashRecord::default();
        let verdicts: Vec<_> = (0..5).map(|n| record.record(n * 100_000, 1_000)).collect();
        assert_eq!(verdicts[4], Verdict::GiveUp);
        assert!(verdicts[..4].iter().all(|verdict| matches!(verdict, Verdict::RetryAfter(_))));
    }
}
