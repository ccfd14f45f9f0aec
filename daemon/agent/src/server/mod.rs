//! One server on this node: a task that drives its machine, and the handle by which others reach it.
//!
//! Modules in reading order: `supervisor`, `perform`, `work`, `start`, `spec`, `follow`, `probe`, `telemetry`,
//! `players`, `hand`, `lent`, `terms`, `wish`.

mod follow;
pub(crate) mod hand;
mod lent;
mod perform;
mod played;
mod players;
mod presence;
mod probe;
pub(crate) mod spec;
pub(crate) mod start;
mod supervisor;
mod telemetry;
mod terms;
mod wish;
pub(crate) mod work;

pub(crate) use supervisor::{FoundContainer, Supervisor};
pub(crate) use terms::FileTerms;
pub(crate) use wish::Wish;

use crate::{console::Console, desk::Desk};
use futures_util::future::BoxFuture;
use gantry_protocol::{ConsoleCommand, DesiredServer, ObservedServer, Refusal, RefusalCode};
use gantry_types::{ServerId, action::Availability};
use hand::Hand;
use std::{sync::Arc, time::Duration};
use tokio::sync::{OwnedRwLockReadGuard, mpsc, oneshot, watch};
use tokio_util::sync::DropGuard;

/// Messages that may wait for one server.
pub(crate) const MAILBOX: usize = 64;

/// What a supervisor is asked.
pub(crate) enum Message {
    Apply(Box<DesiredServer>, oneshot::Sender<Result<ObservedServer, Refusal>>),
    Command(ConsoleCommand, oneshot::Sender<Result<(), Refusal>>),
    Observe(oneshot::Sender<ObservedServer>),
    /// Why what is for these states cannot be done, if it cannot.
    Excluded(Availability, oneshot::Sender<Option<&'static str>>),
    /// How often its collector is asked, if it is.
    CollectsEvery(oneshot::Sender<Option<Duration>>),
    /// That nothing has the server's files to itself for a while.
    Reading(oneshot::Sender<Result<Reading, Refusal>>),
    /// What a schedule wants of the process.
    Wish(Wish),
    /// Something that is done to the game on its plugin's behalf, or why it cannot begin.
    Deed(Availability, Deed),
    /// It is held from here on; answered once nothing runs.
    StandDown(oneshot::Sender<()>),
    /// What it is held for may have changed.
    Rehold,
}

/// All files of a server as they are, for whoever reads them. Nothing has them to itself before this is dropped; when something is to,
/// the work is called off.
pub(crate) struct Reading {
    pub(crate) work: work::Work,
    _turn: OwnedRwLockReadGuard<()>,
    _done: DropGuard,
}

/// What somebody does with the hand on the game. It tells its outcome to whoever still listens.
pub(crate) type Deed = Box<dyn FnOnce(Result<Hand, Refusal>) -> BoxFuture<'static, ()> + Send>;

/// Reaches one server.
#[derive(Clone)]
pub(crate) struct ServerHandle {
    pub(crate) id: ServerId,
    pub(crate) mailbox: mpsc::Sender<Message>,
    pub(crate) console: Arc<Console>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) terms: watch::Receiver<FileTerms>,
    /// How many play, where that is known.
    pub(crate) players: watch::Receiver<Option<u32>>,
}

impl ServerHandle {
    pub(crate) async fn apply(&self, desired: DesiredServer) -> Result<ObservedServer, Refusal> {
        self.ask(|answer| Message::Apply(Box::new(desired), answer)).await?
    }

    pub(crate) async fn command(&self, command: ConsoleCommand) -> Result<(), Refusal> {
        self.ask(|answer| Message::Command(command, answer)).await?
    }

    pub(crate) async fn observe(&self) -> Result<ObservedServer, Refusal> {
        self.ask(Message::Observe).await
    }

    /// Why what is for these states cannot be done at this moment, if it cannot.
    pub(crate) async fn excluded(&self, available: Availability) -> Result<Option<&'static str>, Refusal> {
        self.ask(|answer| Message::Excluded(available, answer)).await
    }

    /// How often its collector is asked how many play, if it is.
    pub(crate) async fn collects_every(&self) -> Result<Option<Duration>, Refusal> {
        self.ask(Message::CollectsEvery).await
    }

    /// Keeps whatever would have the files to itself away for as long as they are read.
    pub(crate) async fn reading(&self) -> Result<Reading, Refusal> {
        self.ask(Message::Reading).await?
    }

    /// Has what a schedule wants of the process done; it is told what came of it.
    pub(crate) async fn wish(&self, wish: Wish) -> Result<(), Refusal> {
        self.mailbox.send(Message::Wish(wish)).await.map_err(|_| gone())
    }

    /// Has it take the node's hold; ends when nothing runs.
    pub(crate) async fn stand_down(&self) -> Result<(), Refusal> {
        self.ask(Message::StandDown).await
    }

    /// Does something with what reaches the game as it runs now. It ends between two effects when the server's state is none
    /// of those it is for, and when this future is dropped: the control plane waits for as long as whoever asked may ask, also
    /// where that person no longer listens.
    pub(crate) async fn with_hand<T, E, F>(
        &self,
        available: Availability,
        deed: impl FnOnce(Hand) -> F + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Refusal> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let done = |mut answer: oneshot::Sender<Result<T, E>>| {
            let whole = move |hand: Result<Hand, Refusal>| -> BoxFuture<'static, ()> {
                Box::pin(async move {
                    let doing = async {
                        match hand {
                            Ok(hand) => {
                                let ended = hand.ended();
                                let doing = deed(hand);
                                tokio::pin!(doing);
                                tokio::select! {
                                    outcome = &mut doing => outcome,
                                    () = answer.closed() => {
                                        ended.cancel();
                                        doing.await
                                    }
                                }
                            }
                            Err(refusal) => Err(refusal.into()),
                        }
                    };
                    let outcome = doing.await;
                    drop(answer.send(outcome));
                })
            };
            Message::Deed(available, Box::new(whole))
        };
        self.ask(done).await?
    }

    /// Told of each step that the server takes from here on.
    pub(crate) fn steps(&self) -> watch::Receiver<FileTerms> {
        let mut steps = self.terms.clone();
        // A handle's own receiver has seen nothing yet: its clone would be told of what was long ago, again and again.
        steps.mark_unchanged();
        steps
    }

    /// As they are at this moment.
    pub(crate) fn terms(&self) -> Result<FileTerms, Refusal> {
        self.terms.has_changed().map_err(|_| gone())?;
        Ok(self.terms.borrow().clone())
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        self.mailbox.send(message(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())
    }
}

fn gone() -> Refusal {
    refusal(RefusalCode::Internal, "the server's supervisor is not there; try again")
}

pub(crate) fn refusal(code: RefusalCode, message: impl Into<String>) -> Refusal {
    Refusal::new(code, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;
    use gantry_files::Protected;
    use gantry_types::server::SystemUser;
    use uuid::Uuid;

    #[test]
    fn who_waits_for_the_next_step_is_not_told_of_those_before() {
        let user = SystemUser { uid: 20_000, gid: 20_000 };
        let terms = FileTerms { user, disk_mib: 0, closed: None, protected: Protected::default() };
        let (steps, terms) = watch::channel(terms);
        let (mailbox, _) = mpsc::channel(1);
        let (id, desk) = (ServerId::new(Uuid::nil()), Arc::new(Desk::new(Utc::now())));
        let (console, (_, players)) = (Arc::new(Console::detached()), watch::channel(None));
        let handle = ServerHandle { id, mailbox, console, desk, terms, players };
        steps.send_modify(|terms| terms.disk_mib = 1);
        for _ in 0..2 {
            assert!(!handle.steps().has_changed().unwrap());
        }
        let waiting = handle.steps();
        steps.send_modify(|terms| terms.disk_mib = 2);
        assert!(waiting.has_changed().unwrap());
    }
}
