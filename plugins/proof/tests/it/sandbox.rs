//! A built component in the host that production uses, with all that its manifest asks for.

use gantry_host::Endpoints;
use gantry_host::{
    Budgets, CAPABILITIES, CallContext, CallError, ChildProgram, Grants, Host, HostConfig, Lent, Plugin, Wall,
};
use gantry_types::{
    blueprint::{Blueprint, EndpointNeed, Variable},
    sample::{ConsoleEvent, Sample},
    server::{Endpoint, ServerContext, Setting},
};
use std::{
    net::{Ipv4Addr, TcpListener, UdpSocket},
    path::PathBuf,
    sync::Arc,
};
use tempfile::TempDir;

pub(crate) struct Sandbox {
    pub(crate) plugin: Plugin,
    _cache: TempDir,
}

impl Sandbox {
    /// Loads the plugin of `plugins/NAME`.
    pub(crate) async fn load(name: &str) -> Self {
        let folder = std::env::var_os("GANTRY_TEST_PLUGINS")
            .map(PathBuf::from)
            .expect("GANTRY_TEST_PLUGINS names the folder that `cargo xtask plugins --out DIR` made");
        let file = folder.join(name).with_extension("wasm");
        let wasm = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let cache = TempDir::new().unwrap();
        let compiler =
            ChildProgram { program: env!("CARGO_BIN_EXE_gantry-proof-compiler").into(), args: Vec::new() };
        let config = HostConfig {
            cache_dir: cache.path().to_owned(),
            cache_key: [7; 32],
            compiler,
            budgets: Budgets { shares: None, ..Budgets::default() },
            wall: Wall::None,
        };
        let host = Host::new(config).unwrap();
        let plugin = host.load(wasm.into(), &everything()).await.expect("it loads with what it asks for");
        Self { plugin, _cache: cache }
    }

    /// A server of one of its blueprints, as a form with these answers makes it, at ports that are free.
    pub(crate) async fn server(&self, blueprint: &str, answers: &[(&str, &str)]) -> ServerContext {
        let blueprints = self.plugin.blueprints(&call(Lent::default())).await.expect("blueprints");
        let found = blueprints.iter().find(|each| each.id == blueprint);
        server_of(found.unwrap_or_else(|| panic!("it has no blueprint {blueprint}")), answers)
    }

    /// What its collector says, with the sockets that the daemon lends.
    pub(crate) async fn collect(&self, server: &ServerContext) -> Result<Sample, CallError> {
        let endpoints = Arc::new(Endpoints::new(server.endpoints.clone()));
        self.plugin.collect(&call(Lent { query: Some(endpoints), ..Lent::default() }), server).await
    }

    /// What lines of its console mean.
    pub(crate) async fn console_events(
        &self,
        server: &ServerContext,
        lines: Vec<String>,
    ) -> Vec<ConsoleEvent> {
        let found = self.plugin.console_events(&call(Lent::default()), server, &lines).await;
        found.expect("events").into_iter().map(|(_, event)| event).collect()
    }

    /// Gives it a command by way of the plugin.
    pub(crate) async fn command(&self, server: &ServerContext, line: &str) -> Result<String, CallError> {
        let endpoints = Arc::new(Endpoints::new(server.endpoints.clone()));
        self.plugin
            .send_command(&call(Lent { query: Some(endpoints), ..Lent::default() }), server, line)
            .await
    }
}

fn everything() -> Grants {
    CAPABILITIES.iter().copied().collect()
}

/// A call with every grant, and with what it is lent.
pub(crate) fn call(lent: Lent) -> CallContext {
    CallContext { lent, ..CallContext::traced(everything()) }
}

fn server_of(blueprint: &Blueprint, answers: &[(&str, &str)]) -> ServerContext {
    for (key, _) in answers {
        assert!(blueprint.variables.iter().any(|each| each.key == *key), "there is no variable {key}");
    }
    let answer = |variable: &Variable| {
        let given =
            answers.iter().find(|(key, _)| *key == variable.key).map(|(_, value)| (*value).to_owned());
        let value = given.or_else(|| variable.default_value.clone()).unwrap_or_default();
        Setting { key: variable.key.clone(), value }
    };
    ServerContext {
        id: "01890000-0000-7000-8000-000000000001".to_owned(),
        name: "Proof".to_owned(),
        blueprint: blueprint.id.clone(),
        settings: blueprint.variables.iter().map(answer).collect(),
        facts: Vec::new(),
        endpoints: endpoints_of(&blueprint.endpoints),
        limits: blueprint.recommended,
        time_zone: "UTC".to_owned(),
    }
}

/// Each at a port of its own, but for those that stand at a distance from another's.
fn endpoints_of(needs: &[EndpointNeed]) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for need in needs {
        let beside = need.relative_to.as_ref().map(|relative| {
            let base = endpoints.iter().find(|each| each.name == relative.endpoint);
            let port = i32::from(base.expect("the other endpoint stands before it").port) + relative.offset;
            u16::try_from(port).unwrap()
        });
        endpoints.push(Endpoint {
            name: need.name.clone(),
            protocol: need.protocol,
            address: Ipv4Addr::LOCALHOST.to_string(),
            port: beside.unwrap_or_else(free_port),
        });
    }
    endpoints
}

/// A port that nobody has, of either protocol.
fn free_port() -> u16 {
    loop {
        let datagrams = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = datagrams.local_addr().unwrap().port();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
