//! Who answers the questions of one call: the embedder's side of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use gantry_types::server::Endpoint;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use crate::bindings::types;
use crate::budgets::CallBudget;
use crate::capability::{Grants, Lent, LentFailure, LogLevel, PluginLog};
use crate::convert::text;
use crate::inline;
use crate::lend::query::Connections;
use crate::lend::{Answer, Answered, Question, failure};
use crate::plugin::Plugin;

/// Characters of one log line; what is beyond is cut.
const LOG_LINE_CHARACTERS: usize = 4_096;
/// Kept of the call's time so that a guest hears of a question that timed out.
const RESERVE: Duration = Duration::from_millis(100);

/// That the embedder's capability broke down. The guest ends, but is not to blame.
#[derive(Debug, thiserror::Error)]
#[error("a capability failed: {0}")]
pub(crate) struct EmbedderFault(String);

impl EmbedderFault {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// What brings an answer, on the embedder's runtime.
pub(crate) type Asked = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// What is there for one call.
pub(crate) struct Clerk {
    /// Whose grants and scopes count.
    pub(super) plugin: Plugin,
    /// The capabilities that the contract has in this kind of call.
    lends: &'static [&'static str],
    /// Of this call.
    grants: Grants,
    lent: Lent,
    log: Arc<dyn PluginLog>,
    /// Of the server that the call is about.
    pub(super) endpoints: Vec<Endpoint>,
    /// The embedder's.
    runtime: Option<Handle>,
    budget: CallBudget,
    started: Instant,
    pub(super) connections: Connections,
}

/// What a clerk is given.
pub(crate) struct Lending {
    pub(crate) plugin: Plugin,
    pub(crate) lends: &'static [&'static str],
    pub(crate) grants: Grants,
    pub(crate) lent: Lent,
    pub(crate) log: Arc<dyn PluginLog>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) budget: CallBudget,
}

impl Clerk {
    /// For a call that begins at this moment on the embedder's runtime.
    pub(crate) fn new(lending: Lending) -> Self {
        let Lending { plugin, lends, grants, lent, log, endpoints, budget } = lending;
        // Where the contract lends nothing nobody is asked.
        let runtime = if lends.is_empty() { None } else { Handle::try_current().ok() };
        let (started, connections) = (Instant::now(), Connections::default());
        Self { plugin, lends, grants, lent, log, endpoints, runtime, budget, started, connections }
    }

    /// Takes a line of the plugin's log as the plugin wrote it.
    pub(crate) fn write(&self, level: LogLevel, line: &str) {
        self.log.write(&self.plugin.0.id, level, &text::escaped(line, LOG_LINE_CHARACTERS));
    }

    /// What the embedder lends under this name, if this call may have it.
    pub(super) fn find<T: Clone>(
        &self,
        capability: &'static str,
        lent: impl FnOnce(&Lent) -> &Option<T>,
    ) -> Result<T, types::Failure> {
        if !self.lends.contains(&capability) {
            return Err(failure(
                "unavailable",
                format!("`{capability}` does not exist in calls of this kind"),
            ));
        }
        if !(self.plugin.grants().contains(capability) && self.grants.contains(capability)) {
            self.beyond(capability, "");
            return Err(failure(
                "denied",
                format!("the capability `{capability}` has not been granted to this plugin"),
            ));
        }
        let found = lent(&self.lent).clone().filter(|_| self.runtime.is_some());
        found.ok_or_else(|| failure("unavailable", format!("`{capability}` is not offered here")))
    }

    /// Tells the embedder that the guest went beyond what it has.
    pub(super) fn beyond(&self, capability: &'static str, target: &str) {
        if let Some(hears) = &self.lent.beyond {
            hears.refused(capability, target);
        }
    }

    /// What brings the answer, or the refusal.
    pub(crate) fn consider(&self, question: Question) -> Result<Asked, types::Failure> {
        match question {
            Question::Datagram { endpoint, payload, enough, timeout_ms } => {
                self.datagram(&endpoint, payload, enough, timeout_ms)
            }
            Question::Exchange { endpoint, payload, max_bytes, timeout_ms } => {
                self.exchange(&endpoint, payload, max_bytes, timeout_ms)
            }
            Question::Connect { endpoint, timeout_ms } => self.connect(&endpoint, timeout_ms),
            Question::Write { connection, payload } => self.write_to(connection, payload),
            Question::Read { connection, max_bytes, timeout_ms } => {
                self.read_from(connection, max_bytes, timeout_ms)
            }
            Question::Close { connection } => Ok(self.close(connection)),
            Question::Http { requests } => self.http(requests),
            Question::Get { key } => self.get(key),
            Question::Set { key, value } => self.set(key, value),
            Question::Remove { key } => self.remove(key),
            Question::Keys { prefix } => self.keys(prefix),
            Question::Secret { name } => self.secret(name),
            Question::List { path } => self.list(path),
            Question::ReadFile { path, max_bytes } => self.read_file(path, max_bytes),
            Question::WriteFile { path, content } => self.write_file(path, content),
        }
    }

    /// Answers a guest of this process, on the embedder's runtime.
    pub(crate) async fn answer(&self, question: Question) -> Result<Answered, EmbedderFault> {
        let question = match self.consider(question) {
            Ok(question) => question,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let Some(runtime) = &self.runtime else {
            return Err(EmbedderFault::new("a question without a runtime"));
        };
        // The embedder is trusted to keep to the time; the call's own wall clock ends it in any case.
        on_embedder(runtime, question).await
    }

    /// What is left for a question to the embedder.
    pub(super) fn remaining(&self) -> Duration {
        self.budget.wall.saturating_sub(self.started.elapsed()).saturating_sub(RESERVE)
    }

    /// A guest's time-out, within what is left of its call.
    pub(super) fn patience(&self, timeout_ms: u32) -> Duration {
        Duration::from_millis(timeout_ms.into()).min(self.remaining())
    }
}

/// Does a question on the embedder's runtime: at once where the guest already is on a thread of it, and in a task there
/// if that is not the end of it.
async fn on_embedder(runtime: &Handle, mut question: Asked) -> Result<Answered, EmbedderFault> {
    let is_here = Handle::try_current().is_ok_and(|here| here.id() == runtime.id());
    if is_here && let Poll::Ready(answer) = inline::poll(question.as_mut()).await {
        return answer.map_err(EmbedderFault);
    }
    let task = AbortOnDropHandle::new(runtime.spawn(question));
    task.await.map_err(|cause| EmbedderFault(cause.to_string()))
}

/// A question to what was lent, whose failure is the guest's to read.
pub(super) fn asked(question: impl Future<Output = Result<Answer, LentFailure>> + Send + 'static) -> Asked {
    Box::pin(async move { question.await.map_err(|no| failure(&no.code, no.message)) })
}
