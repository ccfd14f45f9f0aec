//! One call from its place in the queue to its answer, or to the words that say why there is none.
//!
//! A call waits for a place, runs in a fresh instance, and is timed from outside by the embedder's clock, which no guest
//! can hold up for longer than a slice. Whatever ends it, the instance is gone before its place is free. Where guests run
//! in this process they do so on threads of their own, and their first slice may run on the caller's (see `inline`).

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use gantry_types::server::ServerContext;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::bill::Bill;
use crate::calls::Request;
use crate::capability::{CallContext, PluginLog};
use crate::desk::Desk;
use crate::error::{CallError, HostError, PluginFailure, StopReason};
use crate::guest::{Ended, Linked};
use crate::host::Within;
use crate::inline::{self, Pace};
use crate::kind::Kind;
use crate::lend::{Clerk, Lending};
use crate::plugin::{Body, Plugin};
use crate::stop;
use crate::turn::Turn;
use crate::wall;

/// A place for one instance: among those that are admitted, this plugin's, and all.
pub(crate) type Place = [OwnedSemaphorePermit; 3];

impl Plugin {
    /// Waits for an instance, makes the call in a fresh one, and says why if there is no answer.
    pub(crate) async fn run<R: Request>(
        &self,
        call: &CallContext,
        server: Option<&ServerContext>,
        request: R,
    ) -> Result<R::Answer, CallError> {
        let place = self.place().await?;
        let clerk = self.clerk(R::KIND, call, server);
        match &self.0.body {
            Body::Within(within, linked) => {
                self.run_within(within, linked, place, (clerk, call.log.clone()), request).await
            }
            Body::Beyond(remote) => {
                let bill = Bill::open(call.log.clone(), R::KIND.budget(&self.0.host.budgets));
                wall::call(self, remote, place, (clerk, bill), request).await
            }
        }
    }

    async fn run_within<R: Request>(
        &self,
        within: &Arc<Within>,
        linked: &Arc<Linked>,
        place: Place,
        (clerk, log): (Clerk, Arc<dyn PluginLog>),
        request: R,
    ) -> Result<R::Answer, CallError> {
        let began = Instant::now();
        let budget = R::KIND.budget(&self.0.host.budgets);
        let (plugin, linked, turns) = (self.clone(), linked.clone(), within.turns.clone());
        // Threads are as many as may run, so that nobody goes beside the queue here.
        let pace = match self.0.habits.pace(R::KIND) {
            Pace::Light => Pace::Usual,
            pace => pace,
        };
        let mut guest = Box::pin(async move {
            let turn = Turn::new(turns, pace);
            turn.take().await;
            let mut bill = Bill::open(log, budget);
            let run = linked.answer(budget, turn, Desk::Here(Box::new(clerk)), request).await;
            bill.settle(run.spent);
            plugin.0.habits.note(R::KIND, run.spent.cpu, run.outcome.is_ok(), false);
            // The instance is gone before its place is free, and paid for before whoever asked hears of it.
            drop(run.desk);
            drop(bill);
            drop(place);
            run.outcome.map_err(|ended| plugin.explain(R::KIND, ended))
        });
        if let Poll::Ready(ended) = self.visit(within, R::KIND, guest.as_mut()).await {
            return ended.unwrap_or_else(|panic| Err(HostError::Internal(panic).into()));
        }
        let guest = AbortOnDropHandle::new(within.guests().spawn(guest));
        match timeout(budget.wall.saturating_sub(began.elapsed()), guest).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(cause)) => Err(HostError::Internal(cause.to_string()).into()),
            Err(_) => Err(self.stopped(R::KIND, StopReason::WallTime, "")),
        }
    }

    /// Lets a guest begin on this thread, if it may; what has not ended goes on elsewhere.
    async fn visit<F: Future>(
        &self,
        within: &Within,
        kind: Kind,
        guest: Pin<&mut F>,
    ) -> Poll<Result<F::Output, String>> {
        if !self.0.habits.are_brief(kind) {
            return Poll::Pending;
        }
        let Ok(_visit) = within.visits.try_acquire() else { return Poll::Pending };
        inline::poll(guest).await
    }

    async fn place(&self) -> Result<Place, HostError> {
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

    /// Who answers this call's questions. Where the contract lends nothing there is nothing to copy.
    fn clerk(&self, kind: Kind, call: &CallContext, server: Option<&ServerContext>) -> Clerk {
        let (lends, budget) = (kind.lends(), kind.budget(&self.0.host.budgets));
        let (plugin, log) = (self.clone(), call.log.clone());
        let (grants, lent, endpoints) = if lends.is_empty() {
            Default::default()
        } else {
            let endpoints = server.map(|server| server.endpoints.clone()).unwrap_or_default();
            (call.grants.clone(), call.lent.clone(), endpoints)
        };
        Clerk::new(Lending { plugin, lends, grants, lent, log, endpoints, budget })
    }

    /// What is told of a guest that ended without an answer.
    pub(crate) fn explain(&self, kind: Kind, ended: Ended) -> CallError {
        match ended {
            Ended::Stopped { reason, detail } => self.stopped(kind, reason, &detail),
            Ended::NoSlot => HostError::Overloaded { queue: "memory pool" }.into(),
            Ended::Embedder(fault) => HostError::Internal(fault).into(),
            Ended::Machine(words) => {
                let source = wasmtime::Error::msg(words);
                HostError::Engine { context: "cannot make an instance", source }.into()
            }
        }
    }

    pub(crate) fn stopped(&self, kind: Kind, reason: StopReason, detail: &str) -> CallError {
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
