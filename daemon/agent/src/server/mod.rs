//! One server on this node: a task that drives its machine, and the handle by which others reach it.
//!
//! Modules in reading order: `supervisor`, `perform`, `work`, `start`, `spec`, `follow`, `probe`, `telemetry`,
//! `players`.

mod follow;
mod perform;
mod players;
mod probe;
pub(crate) mod spec;
pub(crate) mod start;
mod supervisor;
mod telemetry;
pub(crate) mod work;

pub(crate) use supervisor::{FoundContainer, Supervisor};

use crate::{console::Console, desk::Desk};
use gantry_protocol::{ConsoleCommand, DesiredServer, ObservedServer, Refusal, RefusalCode};
use gantry_types::server::SystemUser;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// Messages that may wait for one server.
pub(crate) const MAILBOX: usize = 64;

/// What a supervisor is asked.
pub(crate) enum Message {
    Apply(Box<DesiredServer>, oneshot::Sender<Result<ObservedServer, Refusal>>),
    Command(ConsoleCommand, oneshot::Sender<Result<(), Refusal>>),
    Observe(oneshot::Sender<ObservedServer>),
    Terms(oneshot::Sender<FileTerms>),
}

/// On which terms people may work on the server's files at this moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileTerms {
    /// Whom they belong to.
    pub(crate) user: SystemUser,
    /// Zero is no limit.
    pub(crate) disk_mib: u32,
    /// Why nothing may be changed.
    pub(crate) closed: Option<&'static str>,
}

/// Reaches one server.
#[derive(Clone)]
pub(crate) struct ServerHandle {
    pub(crate) mailbox: mpsc::Sender<Message>,
    pub(crate) console: Arc<Console>,
    pub(crate) desk: Arc<Desk>,
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

    pub(crate) async fn terms(&self) -> Result<FileTerms, Refusal> {
        self.ask(Message::Terms).await
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, Refusal> {
        let (answer, answered) = oneshot::channel();
        let gone = |()| refusal(RefusalCode::Internal, "the server's supervisor is not there; try again");
        self.mailbox.send(message(answer)).await.map_err(|_| gone(()))?;
        answered.await.map_err(|_| gone(()))
    }
}

pub(crate) fn refusal(code: RefusalCode, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into() }
}
