//! The contract that every runtime keeps.

use crate::{
    console::{Attachment, OutputChunk},
    error::RuntimeError,
    image::{ImageId, ProgressSink},
    spec::{ContainerSpec, Purpose},
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream::BoxStream};
use gantry_types::{ServerId, plan::Image, sample::Statistics};
use std::{fmt, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The engine's own identifier of a container.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerId(pub String);

impl fmt::Display for ContainerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the runtime is, for the node's report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// "Docker 20.10.24 (API 1.41, cgroup v1)".
    pub text: String,
}

/// Where a container is in its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Made but never started, or being taken away: good for removal alone.
    Unstarted,
    Running {
        started_at: DateTime<Utc>,
    },
    Ended(Exit),
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// 128 + n for a process that signal n ended.
    pub code: i64,
    /// Whether the kernel ended a process of the container for want of memory.
    pub oom_killed: bool,
    pub finished_at: DateTime<Utc>,
}

/// A container that was found by its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: ContainerId,
    pub server: ServerId,
    pub purpose: Purpose,
    pub generation: u64,
    pub digest: String,
    pub phase: Phase,
}

/// Runs containers. Every call may be dropped at any await: what it had made is found again by [`Runtime::list`].
#[async_trait]
pub trait Runtime: Send + Sync {
    async fn describe(&self) -> Result<Description, RuntimeError>;

    /// Makes the image available locally: uses what is there, else pulls it or builds its recipe. Callers that want the
    /// same image at the same time share one pull or build, and each sees its progress from when it came.
    async fn ensure_image(&self, image: &Image, progress: &dyn ProgressSink)
    -> Result<ImageId, RuntimeError>;

    /// Makes and starts a container. If the start fails nothing is left behind.
    async fn create_and_start(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError>;

    /// All containers of this runtime's node, whatever their phase.
    async fn list(&self) -> Result<Vec<Listed>, RuntimeError>;

    /// Opens the console. Output begins with the first line after `after`, or with the oldest that the engine has kept.
    async fn attach(
        &self,
        id: &ContainerId,
        after: Option<DateTime<Utc>>,
    ) -> Result<Attachment, RuntimeError>;

    /// Sends a signal by name, such as `SIGINT`, to the container's first process.
    async fn signal(&self, id: &ContainerId, signal: &str) -> Result<(), RuntimeError>;

    /// Ends all of the container's processes at once. Succeeds if they have ended already.
    async fn kill(&self, id: &ContainerId) -> Result<(), RuntimeError>;

    /// Waits for the end of the container's process, across restarts of the engine.
    async fn wait(&self, id: &ContainerId) -> Result<Exit, RuntimeError>;

    /// Removes a container, running or not. Succeeds if there is none.
    async fn remove(&self, id: &ContainerId) -> Result<(), RuntimeError>;

    /// Removes whatever the server still has in the engine: containers of either purpose and its network.
    async fn remove_server(&self, server: ServerId) -> Result<(), RuntimeError>;

    /// About one measurement each second until the process ends. `disk_bytes` stays zero: the server's directory is
    /// measured through its jail.
    async fn statistics(
        &self,
        id: &ContainerId,
    ) -> Result<BoxStream<'static, Result<Statistics, RuntimeError>>, RuntimeError>;

    /// Starts a container, follows its output and waits for its end; afterwards the container is gone, however it
    /// ended. A leftover of an earlier run that was cut off is replaced. A full `output` slows the reading, never the
    /// process; a closed one is ignored.
    async fn run_to_end(
        &self,
        spec: &ContainerSpec,
        timeout: Duration,
        output: mpsc::Sender<OutputChunk>,
        cancel: CancellationToken,
    ) -> Result<Exit, RuntimeError> {
        let id = match self.create_and_start(spec).await {
            Err(RuntimeError::AlreadyExists { id }) => {
                self.remove(&ContainerId(id)).await?;
                self.create_and_start(spec).await?
            }
            other => other?,
        };
        let ended = tokio::select! {
            ended = follow_to_end(self, &id, output) => ended,
            () = cancel.cancelled() => Err(RuntimeError::Cancelled),
            () = tokio::time::sleep(timeout) => Err(RuntimeError::TimedOut { seconds: timeout.as_secs() }),
        };
        self.remove(&id).await?;
        ended
    }
}

async fn follow_to_end<R: Runtime + ?Sized>(
    runtime: &R,
    id: &ContainerId,
    output: mpsc::Sender<OutputChunk>,
) -> Result<Exit, RuntimeError> {
    let mut attached = runtime.attach(id, None).await?;
    // Nobody answers an installer's questions: it reads an end of input.
    drop(attached.input.take());
    while let Some(chunk) = attached.output.next().await {
        if output.send(chunk?).await.is_err() {
            break;
        }
    }
    runtime.wait(id).await
}
