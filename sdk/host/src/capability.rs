//! What the embedder lends to a call: rights, a log, and the one live import that exists, `query`.
//!
//! The host decides whether a call may use a capability; the embedder's trait only says how it is done. An
//! implementation therefore never sees an endpoint that the server does not have, nor a call that was not granted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_types::server::Endpoint;
use serde::{Deserialize, Serialize};

/// Capability name: datagrams and streams to the server's own endpoints.
pub const QUERY: &str = "query";

/// Every capability that a manifest may ask for.
pub const CAPABILITIES: &[&str] = &[QUERY];

/// The capability names that an administrator granted to one component digest.
///
/// A name that the plugin's manifest does not ask for has no effect: effective rights are the intersection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants(BTreeSet<String>);

impl Grants {
    /// No capability at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether `capability` is among them.
    #[must_use]
    pub fn contains(&self, capability: &str) -> bool {
        self.0.contains(capability)
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<S: Into<String>> FromIterator<S> for Grants {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

/// How important a plugin calls a line of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the plugin's author.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is odd.
    Warn,
    /// Something failed.
    Error,
}

/// Where a plugin's own words go. Text is bounded and free of control characters when it arrives here.
pub trait PluginLog: Send + Sync {
    /// Takes one line of the plugin whose manifest id is `plugin`. Called while a guest runs: it must not block.
    fn write(&self, plugin: &str, level: LogLevel, text: &str);
}

/// A log that forwards to `tracing`, target `plugin`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingLog;

impl PluginLog for TracingLog {
    fn write(&self, plugin: &str, level: LogLevel, text: &str) {
        match level {
            LogLevel::Debug => tracing::debug!(target: "plugin", plugin = %plugin, "{text}"),
            LogLevel::Info => tracing::info!(target: "plugin", plugin = %plugin, "{text}"),
            LogLevel::Warn => tracing::warn!(target: "plugin", plugin = %plugin, "{text}"),
            LogLevel::Error => tracing::error!(target: "plugin", plugin = %plugin, "{text}"),
        }
    }
}

/// On whose behalf a call is made: the rights of the plugin and the log that its words go to.
#[derive(Clone)]
pub struct CallContext {
    /// What was granted to the digest that is called.
    pub grants: Grants,
    /// Where the plugin's words go.
    pub log: Arc<dyn PluginLog>,
}

impl CallContext {
    /// A context whose log is `tracing`.
    #[must_use]
    pub fn traced(grants: Grants) -> Self {
        Self { grants, log: Arc::new(TracingLog) }
    }
}

/// One answer of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What came.
    pub payload: Vec<u8>,
    /// How long after the sending it came.
    pub after: Duration,
}

/// Why a query brought nothing. The plugin sees both texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryFailure {
    /// Stable: `timeout`, `refused`, `unreachable`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl QueryFailure {
    /// A failure with a stable code and words for people.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }
}

/// Capability `query`, as the embedder does it. It runs on the embedder's runtime, never on the guests' threads.
///
/// The host has looked the endpoint up by name among those of the server that the call is about, and has bounded
/// payload, number of replies and time. A future may be dropped at any point.
#[async_trait]
pub trait Query: Send + Sync {
    /// Sends one datagram and gathers replies until there are `enough` or `timeout` is over. With `enough` zero it
    /// only sends. One object serves one call, so it can keep its sockets from one datagram to the next.
    async fn datagram(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        enough: u32,
        timeout: Duration,
    ) -> Result<Vec<Reply>, QueryFailure>;

    /// Connects, sends `payload`, reads until `max_bytes`, the end of the stream, or `timeout`.
    async fn exchange(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout: Duration,
    ) -> Result<Reply, QueryFailure>;
}
