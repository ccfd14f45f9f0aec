//! Which nodes are connected: the registry, and a socket's way into it and out of it.

use crate::{LinkError, Network, NodeClient, call::Payload};
use async_trait::async_trait;
use futures_util::SinkExt;
use gantry_protocol::{
    Hello,
    tunnel::{
        ByteStream, CONNECTION_WINDOW, Frame, FrameSocket, HANDSHAKE_DEADLINE, KEEP_ALIVE_INTERVAL,
        KEEP_ALIVE_TIMEOUT, MAX_HEADERS, NodeKeyPair, STREAM_WINDOW, Tasks, handshake,
    },
};
use gantry_types::NodeId;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Semaphore, broadcast};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Sockets that may be in their handshake at one time. More are refused: they cost memory before they prove anything.
pub const MAX_HANDSHAKES: usize = 256;

/// Those of one network among them, so that no stranger holds them all. A handshake takes as long as two messages each
/// way, and daemons that are refused come again at different times, so that a whole site behind one address gets in.
pub const MAX_HANDSHAKES_OF_ONE_NETWORK: usize = 32;

/// Changes that a subscriber may be behind by before it has to re-read [`Links::connected`].
const CHANGES: usize = 1024;

/// How long a goodbye may take to leave.
const GOODBYE: Duration = Duration::from_secs(1);

/// Whatever the owner of the keys says went wrong.
pub type KeysError = Box<dyn std::error::Error + Send + Sync>;

/// Where a node's keys come from.
#[async_trait]
pub trait NodeKeys: Send + Sync {
    /// The keys of a node that is enrolled and not revoked; none for any other.
    async fn keys(&self, node_id: NodeId) -> Result<Option<NodeKeyPair>, KeysError>;
}

/// A node came or went. A replaced link is a going and a coming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkChange {
    pub node_id: NodeId,
    pub connected: bool,
}

/// The registry of links. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Links {
    shared: Arc<Shared>,
}

struct Shared {
    keys: Arc<dyn NodeKeys>,
    state: Mutex<State>,
    changes: broadcast::Sender<LinkChange>,
    handshakes: Semaphore,
    served: TaskTracker,
    shutdown: CancellationToken,
}

#[derive(Default)]
struct State {
    next: u64,
    links: HashMap<NodeId, Held>,
    /// Handshakes that look keys up or wait for a proof, so that a revocation reaches them too.
    pending: HashMap<u64, NodeId>,
    /// How many handshakes each network has under way; none is not listed.
    greeting: HashMap<Network, usize>,
}

struct Held {
    id: u64,
    client: NodeClient,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("connected", &self.connected()).finish_non_exhaustive()
    }
}

impl Links {
    pub fn new(keys: Arc<dyn NodeKeys>) -> Self {
        let shared = Shared {
            keys,
            state: Mutex::default(),
            changes: broadcast::Sender::new(CHANGES),
            handshakes: Semaphore::new(MAX_HANDSHAKES),
            served: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Runs the link over an upgraded socket until it ends. Dropping the future ends the link. `from` is whose it is, as
    /// far as anybody can know before the handshake.
    ///
    /// A link that stood and was then ended properly, by the peer, by a later link of the node or by [`Links::close`], is
    /// `Ok`; one that was cut is [`LinkError::Broken`]. Comings and goings are logged here, errors by the caller.
    pub async fn serve<S: FrameSocket + 'static>(
        &self,
        from: Network,
        mut socket: S,
    ) -> Result<(), LinkError> {
        let _served = self.shared.served.token();
        let greeted = tokio::select! {
            biased;
            () = self.shared.shutdown.cancelled() => Err(LinkError::ShuttingDown),
            greeted = self.greet(from, &mut socket) => greeted,
        };
        match greeted {
            Ok((hello, pending)) => self.run(socket, hello, pending).await,
            Err(error) => {
                // The refusal stands whether or not the peer hears it.
                drop(tokio::time::timeout(GOODBYE, socket.send(Frame::Close)).await);
                Err(error)
            }
        }
    }

    /// Whether one more handshake of that network fits at this moment. Who asks before the upgrade can tell a daemon in words
    /// when to come again; [`Links::serve`] has no more than a close.
    pub fn has_room(&self, from: Network) -> bool {
        let of_its_network = self.state().greeting.get(&from).copied().unwrap_or_default();
        of_its_network < MAX_HANDSHAKES_OF_ONE_NETWORK && self.shared.handshakes.available_permits() > 0
    }

    /// The connected node's calls.
    pub fn client(&self, node_id: NodeId) -> Option<NodeClient> {
        self.state().links.get(&node_id).map(|held| held.client.clone())
    }

    /// Whether the node is connected here.
    pub fn is_connected(&self, node_id: NodeId) -> bool {
        self.state().links.contains_key(&node_id)
    }

    /// All nodes that are connected here.
    pub fn connected(&self) -> Vec<NodeId> {
        self.state().links.keys().copied().collect()
    }

    /// Comings and goings from here on. Who lags behind re-reads [`Links::connected`].
    pub fn subscribe(&self) -> broadcast::Receiver<LinkChange> {
        self.shared.changes.subscribe()
    }

    /// Ends the node's link at once, and any that is being made. For a revocation: make the keys unavailable first.
    pub fn close(&self, node_id: NodeId) {
        let mut state = self.state();
        state.pending.retain(|_, pending| *pending != node_id);
        if let Some(held) = state.links.remove(&node_id) {
            self.leave(&held);
        }
    }

    /// Ends all links, lets no other in, and waits until none is left.
    pub async fn shutdown(&self) {
        self.shared.shutdown.cancel();
        self.shared.served.close();
        self.shared.served.wait().await;
    }

    async fn greet<S: FrameSocket>(
        &self,
        from: Network,
        socket: &mut S,
    ) -> Result<(Hello, Pending<'_>), LinkError> {
        let _greeting = self.admit(from)?;
        let _permit = self.shared.handshakes.try_acquire().map_err(|_| LinkError::Busy)?;
        tokio::time::timeout(HANDSHAKE_DEADLINE, self.handshake(socket))
            .await
            .map_err(|_| LinkError::Deadline)?
    }

    async fn handshake<S: FrameSocket>(&self, socket: &mut S) -> Result<(Hello, Pending<'_>), LinkError> {
        let hello = handshake::hear(socket).await?;
        let pending = self.expect(hello.node_id);
        let pair = self.shared.keys.keys(hello.node_id).await.map_err(LinkError::Keys)?;
        handshake::challenge(socket, &hello, pair.as_ref()).await?;
        if !self.state().pending.contains_key(&pending.id) {
            return Err(LinkError::Revoked);
        }
        handshake::welcome(socket).await?;
        Ok((hello, pending))
    }

    async fn run<S: FrameSocket + 'static>(
        &self,
        socket: S,
        hello: Hello,
        pending: Pending<'_>,
    ) -> Result<(), LinkError> {
        let closed = self.shared.shutdown.child_token();
        let _end = closed.clone().drop_guard();
        let tasks = Tasks::new(closed.clone());
        let io = TokioIo::new(ByteStream::new(socket));
        let (sender, connection) =
            builder(&tasks).handshake::<_, Payload>(io).await.map_err(LinkError::Broken)?;
        let registered = self.enter(&pending, NodeClient::new(hello, sender, closed.clone()))?;
        let ended = tokio::select! {
            biased;
            () = closed.cancelled() => Ok(()),
            ended = connection => ended.map_err(LinkError::Broken),
        };
        drop(registered);
        tasks.end().await;
        ended
    }

    /// Counts a handshake for its network while it is under way.
    fn admit(&self, from: Network) -> Result<Greeting<'_>, LinkError> {
        let mut state = self.state();
        let under_way = state.greeting.entry(from).or_default();
        if *under_way >= MAX_HANDSHAKES_OF_ONE_NETWORK {
            return Err(LinkError::Crowded);
        }
        *under_way += 1;
        Ok(Greeting { links: self, from })
    }

    /// Notes a handshake before its keys are looked up.
    fn expect(&self, node_id: NodeId) -> Pending<'_> {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        state.pending.insert(id, node_id);
        Pending { links: self, id }
    }

    /// Puts a link that has proved itself into the registry, in place of an earlier one.
    fn enter(&self, pending: &Pending<'_>, client: NodeClient) -> Result<Registered<'_>, LinkError> {
        let mut state = self.state();
        if state.pending.remove(&pending.id).is_none() {
            return Err(LinkError::Revoked);
        }
        let (id, node_id) = (pending.id, client.node_id());
        if let Some(earlier) = state.links.insert(node_id, Held { id, client }) {
            self.leave(&earlier);
        }
        self.tell(node_id, true);
        tracing::info!(node.id = %node_id, "node connected");
        Ok(Registered { links: self, id, node_id })
    }

    /// Ends a link that is no longer in the registry. Called under the lock, so that changes are told in order.
    fn leave(&self, held: &Held) {
        held.client.close();
        self.tell(held.client.node_id(), false);
        tracing::info!(node.id = %held.client.node_id(), "node disconnected");
    }

    fn tell(&self, node_id: NodeId, connected: bool) {
        // An error means that nobody listens.
        drop(self.shared.changes.send(LinkChange { node_id, connected }));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn builder(tasks: &Tasks) -> http2::Builder<Tasks> {
    let mut builder = http2::Builder::new(tasks.clone());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MAX_HEADERS)
        .keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true);
    builder
}

/// One of its network's handshakes.
struct Greeting<'a> {
    links: &'a Links,
    from: Network,
}

impl Drop for Greeting<'_> {
    fn drop(&mut self) {
        let mut state = self.links.state();
        let left = state.greeting.get(&self.from).map_or(0, |under_way| under_way.saturating_sub(1));
        match left {
            0 => state.greeting.remove(&self.from),
            _ => state.greeting.insert(self.from, left),
        };
    }
}

/// A handshake under way.
struct Pending<'a> {
    links: &'a Links,
    id: u64,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.links.state().pending.remove(&self.id);
    }
}

/// A link's place in the registry; given up when the link ends in whatever way.
struct Registered<'a> {
    links: &'a Links,
    id: u64,
    node_id: NodeId,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        let mut state = self.links.state();
        if state.links.get(&self.node_id).is_some_and(|held| held.id == self.id)
            && let Some(held) = state.links.remove(&self.node_id)
        {
            self.links.leave(&held);
        }
    }
}
