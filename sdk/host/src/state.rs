//! What stands behind one instance: its budget, what it has used of it, and the host functions that it may call.
//!
//! Every host function is counted before it does anything. A capability that was not granted answers a failure that
//! names it; it is the import list, checked at load, that keeps undeclared capabilities out altogether.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use gantry_types::server::Endpoint;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use wasmtime::{ResourceLimiter, StoreContextMut, UpdateDeadline};

use crate::bindings::{log, query, types};
use crate::budgets::CallBudget;
use crate::capability::{LogLevel, PluginLog, Query, QueryFailure, Reply};
use crate::convert::text;
use crate::engine::TABLE_ELEMENTS;
use crate::error::StopReason;
use crate::inline;
use crate::turn::Turn;

/// Characters of one log line; what is beyond is cut.
const LOG_LINE_CHARACTERS: usize = 4_096;
/// What fits into one unfragmented datagram on nearly every path.
const DATAGRAM_BYTES: usize = 1_400;
const DATAGRAM_REPLIES: u32 = 64;
const EXCHANGE_BYTES: usize = 64 * 1024;
const EXCHANGE_REPLY_BYTES: u32 = 256 * 1024;
/// All replies of one query together, whatever the embedder brings.
const REPLY_BYTES: usize = 256 * 1024;
/// Kept of the call's time so that a guest hears of a query that timed out.
const QUERY_RESERVE: Duration = Duration::from_millis(100);

/// That a guest broke its budget. It ends the guest as a trap does and says why.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.as_str())]
pub(crate) struct Violation(pub(crate) StopReason);

/// That the embedder's capability broke down. The guest ends, but is not to blame.
#[derive(Debug, thiserror::Error)]
#[error("a capability failed: {0}")]
pub(crate) struct EmbedderFault(String);

/// Whether and how this call may query.
pub(crate) enum QueryAccess {
    /// This kind of call has no queries.
    Unavailable,
    /// An administrator has not granted it.
    Denied,
    Granted {
        query: Arc<dyn Query>,
        endpoints: Vec<Endpoint>,
        runtime: Handle,
    },
}

/// The data of a call's store.
pub(crate) struct CallState {
    pub(crate) plugin: Arc<str>,
    pub(crate) budget: CallBudget,
    pub(crate) turn: Turn,
    pub(crate) memory: MemoryLimiter,
    pub(crate) log: Arc<dyn PluginLog>,
    pub(crate) query: QueryAccess,
    pub(crate) started: Instant,
    pub(crate) host_calls: u32,
    pub(crate) log_bytes: usize,
}

impl CallState {
    fn count_host_call(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls > self.budget.host_calls {
            return Err(Violation(StopReason::HostCalls).into());
        }
        Ok(())
    }

    fn remaining(&self) -> Duration {
        self.budget.wall.saturating_sub(self.started.elapsed()).saturating_sub(QUERY_RESERVE)
    }
}

/// Called at every epoch tick while the guest runs: ends it, or lets the others have their turn.
#[expect(clippy::needless_pass_by_value, reason = "wasmtime prescribes the signature")]
pub(crate) fn on_tick(store: StoreContextMut<'_, CallState>) -> wasmtime::Result<UpdateDeadline> {
    let state = store.data();
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
        self.log.write(&self.plugin, level, &text::escaped(&line, LOG_LINE_CHARACTERS));
        Ok(())
    }
}

impl query::Host for CallState {
    async fn datagram(
        &mut self,
        endpoint: String,
        payload: Vec<u8>,
        enough: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<Vec<query::Reply>, types::Failure>> {
        self.count_host_call()?;
        let enough = enough.min(DATAGRAM_REPLIES);
        let outcome = self
            .ask(
                &endpoint,
                payload.len(),
                DATAGRAM_BYTES,
                timeout_ms,
                |query, endpoint, timeout| async move {
                    query.datagram(&endpoint, payload, enough, timeout).await
                },
            )
            .await?;
        Ok(outcome.map(|replies| bounded(replies, enough as usize)))
    }

    async fn exchange(
        &mut self,
        endpoint: String,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout_ms: u32,
    ) -> wasmtime::Result<Result<query::Reply, types::Failure>> {
        self.count_host_call()?;
        let max_bytes = max_bytes.min(EXCHANGE_REPLY_BYTES);
        let outcome = self
            .ask(
                &endpoint,
                payload.len(),
                EXCHANGE_BYTES,
                timeout_ms,
                |query, endpoint, timeout| async move {
                    query.exchange(&endpoint, payload, max_bytes, timeout).await
                },
            )
            .await?;
        Ok(outcome.map(|mut reply| {
            reply.payload.truncate(max_bytes as usize);
            wit_reply(reply)
        }))
    }
}

impl CallState {
    /// Checks a query and does it on the embedder's runtime, with the guest's turn given back meanwhile.
    async fn ask<T, F, Fut>(
        &self,
        endpoint: &str,
        length: usize,
        most: usize,
        timeout_ms: u32,
        question: F,
    ) -> wasmtime::Result<Result<T, types::Failure>>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Query>, Endpoint, Duration) -> Fut,
        Fut: Future<Output = Result<T, QueryFailure>> + Send + 'static,
    {
        let (query, endpoint, runtime) = match self.may_ask(endpoint, length, most) {
            Ok(allowed) => allowed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let timeout = Duration::from_millis(timeout_ms.into()).min(self.remaining());
        self.turn.give_back();
        // The embedder is trusted to keep to the time; the call's own wall clock ends it in any case.
        let answer = on_embedder(&runtime, Box::pin(question(query, endpoint, timeout))).await;
        self.turn.take().await;
        Ok(answer?.map_err(|no| failure(&no.code, no.message)))
    }

    fn may_ask(
        &self,
        endpoint: &str,
        length: usize,
        most: usize,
    ) -> Result<(Arc<dyn Query>, Endpoint, Handle), types::Failure> {
        let (query, endpoints, runtime) = match &self.query {
            QueryAccess::Unavailable => {
                return Err(failure(
                    "unavailable",
                    "queries exist only while the collector is called".to_owned(),
                ));
            }
            QueryAccess::Denied => {
                return Err(failure(
                    "denied",
                    "the capability `query` has not been granted to this plugin".to_owned(),
                ));
            }
            QueryAccess::Granted { query, endpoints, runtime } => (query, endpoints, runtime),
        };
        if length > most {
            return Err(failure("too_large", format!("the payload has {length} bytes; the limit is {most}")));
        }
        let Some(found) = endpoints.iter().find(|each| each.name == endpoint) else {
            let name = text::escaped(endpoint, 64);
            return Err(failure("unknown_endpoint", format!("this server has no endpoint {name:?}")));
        };
        Ok((query.clone(), found.clone(), runtime.clone()))
    }
}

/// Does a question on the embedder's runtime: at once where the guest already is on a thread of it, and in a task there
/// if that is not the end of it.
async fn on_embedder<T: Send + 'static>(
    runtime: &Handle,
    mut question: Pin<Box<impl Future<Output = T> + Send + 'static>>,
) -> Result<T, EmbedderFault> {
    let is_here = Handle::try_current().is_ok_and(|here| here.id() == runtime.id());
    if is_here && let Poll::Ready(answer) = inline::poll(question.as_mut()).await {
        return answer.map_err(EmbedderFault);
    }
    let task = AbortOnDropHandle::new(runtime.spawn(question));
    task.await.map_err(|cause| EmbedderFault(cause.to_string()))
}

fn failure(code: &str, message: String) -> types::Failure {
    types::Failure { code: code.to_owned(), message, retry_after_ms: None }
}

fn wit_reply(reply: Reply) -> query::Reply {
    let after_us = u64::try_from(reply.after.as_micros()).unwrap_or(u64::MAX);
    query::Reply { payload: reply.payload, after_us }
}

fn bounded(replies: Vec<Reply>, most: usize) -> Vec<query::Reply> {
    let mut bytes = 0;
    replies
        .into_iter()
        .take(most)
        .take_while(|reply| {
            bytes += reply.payload.len();
            bytes <= REPLY_BYTES
        })
        .map(wit_reply)
        .collect()
}
