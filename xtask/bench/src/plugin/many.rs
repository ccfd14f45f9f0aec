//! What plugins cost by the thousand: collectors that are asked once a second, consoles whose lines are read, and plugins that
//! nobody calls any more. As in production they run in a child; what it uses is counted with what this process does for it. A
//! hundred per cent is one core.

use super::{Bare, BareCalls, Recorded, STATUS, bare_server, bindings, grants, open, runner, server};
use crate::{
    process::pss_mib,
    row::{Result, Timings, Unit, cpu_seconds, row},
};
use gantry_host::{CallContext, Host, Plugin};
use gantry_types::server::ServerContext;
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::MissedTickBehavior};
use wasmtime::{
    Engine, Store,
    component::{Component, HasSelf, Linker},
};

/// Servers whose collector is asked each second.
const COLLECTORS: u32 = 1_000;
/// Servers that talk much.
const TALKERS: u32 = 100;
/// Lines of one call, as the daemon gathers them.
const BATCH: usize = 64;
/// Between two of a talker's calls: a hundred thousand lines a second of all together.
const BATCH_EVERY: Duration = Duration::from_millis(64);
const MEASURED: Duration = Duration::from_secs(10);
/// Beyond those that the machine was late for, none may be missing.
const LATE: f64 = 0.99;
/// Plugins that wait for their next call.
const IDLE: usize = 50;

/// What OpenArena prints in a match: one line in three means something.
const LINES: [&str; 6] = [
    "broadcast: print \"Grace^7 entered the game\\n\"",
    "Kill: 2 4 10: Sarge killed Ada by MOD_RAILGUN",
    "Item: 2 weapon_rocketlauncher",
    "say: Ada: well played, and once more on the other map",
    "Item: 4 item_armor_combat",
    "broadcast: print \"Sarge^7 disconnected\\n\"",
];

mod reading {
    wasmtime::component::bindgen!({
        path: "../../sdk/wit/since-v0.2",
        world: "reads-console",
        with: {
            "gantry:plugin/types": super::bindings::gantry::plugin::types,
            "gantry:plugin/log": super::bindings::gantry::plugin::log,
        },
    });
}

pub(super) async fn measure(
    cache: &Path,
    wasm: &Arc<[u8]>,
    engine: &Engine,
    component: &Component,
) -> Result<()> {
    let host = open(cache, runner()?)?;
    let plugin = host.load(wasm.clone(), &grants()).await?;

    let ours = collectors(&host, &plugin).await?;
    let calls = BareCalls::new(engine.clone(), component)?;
    let each = Duration::from_secs(1) / COLLECTORS;
    let bare = alone(each, || calls.make(1, &mut super::Side::default()))?;
    rows("collectors_1000", ours, bare);

    let ours = consoles(&host, &plugin).await?;
    let reader = Reader::new(engine.clone(), component)?;
    let bare = alone(BATCH_EVERY / TALKERS, || reader.read())?;
    rows("console_lines_100000", ours, bare);
    idle(cache, wasm).await
}

fn rows(name: &str, ours: f64, bare: f64) {
    row(&format!("{name}_cpu"), ours, "%");
    row(&format!("{name}_bare"), bare, "%");
    row(&format!("{name}_ratio"), ours / bare, "x");
}

/// A thousand servers, each asked at its own moment of the second.
async fn collectors(host: &Host, plugin: &Plugin) -> Result<f64> {
    let paced = Paced { every: Duration::from_secs(1), of: COLLECTORS };
    let plugin = plugin.clone();
    paced
        .run(host, "collectors_1000", move |server| {
            let (plugin, context) =
                (plugin.clone(), CallContext::traced(grants()).querying(Arc::new(Recorded(STATUS))));
            async move {
                let sample = plugin.collect(&context, &server).await?;
                if sample.players == Some(3) {
                    Ok(())
                } else {
                    Err(format!("the collector answered {sample:?}").into())
                }
            }
        })
        .await
}

async fn consoles(host: &Host, plugin: &Plugin) -> Result<f64> {
    let paced = Paced { every: BATCH_EVERY, of: TALKERS };
    let plugin = plugin.clone();
    paced
        .run(host, "console_lines_100000", move |server| {
            let (plugin, context) = (plugin.clone(), CallContext::traced(grants()));
            async move {
                let found = plugin.console_events(&context, &server, &lines()).await?.len();
                if found == meant() {
                    Ok(())
                } else {
                    Err(format!("{found} of the lines mean something").into())
                }
            }
        })
        .await
}

fn lines() -> Vec<String> {
    LINES.iter().cycle().take(BATCH).map(|line| (*line).to_owned()).collect()
}

/// Of a batch, how many lines say that somebody came or went.
fn meant() -> usize {
    lines().iter().filter(|line| line.starts_with("broadcast")).count()
}

/// Calls at their times, by many servers.
struct Paced {
    every: Duration,
    of: u32,
}

impl Paced {
    /// Makes calls for a while, and answers how much of a core they took. How long they took becomes rows.
    async fn run<F, C>(&self, host: &Host, name: &str, call: F) -> Result<f64>
    where
        F: Fn(ServerContext) -> C + Clone + Send + 'static,
        C: Future<Output = Result<()>> + Send,
    {
        let pids: Vec<u32> = host.runner_pid().into_iter().chain([std::process::id()]).collect();
        if pids.len() < 2 {
            return Err("plugins do not run in a process of their own".into());
        }
        let used = || {
            pids.iter().try_fold(0.0, |sum, pid| {
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(sum + cpu_seconds(*pid)?)
            })
        };
        let (began, before) = (Instant::now(), used()?);
        let end = began + MEASURED;
        let mut servers = JoinSet::new();
        for number in 0..self.of {
            let server = ServerContext { id: format!("01890000-0000-7000-8000-{number:012}"), ..server() };
            let (call, every, first) = (call.clone(), self.every, began + self.every * number / self.of);
            servers.spawn(async move {
                let mut timings = Timings::default();
                let mut beat = tokio::time::interval_at(first.into(), every);
                beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
                loop {
                    beat.tick().await;
                    if Instant::now() >= end {
                        return Ok::<_, Box<dyn std::error::Error + Send + Sync>>(timings);
                    }
                    let asked = Instant::now();
                    call(server.clone()).await?;
                    timings.push(asked.elapsed());
                }
            });
        }
        let mut timings = Timings::default();
        while let Some(ended) = servers.join_next().await {
            timings.extend(ended??);
        }
        let percent = (used()? - before) * 100.0 / began.elapsed().as_secs_f64();
        let wanted = MEASURED.as_secs_f64() / self.every.as_secs_f64() * f64::from(self.of);
        #[expect(clippy::cast_precision_loss, reason = "a number of calls")]
        let made = timings.len() as f64 / wanted;
        if made < LATE {
            return Err(
                format!("{name}: only {:.1} % of the calls were made in their time", made * 100.0).into()
            );
        }
        timings.rows(name, Unit::Microseconds);
        Ok(percent)
    }
}

/// The same calls by wasmtime alone, one at each beat: how much of a core they take.
fn alone(every: Duration, mut call: impl FnMut() -> Result<()>) -> Result<f64> {
    let (began, before) = (Instant::now(), cpu_seconds(std::process::id())?);
    let mut next = began;
    while next < began + MEASURED {
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        call()?;
        next += every;
    }
    Ok((cpu_seconds(std::process::id())? - before) * 100.0 / began.elapsed().as_secs_f64())
}

/// What reads a batch by wasmtime alone, in a fresh instance.
struct Reader {
    engine: Engine,
    plugin: reading::ReadsConsolePre<Bare>,
}

impl Reader {
    fn new(engine: Engine, component: &Component) -> Result<Self> {
        let mut linker = Linker::new(&engine);
        // It imports what its collector wants, too.
        bindings::Collects::add_to_linker::<_, HasSelf<Bare>>(&mut linker, |state| state)?;
        let plugin = reading::ReadsConsolePre::new(linker.instantiate_pre(component)?)?;
        Ok(Self { engine, plugin })
    }

    fn read(&self) -> Result<()> {
        let mut store = Store::new(&self.engine, Bare);
        let plugin = self.plugin.instantiate(&mut store)?;
        let found = plugin.gantry_plugin_console_events().call_parse(&mut store, &bare_server(), &lines())?;
        if found.len() == meant() { Ok(()) } else { Err("another number of lines means something".into()) }
    }
}

/// Plugins that differ in a byte, loaded from the cache, called once and then left alone.
async fn idle(cache: &Path, wasm: &Arc<[u8]>) -> Result<()> {
    let components: Vec<Arc<[u8]>> = (0..IDLE).map(|number| numbered(wasm, number)).collect();
    // Compiling leaves memory behind that has nothing to do with being loaded.
    let first = open(cache, runner()?)?;
    for component in &components {
        first.load(component.clone(), &grants()).await?;
    }
    drop(first);
    let host = open(cache, runner()?)?;
    let mut loaded = vec![host.load(wasm.clone(), &grants()).await?];
    super::calls(&loaded[0], 10, &mut super::Side::default()).await?;
    let pids: Vec<u32> = host.runner_pid().into_iter().chain([std::process::id()]).collect();
    let memory = || pids.iter().map(|pid| pss_mib(*pid)).sum::<Result<f64>>();
    let before = memory()?;
    for component in components {
        let plugin = host.load(component, &grants()).await?;
        super::calls(&plugin, 1, &mut super::Side::default()).await?;
        loaded.push(plugin);
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of plugins")]
    row("idle_plugin_memory", (memory()? - before) * 1024.0 / IDLE as f64, "KiB");
    Ok(())
}

/// The component with a custom section of its own at its end.
fn numbered(wasm: &Arc<[u8]>, number: usize) -> Arc<[u8]> {
    let name = b"copy";
    let content = format!("{number:04}");
    let mut bytes = wasm.to_vec();
    // A custom section: its size, its name with its length, and what is in it. All lengths are below 128.
    bytes.extend([0, 1 + 4 + 4, 4]);
    bytes.extend(name);
    bytes.extend(content.as_bytes());
    bytes.into()
}
