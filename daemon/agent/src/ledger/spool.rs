//! Which undelivered events are kept while nobody takes them.
//!
//! The control plane may be away for days, and a disk is finite. What can be learned again or matters least goes first:
//! console events, what is played and by whom, faults and progress, then observed states, backups, ends of schedules' runs and what was done over SFTP. Beginnings and ends of
//! operations and what schedules decided are never dropped; their number is bounded by what people ask for.

use gantry_protocol::Event;
use gantry_types::operation::OperationState;
use std::collections::BTreeSet;

/// Events that may wait.
pub const CAPACITY: usize = 20_000;

/// Dropped events between two warnings.
const DROPS_PER_WARNING: u64 = 5_000;

/// How much is lost with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    Low,
    Middle,
    Kept,
}

impl Worth {
    pub fn of(event: &Event) -> Self {
        match event {
            Event::Console { .. }
            | Event::Present { .. }
            | Event::Game { .. }
            | Event::PluginFault { .. } => Self::Low,
            Event::Observed { .. } | Event::Sftp { .. } => Self::Middle,
            Event::Schedule { run } if !run.state.is_terminal() => Self::Low,
            Event::Schedule { .. } => Self::Middle,
            Event::Backup { backup } if backup.progress.is_some() => Self::Low,
            Event::Backup { .. } | Event::Drain { .. } => Self::Middle,
            Event::Decided { .. } => Self::Kept,
            Event::Operation { operation } => match (operation.state, &operation.progress) {
                (OperationState::Running, Some(_)) => Self::Low,
                (OperationState::Pending | OperationState::Running, _)
                | (OperationState::Succeeded | OperationState::Failed | OperationState::Cancelled, _) => {
                    Self::Kept
                }
            },
        }
    }
}

/// What pushing one event did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pushed {
    seq: u64,
    /// The event that went for it.
    pub victim: Option<(u64, Worth)>,
}

/// The numbers of the events that wait, by worth.
#[derive(Clone, Debug, Default)]
pub struct Spool {
    low: BTreeSet<u64>,
    middle: BTreeSet<u64>,
    kept: BTreeSet<u64>,
    dropped: u64,
}

impl Spool {
    pub fn new(dropped: u64) -> Self {
        Self { dropped, ..Self::default() }
    }

    /// How many were dropped, ever.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Says that there are more of them than before: of the first, and then of so many.
    pub fn say_dropped(&self, before: u64) {
        if self.dropped.div_ceil(DROPS_PER_WARNING) > before.div_ceil(DROPS_PER_WARNING) {
            let total = self.dropped;
            tracing::warn!(total, "nobody takes events: those of least worth are dropped for further ones");
        }
    }

    /// Notes an event that is stored already.
    pub fn restore(&mut self, seq: u64, worth: Worth) {
        match worth {
            Worth::Low => self.low.insert(seq),
            Worth::Middle => self.middle.insert(seq),
            Worth::Kept => self.kept.insert(seq),
        };
    }

    /// Notes one more event, and which one has to go for it.
    pub fn push(&mut self, seq: u64, worth: Worth) -> Pushed {
        self.restore(seq, worth);
        let full = self.low.len() + self.middle.len() + self.kept.len() > CAPACITY;
        let victim = full.then(|| self.least()).flatten();
        if victim.is_some() {
            self.dropped += 1;
        }
        Pushed { seq, victim }
    }

    fn least(&mut self) -> Option<(u64, Worth)> {
        let low = self.low.pop_first().map(|seq| (seq, Worth::Low));
        low.or_else(|| self.middle.pop_first().map(|seq| (seq, Worth::Middle)))
    }

    /// Undoes what did not become durable.
    pub fn take_back(&mut self, pushed: Vec<Pushed>) {
        for Pushed { seq, victim } in pushed.into_iter().rev() {
            for set in [&mut self.low, &mut self.middle, &mut self.kept] {
                set.remove(&seq);
            }
            if let Some((victim, worth)) = victim
                && victim != seq
            {
                self.restore(victim, worth);
            }
            self.dropped -= u64::from(victim.is_some());
        }
    }

    pub fn acknowledge(&mut self, through: u64) {
        for set in [&mut self.low, &mut self.middle, &mut self.kept] {
            *set = set.split_off(&through.saturating_add(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_spool_drops_the_oldest_of_least_worth_and_never_an_operation() {
        let mut spool = Spool::default();
        let mut gone = Vec::new();
        for seq in 1..=CAPACITY as u64 {
            let worth = match seq {
                1 => Worth::Kept,
                2 | 3 => Worth::Middle,
                4 => Worth::Low,
                _ => Worth::Kept,
            };
            gone.extend(spool.push(seq, worth).victim);
        }
        for seq in 0..4 {
            gone.extend(spool.push(CAPACITY as u64 + 1 + seq, Worth::Kept).victim);
        }
        let gone: Vec<_> = gone.into_iter().map(|(seq, _)| seq).collect();
        assert_eq!((gone, spool.dropped()), (vec![4, 2, 3], 3));
    }
}
