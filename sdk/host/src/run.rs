//! One call from its place in the queue to its answer, or to the words that say why there is none.
//!
//! A call waits for a place, runs in a fresh instance on the guests' threads, and is timed from outside by the
//! embedder's clock, which no guest can hold up for longer than a slice. Whatever ends it, the instance is gone before
//! its place is free. Its first slice may run on the caller's thread (see `inline`).

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use gantry_types::server::ServerContext;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use wasmtime::component::{Instance, ResourceTable};
use wasmtime::{PoolConcurrencyLimitError, Store};

use crate::budgets::{Budgets, CallBudget};
use crate::capability::{CallContext, FILES, HTTP, KV, PluginLog, QUERY, SECRETS};
use crate::error::{CallError, HostError, PluginFailure, StopReason};
use crate::generations::Exports;
use crate::inline;
use crate::lend::{Access, EmbedderFault};
use crate::plugin::Plugin;
use crate::state::{CallState, MemoryLimiter, on_tick};
use crate::stop;
use crate::turn::Turn;

/// A kind of call: its name in the contract, its budget, and the capabilities that the contract has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Blueprints,
    Validate,
    InstallPlan,
    RunSpec,
    Collect,
    ConsoleEvents,
    OfferActions,
    Perform,
    Broadcast,
    Quiesce,
    Resume,
    Send,
    Choices,
    Resolve,
    Import,
    ConfigFiles,
    OfferTabs,
    Render,
    Wants,
    HookSettings,
    Handle,
}

impl Kind {
    pub(crate) const COUNT: usize = Self::Handle as usize + 1;

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Blueprints => "blueprints.list",
            Self::Validate => "blueprints.validate",
            Self::InstallPlan => "plans.install",
            Self::RunSpec => "plans.run",
            Self::Collect => "collector.collect",
            Self::ConsoleEvents => "console-events.parse",
            Self::OfferActions => "actions.offer",
            Self::Perform => "actions.perform",
            Self::Broadcast => "quiescing.broadcast",
            Self::Quiesce => "quiescing.quiesce",
            Self::Resume => "quiescing.resume",
            Self::Send => "commands.send",
            Self::Choices => "catalog.choices",
            Self::Resolve => "facts.resolve",
            Self::Import => "importer.convert",
            Self::ConfigFiles => "config-files.list",
            Self::OfferTabs => "tabs.offer",
            Self::Render => "tabs.render",
            Self::Wants => "hooks.wants",
            Self::HookSettings => "hooks.settings",
            Self::Handle => "hooks.handle",
        }
    }

    pub(crate) const fn budget(self, budgets: &Budgets) -> CallBudget {
        match self {
            Self::Blueprints => budgets.blueprints,
            Self::Validate => budgets.validate,
            Self::InstallPlan => budgets.install_plan,
            Self::RunSpec => budgets.run_spec,
            Self::Collect => budgets.collect,
            Self::ConsoleEvents => budgets.console_events,
            Self::OfferActions
            | Self::Broadcast
            | Self::Quiesce
            | Self::Resume
            | Self::ConfigFiles
            | Self::OfferTabs
            | Self::Wants
            | Self::HookSettings => budgets.describe,
            Self::Perform | Self::Send | Self::Render => budgets.perform,
            Self::Choices | Self::Resolve | Self::Handle => budgets.look_up,
            Self::Import => budgets.import,
        }
    }

    /// Planning and describing are pure. What runs beside the game reaches the game, what runs in the control plane the
    /// world.
    const fn lends(self) -> &'static [&'static str] {
        match self {
            Self::Collect => &[QUERY, KV],
            Self::Send => &[QUERY],
            Self::Perform | Self::Render => &[QUERY, KV, FILES],
            Self::Choices | Self::Resolve | Self::Handle => &[HTTP, KV, SECRETS],
            Self::Blueprints
            | Self::Validate
            | Self::InstallPlan
            | Self::RunSpec
            | Self::ConsoleEvents
            | Self::OfferActions
            | Self::Broadcast
            | Self::Quiesce
            | Self::Resume
            | Self::Import
            | Self::ConfigFiles
            | Self::OfferTabs
            | Self::Wants
            | Self::HookSettings => &[],
        }
    }
}

pub(crate) type Running<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>>;

impl Plugin {
    /// Waits for an instance, runs `body` in a fresh one, and says why if there is no answer.
    pub(crate) async fn run<T, F>(
        &self,
        kind: Kind,
        call: &CallContext,
        server: Option<&ServerContext>,
        body: F,
    ) -> Result<T, CallError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut Store<CallState>, &'a Instance, &'a Exports) -> Running<'a, T>
            + Send
            + 'static,
    {
        let place = self.place().await?;
        let began = Instant::now();
        let budget = kind.budget(&self.0.host.budgets);
        let plugin = self.clone();
        let log = call.log.clone();
        let access = self.access(kind, call, server);
        let mut guest = Box::pin(async move {
            let turn = Turn::new(plugin.0.host.turns.clone());
            turn.take().await;
            let mut bill = Bill(plugin.store(budget, turn, log, access));
            let store = &mut bill.0;
            let outcome = answer(&plugin, kind, store, body).await;
            plugin.0.habits.note(kind, store.data().turn.used(), outcome.is_ok());
            // The instance is gone before its place is free.
            drop(bill);
            drop(place);
            outcome
        });
        if let Poll::Ready(ended) = self.visit(kind, guest.as_mut()).await {
            return ended.unwrap_or_else(|panic| Err(HostError::Internal(panic).into()));
        }
        let guest = AbortOnDropHandle::new(self.0.host.guests().spawn(guest));
        match timeout(budget.wall.saturating_sub(began.elapsed()), guest).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(cause)) => Err(HostError::Internal(cause.to_string()).into()),
            Err(_) => Err(self.stopped(kind, StopReason::WallTime, "")),
        }
    }

    /// Lets a guest begin on this thread, if it may; what has not ended goes on elsewhere.
    async fn visit<F: Future>(&self, kind: Kind, guest: Pin<&mut F>) -> Poll<Result<F::Output, String>> {
        if !self.0.habits.are_brief(kind) {
            return Poll::Pending;
        }
        let Ok(_visit) = self.0.host.visits.try_acquire() else { return Poll::Pending };
        inline::poll(guest).await
    }

    /// A place for one instance, among this plugin's and among all.
    async fn place(&self) -> Result<[OwnedSemaphorePermit; 3], HostError> {
        let waiting = HostError::Overloaded { queue: "calls of one plugin" };
        let busy = HostError::Overloaded { queue: "instances" };
        let Ok(admitted) = self.0.admitted.clone().try_acquire_owned() else { return Err(waiting) };
        let patience = self.0.host.budgets.concurrency.patience;
        let places = async {
            let own = self.0.instances.clone().acquire_owned().await;
            let shared = self.0.host.instances.clone().acquire_owned().await;
            own.ok().zip(shared.ok())
        };
        match timeout(patience, places).await {
            Ok(Some((own, shared))) => Ok([admitted, own, shared]),
            Ok(None) | Err(_) => Err(busy),
        }
    }

    fn store(
        &self,
        budget: CallBudget,
        turn: Turn,
        log: Arc<dyn PluginLog>,
        access: Access,
    ) -> Store<CallState> {
        let state = CallState {
            plugin: self.0.id.clone(),
            budget,
            turn,
            memory: MemoryLimiter::new(budget.memory_bytes),
            log,
            access,
            bundle: self.0.bundle.clone(),
            table: ResourceTable::new(),
            connections: 0,
            started: Instant::now(),
            host_calls: 0,
            log_bytes: 0,
        };
        let mut store = Store::new(&self.0.host.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(budget.output_bytes);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(on_tick);
        store
    }

    /// What this call may use. Where the contract lends nothing there is nothing to copy.
    fn access(&self, kind: Kind, call: &CallContext, server: Option<&ServerContext>) -> Access {
        let lends = kind.lends();
        if lends.is_empty() {
            return Access::nothing(self.clone());
        }
        Access {
            lends,
            plugin: self.clone(),
            grants: call.grants.clone(),
            lent: call.lent.clone(),
            endpoints: server.map(|server| server.endpoints.clone()).unwrap_or_default(),
            runtime: Handle::try_current().ok(),
        }
    }

    /// Why a guest ended, if that is known. None: whoever asks knows what remains.
    fn explain(&self, kind: Kind, error: &wasmtime::Error, state: &CallState) -> Option<CallError> {
        if error.is::<PoolConcurrencyLimitError>() {
            return Some(HostError::Overloaded { queue: "memory pool" }.into());
        }
        if let Some(fault) = error.downcast_ref::<EmbedderFault>() {
            return Some(HostError::Internal(fault.to_string()).into());
        }
        stop::reason(error, state).map(|reason| self.stopped(kind, reason, &stop::cause(error)))
    }

    fn stopped(&self, kind: Kind, reason: StopReason, detail: &str) -> CallError {
        let stop =
            stop::describe(&self.0.id, kind.name(), &kind.budget(&self.0.host.budgets), reason, detail);
        tracing::warn!(
            plugin.id = %self.0.id,
            plugin.digest = %self.0.digest,
            call = stop.call,
            reason = reason.as_str(),
            "{stop}"
        );
        CallError::Stopped(stop)
    }

    pub(crate) fn bad_answer(&self, kind: Kind, why: &str) -> CallError {
        self.stopped(kind, StopReason::Answer, why)
    }

    pub(crate) fn lacks(&self, interface: &str) -> CallError {
        CallError::Failed(PluginFailure {
            code: "not_implemented".to_owned(),
            message: format!("the plugin {} does not export {interface}", self.0.id),
            retry_after: None,
        })
    }
}

/// A guest that tells what it used when it is gone, however it ended.
struct Bill(Store<CallState>);

impl Drop for Bill {
    fn drop(&mut self) {
        let state = self.0.data();
        state.log.spent(&state.spent());
    }
}

async fn answer<T, F>(
    plugin: &Plugin,
    kind: Kind,
    store: &mut Store<CallState>,
    body: F,
) -> Result<T, CallError>
where
    F: for<'a> FnOnce(&'a mut Store<CallState>, &'a Instance, &'a Exports) -> Running<'a, T>,
{
    let instance = match plugin.0.pre.instantiate_async(&mut *store).await {
        Ok(instance) => instance,
        // The component was linked before, so what no rule explains is this machine's fault.
        Err(source) => {
            let known = plugin.explain(kind, &source, store.data());
            let unknown = HostError::Engine { context: "cannot make an instance", source };
            return Err(known.unwrap_or_else(|| unknown.into()));
        }
    };
    match body(&mut *store, &instance, &plugin.0.exports).await {
        Ok(answer) => Ok(answer),
        // Neither limit nor trap: the answer could not be read as the contract says.
        Err(error) => {
            let known = plugin.explain(kind, &error, store.data());
            Err(known.unwrap_or_else(|| plugin.bad_answer(kind, &stop::cause(&error))))
        }
    }
}
