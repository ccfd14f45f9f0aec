//! What a plugin costs: a call in a fresh instance through every check, beside the same call by wasmtime alone; compiling
//! in the limited child, beside compiling without one; and loading from the cache. [`wall`] shows what a process of their own costs plugins,
//! [`hostile`] what one that never ends costs the others, [`many`] what a thousand cost, [`languages`] compares those of the SDKs.
//!
//! The call is OpenArena's collector with a recorded answer of the game, so that both ways do the same work.

mod hostile;
mod languages;
mod many;
mod wall;

use crate::row::{Result, Timings, Unit, cpu_seconds, row};
use async_trait::async_trait;
use gantry_host::{
    Budgets, CallContext, ChildProgram, Flow, Grants, HoldRule, Host, HostConfig, LentFailure, Origin, Query,
    Reply, Share, Shares, Wall,
};
use gantry_types::{
    server::{Endpoint, Protocol, ServerContext},
    units::Limits,
};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, HasSelf, Linker, Resource},
};

mod bindings {
    wasmtime::component::bindgen!({ path: "../../sdk/wit/since-v0.2", world: "collects" });
}
use bindings::gantry::plugin::{kv, log, query, types};

/// What an OpenArena server with three players answers.
pub(crate) const STATUS: &[u8] = b"\xff\xff\xff\xffstatusResponse\n\
    \\sv_hostname\\Arena\\sv_maxclients\\12\\mapname\\oa_dm1\\version\\ioq3\\g_gametype\\0\\timelimit\\20\n\
    3 50 \"Grace\"\n12 0 \"Sarge\"\n-1 48 \"Ada\"\n";
/// The same of people alone: the collector asks for bots where somebody's ping is nothing.
const PEOPLE: &[u8] = b"\xff\xff\xff\xffstatusResponse\n\
    \\sv_hostname\\Arena\\sv_maxclients\\12\\mapname\\oa_dm1\\version\\ioq3\\g_gametype\\0\\timelimit\\20\n\
    3 50 \"Grace\"\n12 21 \"Sarge\"\n-1 48 \"Ada\"\n";
const WARM: usize = 500;
const CALLS: usize = 10_000;
/// The two ways take turns, so that whatever else the machine does hits both.
const ROUNDS: usize = 10;

pub(crate) async fn measure(component: &Path, examples: &Path) -> Result<()> {
    let wasm: Arc<[u8]> = std::fs::read(component)?.into();
    let cache = tempfile::tempdir()?;
    let host = open(cache.path(), Wall::None)?;
    let began = Instant::now();
    let plugin = host.load(wasm.clone(), &grants()).await?;
    let compiled = began.elapsed();
    if plugin.load_report().origin != Origin::Compiled {
        return Err("the component did not come from the compiler".into());
    }
    let bare = bare_engine()?;
    let began = Instant::now();
    let bare_component = Component::new(&bare, &wasm)?;
    let bare_compiled = began.elapsed();
    row("component_compile", compiled.as_secs_f64() * 1e3, "ms");
    row("component_compile_bare", bare_compiled.as_secs_f64() * 1e3, "ms");
    loads(cache.path(), &wasm).await?;

    let engine = bare.clone();
    let bare = BareCalls::new(bare, &bare_component)?;
    let (mut one, mut other) = (Side::default(), Side::default());
    bare.make(WARM, &mut Side::default())?;
    calls(&plugin, WARM, &mut Side::default()).await?;
    for _ in 0..ROUNDS {
        calls(&plugin, CALLS / ROUNDS, &mut one).await?;
        bare.make(CALLS / ROUNDS, &mut other)?;
    }
    let ours = one.rows("plugin_call");
    row("plugin_call_ratio", ours / other.rows("plugin_call_bare"), "x");
    wall::measure(cache.path(), &wasm, &plugin).await?;
    hostile::measure(cache.path(), &wasm, examples).await?;
    many::measure(cache.path(), &wasm, &engine, &bare_component).await?;
    languages::measure(examples).await
}

/// What one of the two ways showed over all rounds.
#[derive(Default)]
struct Side {
    timings: Timings,
    /// Processor time of this whole process, in seconds.
    cpu: f64,
}

impl Side {
    /// Prints the rows, and answers the middle duration.
    fn rows(mut self, name: &str) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a number of calls")]
        let each = self.cpu / self.timings.len() as f64;
        let p50 = self.timings.rows(name, Unit::Microseconds);
        row(&format!("{name}_cpu"), each * Unit::Microseconds.per_second(), Unit::Microseconds.name());
        p50
    }
}

/// A host knows what it loaded, so each load is by a host of its own.
async fn loads(cache: &Path, wasm: &Arc<[u8]>) -> Result<()> {
    let mut timings = Timings::default();
    for _ in 0..50 {
        let host = open(cache, runner()?)?;
        let began = Instant::now();
        let plugin = host.load(wasm.clone(), &grants()).await?;
        timings.push(began.elapsed());
        if plugin.load_report().origin != Origin::Cache {
            return Err("the component did not come from the cache".into());
        }
    }
    timings.rows("component_cached_load", Unit::Milliseconds);
    Ok(())
}

fn grants() -> Grants {
    Grants::from_iter(["query"])
}

/// Where plugins of the product run.
fn runner() -> Result<Wall> {
    Ok(Wall::Runner(ChildProgram { program: std::env::current_exe()?, args: vec!["run-plugins".into()] }))
}

fn open(cache: &Path, wall: Wall) -> Result<Host> {
    open_with(cache, wall, Budgets::default())
}

fn open_with(cache: &Path, wall: Wall, budgets: Budgets) -> Result<Host> {
    let compiler = ChildProgram { program: std::env::current_exe()?, args: vec!["compile-component".into()] };
    let budgets = Budgets { shares: Some(ample()), ..budgets };
    let config = HostConfig { cache_dir: cache.to_owned(), cache_key: [1; 32], compiler, budgets, wall };
    Ok(Host::new(config)?)
}

/// Shares that are kept account of and never used up, nor is anything held: what is measured here is more than one plugin may have.
fn ample() -> Shares {
    let flow = Flow { per_second: u32::MAX, saved: u32::MAX };
    let share = Share { calls: flow, cpu_us: flow, host_calls: flow, log_bytes: flow, memory_mib: 4_096 };
    let hold = HoldRule { stopped: HoldRule::WINDOW + 1, ..Shares::default().hold };
    Shares { plugin: share, server: share, hold }
}

async fn calls(plugin: &gantry_host::Plugin, count: usize, side: &mut Side) -> Result<()> {
    calls_answered(plugin, STATUS, count, side).await
}

async fn calls_answered(
    plugin: &gantry_host::Plugin,
    answer: &'static [u8],
    count: usize,
    side: &mut Side,
) -> Result<()> {
    let (context, query) = (CallContext::traced(grants()), Arc::new(Recorded(answer)));
    let server = server();
    let before = cpu_seconds(std::process::id())?;
    for _ in 0..count {
        let began = Instant::now();
        let sample = plugin.collect(&context.querying(query.clone()), &server).await?;
        side.timings.push(began.elapsed());
        if sample.players != Some(3) {
            return Err(format!("the collector answered {sample:?}").into());
        }
    }
    side.cpu += cpu_seconds(std::process::id())? - before;
    Ok(())
}

fn server() -> ServerContext {
    ServerContext {
        id: "01890000-0000-7000-8000-000000000001".to_owned(),
        name: "Arena".to_owned(),
        blueprint: "openarena".to_owned(),
        settings: vec![],
        facts: Vec::new(),
        endpoints: vec![Endpoint {
            name: "game".to_owned(),
            protocol: Protocol::Udp,
            address: "127.0.0.1".to_owned(),
            port: 27_960,
        }],
        limits: Limits::default(),
        time_zone: "UTC".to_owned(),
    }
}

/// Answers at once, as a game on the same machine nearly does.
struct Recorded(&'static [u8]);

#[async_trait]
impl Query for Recorded {
    async fn datagram(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> std::result::Result<Vec<Reply>, LentFailure> {
        Ok(vec![Reply { payload: self.0.to_vec(), after: Duration::from_millis(1) }])
    }

    async fn exchange(
        &self,
        _: &Endpoint,
        _: Vec<u8>,
        _: u32,
        _: Duration,
    ) -> std::result::Result<Reply, LentFailure> {
        Ok(Reply { payload: self.0.to_vec(), after: Duration::from_millis(1) })
    }
}

/// wasmtime as its guide sets it up for many short calls, and nothing of ours.
pub(crate) fn bare_engine() -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.linear_memory_keep_resident(0).table_keep_resident(0);
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Ok(Engine::new(&config)?)
}

struct Bare;

impl types::Host for Bare {}

impl log::Host for Bare {
    fn write(&mut self, _: log::Level, _: String) {}
}

impl query::Host for Bare {
    fn datagram(
        &mut self,
        _: String,
        _: Vec<u8>,
        _: u32,
        _: u32,
    ) -> std::result::Result<Vec<query::Reply>, types::Failure> {
        Ok(vec![query::Reply { payload: STATUS.to_vec(), after_us: 1_000 }])
    }

    fn exchange(
        &mut self,
        _: String,
        _: Vec<u8>,
        _: u32,
        _: u32,
    ) -> std::result::Result<query::Reply, types::Failure> {
        Ok(query::Reply { payload: STATUS.to_vec(), after_us: 1_000 })
    }
}

/// The world of a collector has more than this plugin imports, and the linker wants all of it.
fn absent() -> types::Failure {
    types::Failure { code: "unavailable".to_owned(), message: String::new(), retry_after_ms: None }
}

impl query::HostConnection for Bare {
    fn open(
        &mut self,
        _: String,
        _: u32,
    ) -> std::result::Result<Resource<query::Connection>, types::Failure> {
        Err(absent())
    }

    fn write(
        &mut self,
        _: Resource<query::Connection>,
        _: Vec<u8>,
    ) -> std::result::Result<(), types::Failure> {
        Err(absent())
    }

    fn read(
        &mut self,
        _: Resource<query::Connection>,
        _: u32,
        _: u32,
    ) -> std::result::Result<Vec<u8>, types::Failure> {
        Err(absent())
    }

    fn drop(&mut self, _: Resource<query::Connection>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl kv::Host for Bare {
    fn get(&mut self, _: String) -> std::result::Result<Option<Vec<u8>>, types::Failure> {
        Err(absent())
    }

    fn set(&mut self, _: String, _: Vec<u8>) -> std::result::Result<(), types::Failure> {
        Err(absent())
    }

    fn remove(&mut self, _: String) -> std::result::Result<(), types::Failure> {
        Err(absent())
    }

    fn keys(&mut self, _: String) -> std::result::Result<Vec<String>, types::Failure> {
        Err(absent())
    }
}

struct BareCalls {
    engine: Engine,
    plugin: bindings::CollectsPre<Bare>,
}

impl BareCalls {
    fn new(engine: Engine, component: &Component) -> Result<Self> {
        let mut linker = Linker::new(&engine);
        bindings::Collects::add_to_linker::<_, HasSelf<Bare>>(&mut linker, |state| state)?;
        let plugin = bindings::CollectsPre::new(linker.instantiate_pre(component)?)?;
        Ok(Self { engine, plugin })
    }

    fn make(&self, count: usize, side: &mut Side) -> Result<()> {
        let server = bare_server();
        let before = cpu_seconds(std::process::id())?;
        for _ in 0..count {
            let began = Instant::now();
            let mut store = Store::new(&self.engine, Bare);
            let plugin = self.plugin.instantiate(&mut store)?;
            let sample = plugin.gantry_plugin_collector().call_collect(&mut store, &server)?;
            drop(store);
            side.timings.push(began.elapsed());
            if !matches!(&sample, Ok(sample) if sample.players == Some(3)) {
                return Err(format!("the collector answered {sample:?}").into());
            }
        }
        side.cpu += cpu_seconds(std::process::id())? - before;
        Ok(())
    }
}

fn bare_server() -> types::Server {
    let server = server();
    types::Server {
        id: server.id,
        name: server.name,
        blueprint: server.blueprint,
        settings: vec![],
        facts: vec![],
        endpoints: vec![types::Endpoint {
            name: "game".to_owned(),
            protocol: types::Protocol::Udp,
            address: "127.0.0.1".to_owned(),
            port: 27_960,
        }],
        limits: types::Limits { memory: 0, swap: 0, cpu: 0, disk: 0, pids: 0 },
        time_zone: server.time_zone,
        extra: vec![],
    }
}
