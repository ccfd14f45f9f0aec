//! The Docker Engine as a runtime.
//!
//! Docker keeps the state: labels say which container belongs to whom, the engine's bounded log is the console's memory,
//! and a network per server separates tenants. Engines from 20.10 on are spoken to, on either cgroup version, in the
//! newest version of the interface that both sides know.
//!
//! Output is read from the engine's log rather than from an attached terminal. Attaching makes the engine wait for a
//! slow reader, which would slow the game, and has no way to resume; the log has both, with a time for each line.
//!
//! Modules in reading order: [`create`], [`network`], [`registries`], [`images`], [`shared`], [`logs`], [`frames`],
//! [`keyboard`], [`statistics`].

mod create;
mod errors;
mod frames;
mod images;
mod keyboard;
mod logs;
mod network;
mod registries;
mod shared;
mod statistics;

pub use network::SubnetPool;
pub use registries::Registry;

use crate::{
    console::Attachment,
    error::RuntimeError,
    image::{ImageId, ProgressSink},
    runtime::{ContainerId, Description, Exit, Listed, Phase, Runtime},
    spec::{self, ContainerSpec, Purpose},
};
use async_trait::async_trait;
use bollard::{
    API_DEFAULT_VERSION, Docker,
    models::{ContainerInspectResponse, ContainerState, ContainerSummary},
    query_parameters::{
        AttachContainerOptions, EventsOptionsBuilder, InspectContainerOptions, KillContainerOptions,
        ListContainersOptionsBuilder, RemoveContainerOptions, ResizeContainerTTYOptionsBuilder,
        StartContainerOptions, WaitContainerOptions,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use errors::{engine, missing};
use futures_util::{StreamExt, stream::BoxStream};
use gantry_types::{NodeId, ServerId, plan::Image, sample::Statistics};
use keyboard::Keyboard;
use shared::Shared;
use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::timeout};

/// Wide enough that no game breaks its lines.
const TERMINAL_COLUMNS: i32 = 400;
const TERMINAL_ROWS: i32 = 50;

/// How long the engine may take to begin an answer.
const ANSWER_SECONDS: u64 = 120;
/// How long to wait before asking an engine again that went away.
const RETRY: Duration = Duration::from_secs(1);

/// The exit code of a process that was killed.
const KILLED: i64 = 137;
/// How long to wait for an engine's word on want of memory after the process has ended; chosen, not measured.
const LATE: Duration = Duration::from_millis(250);
/// How long before the end of the process that word may have come.
const EARLY: TimeDelta = TimeDelta::seconds(5);

/// Where the engine is and how this node uses it.
#[derive(Clone, Debug)]
pub struct DockerConfig {
    pub node: NodeId,
    pub socket: PathBuf,
    /// Private networks get their addresses from here.
    pub subnets: SubnetPool,
    /// Registries that may be asked although they are not on the public internet.
    pub registries: Vec<Registry>,
}

impl DockerConfig {
    /// The engine's usual socket and subnets that seldom collide.
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            socket: PathBuf::from("/var/run/docker.sock"),
            subnets: SubnetPool::default(),
            registries: Vec::new(),
        }
    }
}

/// A connection to a Docker Engine. Clones share it.
#[derive(Clone)]
pub struct DockerRuntime {
    docker: Docker,
    config: Arc<DockerConfig>,
    images: Arc<Shared>,
    /// Held while a network is looked up and made: the engine allows two networks of one name.
    networks: Arc<Mutex<()>>,
}

impl std::fmt::Debug for DockerRuntime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DockerRuntime").field("config", &self.config).finish_non_exhaustive()
    }
}

impl DockerRuntime {
    /// Connects and agrees on the version of the interface.
    pub async fn connect(config: DockerConfig) -> Result<Self, RuntimeError> {
        let socket = config.socket.to_string_lossy().into_owned();
        let docker = Docker::connect_with_unix(&socket, ANSWER_SECONDS, API_DEFAULT_VERSION)
            .map_err(|error| engine("connect", error))?
            .negotiate_version()
            .await
            .map_err(|error| engine("connect", error))?;
        Ok(Self { docker, config: Arc::new(config), images: Arc::default(), networks: Arc::default() })
    }

    async fn inspect(&self, id: &ContainerId) -> Result<ContainerInspectResponse, RuntimeError> {
        self.docker
            .inspect_container(&id.0, None::<InspectContainerOptions>)
            .await
            .map_err(|error| missing(id, "inspect", error))
    }

    async fn phase(&self, id: &ContainerId) -> Result<Phase, RuntimeError> {
        Ok(phase_of(&self.inspect(id).await?.state.unwrap_or_default()))
    }

    async fn summaries(&self, labels: Vec<String>) -> Result<Vec<ContainerSummary>, RuntimeError> {
        let filters = HashMap::from([("label".to_owned(), labels)]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        self.docker.list_containers(Some(options)).await.map_err(|error| engine("list", error))
    }

    fn node_label(&self) -> String {
        format!("{}={}", spec::LABEL_NODE, self.config.node)
    }

    async fn start(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        let started = self.docker.start_container(&id.0, None::<StartContainerOptions>).await;
        let Err(error) = started else { return Ok(()) };
        let error = errors::start(id, error);
        if let Err(left) = self.remove(id).await {
            tracing::warn!(container.id = %id, error = %left, "a container that failed to start could not be removed");
        }
        Err(error)
    }

    /// Gives a terminal a width. One without makes programs that edit their line ask the terminal itself where its cursor
    /// is, which nobody answers, so that they would never read a command.
    async fn give_size(&self, id: &ContainerId) {
        let options = ResizeContainerTTYOptionsBuilder::new().h(TERMINAL_ROWS).w(TERMINAL_COLUMNS).build();
        if let Err(error) = self.docker.resize_container_tty(&id.0, options).await {
            // It may have ended by now, which is told where its end is noticed.
            tracing::debug!(container.id = %id, error = &error as &dyn std::error::Error, "a terminal got no size");
        }
    }

    async fn input(&self, id: &ContainerId) -> Result<logs::Input, RuntimeError> {
        let options = AttachContainerOptions {
            stdin: true,
            stream: true,
            // The engine looks for a key sequence that detaches; commands are text and never contain this one.
            detach_keys: Some("ctrl-@,ctrl-_,ctrl-@,ctrl-_".to_owned()),
            ..Default::default()
        };
        let is_terminal = self.inspect(id).await?.config.is_some_and(|config| config.tty == Some(true));
        let attached = self.docker.attach_container(&id.0, Some(options)).await;
        let input = attached.map_err(|error| missing(id, "attach", error))?.input;
        Ok(if is_terminal { Box::pin(Keyboard(input)) } else { input })
    }

    async fn wait_once(&self, id: &ContainerId) {
        let options = WaitContainerOptions { condition: "not-running".to_owned() };
        let mut ended = std::pin::pin!(self.docker.wait_container(&id.0, Some(options)));
        // Whatever the answer says, the inspection that follows knows better.
        if let Some(Err(error)) = ended.next().await {
            tracing::debug!(container.id = %id, %error, "waiting for a container ended");
        }
    }

    /// Whether a process that was killed was so for want of memory. A container's state was once
    /// seen not to say so after the kernel had ended it for that; the engine's events are asked beside it.
    async fn ran_out_of_memory(&self, id: &ContainerId, exit: &Exit) -> bool {
        let filters = HashMap::from([("container", vec![id.0.as_str()]), ("event", vec!["oom"])]);
        let since = (exit.finished_at - EARLY).timestamp().to_string();
        let options = EventsOptionsBuilder::new().since(&since).filters(&filters).build();
        let mut events = std::pin::pin!(self.docker.events(Some(options)));
        matches!(timeout(LATE, events.next()).await, Ok(Some(Ok(_))))
    }
}

#[async_trait]
impl Runtime for DockerRuntime {
    async fn describe(&self) -> Result<Description, RuntimeError> {
        let version = self.docker.version().await.map_err(|error| engine("version", error))?;
        let info = self.docker.info().await.map_err(|error| engine("info", error))?;
        let cgroup = info.cgroup_version.map_or_else(|| "?".to_owned(), |version| version.to_string());
        let api = self.docker.client_version();
        Ok(Description {
            text: format!(
                "Docker {} (API {}.{}, cgroup v{cgroup})",
                version.version.unwrap_or_default(),
                api.major_version,
                api.minor_version,
            ),
        })
    }

    async fn ensure_image(
        &self,
        image: &Image,
        progress: &dyn ProgressSink,
    ) -> Result<ImageId, RuntimeError> {
        self.ensure(image, progress).await
    }

    async fn create_and_start(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        let id = self.create(spec).await?;
        if !spec.files.is_empty() {
            self.put_files(&id, spec).await?;
        }
        self.start(&id).await?;
        if spec.terminal {
            self.give_size(&id).await;
        }
        Ok(id)
    }

    async fn list(&self) -> Result<Vec<Listed>, RuntimeError> {
        let mut listed = Vec::new();
        for summary in self.summaries(vec![self.node_label()]).await? {
            let Some(id) = summary.id.map(ContainerId) else { continue };
            let phase = match self.phase(&id).await {
                Ok(phase) => phase,
                Err(RuntimeError::NoSuchContainer { .. }) => continue,
                Err(error) => return Err(error),
            };
            match listed_from(id, &summary.labels.unwrap_or_default(), phase) {
                Ok(one) => listed.push(one),
                Err(id) => {
                    tracing::warn!(container.id = %id, "a container of this node has labels that make no sense")
                }
            }
        }
        Ok(listed)
    }

    async fn attach(
        &self,
        id: &ContainerId,
        after: Option<DateTime<Utc>>,
    ) -> Result<Attachment, RuntimeError> {
        let running = matches!(self.phase(id).await?, Phase::Running { .. });
        let input = if running { self.input(id).await.ok() } else { None };
        Ok(Attachment { output: logs::follow(self.clone(), id.clone(), after).await?, input })
    }

    async fn signal(&self, id: &ContainerId, signal: &str) -> Result<(), RuntimeError> {
        let name = signal.strip_prefix("SIG").unwrap_or_default();
        if name.is_empty() || name.len() > 9 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(RuntimeError::InvalidSpec(format!("{signal:?} is not the name of a signal")));
        }
        let options = KillContainerOptions { signal: signal.to_owned() };
        self.docker.kill_container(&id.0, Some(options)).await.map_err(|error| errors::signal(id, error))
    }

    async fn kill(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        match self.signal(id, "SIGKILL").await {
            Err(RuntimeError::NotRunning { .. }) => Ok(()),
            other => other,
        }
    }

    async fn wait(&self, id: &ContainerId) -> Result<Exit, RuntimeError> {
        loop {
            match self.phase(id).await {
                Ok(Phase::Ended(exit)) if exit.code == KILLED && !exit.oom_killed => {
                    return Ok(Exit { oom_killed: self.ran_out_of_memory(id, &exit).await, ..exit });
                }
                Ok(Phase::Ended(exit)) => return Ok(exit),
                Ok(Phase::Unstarted) => return Err(RuntimeError::NotRunning { id: id.0.clone() }),
                Ok(Phase::Running { .. }) => self.wait_once(id).await,
                Err(RuntimeError::Unreachable { .. }) => tokio::time::sleep(RETRY).await,
                Err(error) => return Err(error),
            }
        }
    }

    async fn remove(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        let options = RemoveContainerOptions { force: true, v: true, link: false };
        match self.docker.remove_container(&id.0, Some(options)).await {
            Ok(()) => Ok(()),
            Err(error) => errors::removed(error),
        }
    }

    async fn remove_server(&self, server: ServerId) -> Result<(), RuntimeError> {
        let label = format!("{}={server}", spec::LABEL_SERVER);
        for summary in self.summaries(vec![self.node_label(), label]).await? {
            if let Some(id) = summary.id {
                self.remove(&ContainerId(id)).await?;
            }
        }
        self.remove_networks(server).await
    }

    async fn statistics(
        &self,
        id: &ContainerId,
    ) -> Result<BoxStream<'static, Result<Statistics, RuntimeError>>, RuntimeError> {
        self.measure(id).await
    }
}

fn phase_of(state: &ContainerState) -> Phase {
    let time = |text: &Option<String>| {
        text.as_deref()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            .map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc))
    };
    let started_at = time(&state.started_at);
    if state.running == Some(true) {
        Phase::Running { started_at }
    } else if started_at <= DateTime::UNIX_EPOCH {
        Phase::Unstarted
    } else {
        Phase::Ended(Exit {
            code: state.exit_code.unwrap_or(-1),
            oom_killed: state.oom_killed.unwrap_or(false),
            finished_at: time(&state.finished_at),
        })
    }
}

/// Reads our own labels back; gives the id back if they make no sense.
fn listed_from(
    id: ContainerId,
    labels: &HashMap<String, String>,
    phase: Phase,
) -> Result<Listed, ContainerId> {
    let label = |name: &str| labels.get(name).map(String::as_str);
    let server = label(spec::LABEL_SERVER).and_then(|text| text.parse().ok());
    let generation = label(spec::LABEL_GENERATION).and_then(|text| text.parse().ok());
    let purpose = [Purpose::Server, Purpose::Install]
        .into_iter()
        .find(|purpose| label(spec::LABEL_PURPOSE) == Some(purpose.as_str()));
    let (Some(server), Some(generation), Some(purpose)) = (server, generation, purpose) else {
        return Err(id);
    };
    let digest = label(spec::LABEL_SPEC).unwrap_or_default().to_owned();
    Ok(Listed { id, server, purpose, generation, digest, phase })
}
