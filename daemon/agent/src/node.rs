//! The node: what all servers share, and the servers themselves.
//!
//! A [`Node`] comes up by reading its ledger and listing the containers that carry its label. What runs is adopted as it
//! is; what is labelled but not in the ledger is left alone and named in the log, because only a person can say whose it
//! is. Supervisors are tasks of one keeper, which notices a panic and puts the server back from the ledger.
//!
//! Modules in reading order: [`crate::server`], [`crate::http`].

use crate::{
    backups::{self, Backups},
    clock::Clock,
    console::Console,
    data::DataDir,
    desk::Desk,
    drain::{self, Drains},
    failure::chain,
    faults::Faults,
    leave::Leaving,
    ledger::{Change, Ledger, LedgerError, ServerRecord, record::Decided},
    machine::{Machine, Sources},
    plugin_traces::{self, PluginTraces},
    plugins::PluginStore,
    schedules::{self, Schedules},
    server::{FoundContainer, MAILBOX, Message, ServerHandle, Supervisor, refusal},
    sftp::Door,
    subvolumes::Subvolumes,
};
use gantry_files::{OutboundClient, OutboundConfig, OutboundError, WorkerLimits, Workers};
use gantry_host::{Budgets, ChildProgram, Host, HostConfig, HostError, Wall};
use gantry_lifecycle::State;
use gantry_protocol::{DesiredServer, Event, ObservedServer, Refusal, RefusalCode, SampleEnvelope};
use gantry_runtime::{ContainerId, Listed, Purpose, Runtime, RuntimeError};
use gantry_seal::SecretKey;
use gantry_types::{
    NodeId, ServerId,
    server::{Desired, SystemUser},
};
use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{Arc, OnceLock, PoisonError, RwLock, Weak},
    time::Duration,
};
use tokio::{
    sync::{Mutex, broadcast, mpsc},
    task::{Id, JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

/// Servers of one node.
pub const SERVERS: usize = 2_000;
/// The first user that a server may get.
const FIRST_UID: u32 = 20_000;
/// Samples that a slow watcher may be behind before it loses some.
const SAMPLES: usize = 4_096;
/// Servers that may wait to be kept.
const KEEPER_QUEUE: usize = 64;
/// Before an engine that did not answer is asked again, or a server is put back once more.
const ENGINE_RETRY: Duration = Duration::from_secs(3);
/// How often the ledger is tidied.
const TIDY_EVERY: Duration = Duration::from_secs(3_600);

/// What every server's tasks reach.
pub(crate) struct Shared {
    pub(crate) node: NodeId,
    pub(crate) data: DataDir,
    pub(crate) ledger: Ledger,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) plugins: PluginStore,
    pub(crate) outbound: OutboundClient,
    pub(crate) workers: Workers,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) samples: broadcast::Sender<SampleEnvelope>,
    pub(crate) machine: Machine,
    pub(crate) faults: Faults,
    pub(crate) leaving: Leaving,
    pub(crate) drains: Drains,
    /// Whether this process may give files to servers' users.
    pub(crate) own_files: bool,
    pub(crate) subvolumes: Subvolumes,
    /// Where file programs come in, once it is open.
    pub(crate) sftp: OnceLock<Door>,
    pub(crate) plugin_traces: PluginTraces,
    pub(crate) schedules: Schedules,
    pub(crate) backups: Backups,
}

impl Shared {
    /// Tells the control plane. An event that cannot be written is lost; states come again by reconciliation.
    pub(crate) async fn tell(&self, server: ServerId, events: Vec<Event>) {
        let change = Change { events, ..Change::default() };
        if let Err(error) = self.ledger.commit(server, self.clock.now(), change).await {
            tracing::error!(server.id = %server, error = chain(&error), "events could not be written down");
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    #[error("the data directory cannot be used")]
    Data(#[from] io::Error),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the plugin host cannot start")]
    Host(#[from] HostError),
    #[error("the client for downloads cannot start")]
    Outbound(#[from] OutboundError),
}

/// What a node is made of.
pub struct NodeConfig {
    pub node: NodeId,
    pub data: DataDir,
    /// Seals and authenticates what the data directory holds.
    pub key: SecretKey,
    pub ledger: Ledger,
    pub runtime: Arc<dyn Runtime>,
    pub compiler: ChildProgram,
    /// Runs plugins.
    pub runner: ChildProgram,
    /// Unpacks archives and edits configuration files.
    pub worker: ChildProgram,
    pub clock: Arc<dyn Clock>,
    pub outbound: OutboundConfig,
}

/// A running node. Clones share it.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

/// A node that does not stay for this.
#[derive(Clone)]
pub(crate) struct WeakNode(Weak<Inner>);

impl WeakNode {
    pub(crate) fn upgrade(&self) -> Option<Node> {
        self.0.upgrade().map(Node)
    }
}

struct Inner {
    shared: Arc<Shared>,
    servers: RwLock<HashMap<ServerId, ServerHandle>>,
    /// Held while a server is added: users are given out one at a time.
    users: Mutex<BTreeSet<u32>>,
    keeper: mpsc::Sender<Kept>,
    keeper_task: Mutex<Option<JoinHandle<()>>>,
    traces_task: Mutex<Option<JoinHandle<()>>>,
    schedules_task: Mutex<Option<JoinHandle<()>>>,
    drain_task: Mutex<Option<JoinHandle<()>>>,
    drain_stop: CancellationToken,
    shutdown: CancellationToken,
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("node", &self.0.shared.node).finish_non_exhaustive()
    }
}

/// A server for the keeper.
struct Kept {
    id: ServerId,
    supervisor: Supervisor,
    mailbox: mpsc::Receiver<Message>,
    found: Option<FoundContainer>,
}

impl Node {
    /// Comes up: opens everything, finds what runs, and takes care of it. Waits for the container engine.
    pub async fn start(config: NodeConfig) -> Result<Self, NodeError> {
        let host = Host::new(HostConfig {
            cache_dir: config.data.cache(),
            cache_key: *config.key.derive("component-cache").bytes(),
            compiler: config.compiler,
            budgets: Budgets::default(),
            wall: Wall::Runner(config.runner),
        })?;
        let (schedules, asked) = Schedules::new();
        let subvolumes = Subvolumes::find(&config.data.servers()).await;
        let drains = Drains::open(&config.ledger).await?;
        let backups = Backups::open(&config.data, &config.ledger, config.clock.now()).await?;
        let shared = Arc::new(Shared {
            node: config.node,
            plugins: PluginStore::new(config.data.plugins(), host),
            data: config.data,
            ledger: config.ledger,
            runtime: config.runtime,
            outbound: OutboundClient::new(config.outbound)?,
            workers: Workers::new(config.worker, WorkerLimits::default()),
            clock: config.clock,
            samples: broadcast::Sender::new(SAMPLES),
            machine: Machine::new(),
            faults: Faults::default(),
            leaving: Leaving::default(),
            drains,
            own_files: rustix::process::geteuid().is_root(),
            subvolumes,
            sftp: OnceLock::new(),
            plugin_traces: PluginTraces::default(),
            schedules,
            backups,
        });
        let records = shared.ledger.servers().await?;
        let servers: Vec<ServerId> = records.iter().map(|record| record.desired.id).collect();
        let restoring = Arc::clone(&shared);
        let restored = move || plugin_traces::restore(restoring.plugins.host(), &restoring.data, &servers);
        if let Err(error) = tokio::task::spawn_blocking(restored).await {
            tracing::error!(%error, "what plugins left was not taken up");
        }
        let users = records.iter().map(|record| record.user.uid).collect();
        let (keeper, queue) = mpsc::channel(KEEPER_QUEUE);
        let node = Self(Arc::new(Inner {
            shared,
            servers: RwLock::default(),
            users: Mutex::new(users),
            keeper,
            keeper_task: Mutex::new(None),
            traces_task: Mutex::new(None),
            schedules_task: Mutex::new(None),
            drain_task: Mutex::new(None),
            drain_stop: CancellationToken::new(),
            shutdown: CancellationToken::new(),
        }));
        let task = tokio::spawn(keep(node.clone(), queue));
        *node.0.keeper_task.lock().await = Some(task);
        let traces = PluginTraces::keep(Arc::clone(node.shared()), node.stopping());
        *node.0.traces_task.lock().await = Some(tokio::spawn(traces));
        // Before servers are there: of which drain those are held that it finds is known from here on.
        let drain = drain::keep(node.clone(), node.0.drain_stop.clone());
        node.adopt(records).await?;
        node.shared().backups.make_up(node.shared(), |server| node.server(server)).await;
        // Not before every server is there: what is due is done to it.
        let followed = tokio::spawn(schedules::keep(node.clone(), asked));
        *node.0.schedules_task.lock().await = Some(followed);
        *node.0.drain_task.lock().await = Some(tokio::spawn(drain));
        Ok(node)
    }

    /// The id that its containers carry.
    pub fn id(&self) -> NodeId {
        self.shared().node
    }

    /// Stops all that the daemon does. Containers go on.
    pub async fn stop(&self) {
        // Before what it waits for is called off: a backup that was not made is the next daemon's to make.
        self.0.drain_stop.cancel();
        if let Some(task) = self.0.drain_task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "who drains the node failed");
        }
        // While games can still be told that they may write again.
        self.shared().backups.stop().await;
        self.0.shutdown.cancel();
        let task = self.0.keeper_task.lock().await.take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the keeper of the servers failed");
        }
        if let Some(task) = self.0.schedules_task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "who follows the schedules failed");
        }
        if let Some(task) = self.0.traces_task.lock().await.take()
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the keeper of what plugins leave failed");
        }
        self.shared().plugin_traces.save(self.shared()).await;
    }

    pub(crate) fn downgrade(&self) -> WeakNode {
        WeakNode(Arc::downgrade(&self.0))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    /// Ends when the node stops.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.0.shutdown.clone()
    }

    pub(crate) fn server(&self, id: ServerId) -> Option<ServerHandle> {
        self.0.servers.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<ServerHandle> {
        self.each().into_values().collect()
    }

    pub(crate) fn each(&self) -> HashMap<ServerId, ServerHandle> {
        self.0.servers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Full state of all servers.
    pub(crate) async fn observe(&self) -> Result<Vec<ObservedServer>, Refusal> {
        let mut observed = Vec::new();
        for handle in self.all() {
            observed.push(handle.observe().await?);
        }
        observed.sort_by_key(|server| server.id);
        Ok(observed)
    }

    /// Takes the whole of what a server should be.
    pub(crate) async fn apply(&self, desired: DesiredServer) -> Result<ObservedServer, Refusal> {
        check(&desired)?;
        let needs_plugin = desired.desired != Desired::Deleted;
        if needs_plugin && !self.shared().plugins.holds(&desired.blueprint.digest).await {
            let message = format!(
                "the component {} of {} is not here",
                desired.blueprint.digest, desired.blueprint.plugin
            );
            return Err(refusal(RefusalCode::MissingPlugin, message));
        }
        let handle = match self.server(desired.id) {
            Some(handle) => handle,
            None => self.add(&desired).await?,
        };
        handle.apply(desired).await
    }

    async fn add(&self, desired: &DesiredServer) -> Result<ServerHandle, Refusal> {
        let mut users = self.0.users.lock().await;
        if let Some(handle) = self.server(desired.id) {
            return Ok(handle);
        }
        if users.len() >= SERVERS {
            return Err(refusal(
                RefusalCode::Internal,
                format!("the node has {SERVERS} servers, which is all it takes"),
            ));
        }
        let uid = (FIRST_UID..).find(|uid| !users.contains(uid)).unwrap_or(FIRST_UID);
        let record = ServerRecord {
            desired: desired.clone(),
            state: State::unknown(crate::clock::moment(self.shared().clock.now())),
            user: SystemUser { uid, gid: uid },
            latest: None,
            run: None,
            decided: Decided::default(),
            own: None,
        };
        let handle = self.keep_server(record, None, false).await.map_err(|error| {
            tracing::error!(server.id = %desired.id, error = chain(&error), "a server cannot be kept");
            refusal(RefusalCode::Internal, "the node cannot make the server's directory")
        })?;
        users.insert(uid);
        Ok(handle)
    }

    async fn keep_server(
        &self,
        record: ServerRecord,
        found: Option<FoundContainer>,
        known: bool,
    ) -> Result<ServerHandle, NodeError> {
        let id = record.desired.id;
        let console = Arc::new(if record.is_deleted() {
            Console::detached()
        } else {
            let directory = self.shared().data.make_server(id)?;
            Console::open(&directory)?
        });
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let desk = Arc::new(Desk::new(self.shared().clock.now()));
        let (kept, shared) = (Arc::clone(&console), Arc::clone(self.shared()));
        let supervisor = Supervisor::new(shared, record, kept, Arc::clone(&desk), known);
        let (terms, players) = (supervisor.terms(), supervisor.players());
        let handle = ServerHandle { id, mailbox: sender, console, desk, terms, players };
        self.0.servers.write().unwrap_or_else(PoisonError::into_inner).insert(id, handle.clone());
        // The keeper ends only with the node, and then nobody waits for this server.
        self.0.keeper.send(Kept { id, supervisor, mailbox, found }).await.ok();
        Ok(handle)
    }

    async fn adopt(&self, records: Vec<ServerRecord>) -> Result<(), NodeError> {
        let mut containers = self.containers().await;
        for record in records {
            let id = record.desired.id;
            let found = self.container_of(id, &mut containers).await;
            if let Some(found) = &found {
                tracing::info!(server.id = %id, container.id = %found.id, "found the server's container");
            }
            if self.shared().data.server_restore(id).exists() {
                backups::tidy(self.shared(), id).await;
            }
            self.keep_server(record, found, true).await?;
        }
        for orphan in containers {
            tracing::warn!(
                server.id = %orphan.server, container.id = %orphan.id,
                "a container of a server that this node does not know is left alone"
            );
        }
        Ok(())
    }

    async fn containers(&self) -> Vec<Listed> {
        let mut warned = false;
        loop {
            match self.shared().runtime.list().await {
                Ok(listed) => return listed,
                Err(error) if !warned => {
                    warned = true;
                    tracing::warn!(
                        error = chain(&error),
                        "the container engine does not answer; waiting for it"
                    );
                }
                Err(_) => {}
            }
            tokio::time::sleep(ENGINE_RETRY).await;
        }
    }

    /// Takes the server's container out of the list; an installer that nobody attends is removed.
    async fn container_of(&self, id: ServerId, containers: &mut Vec<Listed>) -> Option<FoundContainer> {
        let (ours, others) = std::mem::take(containers).into_iter().partition(|listed| listed.server == id);
        *containers = others;
        let ours: Vec<Listed> = ours;
        let mut found = None;
        for listed in ours {
            match listed.purpose {
                Purpose::Server => found = Some(FoundContainer { id: listed.id, phase: listed.phase }),
                Purpose::Install => self.remove_installer(&listed.id).await,
            }
        }
        found
    }

    async fn remove_installer(&self, container: &ContainerId) {
        let removed: Result<(), RuntimeError> = self.shared().runtime.remove(container).await;
        if let Err(error) = removed {
            tracing::warn!(container.id = %container, error = chain(&error), "an installer's container is left");
        }
    }

    /// Puts a server back whose supervisor panicked.
    async fn restore(&self, id: ServerId) -> Result<(), NodeError> {
        let records = self.shared().ledger.servers().await?;
        let Some(record) = records.into_iter().find(|record| record.desired.id == id) else {
            self.0.servers.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
            return Ok(());
        };
        let mut containers = self.containers().await;
        let found = self.container_of(id, &mut containers).await;
        self.keep_server(record, found, true).await?;
        Ok(())
    }
}

/// Owns all supervisors and who samples the machine, until the node stops.
async fn keep(node: Node, mut queue: mpsc::Receiver<Kept>) {
    let mut tasks: JoinSet<()> = JoinSet::new();
    let shared = node.shared();
    let sources = Sources::here(shared.data.servers());
    tasks.spawn(shared.machine.clone().run(sources, Arc::clone(&shared.clock), node.stopping()));
    let mut ids: HashMap<Id, ServerId> = HashMap::new();
    let mut tidy = tokio::time::interval(TIDY_EVERY);
    let shutdown = node.stopping();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(kept) = queue.recv() => {
                let run = kept.supervisor.run(kept.mailbox, kept.found, shutdown.clone());
                ids.insert(tasks.spawn(run).id(), kept.id);
            }
            Some(ended) = tasks.join_next_with_id() => {
                let (task, panicked) = match ended {
                    Ok((task, ())) => (task, false),
                    Err(error) => (error.id(), error.is_panic()),
                };
                let server = ids.remove(&task);
                if let Some(server) = server.filter(|_| panicked) {
                    let node = node.clone();
                    ids.insert(tasks.spawn(async move { put_back(&node, server).await }).id(), server);
                }
            }
            _ = tidy.tick() => {
                if let Err(error) = node.shared().ledger.tidy(node.shared().clock.now()).await {
                    tracing::warn!(error = chain(&error), "the ledger could not be tidied");
                }
            }
        }
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a supervisor failed while the node stopped");
        }
    }
}

async fn put_back(node: &Node, server: ServerId) {
    tracing::error!(server.id = %server, "a supervisor panicked; the server is put back from the ledger");
    while let Err(error) = node.restore(server).await {
        tracing::error!(server.id = %server, error = chain(&error), "the server could not be put back; trying again");
        if node.stopping().run_until_cancelled(tokio::time::sleep(ENGINE_RETRY)).await.is_none() {
            return;
        }
    }
}

/// Bounds of a message that its shape does not give.
fn check(desired: &DesiredServer) -> Result<(), Refusal> {
    let invalid = |message: &str| Err(refusal(RefusalCode::Invalid, message));
    if desired.endpoints.iter().any(|endpoint| endpoint.address.parse::<std::net::IpAddr>().is_err()) {
        return invalid("an endpoint's address is no IP address");
    }
    if desired.endpoints.len() > 64 || desired.settings.len() > 1_000 || desired.name.len() > 1_024 {
        return invalid("there are more than 64 endpoints or 1000 settings, or the name is too long");
    }
    if desired.generation == 0 {
        return invalid("generations begin at 1");
    }
    Ok(())
}
