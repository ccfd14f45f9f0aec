//! A runtime without containers, for tests and for load.
//!
//! Processes are tasks that follow a [`Script`]: they print a banner and a line that says they are ready, answer what is
//! typed, and end as real games do. Everything else keeps the same contract as [`crate::docker`], and the same suite
//! checks both. Containers outlive whoever made them: clones share one engine, so an agent that restarts finds them.
//!
//! A server prints its banner and its ready line, understands `stop`, `quit`, `exit` and `shutdown` (exit code 0), `crash`
//! (exit code 1), `crash N` (exit code N), `oom` (exit code 137, out of memory), `hang` (ignores everything but a kill) and
//! `flood N` (N lines), and echoes every line. SIGINT, SIGTERM, SIGQUIT and SIGHUP stop it. An installer ends by itself,
//! as `SIMULATED_EXIT` (its exit code) and `SIMULATED_MS` (its duration) in its environment say. A recipe with a line
//! `RUN false` fails to build.
//!
//! Modules in reading order: [`script`], [`process`].

mod process;
mod script;

pub use script::{Moment, Script};

use crate::{
    console::Attachment,
    error::RuntimeError,
    image::{ImageId, ImageProgress, ProgressSink, recipe_digest},
    runtime::{ContainerId, Description, Exit, Listed, Phase, Runtime},
    spec::{ContainerSpec, Purpose},
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use gantry_types::{NodeId, ServerId, plan::Image, sample::Statistics};
use process::Process;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

struct Container {
    spec: ContainerSpec,
    process: Process,
}

#[derive(Default)]
struct Engine {
    containers: BTreeMap<String, Container>,
    images: BTreeSet<String>,
    made: u64,
}

/// An engine in memory. Clones share it, so a test keeps one to look at [`Runtime::list`] or to type into a console
/// (`crash 3`, `oom`, `hang`, `flood 100`; see the module) while the agent holds another.
#[derive(Clone)]
pub struct SimulatedRuntime {
    node: NodeId,
    script: Script,
    engine: Arc<Mutex<Engine>>,
}

impl std::fmt::Debug for SimulatedRuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedRuntime").field("node", &self.node).finish_non_exhaustive()
    }
}

impl SimulatedRuntime {
    /// An empty engine whose processes do everything at once.
    pub fn new(node: NodeId) -> Self {
        Self::with_script(node, Script::default())
    }

    /// An empty engine whose processes follow the script.
    pub fn with_script(node: NodeId, script: Script) -> Self {
        Self { node, script, engine: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn process(&self, id: &ContainerId) -> Result<Process, RuntimeError> {
        let engine = self.lock();
        let found = engine.containers.get(&id.0).map(|container| container.process.clone());
        found.ok_or_else(|| RuntimeError::NoSuchContainer { id: id.0.clone() })
    }

    fn running(&self, id: &ContainerId) -> Result<Process, RuntimeError> {
        let process = self.process(id)?;
        match process.exit() {
            None => Ok(process),
            Some(_) => Err(RuntimeError::NotRunning { id: id.0.clone() }),
        }
    }

    fn name(spec: &ContainerSpec) -> String {
        format!("{}-{}", spec.server, spec.purpose.as_str())
    }
}

#[async_trait]
impl Runtime for SimulatedRuntime {
    async fn describe(&self) -> Result<Description, RuntimeError> {
        Ok(Description { text: "simulated".to_owned() })
    }

    async fn ensure_image(
        &self,
        image: &Image,
        progress: &dyn ProgressSink,
    ) -> Result<ImageId, RuntimeError> {
        let name = match image {
            Image::Reference { reference }
                if reference.is_empty() || reference.contains(char::is_whitespace) =>
            {
                return Err(RuntimeError::InvalidImage(format!("{reference:?} is not an image reference")));
            }
            Image::Reference { reference } => reference.clone(),
            Image::Recipe { dockerfile, files } => recipe_digest(dockerfile, files),
        };
        if self.lock().images.contains(&name) {
            return Ok(ImageId(name));
        }
        for step in 1..=3 {
            self.script.pause(Moment::ImageStep).await;
            progress.report(ImageProgress::Line(format!("Step {step}/3 : simulated")));
        }
        if let Image::Recipe { dockerfile, .. } = image
            && dockerfile.lines().any(|line| line.trim() == "RUN false")
        {
            let log_tail = vec!["Step 3/3 : RUN false".to_owned()];
            return Err(RuntimeError::Build {
                message: "a command returned a non-zero code: 1".to_owned(),
                log_tail,
            });
        }
        self.lock().images.insert(name.clone());
        Ok(ImageId(name))
    }

    async fn create_and_start(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        if spec.owner.uid == 0 || spec.owner.gid == 0 {
            return Err(RuntimeError::InvalidSpec("it would run as root".to_owned()));
        }
        self.script.pause(Moment::Start).await;
        let mut engine = self.lock();
        let same = |container: &Container| Self::name(&container.spec) == Self::name(spec);
        if let Some((id, _)) = engine.containers.iter().find(|(_, container)| same(container)) {
            return Err(RuntimeError::AlreadyExists { id: id.clone() });
        }
        let taken =
            |container: &Container| container.process.exit().is_none() && shares_port(&container.spec, spec);
        if engine.containers.values().any(taken) {
            return Err(RuntimeError::PortTaken { message: "port is already allocated".to_owned() });
        }
        engine.made += 1;
        let id = format!("simulated-{}-{}", engine.made, Self::name(spec));
        let process = Process::start(spec, self.script.clone());
        engine.containers.insert(id.clone(), Container { spec: spec.clone(), process });
        Ok(ContainerId(id))
    }

    async fn list(&self) -> Result<Vec<Listed>, RuntimeError> {
        let engine = self.lock();
        let ours = engine.containers.iter().filter(|(_, container)| container.spec.node == self.node);
        Ok(ours
            .map(|(id, Container { spec, process })| Listed {
                id: ContainerId(id.clone()),
                server: spec.server,
                purpose: spec.purpose,
                generation: spec.generation,
                digest: spec.digest.clone(),
                phase: match process.exit() {
                    None => Phase::Running { started_at: process.started_at() },
                    Some(exit) => Phase::Ended(exit),
                },
            })
            .collect())
    }

    async fn attach(
        &self,
        id: &ContainerId,
        after: Option<DateTime<Utc>>,
    ) -> Result<Attachment, RuntimeError> {
        let process = self.process(id)?;
        let listens = process.exit().is_none() && process.purpose() == Purpose::Server;
        Ok(Attachment {
            output: process.output(after).map(Ok).boxed(),
            input: if listens { Some(Box::pin(process.input())) } else { None },
        })
    }

    async fn signal(&self, id: &ContainerId, signal: &str) -> Result<(), RuntimeError> {
        let process = self.running(id)?;
        match signal {
            "SIGKILL" => process.kill(),
            "SIGINT" | "SIGTERM" | "SIGQUIT" | "SIGHUP" => process.stop(),
            name if name.starts_with("SIG") && name.len() > 3 => {}
            name => return Err(RuntimeError::InvalidSpec(format!("{name:?} is not the name of a signal"))),
        }
        Ok(())
    }

    async fn kill(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        match self.signal(id, "SIGKILL").await {
            Err(RuntimeError::NotRunning { .. }) => Ok(()),
            other => other,
        }
    }

    async fn wait(&self, id: &ContainerId) -> Result<Exit, RuntimeError> {
        Ok(self.process(id)?.ended().await)
    }

    async fn remove(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        let removed = self.lock().containers.remove(&id.0);
        if let Some(container) = removed {
            container.process.kill();
            container.process.ended().await;
        }
        Ok(())
    }

    async fn remove_server(&self, server: ServerId) -> Result<(), RuntimeError> {
        let of_server = |listed: &Listed| listed.server == server;
        for listed in self.list().await?.into_iter().filter(of_server) {
            self.remove(&listed.id).await?;
        }
        Ok(())
    }

    async fn statistics(
        &self,
        id: &ContainerId,
    ) -> Result<BoxStream<'static, Result<Statistics, RuntimeError>>, RuntimeError> {
        let process = self.process(id)?;
        let beats = stream::unfold((process, 0_u64), |(process, beat)| async move {
            tokio::select! {
                _ = process.ended() => None,
                () = tokio::time::sleep(Duration::from_secs(1)) => {
                    Some((Ok(process.statistics(beat)), (process, beat + 1)))
                }
            }
        });
        Ok(beats.boxed())
    }
}

fn shares_port(one: &ContainerSpec, other: &ContainerSpec) -> bool {
    one.ports.iter().any(|port| other.ports.contains(port))
}
