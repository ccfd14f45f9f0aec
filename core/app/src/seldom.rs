//! Lines of the log that anybody can bring about by asking: one in a while of each kind, with how many were left out. Who
//! counts them reads the numbers at `/metrics`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// When lines were written, by a name of their kind that stands in the program.
pub struct Seldom {
    every: Duration,
    kinds: Mutex<BTreeMap<&'static str, Kind>>,
}

struct Kind {
    written: Instant,
    left_out: u64,
}

impl Seldom {
    /// Of each kind a line in `every` at most.
    pub const fn new(every: Duration) -> Self {
        Self { every, kinds: Mutex::new(BTreeMap::new()) }
    }

    /// If a line is due: how many were left out since the last.
    pub fn due(&self, kind: &'static str) -> Option<u64> {
        self.due_at(kind, Instant::now())
    }

    fn due_at(&self, kind: &'static str, now: Instant) -> Option<u64> {
        let mut kinds = self.kinds();
        let Some(known) = kinds.get_mut(kind) else {
            kinds.insert(kind, Kind { written: now, left_out: 0 });
            return Some(0);
        };
        if now.duration_since(known.written) < self.every {
            known.left_out += 1;
            return None;
        }
        known.written = now;
        Some(std::mem::take(&mut known.left_out))
    }

    fn kinds(&self) -> MutexGuard<'_, BTreeMap<&'static str, Kind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_kind_one_line_is_due_in_a_while_and_says_how_many_were_left_out() {
        let (seldom, began) = (Seldom::new(Duration::from_secs(10)), Instant::now());
        let after = |kind, seconds| seldom.due_at(kind, began + Duration::from_secs(seconds));
        assert_eq!(after("full", 0), Some(0));
        assert_eq!((after("full", 1), after("full", 9)), (None, None));
        assert_eq!(after("slow", 9), Some(0));
        assert_eq!(after("full", 10), Some(2));
        assert_eq!((after("full", 11), after("full", 20)), (None, Some(1)));
    }
}
