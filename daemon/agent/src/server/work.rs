//! What long work on one server is given: its desired form, its directory, its console, and a way to be called off.

use crate::{
    console::Console,
    desk::{Desk, Doubt},
    failure::{internal, of_plugins, of_runtime},
    node::Shared,
};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use gantry_files::{FilesError, Jail, Quota};
use gantry_host::{CallContext, Discretion, Grants, Plugin};
use gantry_protocol::{ConsoleSource, DesiredServer};
use gantry_runtime::{ImageId, ImageProgress, RuntimeError};
use gantry_types::{
    ServerId,
    operation::{OperationFailure, Progress},
    plan::Image,
    server::{ServerContext, SystemUser},
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Lines of an image build that may wait to be shown.
const IMAGE_LINES: usize = 1_024;
/// For so long work waits for an engine that does not answer.
const ENGINE_PATIENCE: Duration = Duration::from_secs(600);
/// Before it is asked again.
const ENGINE_RETRY: Duration = Duration::from_secs(5);

/// Clones share everything.
#[derive(Clone)]
pub(crate) struct Work {
    pub(crate) shared: Arc<Shared>,
    /// As it was when the work began.
    pub(crate) server: Arc<DesiredServer>,
    pub(crate) user: SystemUser,
    pub(crate) console: Arc<Console>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) progress: watch::Sender<Option<Progress>>,
    pub(crate) cancel: CancellationToken,
}

/// How work that did not succeed ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Cancelled,
    Failed(Box<OperationFailure>),
}

impl From<OperationFailure> for Ended {
    fn from(failure: OperationFailure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl Work {
    pub(crate) fn id(&self) -> ServerId {
        self.server.id
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.shared.clock.now()
    }

    /// A line of an installation or an image build.
    pub(crate) fn log(&self, text: &str) {
        self.console.push(ConsoleSource::Install, [(self.now(), text)]);
    }

    pub(crate) async fn plugin(&self) -> Result<Plugin, OperationFailure> {
        let blueprint = &self.server.blueprint;
        let plugin = self.shared.plugins.get(&blueprint.digest, &blueprint.capabilities).await;
        plugin.map_err(|error| of_plugins(&error))
    }

    pub(crate) fn call(&self) -> CallContext {
        call_context(&self.server)
    }

    /// The same for a call that is told more secrets than the server's own.
    pub(crate) fn call_with(&self, form: Vec<String>) -> CallContext {
        call_context(&self.server).kept(Arc::new(Secrets { server: Arc::clone(&self.server), form }))
    }

    /// The server's directory, made where it is missing, with its limit.
    pub(crate) async fn home(&self) -> Result<Jail, OperationFailure> {
        let root = self.shared.data.server_files(self.id());
        let made = self.shared.subvolumes.make(&root).await;
        made.map_err(|error| internal(format!("the server's directory could not be made: {error}")))?;
        let jail = self.open(Jail::create).await?;
        self.limit_disk().await;
        Ok(jail)
    }

    /// Tells the kernel the limit, where it enforces any.
    pub(crate) async fn limit_disk(&self) {
        let root = self.shared.data.server_files(self.id());
        let limit = self.server.limits.disk_mib;
        if let Err(error) = self.shared.subvolumes.limit(self.id(), &root, limit).await {
            tracing::warn!(server.id = %self.id(), %error, "the disk limit is accounted and not enforced");
        }
    }

    /// The server's directory, which must be there: only an installation or a start makes one.
    pub(crate) async fn jail(&self) -> Result<Jail, OperationFailure> {
        self.open(Jail::open).await
    }

    /// Has something written within the server's disk limit.
    pub(crate) async fn within<T, F: Future<Output = Result<T, FilesError>> + Send>(
        &self,
        jail: &Jail,
        doubt: Doubt,
        attempt: impl Fn(Quota) -> F + Send + Sync,
    ) -> Result<T, FilesError> {
        self.desk.within(jail, self.server.limits.disk_mib, doubt, &self.cancel, attempt).await
    }

    async fn open(
        &self,
        open: fn(&Path, Option<SystemUser>) -> Result<Jail, FilesError>,
    ) -> Result<Jail, OperationFailure> {
        let root = self.shared.data.server_files(self.id());
        let owner = self.shared.own_files.then_some(self.user);
        let made = tokio::task::spawn_blocking(move || open(&root, owner)).await;
        made.map_err(|_| internal("the server's directory could not be opened"))?
            .map_err(|error| crate::failure::of_files("directory_failed", &error))
    }

    /// The image, with what it takes to make it shown.
    pub(crate) async fn image(
        &self,
        image: &Image,
        mut show: impl FnMut(String) + Send,
    ) -> Result<ImageId, Ended> {
        let deadline = Instant::now() + ENGINE_PATIENCE;
        loop {
            match self.try_image(image, &mut show).await? {
                Err(RuntimeError::Unreachable { .. }) if Instant::now() < deadline => {
                    self.wait_for_engine().await?
                }
                made => return made.map_err(|error| of_runtime(&error).into()),
            }
        }
    }

    /// Repeats what failed only because the engine did not answer.
    pub(crate) async fn persistently<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, Ended>
    where
        F: Future<Output = Result<T, RuntimeError>>,
    {
        let deadline = Instant::now() + ENGINE_PATIENCE;
        loop {
            let done = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Ended::Cancelled),
                done = attempt() => done,
            };
            match done {
                Err(RuntimeError::Unreachable { .. }) if Instant::now() < deadline => {
                    self.wait_for_engine().await?
                }
                done => return done.map_err(|error| of_runtime(&error).into()),
            }
        }
    }

    async fn wait_for_engine(&self) -> Result<(), Ended> {
        self.console.say(self.now(), "The container engine does not answer; trying again.");
        let pause = tokio::time::sleep(self.shared.clock.wait(ENGINE_RETRY));
        self.cancel.run_until_cancelled(pause).await.ok_or(Ended::Cancelled)
    }

    async fn try_image(
        &self,
        image: &Image,
        show: &mut (impl FnMut(String) + Send),
    ) -> Result<Result<ImageId, RuntimeError>, Ended> {
        let (lines, mut news) = mpsc::channel::<ImageProgress>(IMAGE_LINES);
        let skipped = AtomicU64::new(0);
        // The console is for reading: a build that prints faster than that loses lines, and says so.
        let sink = |progress: ImageProgress| {
            if lines.try_send(progress).is_err() {
                skipped.fetch_add(1, Ordering::Relaxed);
            }
        };
        let made = {
            let making = self.shared.runtime.ensure_image(image, &sink);
            tokio::pin!(making);
            loop {
                tokio::select! {
                    biased;
                    () = self.cancel.cancelled() => return Err(Ended::Cancelled),
                    Some(progress) = news.recv() => self.show_image(progress, show),
                    made = &mut making => break made,
                }
            }
        };
        while let Ok(progress) = news.try_recv() {
            self.show_image(progress, show);
        }
        let skipped = skipped.into_inner();
        if skipped > 0 {
            self.log(&format!("… {skipped} lines were not kept"));
        }
        Ok(made)
    }

    fn show_image(&self, progress: ImageProgress, show: &mut impl FnMut(String)) {
        match progress {
            ImageProgress::Line(line) => {
                self.log(&line);
                show(crate::console::text::plain(&line));
            }
            ImageProgress::Bytes { done, total } => {
                show(crate::install::meter::bytes_of(done, Some(total), None))
            }
        }
    }
}

/// What a plugin is told of a server that it plans for: everything, secrets too.
pub(crate) fn to_plan(server: &DesiredServer) -> ServerContext {
    ServerContext {
        id: server.id.to_string(),
        name: server.name.clone(),
        blueprint: server.blueprint.blueprint.clone(),
        settings: server.settings.clone(),
        facts: server.facts.clone(),
        endpoints: server.endpoints.clone(),
        limits: server.limits,
        time_zone: server.time_zone.clone(),
    }
}

/// What a plugin is told of a server that it watches: a call that reads what strangers write has no secret to give away.
pub(crate) fn to_watch(server: &DesiredServer) -> ServerContext {
    let mut context = to_plan(server);
    context.settings.retain(|setting| !server.secrets.contains(&setting.key));
    context
}

/// A call about a server, of which a record is kept if it is stopped.
pub(crate) fn call_context(server: &Arc<DesiredServer>) -> CallContext {
    let call = CallContext::traced(server.blueprint.capabilities.iter().cloned().collect::<Grants>());
    let call = CallContext { tenant: server.owner.map(|owner| owner.to_string().into()), ..call };
    call.kept(Arc::new(Secrets { server: Arc::clone(server), form: Vec::new() }))
}

/// What no record of a call may have: the values of the server's secret variables, whether the call was told them or read them
/// in the game's own files, and what somebody typed that is secret.
struct Secrets {
    server: Arc<DesiredServer>,
    form: Vec<String>,
}

#[async_trait]
impl Discretion for Secrets {
    async fn secrets(&self) -> Option<Vec<String>> {
        let secret = self.server.settings.iter().filter(|one| self.server.secrets.contains(&one.key));
        Some(secret.map(|one| one.value.clone()).chain(self.form.iter().cloned()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_protocol::BlueprintRef;
    use gantry_types::{
        server::{Desired, Setting},
        units::Limits,
    };

    fn server() -> DesiredServer {
        let setting = |key: &str| Setting { key: key.to_owned(), value: format!("{key}'s value") };
        DesiredServer {
            id: ServerId::new(uuid::Uuid::nil()),
            generation: 1,
            name: "Friday".to_owned(),
            owner: None,
            desired: Desired::Running,
            holds: vec![],
            blueprint: BlueprintRef {
                plugin: "Example 1.0".to_owned(),
                digest: String::new(),
                blueprint: "example".to_owned(),
                collect_every_ms: None,
                commands: gantry_types::blueprint::CommandDoor::Console,
                capabilities: vec![],
                protected_files: vec![],
            },
            settings: vec![setting("map"), setting("rcon_password")],
            secrets: vec!["rcon_password".to_owned()],
            endpoints: vec![],
            limits: Limits::default(),
            time_zone: "UTC".to_owned(),
            facts: vec![],
            operation: None,
            schedules: vec![],
            heard_decision: 0,
        }
    }

    #[test]
    fn secrets_reach_the_functions_that_plan_and_not_those_that_watch() {
        let keys = |context: ServerContext| {
            context.settings.into_iter().map(|setting| setting.key).collect::<Vec<_>>()
        };
        assert_eq!(keys(to_plan(&server())), ["map", "rcon_password"]);
        assert_eq!(keys(to_watch(&server())), ["map"]);
    }
}
