//! What stands behind one instance: its budget, and what it has used of it.
//!
//! Every host function is counted before it does anything. What is lent to the call stands in `lend`.

use std::sync::Arc;
use std::time::Instant;

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, StoreContextMut, UpdateDeadline};

use crate::bindings::{bundle, log, types};
use crate::budgets::CallBudget;
use crate::capability::{LogLevel, Spent};
use crate::component::Bundle;
use crate::desk::Desk;
use crate::engine::TABLE_ELEMENTS;
use crate::error::StopReason;
use crate::lend::EmbedderFault;
use crate::turn::Turn;

/// That a guest broke its budget. It ends the guest as a trap does and says why.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.as_str())]
pub(crate) struct Violation(pub(crate) StopReason);

/// The data of a call's store.
pub(crate) struct CallState {
    pub(crate) budget: CallBudget,
    pub(crate) turn: Turn,
    pub(crate) memory: MemoryLimiter,
    /// Where questions and log lines go.
    pub(crate) desk: Desk,
    pub(crate) bundle: Arc<Bundle>,
    /// What the guest holds handles to.
    pub(crate) table: ResourceTable,
    pub(crate) started: Instant,
    pub(crate) host_calls: u32,
    pub(crate) log_bytes: usize,
}

impl CallState {
    pub(crate) fn count_host_call(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls > self.budget.host_calls {
            return Err(Violation(StopReason::HostCalls).into());
        }
        Ok(())
    }

    /// What the guest has used so far.
    pub(crate) fn spent(&self) -> Spent {
        Spent {
            cpu: self.turn.used(),
            memory_bytes: self.memory.total,
            host_calls: self.host_calls,
            log_bytes: self.log_bytes,
        }
    }
}

/// Called at every epoch tick while the guest runs: ends it, or lets the others have their turn.
#[expect(clippy::needless_pass_by_value, reason = "wasmtime prescribes the signature")]
pub(crate) fn on_tick(store: StoreContextMut<'_, CallState>) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data();
    if state.desk.is_left() {
        return Err(EmbedderFault::new("nobody waits for the answer any more").into());
    }
    if state.turn.used() > state.budget.cpu {
        return Err(Violation(StopReason::CpuTime).into());
    }
    if state.started.elapsed() > state.budget.wall {
        return Err(Violation(StopReason::WallTime).into());
    }
    Ok(UpdateDeadline::YieldCustom(1, Box::pin(state.turn.clone().pass())))
}

/// Sums all memories of a store: a component may have several, and each alone could look modest.
pub(crate) struct MemoryLimiter {
    limit: usize,
    total: usize,
    last_growth: usize,
    /// Whether anything was refused; a trap that follows is blamed on it.
    pub(crate) refused: bool,
}

impl MemoryLimiter {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, total: 0, last_growth: 0, refused: false }
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let growth = desired.saturating_sub(current);
        if maximum.is_some_and(|most| desired > most) {
            return Ok(false);
        }
        if self.total.saturating_add(growth) > self.limit {
            self.refused = true;
            return Ok(false);
        }
        self.total += growth;
        self.last_growth = growth;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.total = self.total.saturating_sub(self.last_growth);
        self.last_growth = 0;
        self.refused = true;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let allowed = desired <= TABLE_ELEMENTS;
        self.refused |= !allowed;
        Ok(allowed)
    }
}

impl types::Host for CallState {}

impl bundle::Host for CallState {
    fn names(&mut self) -> wasmtime::Result<Vec<String>> {
        self.count_host_call()?;
        Ok(self.bundle.keys().cloned().collect())
    }

    fn read(&mut self, name: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.count_host_call()?;
        Ok(self.bundle.get(&name).cloned())
    }
}

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, line: String) -> wasmtime::Result<()> {
        self.count_host_call()?;
        self.log_bytes = self.log_bytes.saturating_add(line.len());
        if self.log_bytes > self.budget.log_bytes {
            return Err(Violation(StopReason::LogBytes).into());
        }
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        self.desk.write(level, &line)
    }
}
