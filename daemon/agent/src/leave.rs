//! Stopping all servers before the daemon itself ends, as each game wants to be stopped.
//!
//! An ordinary end of the daemon leaves games running, since the next daemon adopts them. Whoever shuts the machine's
//! Gantry down wants them stopped, but not unwanted: so it is a hold, of this daemon's life alone. What people want stays
//! as it is, and the next daemon starts what is to run.

use crate::{
    ledger::ServerRecord,
    node::Node,
    server::{Message, Supervisor},
};
use gantry_lifecycle::{Asked, Event, Phase};
use gantry_types::server::Hold;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// Whether the daemon is on its way out and takes its servers along.
#[derive(Debug, Default)]
pub(crate) struct Leaving(AtomicBool);

impl Leaving {
    /// What is held for: the holds of people, and the daemon's own while it leaves.
    pub(crate) fn holds(&self, record: &ServerRecord) -> Vec<Hold> {
        let mut holds = record.desired.holds.clone();
        if self.0.load(Ordering::SeqCst) {
            let reason = "Gantry is being shut down on this machine; it starts again with it.".to_owned();
            holds.push(Hold { by: "node".to_owned(), reason });
        }
        holds
    }
}

impl Node {
    /// Stops every server by its stop plan and waits until nothing runs. From here on none starts in this daemon.
    pub async fn stop_servers(&self) {
        self.shared().leaving.0.store(true, Ordering::SeqCst);
        let mut stopping = Vec::new();
        for handle in self.all() {
            let (answer, stopped) = oneshot::channel();
            // A supervisor that is not there has nothing that runs, or comes back held.
            if handle.mailbox.send(Message::Leave(answer)).await.is_ok() {
                stopping.push(stopped);
            }
        }
        tracing::info!(servers = stopping.len(), "stopping the servers, each as its game wants it");
        for stopped in stopping {
            // An error says that its supervisor ended.
            stopped.await.ok();
        }
    }
}

impl Supervisor {
    /// Takes the hold, and answers once nothing runs.
    pub(crate) async fn leave(&mut self, answer: oneshot::Sender<()>) {
        self.leaving.push(answer);
        // Who has given up does not start by itself, and is to be found as it was.
        if self.state().phase != Phase::GivenUp {
            let holds = self.shared.leaving.holds(&self.record);
            let desired = self.record.desired.desired;
            self.hear(Event::Intent { desired, holds, operation: Asked::Known }).await;
        }
        self.tell_leaving();
    }

    /// Called with every step.
    pub(crate) fn tell_leaving(&mut self) {
        if !self.leaving.is_empty() && !may_run(&self.state().phase) {
            for answer in self.leaving.drain(..) {
                // Nobody may wait any more.
                answer.send(()).ok();
            }
        }
    }
}

/// Whether there is a game's process, or may be one any moment.
const fn may_run(phase: &Phase) -> bool {
    match phase {
        Phase::Preparing
        | Phase::AbortingStart
        | Phase::Starting
        | Phase::Running
        | Phase::Stopping { .. }
        | Phase::Killing { .. } => true,
        Phase::Uninstalled
        | Phase::Installing(_)
        | Phase::AbortingInstall
        | Phase::Restoring { .. }
        | Phase::AbortingRestore { .. }
        | Phase::Offline
        | Phase::BackingOff { .. }
        | Phase::GivenUp
        | Phase::Removing
        | Phase::Deleted => false,
    }
}
