//! A component that is linked, and one run of a fresh instance of it.
//!
//! It knows nothing of queues, clocks and grants: those are the embedder's, whichever process this one is.

use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use wasmtime::component::{InstancePre, Linker, ResourceTable};
use wasmtime::{Engine, PoolConcurrencyLimitError, Store};

use crate::budgets::CallBudget;
use crate::calls::Request;
use crate::capability::{Grants, Spent};
use crate::component::{Bundle, Parts};
use crate::desk::Desk;
use crate::error::StopReason;
use crate::generations::{Exports, Generation};
use crate::host::Code;
use crate::lend::EmbedderFault;
use crate::state::{CallState, MemoryLimiter, on_tick};
use crate::stop;
use crate::turn::Turn;

/// A component that can be instantiated.
pub(crate) struct Linked {
    engine: Engine,
    /// As long as it is held, others of the same code need none of their own.
    _code: Arc<Code>,
    pre: InstancePre<CallState>,
    exports: Exports,
    bundle: Arc<Bundle>,
}

/// What a component is linked with.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Linking {
    pub(crate) generation: Generation,
    pub(crate) parts: Parts,
    /// What it asks for and was granted.
    pub(crate) grants: Grants,
}

/// Why there is no answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Ended {
    /// The guest broke a rule.
    Stopped { reason: StopReason, detail: String },
    /// The pool has no place, though there should be one.
    NoSlot,
    /// What the embedder lends broke down.
    Embedder(String),
    /// No instance can be made, for no reason of the guest's.
    Machine(String),
}

/// How a run went.
pub(crate) struct Run<T> {
    pub(crate) outcome: Result<T, Ended>,
    pub(crate) spent: Spent,
    pub(crate) desk: Desk,
}

impl Linked {
    /// Links what is everybody's and what is granted; what a component imports beyond that is an error.
    pub(crate) fn new(
        engine: &Engine,
        code: Arc<Code>,
        bundle: Arc<Bundle>,
        linking: &Linking,
    ) -> wasmtime::Result<Self> {
        let Linking { generation, parts, grants } = linking;
        let mut linker = Linker::new(engine);
        generation.link(&mut linker, grants)?;
        let pre = linker.instantiate_pre(&code.0)?;
        let exports = Exports::find(&pre, *generation, *parts)?;
        Ok(Self { engine: engine.clone(), _code: code, pre, exports, bundle })
    }

    /// Calls a fresh instance, which is gone when this ends. The turn has been taken.
    pub(crate) async fn answer<R: Request>(
        &self,
        budget: CallBudget,
        turn: Turn,
        desk: Desk,
        request: R,
    ) -> Run<R::Answer> {
        let mut store = self.store(budget, turn, desk);
        let outcome = self.call(&mut store, request).await;
        let spent = store.data().spent();
        Run { outcome, spent, desk: store.into_data().desk }
    }

    fn store(&self, budget: CallBudget, turn: Turn, desk: Desk) -> Store<CallState> {
        let state = CallState {
            budget,
            turn,
            memory: MemoryLimiter::new(budget.memory_bytes),
            desk,
            bundle: self.bundle.clone(),
            table: ResourceTable::new(),
            started: Instant::now(),
            host_calls: 0,
            log_bytes: 0,
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(budget.output_bytes);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(on_tick);
        store
    }

    async fn call<R: Request>(&self, store: &mut Store<CallState>, request: R) -> Result<R::Answer, Ended> {
        let instance = match self.pre.instantiate_async(&mut *store).await {
            Ok(instance) => instance,
            // The component was linked before, so what no rule explains is this machine's fault.
            Err(error) => {
                let known = explained(&error, store.data());
                return Err(known.unwrap_or_else(|| Ended::Machine(format!("{error:#}"))));
            }
        };
        match request.perform(&mut *store, &instance, &self.exports).await {
            Ok(answer) => Ok(answer),
            // Neither limit nor trap: the answer could not be read as the contract says.
            Err(error) => Err(explained(&error, store.data()).unwrap_or_else(|| Ended::Stopped {
                reason: StopReason::Answer,
                detail: stop::cause(&error),
            })),
        }
    }
}

/// Why a guest ended, if that is known. None: whoever asks knows what remains.
fn explained(error: &wasmtime::Error, state: &CallState) -> Option<Ended> {
    if error.is::<PoolConcurrencyLimitError>() {
        return Some(Ended::NoSlot);
    }
    if let Some(fault) = error.downcast_ref::<EmbedderFault>() {
        return Some(Ended::Embedder(fault.to_string()));
    }
    let reason = stop::reason(error, state)?;
    Some(Ended::Stopped { reason, detail: stop::cause(error) })
}
