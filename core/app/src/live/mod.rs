//! News for pages: what changed, read once and handed to every socket, each of which shows what its person may see.
//!
//! The database says *that* something changed; [`publish`] reads the rows, once however many watch and however often
//! they changed meanwhile, and spreads them in this process. A socket that falls behind is closed: its page fetches
//! everything again, which is the one way that always ends with the truth.

mod feed;
mod frames;

pub use feed::LiveFeed;
pub use frames::{LiveFrame, ServerSample, TOPICS, Topic, UnknownTopic};

use crate::{App, error::Answer, rights::RightsChange};
use gantry_domain::{
    operations::Operation,
    page::{MAX_LIMIT, PageRequest},
    servers::{Server, ServerFilter},
};
use gantry_protocol::NodeSample;
use gantry_store::{Notice, StoreError, SystemTx};
use gantry_types::{NodeId, OperationId, PluginId, ServerId, sample::LiveSample};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

/// News that may wait for one socket before it is closed.
const WAITING_NEWS: usize = 4096;
/// How long changes of the same server are gathered before its row is read.
const GATHERING: Duration = Duration::from_millis(40);
/// Rows that are read at once.
const ROWS: usize = 200;
/// How long to wait before the database is listened to again.
const PAUSE: Duration = Duration::from_secs(1);

/// One piece of news, as every socket gets it before its person's rights are applied.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Server(Arc<Server>),
    Removed(ServerId),
    Sample(ServerId, Arc<LiveSample>),
    Operation(Arc<Operation>),
    Node(NodeId),
    NodeSample(NodeId, Arc<NodeSample>),
    Plugin(PluginId),
    /// Schedules of a server.
    Schedules(ServerId),
    /// Backups of a server.
    Backups(ServerId),
    /// Anything may have changed.
    Everything,
}

/// Where news is gathered and spread.
pub(crate) struct Live {
    changes: broadcast::Sender<Change>,
    dirty: Mutex<Dirty>,
    bell: Notify,
    /// Whether what is committed is heard at present.
    listening: AtomicBool,
}

/// What has changed since it was last read.
#[derive(Default)]
struct Dirty {
    servers: HashSet<ServerId>,
    operations: HashSet<OperationId>,
    /// Nodes whose link came or went: all their servers look different.
    nodes: HashSet<NodeId>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            changes: broadcast::Sender::new(WAITING_NEWS),
            dirty: Mutex::default(),
            bell: Notify::new(),
            listening: AtomicBool::new(false),
        }
    }
}

impl Live {
    /// Whether news reaches watchers: not before the standing work runs, nor while the database is lost.
    pub(crate) fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Acquire)
    }

    fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    fn spread(&self, change: Change) {
        // An error says that nobody listens, which is fine.
        self.changes.send(change).ok();
    }

    /// One second of a server that the node told of.
    pub(crate) fn sampled(&self, server: ServerId, sample: LiveSample) {
        if self.changes.receiver_count() > 0 {
            self.spread(Change::Sample(server, Arc::new(sample)));
        }
    }

    /// One moment of a node's machine.
    pub(crate) fn node_sampled(&self, node: NodeId, sample: Arc<NodeSample>) {
        if self.changes.receiver_count() > 0 {
            self.spread(Change::NodeSample(node, sample));
        }
    }

    /// A node's row was changed.
    fn node_changed(&self, node: NodeId) {
        self.spread(Change::Node(node));
    }

    /// A node came or went, and with it the reach of all its servers.
    pub(crate) fn link_changed(&self, node: NodeId) {
        self.node_changed(node);
        self.mark(|dirty| dirty.nodes.extend([node]));
    }

    fn mark(&self, mark: impl FnOnce(&mut Dirty)) {
        mark(&mut self.dirty.lock().unwrap_or_else(PoisonError::into_inner));
        self.bell.notify_one();
    }

    fn take(&self) -> Dirty {
        std::mem::take(&mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads what changed and spreads it, until cancelled.
pub(crate) async fn publish(app: &App, cancel: &CancellationToken) {
    let live = app.live_hub();
    let rounds = async {
        loop {
            live.bell.notified().await;
            tokio::time::sleep(GATHERING).await;
            let dirty = live.take();
            if let Err(error) = read(app, &dirty).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "changes could not be read for watchers"
                );
                live.spread(Change::Everything);
            }
        }
    };
    cancel.run_until_cancelled(rounds).await;
}

async fn read(app: &App, dirty: &Dirty) -> Answer<()> {
    let live = app.live_hub();
    let nothing = dirty.servers.is_empty() && dirty.operations.is_empty() && dirty.nodes.is_empty();
    if nothing || live.changes.receiver_count() == 0 {
        return Ok(());
    }
    let mut tx = app.db().as_system().await?;
    for node in &dirty.nodes {
        servers_of(&mut tx, live, *node).await?;
    }
    let ids: Vec<ServerId> = dirty.servers.iter().copied().collect();
    for ids in ids.chunks(ROWS) {
        for server in tx.servers_by_ids(ids).await? {
            live.spread(Change::Server(Arc::new(server)));
        }
    }
    for id in &dirty.operations {
        match tx.operation(*id).await {
            Ok(operation) => live.spread(Change::Operation(Arc::new(operation))),
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn servers_of(tx: &mut SystemTx, live: &Live, node: NodeId) -> Answer<()> {
    let filter = ServerFilter { node_id: Some(node), ..ServerFilter::default() };
    let mut request = PageRequest { cursor: None, limit: MAX_LIMIT };
    loop {
        let page = tx.servers(&filter, &request).await?;
        page.items.into_iter().for_each(|server| live.spread(Change::Server(Arc::new(server))));
        match page.next {
            None => return Ok(()),
            next => request.cursor = next,
        }
    }
}

/// Hears what was committed, here and by other instances, until cancelled.
pub(crate) async fn listen(app: &App, cancel: &CancellationToken) {
    let rounds = async {
        loop {
            let heard = hear(app).await;
            app.live_hub().listening.store(false, Ordering::Release);
            if let Err(error) = heard {
                tracing::warn!(%error, "the database's notices cannot be heard");
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    cancel.run_until_cancelled(rounds).await;
}

async fn hear(app: &App) -> Result<(), StoreError> {
    let mut listener = app.db().listen().await?;
    // What was committed before is not heard.
    take(app, Notice::Missed).await;
    app.live_hub().listening.store(true, Ordering::Release);
    loop {
        let notice = listener.next().await?;
        take(app, notice).await;
    }
}

async fn take(app: &App, notice: Notice) {
    let live = app.live_hub();
    match notice {
        Notice::Server { server, node, desired } => {
            live.mark(|dirty| dirty.servers.extend([server]));
            if desired {
                app.doorbells().ring(node);
                app.grant_bells().ring(node);
            }
        }
        Notice::Removed { server } => {
            live.spread(Change::Removed(server));
            app.rights_changed(RightsChange::Server(server));
        }
        Notice::Operation { operation, .. } => live.mark(|dirty| dirty.operations.extend([operation])),
        Notice::Schedules { server } => live.spread(Change::Schedules(server)),
        Notice::Backups { server } => live.spread(Change::Backups(server)),
        Notice::Rights { user } => app.rights_changed(RightsChange::User(user)),
        Notice::Credentials { .. } => app.grants_changed(),
        Notice::Session { session } => app.rights_changed(RightsChange::Session(session)),
        Notice::Node { node } => {
            check_links(app, &[node]).await;
            live.node_changed(node);
        }
        Notice::Drain { node } => {
            app.doorbells().ring(node);
            live.node_changed(node);
        }
        Notice::Plugin { plugin } => {
            live.spread(Change::Plugin(plugin));
            app.hook_bell().notify_one();
        }
        Notice::Events => app.hook_bell().notify_one(),
        Notice::Missed => {
            app.rights_changed(RightsChange::Everything);
            let connected = app.links().connected();
            check_links(app, &connected).await;
            connected.into_iter().for_each(|node| app.doorbells().ring(node));
            app.hook_bell().notify_one();
            live.spread(Change::Everything);
        }
    }
}

async fn check_links(app: &App, nodes: &[NodeId]) {
    for node in nodes {
        if let Err(error) = app.check_link(*node).await {
            tracing::warn!(node.id = %node, error = &error as &dyn std::error::Error, "a link could not be checked");
        }
    }
}
