//! What the embedder lends to a call: rights, a log, and whatever of the capabilities it has.
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

/// Capability name: https requests to the hosts that the manifest names.
pub const HTTP: &str = "http";

/// Capability name: bytes that outlive a call.
pub const KV: &str = "kv";

/// Capability name: what an administrator stored under the names of the manifest.
pub const SECRETS: &str = "secrets";

/// Capability name: the server's files.
pub const FILES: &str = "files";

/// Capability name: plans that download from the hosts that the manifest names.
pub const DOWNLOAD: &str = "download";

/// Capability name: plans that have the node build an image.
pub const IMAGE_BUILD: &str = "image-build";

/// Capability name: plans that run commands in containers.
pub const CONTAINER_RUN: &str = "container-run";

/// Capability name: plans whose commands are the container's root.
pub const CONTAINER_ROOT: &str = "container-root";

/// Capability name: a component beyond [`Budgets::compile`](crate::Budgets::compile), up to
/// [`Budgets::compile_large`](crate::Budgets::compile_large). There is nothing to call: what it takes is disk, memory and
/// processor time where it is compiled, on the control plane and on every node that runs it. So an administrator decides.
pub const LARGE_COMPONENT: &str = "large-component";

/// Every capability that a manifest may ask for.
pub const CAPABILITIES: &[&str] =
    &[QUERY, HTTP, KV, SECRETS, FILES, DOWNLOAD, IMAGE_BUILD, CONTAINER_RUN, CONTAINER_ROOT, LARGE_COMPONENT];

/// Those that are interfaces that a component imports.
pub(crate) const IMPORTED: [&str; 5] = [QUERY, HTTP, KV, SECRETS, FILES];

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

    /// Hears what the call had used when its guest was gone, however it ended. The same holds for blocking.
    fn spent(&self, spent: &Spent) {
        let _ = spent;
    }
}

/// What one call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Processor time of its guest.
    pub cpu: Duration,
    /// All memories of its guest together, when it ended.
    pub memory_bytes: usize,
    /// Calls of host functions, the log included.
    pub host_calls: u32,
    /// Log text.
    pub log_bytes: usize,
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

/// Knows what is secret in one call. It is asked when the call was stopped and is to be written down, and not before.
#[async_trait]
pub trait Discretion: Send + Sync {
    /// Everything that nobody who reads a record may learn, whatever of it the call was told; nothing where that cannot be
    /// said, and then there is no record.
    async fn secrets(&self) -> Option<Vec<String>>;
}

/// These, and no others.
#[async_trait]
impl Discretion for Vec<String> {
    async fn secrets(&self) -> Option<Vec<String>> {
        Some(self.clone())
    }
}

/// On whose behalf a call is made: the rights of the plugin and the log that its words go to.
#[derive(Clone)]
pub struct CallContext {
    /// What was granted to the digest that is called.
    pub grants: Grants,
    /// Where the plugin's words go.
    pub log: Arc<dyn PluginLog>,
    /// What the embedder has for this call. The host still asks for the grant.
    pub lent: Lent,
    /// Who knows what is secret. Where nobody does, nothing is kept of a call that is stopped.
    pub discretion: Option<Arc<dyn Discretion>>,
    /// Whose server the call is about. What fails for one person's servers alone is on hold for those alone.
    pub tenant: Option<Arc<str>>,
}

impl CallContext {
    /// A context whose log is `tracing`.
    #[must_use]
    pub fn traced(grants: Grants) -> Self {
        Self { grants, log: Arc::new(TracingLog), lent: Lent::default(), discretion: None, tenant: None }
    }

    /// The same call with the embedder's way of asking a server's endpoints.
    #[must_use]
    pub fn querying(&self, query: Arc<dyn Query>) -> Self {
        let lent = Lent { query: Some(query), ..self.lent.clone() };
        Self { lent, ..self.clone() }
    }

    /// The same call, of which a record is kept if it is stopped, without what is secret.
    #[must_use]
    pub fn kept(&self, discretion: Arc<dyn Discretion>) -> Self {
        Self { discretion: Some(discretion), ..self.clone() }
    }
}

/// The embedder's side of the capabilities, for one call. What is not there answers the failure `unavailable`.
///
/// Each object serves the plugin and the server of its call alone: which of them that is, the embedder knows when it
/// lends it. All of them run on the runtime that the call is awaited on, never on the guests' threads.
#[derive(Clone, Default)]
pub struct Lent {
    /// Capability `query`.
    pub query: Option<Arc<dyn Query>>,
    /// Capability `http`.
    pub http: Option<Arc<dyn Http>>,
    /// Capability `kv`.
    pub kv: Option<Arc<dyn KeyValue>>,
    /// Capability `secrets`.
    pub secrets: Option<Arc<dyn Secrets>>,
    /// Capability `files`.
    pub files: Option<Arc<dyn Files>>,
    /// Who hears of what was asked for beyond that.
    pub beyond: Option<Arc<dyn Beyond>>,
}

/// Hears of what a guest asked for and may not have: a capability that was not granted, or something outside the scope
/// that the manifest names.
pub trait Beyond: Send + Sync {
    /// `target` is the guest's own word for what it wanted, a host or a name; empty where the capability itself was not
    /// granted. Called while a guest runs: it must not block.
    fn refused(&self, capability: &'static str, target: &str);
}

/// One answer of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What came.
    pub payload: Vec<u8>,
    /// How long after the sending it came.
    pub after: Duration,
}

/// Why a capability brought nothing. The plugin sees both texts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LentFailure {
    /// Stable: `timeout`, `refused`, `unreachable`, `not_found`, `quota`, `too_large`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl LentFailure {
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
    ) -> Result<Vec<Reply>, LentFailure>;

    /// Connects, sends `payload`, reads until `max_bytes`, the end of the stream, or `timeout`.
    async fn exchange(
        &self,
        endpoint: &Endpoint,
        payload: Vec<u8>,
        max_bytes: u32,
        timeout: Duration,
    ) -> Result<Reply, LentFailure>;

    /// Connects for a conversation.
    async fn connect(
        &self,
        endpoint: &Endpoint,
        timeout: Duration,
    ) -> Result<Box<dyn Connection>, LentFailure> {
        let (_, _) = (endpoint, timeout);
        Err(LentFailure::new("unavailable", "this host has no connections that stay open"))
    }
}

/// A TCP connection of capability `query`. It is dropped with its call.
#[async_trait]
pub trait Connection: Send {
    /// Sends all of it, within the call's time.
    async fn write(&mut self, payload: Vec<u8>) -> Result<(), LentFailure>;

    /// What comes next, at least one byte and at most `max_bytes`; nothing at the end of the stream.
    async fn read(&mut self, max_bytes: u32, timeout: Duration) -> Result<Vec<u8>, LentFailure>;
}

/// A request of capability `http`. Its method and URL have been checked against the manifest's hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// In capitals.
    pub method: String,
    /// Begins with `https://`.
    pub url: String,
    /// Names and values, free of line breaks.
    pub headers: Vec<(String, String)>,
    /// What is sent.
    pub body: Vec<u8>,
    /// A longer answer is the failure `too_large`.
    pub max_bytes: u32,
}

/// What a server on the internet answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// Capability `http`, as the embedder does it: https to public addresses alone, looked up and checked by it, and a
/// redirect only to one of `hosts` (names, or `*.` and what they end with).
#[async_trait]
pub trait Http: Send + Sync {
    /// Sends one request.
    async fn send(
        &self,
        hosts: &[String],
        request: HttpRequest,
        timeout: Duration,
    ) -> Result<HttpResponse, LentFailure>;
}

/// Capability `kv`, as the embedder keeps it. Keys and values have been bounded; the quota is the embedder's.
#[async_trait]
pub trait KeyValue: Send + Sync {
    /// What stands under a key.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure>;
    /// Puts it there; `quota` where there is no room.
    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure>;
    /// Takes it away, if it is there.
    async fn remove(&self, key: &str) -> Result<(), LentFailure>;
    /// Keys that begin so, in order.
    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure>;
}

/// Capability `secrets`, as the embedder keeps them.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// What is stored under a name that the manifest asks for; `absent` where nothing is.
    async fn get(&self, name: &str) -> Result<String, LentFailure>;
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileEntry {
    /// Its name, one part of a path.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// In bytes.
    pub size: u64,
}

/// Capability `files`, as the embedder does it: beneath the server's directory whatever links are there. Paths are
/// relative and without `..`.
#[async_trait]
pub trait Files: Send + Sync {
    /// What is in a directory.
    async fn list(&self, path: &str) -> Result<Vec<FileEntry>, LentFailure>;
    /// A file's content; `too_large` where it is longer than `max_bytes`.
    async fn read(&self, path: &str, max_bytes: u32) -> Result<Vec<u8>, LentFailure>;
    /// Puts a file in place, whole or not at all.
    async fn write(&self, path: &str, content: Vec<u8>) -> Result<(), LentFailure>;
}
