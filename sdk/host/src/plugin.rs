//! A plugin that is ready, and the calls of the contract.
//!
//! These methods are the seam of the sandbox: arguments are owned, answers are `gantry_types`, and no wasmtime type
//! crosses. Each call gets an instance and a budget of its own and leaves nothing behind. Dropping a call's future ends
//! its guest at the next epoch tick.

use std::fmt;
use std::sync::Arc;

use gantry_types::blueprint::{Blueprint, FieldProblem};
use gantry_types::plan::{InstallPlan, RunSpec};
use gantry_types::sample::{ConsoleEvent, Sample};
use gantry_types::server::ServerContext;
use tokio::sync::Semaphore;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::bindings::types;
use crate::capability::{CallContext, Grants, QUERY, Query};
use crate::component::Outline;
use crate::convert;
use crate::error::{CallError, HostError};
use crate::generations::Exports;
use crate::host::{Inner, LoadReport};
use crate::inline::Habits;
use crate::manifest::Manifest;
use crate::run::Kind;
use crate::state::{CallState, QueryAccess};

/// A linked component. Clones share everything; a call on any of them is independent of all others.
#[derive(Clone)]
pub struct Plugin(pub(crate) Arc<Loaded>);

/// A component that may be linked, and with what.
pub(crate) struct Accepted {
    pub(crate) digest: String,
    pub(crate) outline: Outline,
    pub(crate) grants: Grants,
}

/// What all clones share.
pub(crate) struct Loaded {
    pub(crate) host: Arc<Inner>,
    pub(crate) digest: String,
    pub(crate) manifest: Manifest,
    pub(crate) grants: Grants,
    pub(crate) id: Arc<str>,
    report: LoadReport,
    pub(crate) pre: InstancePre<CallState>,
    pub(crate) exports: Exports,
    pub(crate) habits: Habits,
    pub(crate) instances: Arc<Semaphore>,
    /// Bounds the calls that wait, those that run included.
    pub(crate) admitted: Arc<Semaphore>,
}

impl Plugin {
    pub(crate) fn link(
        host: Arc<Inner>,
        component: &Component,
        accepted: Accepted,
        report: LoadReport,
    ) -> Result<Self, HostError> {
        let Accepted { digest, outline, grants } = accepted;
        // Effective rights are the intersection of what is asked for and what is granted.
        let grants: Grants = grants.iter().filter(|name| outline.manifest.asks_for(name)).collect();
        let mut linker = Linker::new(&host.engine);
        let refused = |error: wasmtime::Error| HostError::Rejected(format!("{error:#}"));
        outline.generation.link(&mut linker, grants.contains(QUERY)).map_err(refused)?;
        let pre = linker.instantiate_pre(component).map_err(refused)?;
        let exports = Exports::find(&pre, &outline).map_err(refused)?;
        let concurrency = host.budgets.concurrency;
        let admitted = concurrency.instances_per_plugin + concurrency.waiting_per_plugin;
        Ok(Self(Arc::new(Loaded {
            host,
            digest,
            id: outline.manifest.id.as_str().into(),
            manifest: outline.manifest,
            grants,
            report,
            pre,
            exports,
            habits: Habits::default(),
            instances: Arc::new(Semaphore::new(concurrency.instances_per_plugin as usize)),
            admitted: Arc::new(Semaphore::new(admitted as usize)),
        })))
    }

    /// Lower-case hexadecimal SHA-256 of the component: what grants bind to.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// What it was linked with, as it was granted.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.0.grants
    }

    /// What its author says of it.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Where its code came from and how long that took.
    #[must_use]
    pub fn load_report(&self) -> LoadReport {
        self.0.report
    }

    /// Whether it samples running games.
    #[must_use]
    pub fn collects(&self) -> bool {
        self.0.exports.has_collector()
    }

    /// Whether it finds meaning in console output.
    #[must_use]
    pub fn parses_console(&self) -> bool {
        self.0.exports.has_console_events()
    }

    /// The games that it knows, checked: ids and variable keys are unique, defaults fit, sizes are sane.
    pub async fn blueprints(&self, call: &CallContext) -> Result<Vec<Blueprint>, CallError> {
        let answer = self
            .run(Kind::Blueprints, call, QueryAccess::Unavailable, |store, instance, exports| {
                Box::pin(exports.blueprints(store, instance))
            })
            .await?;
        let checked = convert::blueprints(answer, self.collects());
        checked.map_err(|why| self.bad_answer(Kind::Blueprints, &why))
    }

    /// What the plugin has against these settings, across variables. Rules of single variables are the host's.
    pub async fn validate(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<Vec<FieldProblem>, CallError> {
        let given = convert::server(server);
        let answer = self
            .run(Kind::Validate, call, QueryAccess::Unavailable, move |store, instance, exports| {
                Box::pin(async move { exports.validate(store, instance, &given).await })
            })
            .await?;
        convert::field_problems(answer).map_err(|why| self.bad_answer(Kind::Validate, &why))
    }

    /// How the game gets onto a disk, checked: step ids are unique, weights at least 1, paths relative.
    pub async fn install_plan(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<InstallPlan, CallError> {
        let given = convert::server(server);
        let answer = self
            .run(Kind::InstallPlan, call, QueryAccess::Unavailable, move |store, instance, exports| {
                Box::pin(async move { exports.install(store, instance, &given).await })
            })
            .await?;
        let plan = answer.map_err(|no| refusal(&no))?;
        convert::install_plan(plan).map_err(|why| self.bad_answer(Kind::InstallPlan, &why))
    }

    /// How the game is started, known to be ready, and stopped, checked as a plan is.
    pub async fn run_spec(&self, call: &CallContext, server: &ServerContext) -> Result<RunSpec, CallError> {
        let given = convert::server(server);
        let answer = self
            .run(Kind::RunSpec, call, QueryAccess::Unavailable, move |store, instance, exports| {
                Box::pin(async move { exports.run(store, instance, &given).await })
            })
            .await?;
        let spec = answer.map_err(|no| refusal(&no))?;
        convert::run_spec(spec, server, self.collects()).map_err(|why| self.bad_answer(Kind::RunSpec, &why))
    }

    /// What the running game says of itself. `query` serves the call if the capability is asked for and granted; it
    /// runs on the runtime that this method is awaited on.
    pub async fn collect(
        &self,
        call: &CallContext,
        server: &ServerContext,
        query: Arc<dyn Query>,
    ) -> Result<Sample, CallError> {
        if !self.collects() {
            return Err(self.lacks("collector"));
        }
        let given = convert::server(server);
        let access = self.query_access(call, server, query)?;
        let answer = self
            .run(Kind::Collect, call, access, move |store, instance, exports| {
                Box::pin(async move { exports.collect(store, instance, &given).await })
            })
            .await?;
        convert::sample(answer.map_err(|no| refusal(&no))?)
            .map_err(|why| self.bad_answer(Kind::Collect, &why))
    }

    /// What console lines mean, each with the index of its line. Lines must be free of escape sequences.
    pub async fn console_events(
        &self,
        call: &CallContext,
        server: &ServerContext,
        lines: Vec<String>,
    ) -> Result<Vec<(u32, ConsoleEvent)>, CallError> {
        if !self.parses_console() {
            return Err(self.lacks("console-events"));
        }
        let given = convert::server(server);
        let count = lines.len();
        let answer = self
            .run(Kind::ConsoleEvents, call, QueryAccess::Unavailable, move |store, instance, exports| {
                Box::pin(async move { exports.parse(store, instance, &given, &lines).await })
            })
            .await?;
        convert::console_events(answer, count).map_err(|why| self.bad_answer(Kind::ConsoleEvents, &why))
    }
}

fn refusal(failure: &types::Failure) -> CallError {
    CallError::Failed(convert::failure(failure))
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin")
            .field("id", &self.0.id)
            .field("digest", &self.0.digest)
            .finish_non_exhaustive()
    }
}
