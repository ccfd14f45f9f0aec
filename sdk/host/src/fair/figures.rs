//! What calls came to, of a release and of a release for one server.

use std::time::Duration;

use gantry_types::conduct::PluginFigures;

use super::Outcome;
use crate::capability::Spent;

#[derive(Default)]
pub(super) struct Figures {
    sum: PluginFigures,
    /// The same as in the sum: most calls take less than a millisecond.
    cpu: Duration,
}

impl Figures {
    pub(super) fn charge(&mut self, spent: &Spent) {
        self.cpu += spent.cpu;
        let sum = &mut self.sum;
        sum.memory_peak_bytes = sum.memory_peak_bytes.max(spent.memory_bytes as u64);
        sum.host_calls += u64::from(spent.host_calls);
        sum.log_bytes += spent.log_bytes as u64;
    }

    pub(super) fn refused(&mut self) {
        self.sum.refused += 1;
    }

    pub(super) fn ended(&mut self, outcome: &Outcome<'_>) {
        self.sum.calls += 1;
        match outcome {
            Outcome::Answered => {}
            Outcome::Declined => self.sum.declined += 1,
            Outcome::Stopped { reason, .. } => {
                *self.sum.stopped.entry((*reason).to_owned()).or_default() += 1;
            }
            Outcome::Broken => self.sum.broken += 1,
        }
    }

    pub(super) fn shown(&self) -> PluginFigures {
        PluginFigures { cpu_ms: u64::try_from(self.cpu.as_millis()).unwrap_or(u64::MAX), ..self.sum.clone() }
    }
}
