//! From bytes to a [`Plugin`]: inspected, compiled or found in the cache, linked.
//!
//! A [`Host`] owns what all guests share: the engine, the threads that they run on, the cache. It keeps no list of
//! plugins; whoever holds a [`Plugin`] keeps it alive.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use gantry_confine::ChildProgram;
use gantry_types::conduct::{PluginConduct, PluginHold, PluginLine, PluginRecord};
use sha2::{Digest as _, Sha256};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::budgets::{Budgets, CompileBudget, Concurrency, MEMORY_CEILING_BYTES};
use crate::cache::{Cache, Found};
use crate::capability::Grants;
use crate::compiler;
use crate::component::{self, Outline, Parts};
use crate::engine;
use crate::error::HostError;
use crate::fair::{Fair, KeptLine, Plugin};
use crate::manifest::Manifest;
use crate::plugin::{Accepted, Plugin as Sandboxed};
use crate::record::{KeptRecord, Records};
use crate::turn::{self, Turns};
use crate::wall::{Kept, Runners};

/// How a host is set up.
#[derive(Clone)]
pub struct HostConfig {
    /// A directory of its own for compiled components; it is made where it is missing.
    pub cache_dir: PathBuf,
    /// Secret of this installation; with it lost or changed, everything is compiled again.
    pub cache_key: [u8; 32],
    /// What compiles.
    pub compiler: ChildProgram,
    /// What plugins may use.
    pub budgets: Budgets,
    /// Where they run.
    pub wall: Wall,
}

/// What stands between plugins and the embedder, beside the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wall {
    /// Nothing: they run in this process. For author tools, and for comparing.
    None,
    /// They run in a child without power, which is this program.
    Runner(ChildProgram),
}

/// The plugin host of this process. Clones share everything.
#[derive(Clone)]
pub struct Host(Arc<Inner>);

/// Where a plugin's code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An earlier start compiled it.
    Cache,
    /// It was compiled for this load.
    Compiled,
    /// Another plugin that is loaded has the same code.
    Shared,
}

/// What loading took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadReport {
    /// Whether it had to be compiled.
    pub origin: Origin,
    /// From bytes to a plugin that can be called.
    pub took: Duration,
}

/// Compiled code, which plugins share and keep.
pub(crate) struct Code(pub(crate) Component);

pub(crate) struct Inner {
    pub(crate) budgets: Budgets,
    pub(crate) fair: Option<Arc<Fair>>,
    /// Of calls that were stopped.
    pub(crate) records: Arc<Records>,
    pub(crate) instances: Arc<Semaphore>,
    guests: Guests,
    compiler: ChildProgram,
    cache: Arc<Cache>,
    /// Code that some plugin holds, by the digest of what was compiled.
    codes: Shelf<Code>,
    /// The same of the child's.
    kept: Shelf<Kept>,
    /// One component is compiled at a time; the compiler uses all cores by itself.
    compiling: Semaphore,
}

/// Where guests run.
enum Guests {
    Within(Arc<Within>),
    Beyond(Arc<Runners>),
}

/// What some plugin holds, by the digest of what was compiled.
struct Shelf<T>(Mutex<HashMap<[u8; 32], Weak<T>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Shelf<T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Weak<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, digest: &[u8; 32]) -> Option<Arc<T>> {
        self.lock().get(digest).and_then(Weak::upgrade)
    }

    /// Two loads of the same code may come here at once; the first one's is everybody's.
    fn put(&self, digest: [u8; 32], fresh: T) -> Arc<T> {
        let mut all = self.lock();
        if let Some(shared) = all.get(&digest).and_then(Weak::upgrade) {
            return shared;
        }
        let fresh = Arc::new(fresh);
        all.retain(|_, each| each.strong_count() > 0);
        all.insert(digest, Arc::downgrade(&fresh));
        fresh
    }
}

/// What guests of this process share.
pub(crate) struct Within {
    pub(crate) engine: Engine,
    pub(crate) turns: Arc<Turns>,
    /// Guests that run on a thread of the embedder's at a time.
    pub(crate) visits: Semaphore,
    guests: GuestThreads,
}

impl Host {
    /// Starts engine and threads and opens the cache.
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        let HostConfig { cache_dir, cache_key, compiler, budgets, wall } = config;
        check(&budgets)?;
        let (engine, guests) = match wall {
            // Code is made for the settings that both engines share.
            Wall::Runner(program) => {
                let engine = engine::for_compiler();
                let cannot =
                    |source| HostError::Engine { context: "cannot be started on this machine", source };
                (engine.map_err(cannot)?, Guests::Beyond(Arc::new(Runners::new(&program, budgets))))
            }
            Wall::None => {
                let within = Within::start(&budgets.concurrency)?;
                (within.engine.clone(), Guests::Within(Arc::new(within)))
            }
        };
        let code_bytes = budgets.compile_large.output_bytes;
        let cache = Cache::open(&cache_dir, cache_key, engine::identity(&engine), code_bytes)?;
        Ok(Self(Arc::new(Inner {
            instances: Arc::new(Semaphore::new(budgets.concurrency.instances as usize)),
            guests,
            records: Arc::default(),
            fair: budgets.shares.map(|shares| Arc::new(Fair::new(shares))),
            budgets,
            compiler,
            cache: Arc::new(cache),
            codes: Shelf::default(),
            kept: Shelf::default(),
            compiling: Semaphore::new(1),
        })))
    }

    /// Makes a component callable: from the cache in milliseconds, else through the compiler child.
    ///
    /// A component that is at fault is [`HostError::Rejected`], with words for whoever brought it. So is one that
    /// imports what it is not granted: nothing else is linked to it.
    pub async fn load(&self, wasm: Arc<[u8]>, grants: &Grants) -> Result<Plugin, HostError> {
        let began = Instant::now();
        let (digest, outline) = self.inspect(wasm.clone(), grants.clone()).await?;
        let budget = self.compile_budget(outline.is_large);
        let code = component::code(&wasm);
        let (code_digest, code) = blocking(move || Ok((Sha256::digest(&code).into(), code))).await?;
        let accepted = Accepted { digest: hex::encode(digest), outline, grants: grants.clone() };
        let report = |origin| LoadReport { origin, took: began.elapsed() };
        let plugin = match &self.0.guests {
            Guests::Within(within) => {
                let (component, origin) = self.code(within, code_digest, code.into(), budget).await?;
                Sandboxed::link(self.0.clone(), within.clone(), component, accepted, report(origin))
            }
            Guests::Beyond(runners) => {
                let (kept, code, origin) = self.kept(code_digest, code.into(), budget).await?;
                let (host, runners) = (self.0.clone(), runners.clone());
                Sandboxed::link_beyond(host, runners, kept, code, accepted, report(origin)).await
            }
        }?;
        Ok(Plugin::new(plugin, self.0.fair.clone()))
    }

    /// The process that plugins run in, if there is one at the moment: for whoever measures it.
    #[must_use]
    pub fn runner_pid(&self) -> Option<u32> {
        self.runner_pids()[0]
    }

    /// That process, and the one for calls that compute for long.
    #[must_use]
    pub fn runner_pids(&self) -> [Option<u32>; 2] {
        match &self.0.guests {
            Guests::Within(_) => [None; 2],
            Guests::Beyond(runners) => runners.pids(),
        }
    }

    /// What a component says of itself and which parts it has, without compiling or running any of it.
    ///
    /// A component that is at fault is [`HostError::Rejected`], as in [`Host::load`].
    pub async fn look(&self, wasm: Arc<[u8]>, grants: &Grants) -> Result<(Manifest, Parts), HostError> {
        let (_, outline) = self.inspect(wasm, grants.clone()).await?;
        Ok((outline.manifest, outline.parts))
    }

    /// How every release fares that was called since this host was made.
    #[must_use]
    pub fn conduct(&self) -> Vec<PluginConduct> {
        self.0.fair.as_ref().map(|fair| fair.conduct()).unwrap_or_default()
    }

    /// Why the release of this digest is not asked about a server, where it is on hold.
    #[must_use]
    pub fn holds(&self, digest: &str, server: &str) -> Vec<PluginHold> {
        self.0.fair.as_ref().map(|fair| fair.holds(digest, server)).unwrap_or_default()
    }

    /// What the release of this digest wrote lately, oldest first: all of it, or in calls about one server. Gantry's own
    /// words on what was stopped stand among it.
    #[must_use]
    pub fn plugin_log(&self, digest: &str, server: Option<&str>) -> Vec<PluginLine> {
        self.0.fair.as_ref().map(|fair| fair.log(digest, server)).unwrap_or_default()
    }

    /// Ends the holds of a release, or the one for a server. False where there was none.
    pub fn lift_hold(&self, digest: &str, server: Option<&str>) -> bool {
        self.0.fair.as_ref().is_some_and(|fair| fair.lift(digest, server))
    }

    /// Resolves when a plugin wrote something about a server. For one who keeps that, by [`Self::unsaved_logs`].
    pub async fn log_written(&self) {
        match &self.0.fair {
            Some(fair) => fair.written().await,
            None => std::future::pending().await,
        }
    }

    /// All that is kept of each server about which something was written since this was last asked, oldest first.
    #[must_use]
    pub fn unsaved_logs(&self) -> Vec<(String, Vec<KeptLine>)> {
        self.0.fair.as_ref().map(|fair| fair.unsaved()).unwrap_or_default()
    }

    /// Takes up lines that were kept, oldest first.
    pub fn restore_log(&self, kept: Vec<KeptLine>) {
        if let Some(fair) = &self.0.fair {
            fair.restore(kept);
        }
    }

    /// The calls that were stopped and are kept, the newest first.
    #[must_use]
    pub fn records(&self) -> Vec<PluginRecord> {
        self.0.records.list()
    }

    /// One of them, of the release of this digest.
    #[must_use]
    pub fn record(&self, digest: &str, id: &str) -> Option<KeptRecord> {
        self.0.records.find(digest, id)
    }

    /// Resolves when a call about a server was kept. For one who keeps that longer, by [`Self::unsaved_records`].
    pub async fn record_kept(&self) {
        self.0.records.news().await;
    }

    /// All that is kept of each server for which that changed since this was last asked.
    #[must_use]
    pub fn unsaved_records(&self) -> Vec<(String, Vec<KeptRecord>)> {
        self.0.records.unsaved()
    }

    /// Takes up records that were kept.
    pub fn restore_records(&self, kept: Vec<KeptRecord>) {
        self.0.records.restore(kept);
    }

    /// Forgets what concerns a server that is gone.
    pub fn forget_server(&self, server: &str) {
        self.0.records.forget(server);
        if let Some(fair) = &self.0.fair {
            fair.forget(server);
        }
    }

    async fn inspect(&self, wasm: Arc<[u8]>, grants: Grants) -> Result<([u8; 32], Outline), HostError> {
        let budgets = self.0.budgets;
        blocking(move || {
            let outline = component::inspect(&wasm, &budgets, &grants).map_err(HostError::Rejected)?;
            Ok((Sha256::digest(&wasm).into(), outline))
        })
        .await
    }

    fn compile_budget(&self, is_large: bool) -> CompileBudget {
        if is_large { self.0.budgets.compile_large } else { self.0.budgets.compile }
    }

    /// The compiled form of what is code in a component: shared by all that differ in their manifest and files alone, in
    /// memory and in the cache.
    async fn code(
        &self,
        within: &Arc<Within>,
        digest: [u8; 32],
        wasm: Arc<[u8]>,
        budget: CompileBudget,
    ) -> Result<(Arc<Code>, Origin), HostError> {
        if let Some(shared) = self.0.codes.find(&digest) {
            return Ok((shared, Origin::Shared));
        }
        let revived = |code: Vec<u8>| {
            let within = within.clone();
            blocking(move || Ok(revive(&within.engine, &code)))
        };
        let (code, origin, _) = self.made(digest, wasm, budget).await?;
        let component = revived(code).await?;
        let component = component.map_err(|error| HostError::outgrown(&format!("{error:#}")))?;
        Ok((self.0.codes.put(digest, Code(component)), origin))
    }

    /// The same for the child: what is kept of it here, and the code itself where it was just read or made.
    async fn kept(
        &self,
        digest: [u8; 32],
        wasm: Arc<[u8]>,
        budget: CompileBudget,
    ) -> Result<(Arc<Kept>, Option<Vec<u8>>, Origin), HostError> {
        if let Some(shared) = self.0.kept.find(&digest) {
            return Ok((shared, None, Origin::Shared));
        }
        let (code, origin, is_cached) = self.made(digest, wasm, budget).await?;
        let cache = self.0.cache.clone();
        let (kept, code) = blocking(move || {
            let kept = Kept::new(digest, cache, &code, is_cached);
            Ok((kept, code))
        })
        .await?;
        Ok((self.0.kept.put(digest, kept), Some(code), origin))
    }

    /// Code from the cache or the compiler, and whether the cache has it now.
    async fn made(
        &self,
        digest: [u8; 32],
        wasm: Arc<[u8]>,
        budget: CompileBudget,
    ) -> Result<(Vec<u8>, Origin, bool), HostError> {
        if let Some(code) = self.cached(digest).await? {
            return Ok((code, Origin::Cache, true));
        }
        let Ok(_turn) = self.0.compiling.acquire().await else {
            return Err(HostError::Internal("compiling was closed".to_owned()));
        };
        // Whoever compiled before may have compiled this very component.
        if let Some(code) = self.cached(digest).await? {
            return Ok((code, Origin::Cache, true));
        }
        let code = compiler::compile(&self.0.compiler, &budget, &wasm).await?;
        let inner = self.0.clone();
        blocking(move || {
            let written = inner.cache.write(&digest, &code);
            if let Err(error) = &written {
                tracing::warn!(plugin.digest = %hex::encode(digest), %error, "compiled code could not be kept");
            }
            Ok((code, Origin::Compiled, written.is_ok()))
        })
        .await
    }

    /// A file that is not to be believed is as good as none. One that is was made for this very engine.
    async fn cached(&self, digest: [u8; 32]) -> Result<Option<Vec<u8>>, HostError> {
        let inner = self.0.clone();
        blocking(move || match inner.cache.read(&digest) {
            Found::Nothing => Ok(None),
            Found::Refused(reason) => {
                let digest = hex::encode(digest);
                tracing::warn!(plugin.digest = %digest, reason, "a cache file was refused; the component is compiled again");
                Ok(None)
            }
            Found::Code(code) => Ok(Some(code)),
        })
        .await
    }
}

impl Within {
    fn start(concurrency: &Concurrency) -> Result<Self, HostError> {
        let engine = engine::for_guests(concurrency)?;
        let threads = concurrency.threads;
        Ok(Self {
            turns: Arc::new(Turns::new(&engine, threads)?),
            visits: Semaphore::new(1),
            engine,
            guests: GuestThreads::start(threads + turn::USUAL)?,
        })
    }

    pub(crate) fn guests(&self) -> &Handle {
        &self.guests.handle
    }
}

#[expect(unsafe_code, reason = "native code can only be loaded so; the argument stands at the call")]
pub(crate) fn revive(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` demands bytes that `precompile_component` made. They are either what the compiler child
    // wrote to a pipe that nobody else holds, or the contents of a cache file whose MAC, keyed with this
    // installation's secret, this host has just verified over the very bytes in this buffer, so they are what such a
    // child once wrote. In the process that guests run in they are the same bytes, come from its embedder over the
    // socket that it was born with. Nothing from outside ever reaches this function: components arrive as WebAssembly only.
    unsafe { Component::deserialize(engine, code) }
}

fn check(budgets: &Budgets) -> Result<(), HostError> {
    let calls = budgets.calls();
    let fits = calls.iter().all(|call| call.memory_bytes <= MEMORY_CEILING_BYTES);
    let runs = budgets.concurrency.threads > 0 && budgets.concurrency.instances > 0;
    if fits && runs {
        return Ok(());
    }
    Err(HostError::Internal(format!(
        "budgets need at least one thread and one instance, and no call more than {MEMORY_CEILING_BYTES} bytes of memory"
    )))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HostError> + Send + 'static,
) -> Result<T, HostError> {
    match spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(cause) => Err(HostError::Internal(cause.to_string())),
    }
}

/// The threads that guests run on: none of the embedder's, so that a guest cannot starve what serves people. All that
/// one may take of theirs is a first slice that its plugin has earned.
struct GuestThreads {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl GuestThreads {
    fn start(threads: usize) -> Result<Self, HostError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("gantry-guest")
            .build()
            .map_err(|cause| {
                HostError::Internal(format!("the guests' threads cannot be started: {cause}"))
            })?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }
}

/// Every guest holds what owns these threads, so none runs any more; waiting would only block whoever drops.
impl Drop for GuestThreads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
