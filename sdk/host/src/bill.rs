//! What a call used, told once to whoever keeps account of it, however the call ended.

use std::sync::Arc;
use std::time::Instant;

use crate::budgets::CallBudget;
use crate::capability::{PluginLog, Spent};

/// The bill of one call, opened when its guest begins.
pub(crate) struct Bill {
    log: Arc<dyn PluginLog>,
    budget: CallBudget,
    began: Instant,
    spent: Option<Spent>,
}

impl Bill {
    pub(crate) fn open(log: Arc<dyn PluginLog>, budget: CallBudget) -> Self {
        Self { log, budget, began: Instant::now(), spent: None }
    }

    /// What the guest's own process counted, as far as that can be true: it may be one that was taken over.
    pub(crate) fn settle(&mut self, spent: Spent) {
        self.spent = Some(Spent {
            cpu: spent.cpu.min(self.began.elapsed()),
            memory_bytes: spent.memory_bytes.min(self.budget.memory_bytes),
            host_calls: spent.host_calls.min(self.budget.host_calls),
            log_bytes: spent.log_bytes.min(self.budget.log_bytes),
        });
    }
}

impl Drop for Bill {
    /// Of a guest that nobody counted to its end the worst is taken: that it computed all the while.
    fn drop(&mut self) {
        let cpu = self.began.elapsed().min(self.budget.cpu);
        self.log.spent(&self.spent.unwrap_or(Spent { cpu, ..Spent::default() }));
    }
}
