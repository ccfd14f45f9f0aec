//! A daemon in this process: the real link, ledger, sandbox and supervisors, over simulated containers with a socket that
//! answers status queries as the game would, or over Docker.

use super::{Client, Page, compiler, runner, worker};
use gantry_agent::{
    clock::SystemClock,
    data::DataDir,
    enroll::{Enrollment, enroll},
    http,
    ledger::Ledger,
    link::{self, LinkConfig, LinkState},
    node::{Node, NodeConfig},
    report::AGENT_VERSION,
};
use gantry_files::OutboundConfig;
use gantry_runtime::{DockerRuntime, Runtime, SimulatedRuntime, docker::DockerConfig};
use serde_json::json;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, UdpSocket},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

pub(crate) struct TestNode {
    pub(crate) id: String,
    node: Node,
    shutdown: CancellationToken,
    tasks: JoinSet<()>,
    data: TempDir,
}

/// What an OpenArena server with one player answers.
const STATUS: &[u8] = b"\xff\xff\xff\xffstatusResponse\n\
    \\sv_hostname\\Arena\\sv_maxclients\\12\\mapname\\oa_dm1\\version\\simulated\n3 50 \"Grace\"\n";

impl TestNode {
    /// A node with simulated containers and one address that answers as a game.
    pub(crate) async fn join(admin: &Client) -> Self {
        let mut tasks = JoinSet::new();
        let port = answer_as_a_game(&mut tasks).await;
        let simulated = |node| async move { Arc::new(SimulatedRuntime::new(node)) as Arc<dyn Runtime> };
        Self::enlist(admin, port, tasks, simulated).await
    }

    /// A node with real containers and one address that nobody uses.
    pub(crate) async fn with_docker(admin: &Client) -> Self {
        let port = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let docker = |node| async move {
            Arc::new(DockerRuntime::connect(DockerConfig::new(node)).await.unwrap()) as Arc<dyn Runtime>
        };
        Self::enlist(admin, port, JoinSet::new(), docker).await
    }

    /// Makes location and node, gives it the address, enrolls and links.
    async fn enlist<R: Future<Output = Arc<dyn Runtime>>>(
        admin: &Client,
        port: u16,
        mut tasks: JoinSet<()>,
        runtime: impl FnOnce(gantry_types::NodeId) -> R,
    ) -> Self {
        let mut page = Page::live(admin, &["nodes"]).await;
        let location = admin.post("/api/locations", json!({ "name": "Cellar" })).await.expect(201);
        let form = json!({ "name": "Anvil", "locationId": location["id"] });
        let id = admin.post("/api/nodes", form).await.expect(201)["id"].as_str().unwrap().to_owned();
        let form = json!({ "address": "127.0.0.1", "ports": port.to_string() });
        admin.post(&format!("/api/nodes/{id}/allocations"), form).await.expect(201);

        let enrollment = admin.post(&format!("/api/nodes/{id}/enrollment"), json!({})).await.expect(201);
        let data = tempfile::tempdir().unwrap();
        let identity = enroll(Enrollment {
            url: admin.url.parse().unwrap(),
            token: enrollment["token"].as_str().unwrap().to_owned(),
            data_dir: data.path().to_owned(),
            extra_ca: None,
            agent_version: AGENT_VERSION.to_owned(),
        });
        let identity = identity.await.unwrap();
        let node = start(&data, identity.node_id, runtime(identity.node_id).await).await;
        let shutdown = CancellationToken::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sftp = gantry_agent::sftp::open(&node, &listener, Default::default()).await.unwrap();
        let shut = shutdown.clone();
        tasks.spawn(async move { sftp.run(listener, shut).await });
        let (state, _) = watch::channel(LinkState::default());
        let config = LinkConfig { identity, agent_version: AGENT_VERSION.to_owned(), extra_ca: None, state };
        tasks.spawn(link::run(config, http::router(node.clone()), shutdown.clone()));
        page.until(|frame| frame["type"] == "node" && frame["state"] == "connected").await;
        Self { id, node, shutdown, tasks, data }
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> &std::path::Path {
        self.data.path()
    }

    pub(crate) async fn stop(mut self) {
        self.shutdown.cancel();
        self.node.stop().await;
        self.tasks.shutdown().await;
    }
}

async fn start(data: &TempDir, node: gantry_types::NodeId, runtime: Arc<dyn Runtime>) -> Node {
    let data = DataDir::open(data.path()).unwrap();
    let key = gantry_seal::key_file(&data.key()).unwrap();
    let ledger = Ledger::open(&data.ledger(), &key, chrono::Utc::now()).unwrap();
    let config = NodeConfig {
        node,
        data,
        key,
        ledger,
        runtime,
        compiler: compiler(),
        runner: runner(),
        worker: worker(),
        clock: Arc::new(SystemClock),
        outbound: OutboundConfig::default(),
    };
    Node::start(config).await.unwrap()
}

async fn answer_as_a_game(tasks: &mut JoinSet<()>) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    tasks.spawn(async move {
        let mut packet = [0; 2048];
        while let Ok((_, from)) = socket.recv_from(&mut packet).await {
            // Who asked may have stopped listening.
            drop(socket.send_to(STATUS, from).await);
        }
    });
    port
}
