//! A daemon for tests: a data directory and an engine that outlive it, a hasty clock, and typed requests.

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Method, Request, StatusCode},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{Stream, StreamExt};
use gantry_agent::{
    clock::{Clock, SystemClock},
    data::DataDir,
    http::router,
    ledger::{Journal, Ledger},
    node::{Node, NodeConfig},
    run::{COMPILE_SUBCOMMAND, RUN_SUBCOMMAND, WORK_SUBCOMMAND},
};
use gantry_files::OutboundConfig;
use gantry_host::ChildProgram;
use gantry_protocol::{
    BlueprintRef, ConsoleLine, ConsolePage, DesiredServer, Event, EventEnvelope, ObservedServer,
    OperationReport, OperationRequest, Refusal,
};
use gantry_runtime::{
    DockerRuntime, Listed, Runtime, SimulatedRuntime,
    docker::DockerConfig,
    simulated::{Moment, Script},
};
use gantry_seal::SecretKey;
use gantry_types::{
    NodeId, OperationId, ServerId,
    operation::OperationKind,
    plan::{InstallPlan, Step},
    server::{Desired, Endpoint, Observed, Protocol, Setting},
    units::Limits,
};
use http_body_util::BodyExt;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tower::ServiceExt;
use uuid::Uuid;

/// Nothing in these tests takes longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Waits take a fiftieth of their time.
#[derive(Clone, Copy)]
struct Hasty;

impl Clock for Hasty {
    fn wait(&self, asked: Duration) -> Duration {
        asked / 50
    }
}

/// The same, and its wall clock goes when a test says so as well.
#[derive(Clone, Default)]
pub(crate) struct Pushed(Arc<AtomicI64>);

impl Pushed {
    /// That much time passes at once; less than nothing is a clock that is set back.
    pub(crate) fn push(&self, time: TimeDelta) {
        self.0.fetch_add(time.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Clock for Pushed {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::milliseconds(self.0.load(Ordering::SeqCst))
    }

    fn wait(&self, asked: Duration) -> Duration {
        asked / 50
    }
}

pub(crate) struct Daemon {
    pub(crate) dir: TempDir,
    pub(crate) runtime: SimulatedRuntime,
    /// The same, unless the containers are real.
    engine: Arc<dyn Runtime>,
    pub(crate) node: Node,
    pub(crate) router: Router,
    ledger: Ledger,
    node_id: NodeId,
    clock: Arc<dyn Clock>,
    /// The next generation, for all servers alike.
    generation: u64,
}

pub(crate) fn operation_id() -> OperationId {
    OperationId::new(Uuid::now_v7())
}

/// The component that `cargo xtask` built from plugins/luanti.
pub(crate) fn plugin() -> Vec<u8> {
    component("luanti")
}

/// A component that `cargo xtask` built.
pub(crate) fn component(name: &str) -> Vec<u8> {
    let directory = std::env::var("GANTRY_TEST_PLUGINS")
        .expect("GANTRY_TEST_PLUGINS must name a directory with luanti.wasm; `cargo xtask test` builds it");
    let path = PathBuf::from(directory).join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A process that says what the plugin's readiness probe waits for.
fn script() -> Script {
    let mut script = Script::default();
    script.ready = "ACTION[Main]: Server for gameid listening on 0.0.0.0:30000.".to_owned();
    script
}

impl Daemon {
    pub(crate) async fn start() -> Self {
        Self::with(script(), Arc::new(Hasty)).await
    }

    /// A daemon whose clock the test pushes.
    pub(crate) async fn pushed(clock: &Pushed) -> Self {
        Self::with(script(), Arc::new(clock.clone())).await
    }

    /// A daemon without haste whose processes need this long for some moments.
    pub(crate) async fn slow(delay: impl Fn(Moment) -> Duration + Send + Sync + 'static) -> Self {
        Self::with(script().delayed(delay), Arc::new(SystemClock)).await
    }

    /// A daemon whose games answer to nothing that is typed.
    pub(crate) async fn deaf() -> Self {
        let never = |moment| if moment == Moment::Answer { PATIENCE } else { Duration::ZERO };
        Self::with(script().delayed(never), Arc::new(Hasty)).await
    }

    /// A daemon with real containers.
    pub(crate) async fn with_docker() -> Self {
        let node_id = NodeId::new(Uuid::now_v7());
        let docker = DockerRuntime::connect(DockerConfig::new(node_id)).await.unwrap();
        let runtime = SimulatedRuntime::new(node_id);
        Self::over(TempDir::new().unwrap(), runtime, Arc::new(docker), node_id, Arc::new(SystemClock)).await
    }

    /// A daemon whose data directory is made below this one.
    pub(crate) async fn below(folder: &Path) -> Self {
        let node_id = NodeId::new(Uuid::now_v7());
        let runtime = SimulatedRuntime::with_script(node_id, script());
        let dir = TempDir::new_in(folder).unwrap();
        Self::over(dir, runtime.clone(), Arc::new(runtime), node_id, Arc::new(Hasty)).await
    }

    async fn with(script: Script, clock: Arc<dyn Clock>) -> Self {
        let node_id = NodeId::new(Uuid::now_v7());
        let runtime = SimulatedRuntime::with_script(node_id, script);
        Self::over(TempDir::new().unwrap(), runtime.clone(), Arc::new(runtime), node_id, clock).await
    }

    async fn over(
        dir: TempDir,
        runtime: SimulatedRuntime,
        engine: Arc<dyn Runtime>,
        node_id: NodeId,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (node, ledger) = open(&dir, &engine, node_id, &clock).await;
        let router = router(node.clone());
        let daemon = Self { dir, runtime, engine, node, router, ledger, node_id, clock, generation: 0 };
        daemon.push(plugin()).await;
        daemon
    }

    /// Gives it a component.
    pub(crate) async fn push(&self, component: Vec<u8>) {
        let path = format!("/v1/plugins/{}", digest(&component));
        let (status, _) = self.send(Method::PUT, &path, component.into()).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }

    /// The daemon ends and comes up again; containers do not notice.
    pub(crate) async fn restart(self) -> Self {
        let (runtime, engine) = (self.runtime.clone(), Arc::clone(&self.engine));
        self.restart_over(runtime, engine).await
    }

    /// Its machine restarts: nothing runs that did.
    pub(crate) async fn reboot(self) -> Self {
        let runtime = SimulatedRuntime::with_script(self.node_id, script());
        self.restart_with(runtime).await
    }

    /// It comes up on another engine.
    pub(crate) async fn restart_with(self, runtime: SimulatedRuntime) -> Self {
        self.restart_over(runtime.clone(), Arc::new(runtime)).await
    }

    async fn restart_over(self, runtime: SimulatedRuntime, engine: Arc<dyn Runtime>) -> Self {
        let Self { dir, runtime: _, engine: _, node, router: old, ledger, node_id, clock, generation } = self;
        node.stop().await;
        // All three hold the ledger's lock.
        drop((old, node, ledger));
        let (node, ledger) = open(&dir, &engine, node_id, &clock).await;
        let router = router(node.clone());
        Self { dir, runtime, engine, node, router, ledger, node_id, clock, generation }
    }

    /// Has the server's installation follow these steps, as if its plugin had said so.
    pub(crate) async fn plan(&self, server: &DesiredServer, steps: Vec<Step>) {
        let plan = InstallPlan { steps, installed_version: None };
        let journal = Journal { operation: id_of(server), plan, done: vec![] };
        self.ledger.write_journal(server.id, &journal).await.unwrap();
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> &Path {
        self.dir.path()
    }

    /// The daemon ends for good; what it wrote down stays.
    pub(crate) async fn end(self) -> TempDir {
        self.node.stop().await;
        self.dir
    }

    /// What the engine runs.
    pub(crate) async fn containers(&self) -> Vec<Listed> {
        self.engine.list().await.unwrap()
    }

    /// A file of the server.
    pub(crate) fn file(&self, server: ServerId, path: &str) -> PathBuf {
        self.dir.path().join(format!("servers/{server}/data")).join(path)
    }

    /// A server of the test plugin that was never put anywhere.
    pub(crate) fn server(&mut self, desired: Desired, kind: OperationKind) -> DesiredServer {
        self.generation += 1;
        let settings = [("name", "A test"), ("game", "minetest"), ("max_players", "8"), ("admin", "ann")];
        DesiredServer {
            id: ServerId::new(Uuid::now_v7()),
            generation: self.generation,
            name: "A test".to_owned(),
            owner: None,
            desired,
            holds: vec![],
            blueprint: BlueprintRef {
                protected_files: vec![],
                plugin: "luanti 0.1.0".to_owned(),
                digest: digest(&plugin()),
                blueprint: "luanti".to_owned(),
                collect_every_ms: None,
                commands: gantry_types::blueprint::CommandDoor::Console,
                capabilities: ["query", "image-build"].map(str::to_owned).to_vec(),
            },
            settings: settings
                .map(|(key, value)| Setting { key: key.to_owned(), value: value.to_owned() })
                .to_vec(),
            secrets: vec![],
            endpoints: vec![Endpoint {
                name: "game".to_owned(),
                protocol: Protocol::Udp,
                address: "127.0.0.1".to_owned(),
                port: 30_000,
            }],
            limits: Limits { memory_mib: 512, ..Limits::default() },
            time_zone: "Europe/Paris".to_owned(),
            facts: vec![],
            operation: Some(request(kind)),
            schedules: vec![],
            heard_decision: 0,
        }
    }

    /// The same server with another wish.
    pub(crate) fn next(
        &mut self,
        server: &DesiredServer,
        desired: Desired,
        kind: OperationKind,
    ) -> DesiredServer {
        self.generation += 1;
        DesiredServer {
            generation: self.generation,
            desired,
            operation: Some(request(kind)),
            ..server.clone()
        }
    }

    /// A server that was installed and is ready.
    pub(crate) async fn running(&mut self) -> DesiredServer {
        let server = self.server(Desired::Running, OperationKind::Install);
        self.put(&server).await.unwrap();
        self.until(server.id, Observed::Running).await;
        server
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Bytes) -> (StatusCode, Bytes) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, response.into_body().collect().await.unwrap().to_bytes())
    }

    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> T {
        let (status, bytes) = self.send(method, path, serde_json::to_vec(body).unwrap().into()).await;
        assert!(status.is_success(), "{path}: {status} {}", String::from_utf8_lossy(&bytes));
        serde_json::from_slice(&bytes).unwrap()
    }

    pub(crate) async fn put(&self, server: &DesiredServer) -> Result<ObservedServer, (StatusCode, Refusal)> {
        let body = serde_json::to_vec(server).unwrap();
        let (status, bytes) =
            self.send(Method::PUT, &format!("/v1/servers/{}", server.id), body.into()).await;
        if status.is_success() {
            Ok(serde_json::from_slice(&bytes).unwrap())
        } else {
            Err((status, serde_json::from_slice(&bytes).unwrap()))
        }
    }

    pub(crate) async fn command(&self, id: ServerId, command: &str) -> StatusCode {
        let body = serde_json::json!({ "command": command, "actor": "ann" }).to_string();
        self.send(Method::POST, &format!("/v1/servers/{id}/console"), body.into()).await.0
    }

    pub(crate) async fn page(&self, id: ServerId, query: &str) -> ConsolePage {
        self.json(Method::GET, &format!("/v1/servers/{id}/console{query}"), &()).await
    }

    /// The values of an endless answer, one by one.
    pub(crate) async fn stream<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
    ) -> impl Stream<Item = T> + Unpin + use<T> {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let chunks = response.into_body().into_data_stream();
        Box::pin(chunks.flat_map(|chunk| {
            let values: Vec<T> = chunk
                .unwrap()
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(|line| serde_json::from_slice(line).unwrap())
                .collect();
            futures_util::stream::iter(values)
        }))
    }

    /// Waits for an event that fits, among all that are not acknowledged and all to come.
    pub(crate) async fn event<T>(&self, mut fits: impl FnMut(&EventEnvelope) -> Option<T>) -> T {
        let mut events = self.stream::<EventEnvelope>("/v1/events").await;
        let mut seen = vec![];
        let search = async {
            while let Some(event) = events.next().await {
                if let Some(found) = fits(&event) {
                    return found;
                }
                seen.push(event);
            }
            panic!("the events ended");
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        found.unwrap_or_else(|_| panic!("no such event in time; there were {seen:#?}"))
    }

    /// Waits until the server is in this state.
    pub(crate) async fn until(&self, id: ServerId, state: Observed) {
        let mut events = self.stream::<EventEnvelope>("/v1/events").await;
        let search = async {
            loop {
                let servers = self.servers().await;
                if servers.iter().any(|server| server.id == id && server.observed.state == state) {
                    return;
                }
                events.next().await.expect("the events ended");
            }
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        assert!(found.is_ok(), "not {state:?} in time: {:#?}", self.servers().await);
    }

    /// Waits for the end of an operation.
    pub(crate) async fn ended(&self, id: OperationId) -> OperationReport {
        self.event(|envelope| match &envelope.event {
            Event::Operation { operation } if operation.id == id && operation.state.is_terminal() => {
                Some(operation.clone())
            }
            _ => None,
        })
        .await
    }

    pub(crate) async fn servers(&self) -> Vec<ObservedServer> {
        self.json(Method::GET, "/v1/servers", &()).await
    }

    pub(crate) async fn line(&self, id: ServerId, part: &str) -> ConsoleLine {
        let mut lines = self.stream::<ConsoleLine>(&format!("/v1/servers/{id}/console/live?after=0")).await;
        let search = async {
            while let Some(line) = lines.next().await {
                if line.text.contains(part) {
                    return line;
                }
            }
            panic!("the console ended");
        };
        tokio::time::timeout(PATIENCE, search)
            .await
            .unwrap_or_else(|_| panic!("no line with {part:?} in time"))
    }
}

pub(crate) fn request(kind: OperationKind) -> OperationRequest {
    let now = chrono::Utc::now();
    OperationRequest {
        id: operation_id(),
        kind,
        backup: None,
        requested_at: now,
        deadline: now + chrono::TimeDelta::minutes(5),
        sent_at: None,
    }
}

pub(crate) fn id_of(server: &DesiredServer) -> OperationId {
    server.operation.as_ref().unwrap().id
}

async fn open(
    dir: &TempDir,
    engine: &Arc<dyn Runtime>,
    node: NodeId,
    clock: &Arc<dyn Clock>,
) -> (Node, Ledger) {
    let data = DataDir::open(dir.path()).unwrap();
    let key = gantry_seal::key_file(&data.key()).unwrap();
    let ledger = ledger(&data, &key).await;
    let config = NodeConfig {
        node,
        data,
        key,
        ledger: ledger.clone(),
        runtime: Arc::clone(engine),
        compiler: ChildProgram {
            program: env!("CARGO_BIN_EXE_gantryd").into(),
            args: vec![COMPILE_SUBCOMMAND.into()],
        },
        runner: ChildProgram {
            program: env!("CARGO_BIN_EXE_gantryd").into(),
            args: vec![RUN_SUBCOMMAND.into()],
        },
        worker: ChildProgram {
            program: env!("CARGO_BIN_EXE_gantryd").into(),
            args: vec![WORK_SUBCOMMAND.into()],
        },
        clock: Arc::clone(clock),
        outbound: OutboundConfig { allow_loopback: true, ..OutboundConfig::default() },
    };
    (Node::start(config).await.unwrap(), ledger)
}

/// The daemon before may still be writing its last step.
async fn ledger(data: &DataDir, key: &SecretKey) -> Ledger {
    let opening = async {
        loop {
            match Ledger::open(&data.ledger(), key, chrono::Utc::now()) {
                Ok(ledger) => return ledger,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), opening).await.expect("the ledger stays locked")
}
