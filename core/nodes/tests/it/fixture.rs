//! A control plane with its keys, and daemons that dial it without a network.

use async_trait::async_trait;
use axum::{Json, Router, http::StatusCode, routing::get};
use gantry_nodes::{
    KeysError, LinkChange, LinkError, Links, Network, NodeClient, NodeKeyPair, NodeKeys, keys,
};
use gantry_protocol::{
    NodeReport, Refusal, RefusalCode, SystemReport,
    tunnel::{
        ByteStream, Caller, FrameSocket, Tasks, handshake,
        memory::{MemorySocket, pair},
    },
};
use gantry_types::NodeId;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::broadcast, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Keys in a map.
#[derive(Default)]
pub(crate) struct Keys(Mutex<HashMap<NodeId, NodeKeyPair>>);

#[async_trait]
impl NodeKeys for Keys {
    async fn keys(&self, node_id: NodeId) -> Result<Option<NodeKeyPair>, KeysError> {
        Ok(self.0.lock().unwrap().get(&node_id).cloned())
    }
}

pub(crate) struct ControlPlane {
    pub(crate) links: Links,
    pub(crate) keys: Arc<Keys>,
    changes: tokio::sync::Mutex<broadcast::Receiver<LinkChange>>,
}

/// A link's task on the control plane's side.
pub(crate) type Served = JoinHandle<Result<(), LinkError>>;

impl ControlPlane {
    pub(crate) fn new() -> Self {
        let keys = Arc::new(Keys::default());
        let links = Links::new(keys.clone());
        let changes = tokio::sync::Mutex::new(links.subscribe());
        Self { links, keys, changes }
    }

    /// A node with keys on both sides.
    pub(crate) fn enroll(&self) -> Caller {
        let (daemon, pair) = identity();
        self.keys.0.lock().unwrap().insert(daemon.node_id, pair);
        daemon
    }

    pub(crate) fn forget(&self, node_id: NodeId) {
        self.keys.0.lock().unwrap().remove(&node_id);
    }

    /// The control plane's side of a socket, and the daemon's end of it.
    pub(crate) fn accept(&self) -> (MemorySocket, Served) {
        self.accept_from(home())
    }

    /// The same for a daemon that dials from somewhere else.
    pub(crate) fn accept_from(&self, network: Network) -> (MemorySocket, Served) {
        let (ours, theirs) = pair(8);
        let links = self.links.clone();
        (theirs, tokio::spawn(async move { links.serve(network, ours).await }))
    }

    /// A daemon that is connected and serves `router`.
    pub(crate) async fn connect(&self, caller: &Caller, router: Router) -> (NodeClient, Daemon, Served) {
        let (mut socket, served) = self.accept();
        handshake::dial(&mut socket, caller).await.unwrap();
        let daemon = Daemon::serve(socket, router);
        loop {
            if self.change().await == (LinkChange { node_id: caller.node_id, connected: true }) {
                return (self.links.client(caller.node_id).unwrap(), daemon, served);
            }
        }
    }

    pub(crate) async fn change(&self) -> LinkChange {
        let mut changes = self.changes.lock().await;
        tokio::time::timeout(PATIENCE, changes.recv()).await.expect("a change is due").unwrap()
    }
}

/// Where daemons dial from unless a test says otherwise.
pub(crate) fn home() -> Network {
    Network::of([192, 0, 2, 1].into())
}

/// Both halves' keys of one node.
pub(crate) fn identity() -> (Caller, NodeKeyPair) {
    let (daemon, control_plane) = (keys::generate().unwrap(), keys::generate().unwrap());
    let pair = NodeKeyPair {
        daemon_public_key: daemon.verifying_key().to_bytes(),
        signing_key: control_plane.clone(),
    };
    let caller = Caller {
        node_id: NodeId::new(uuid::Uuid::now_v7()),
        signing_key: daemon,
        control_plane_public_key: control_plane.verifying_key().to_bytes(),
        agent_version: "0.1.0".to_owned(),
    };
    (caller, pair)
}

/// The daemon's end of a link. Dropping it cuts the link.
pub(crate) struct Daemon {
    _cut: DropGuard,
    _task: JoinHandle<()>,
}

impl Daemon {
    pub(crate) fn serve<S: FrameSocket + 'static>(socket: S, router: Router) -> Self {
        let token = CancellationToken::new();
        let tasks = Tasks::new(token.clone());
        let connection = hyper::server::conn::http2::Builder::new(tasks)
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(ByteStream::new(socket)), TowerToHyperService::new(router));
        let cut = token.clone().drop_guard();
        let task = tokio::spawn(async move {
            drop(token.run_until_cancelled(connection).await);
        });
        Self { _cut: cut, _task: task }
    }
}

/// A router that says of itself what a node does.
pub(crate) fn reporting(version: &'static str) -> Router {
    Router::new().route("/v1/node", get(move || async move { Json(report(version)) }))
}

pub(crate) fn report(version: &str) -> NodeReport {
    NodeReport {
        agent_version: version.to_owned(),
        system: SystemReport::default(),
        runtime: "simulated".to_owned(),
        plugins: Vec::new(),
        last_event: 0,
        tasks: 0,
        sftp: None,
        drain: None,
    }
}

pub(crate) fn refusal(code: RefusalCode) -> (StatusCode, Json<Refusal>) {
    (StatusCode::CONFLICT, Json(Refusal::new(code, "no")))
}
