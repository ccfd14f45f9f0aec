//! Stopping all servers before the daemon itself ends, as each game wants to be stopped.
//!
//! An ordinary end of the daemon leaves games running, since the next daemon adopts them. Whoever shuts the machine's
//! Gantry down wants them stopped, but not unwanted: so it is a hold, of this daemon's life alone. What people want stays
//! as it is, and the next daemon starts what is to run.

use crate::{
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
    /// The daemon's own hold, while it leaves.
    pub(crate) fn hold(&self) -> Option<Hold> {
        let reason = "Gantry is being shut down on this machine; it starts again with it.";
        let hold = || Hold { by: "node".to_owned(), reason: reason.to_owned() };
        self.0.load(Ordering::SeqCst).then(hold)
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
            if handle.mailbox.send(Message::StandDown(answer)).await.is_ok() {
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
    /// Takes the holds as they are now, and answers once nothing runs.
    pub(crate) async fn stand_down(&mut self, answer: oneshot::Sender<()>) {
        self.standing_down.push(answer);
        self.rehold().await;
        self.tell_down();
    }

    /// Takes the holds as they are now.
    pub(crate) async fn rehold(&mut self) {
        let holds = self.shared.holds(&self.record, &Asked::Known);
        let desired = self.record.desired.desired;
        self.hear(Event::Intent { desired, holds, operation: Asked::Known }).await;
    }

    /// A server that a drain spares is held as soon as it has ended by itself.
    pub(crate) async fn mind_drain(&mut self) {
        let (drains, server) = (&self.shared.drains, self.record.desired.id);
        if drains.spares(server) && !may_run(&self.state().phase) {
            drains.ended(server);
            self.rehold().await;
        }
    }

    /// Called with every step.
    pub(crate) fn tell_down(&mut self) {
        if !self.standing_down.is_empty() && !may_run(&self.state().phase) {
            for answer in self.standing_down.drain(..) {
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
