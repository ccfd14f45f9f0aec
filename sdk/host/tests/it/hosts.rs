//! Hosts with the real compiler child, a cache of their own, and what calls need.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use gantry_host::{
    Budgets, CallContext, CallError, ChildProgram, Grants, Host, HostConfig, HostError, LentFailure,
    LogLevel, Plugin, PluginLog, Query, Reply, Shares, Stop, Wall,
};
use gantry_types::blueprint::{Blueprint, EndpointNeed, Variable};
use gantry_types::server::{Endpoint, Protocol, ServerContext, Setting};
use gantry_types::units::Limits;
use tempfile::TempDir;

pub(crate) const KEY: [u8; 32] = [7; 32];

/// A host whose cache goes with it.
pub(crate) struct TestHost {
    pub(crate) host: Host,
    pub(crate) cache: TempDir,
}

impl TestHost {
    pub(crate) fn new() -> Self {
        Self::with(Budgets::default())
    }

    pub(crate) fn with(budgets: Budgets) -> Self {
        let cache = TempDir::new().unwrap();
        Self { host: host(cache.path(), KEY, budgets), cache }
    }

    /// One in which plugins have shares, and nothing else is tight.
    pub(crate) fn fair(shares: Shares) -> Self {
        let cache = TempDir::new().unwrap();
        let budgets = Budgets { shares: Some(shares), ..Budgets::default() };
        Self { host: shared(cache.path(), KEY, budgets), cache }
    }

    pub(crate) async fn load(&self, wasm: Arc<[u8]>) -> Plugin {
        self.host.load(wasm, &all()).await.expect("the component loads")
    }

    /// Why the component is refused.
    pub(crate) async fn refusal(&self, wasm: Arc<[u8]>) -> String {
        match self.host.load(wasm, &all()).await.expect_err("the component is refused") {
            HostError::Rejected(reason) => reason,
            other => panic!("refused for another reason: {other:?}"),
        }
    }
}

/// Most tests ask one plugin much more in a second than anybody else does.
pub(crate) fn host(cache: &Path, key: [u8; 32], budgets: Budgets) -> Host {
    shared(cache, key, Budgets { shares: None, ..budgets })
}

fn shared(cache: &Path, key: [u8; 32], budgets: Budgets) -> Host {
    let compiler = ChildProgram { program: env!("CARGO_BIN_EXE_gantry-compiler").into(), args: vec![] };
    let config =
        HostConfig { cache_dir: cache.to_owned(), cache_key: key, compiler, budgets, wall: usual_wall() };
    Host::new(config).expect("a host")
}

/// Plugins run behind the wall in the one test program and before it in the other (`tests/within`), and behave alike.
pub(crate) fn usual_wall() -> Wall {
    if env!("CARGO_CRATE_NAME") == "within" { Wall::None } else { runner() }
}

pub(crate) fn runner() -> Wall {
    Wall::Runner(ChildProgram { program: env!("CARGO_BIN_EXE_gantry-runner").into(), args: vec![] })
}

/// Small enough that a test with a hostile guest ends soon.
pub(crate) fn tight() -> Budgets {
    let mut budgets = Budgets::default();
    budgets.install_plan.cpu = Duration::from_millis(100);
    budgets.install_plan.wall = Duration::from_secs(20);
    budgets.install_plan.memory_bytes = 16 * 1024 * 1024;
    budgets.install_plan.output_bytes = 1024 * 1024;
    budgets
}

pub(crate) fn server() -> ServerContext {
    ServerContext {
        id: "01890000-0000-7000-8000-000000000001".to_owned(),
        name: "Test".to_owned(),
        blueprint: "sample".to_owned(),
        settings: vec![],
        facts: Vec::new(),
        endpoints: vec![Endpoint {
            name: "game".to_owned(),
            protocol: Protocol::Udp,
            address: "127.0.0.1".to_owned(),
            port: 30_000,
        }],
        limits: Limits::default(),
        time_zone: "UTC".to_owned(),
    }
}

/// A server of this blueprint as a form that nobody changed would make it.
pub(crate) fn server_of(blueprint: &Blueprint) -> ServerContext {
    let value = |variable: &Variable| variable.default_value.clone().unwrap_or_default();
    let endpoint = |need: &EndpointNeed| Endpoint {
        name: need.name.clone(),
        protocol: need.protocol,
        address: "127.0.0.1".to_owned(),
        port: need.default_port.unwrap_or(30_000),
    };
    ServerContext {
        blueprint: blueprint.id.clone(),
        settings: blueprint
            .variables
            .iter()
            .map(|variable| Setting { key: variable.key.clone(), value: value(variable) })
            .collect(),
        facts: Vec::new(),
        endpoints: blueprint.endpoints.iter().map(endpoint).collect(),
        ..server()
    }
}

/// Keeps what plugins wrote.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<(String, LogLevel, String)>>);

impl Lines {
    pub(crate) fn taken(&self) -> Vec<(String, LogLevel, String)> {
        self.0.lock().unwrap().clone()
    }
}

impl PluginLog for Lines {
    fn write(&self, plugin: &str, level: LogLevel, text: &str) {
        self.0.lock().unwrap().push((plugin.to_owned(), level, text.to_owned()));
    }
}

/// Everything that can be granted.
pub(crate) fn all() -> Grants {
    gantry_host::CAPABILITIES.iter().copied().collect()
}

pub(crate) fn call() -> CallContext {
    logging(Arc::default())
}

pub(crate) fn logging(lines: Arc<Lines>) -> CallContext {
    CallContext { log: lines, ..CallContext::traced(Grants::none()) }
}

pub(crate) fn granted() -> CallContext {
    CallContext { grants: Grants::from_iter(["query"]), ..call() }
}

/// How the host stopped an install plan.
pub(crate) async fn stopped_plan(plugin: &Plugin) -> Stop {
    match plugin.install_plan(&call(), &server()).await.expect_err("the guest is stopped") {
        CallError::Stopped(stop) => stop,
        other => panic!("not stopped: {other:?}"),
    }
}

/// Nothing may be asked.
pub(crate) struct NoQuery;

#[async_trait]
impl Query for NoQuery {
    async fn datagram(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> Result<Vec<Reply>, LentFailure> {
        panic!("a query reached the embedder")
    }

    async fn exchange(&self, _: &Endpoint, _: Vec<u8>, _: u32, _: Duration) -> Result<Reply, LentFailure> {
        panic!("a query reached the embedder")
    }
}
