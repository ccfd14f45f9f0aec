//! A plugin that is ready, and the calls of the contract.
//!
//! These methods are the seam of the sandbox: arguments are owned, answers are `gantry_types`, and no wasmtime type
//! crosses. Each call gets an instance and a budget of its own and leaves nothing behind. Dropping a call's future ends
//! its guest at the next epoch tick.

use std::fmt;
use std::sync::Arc;

use gantry_types::action::{Effect, ServerAction};
use gantry_types::blueprint::{Blueprint, Choice, FieldProblem, Variable};
use gantry_types::foreign::Imported;
use gantry_types::hook::HookEvent;
use gantry_types::page::{Block, ConfigFile, Tab};
use gantry_types::plan::{InstallPlan, RunSpec};
use gantry_types::sample::{ConsoleEvent, Sample};
use gantry_types::server::{ServerContext, Setting};
use tokio::sync::Semaphore;

use crate::bindings::types;
use crate::calls;
use crate::capability::{CallContext, Grants};
use crate::component::{Outline, Part, Parts};
use crate::convert;
use crate::error::{CallError, HostError};
use crate::generations::Generation;
use crate::guest::{Linked, Linking};
use crate::host::{Code, Inner, LoadReport, Within};
use crate::inline::Habits;
use crate::kind::Kind;
use crate::manifest::Manifest;
use crate::wall::{Kept, Remote, Runners};

/// A linked component. Clones share everything; a call on any of them is independent of all others. Embedders have it behind
/// its shares (see `fair`).
#[derive(Clone)]
pub(crate) struct Plugin(pub(crate) Arc<Loaded>);

/// A component that may be linked, and with what.
pub(crate) struct Accepted {
    pub(crate) digest: String,
    pub(crate) outline: Outline,
    pub(crate) grants: Grants,
}

impl Accepted {
    fn linking(&self) -> Linking {
        let Outline { manifest, generation, parts, .. } = &self.outline;
        // Effective rights are the intersection of what is asked for and what is granted.
        let grants = self.grants.iter().filter(|name| manifest.asks_for(name)).collect();
        Linking { generation: *generation, parts: *parts, grants }
    }
}

/// What all clones share.
pub(crate) struct Loaded {
    pub(crate) host: Arc<Inner>,
    pub(crate) digest: String,
    pub(crate) manifest: Manifest,
    pub(crate) grants: Grants,
    pub(crate) id: Arc<str>,
    report: LoadReport,
    pub(crate) body: Body,
    pub(crate) generation: Generation,
    parts: Parts,
    pub(crate) habits: Habits,
    pub(crate) instances: Arc<Semaphore>,
    /// Bounds the calls that wait, those that run included.
    pub(crate) admitted: Arc<Semaphore>,
}

/// Where the component is linked and runs.
pub(crate) enum Body {
    /// In this process.
    Within(Arc<Within>, Arc<Linked>),
    /// In the child.
    Beyond(Box<Remote>),
}

impl Plugin {
    pub(crate) fn link(
        host: Arc<Inner>,
        within: Arc<Within>,
        code: Arc<Code>,
        accepted: Accepted,
        report: LoadReport,
    ) -> Result<Self, HostError> {
        let linking = accepted.linking();
        let linked = Linked::new(&within.engine, code, accepted.outline.bundle.clone(), &linking);
        let linked = linked.map_err(|error| HostError::Rejected(format!("{error:#}")))?;
        Ok(Self::new(host, accepted, linking.grants, Body::Within(within, Arc::new(linked)), report))
    }

    /// The same in the child.
    pub(crate) async fn link_beyond(
        host: Arc<Inner>,
        runners: Arc<Runners>,
        kept: Arc<Kept>,
        code: Option<Vec<u8>>,
        accepted: Accepted,
        report: LoadReport,
    ) -> Result<Self, HostError> {
        let linking = accepted.linking();
        let grants = linking.grants.clone();
        let remote = Remote::new(runners, kept, linking, accepted.outline.bundle.clone(), code).await?;
        Ok(Self::new(host, accepted, grants, Body::Beyond(Box::new(remote)), report))
    }

    fn new(host: Arc<Inner>, accepted: Accepted, grants: Grants, body: Body, report: LoadReport) -> Self {
        let Accepted { digest, outline, .. } = accepted;
        let concurrency = host.budgets.concurrency;
        let admitted = concurrency.instances_per_plugin + concurrency.waiting_per_plugin;
        Self(Arc::new(Loaded {
            host,
            digest,
            id: outline.manifest.id.as_str().into(),
            manifest: outline.manifest,
            grants,
            report,
            body,
            generation: outline.generation,
            parts: outline.parts,
            habits: Habits::default(),
            instances: Arc::new(Semaphore::new(concurrency.instances_per_plugin as usize)),
            admitted: Arc::new(Semaphore::new(admitted as usize)),
        }))
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

    /// Which interfaces it exports.
    #[must_use]
    pub fn parts(&self) -> Parts {
        self.0.parts
    }

    /// Whether it exports this one.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.0.parts.has(part)
    }

    /// The games that it knows, checked: ids and variable keys are unique, defaults fit, sizes are sane.
    pub async fn blueprints(&self, call: &CallContext) -> Result<Vec<Blueprint>, CallError> {
        self.needs(Part::Game)?;
        let answer = self.run(call, None, calls::Blueprints {}).await?;
        convert::blueprints(answer, self.parts()).map_err(|why| self.bad_answer(Kind::Blueprints, &why))
    }

    /// What the plugin has against these settings, across variables. Rules of single variables are the host's.
    pub async fn validate(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<Vec<FieldProblem>, CallError> {
        self.needs(Part::Game)?;
        let given = convert::server(server);
        let answer = self.run(call, None, calls::Validate { server: given }).await?;
        convert::field_problems(answer).map_err(|why| self.bad_answer(Kind::Validate, &why))
    }

    /// How the game gets onto a disk, checked: step ids are unique, weights at least 1, paths relative, and nothing in it
    /// goes beyond the grants.
    pub async fn install_plan(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<InstallPlan, CallError> {
        self.needs(Part::Game)?;
        let given = convert::server(server);
        let answer = self.run(call, None, calls::InstallPlan { server: given }).await?;
        let answer = answer.map_err(|no| refusal(&no))?;
        let plan = convert::install_plan(answer).map_err(|why| self.bad_answer(Kind::InstallPlan, &why))?;
        self.allowed_plan(plan)
    }

    /// How the game is started, known to be ready, and stopped, checked as a plan is.
    pub async fn run_spec(&self, call: &CallContext, server: &ServerContext) -> Result<RunSpec, CallError> {
        self.needs(Part::Game)?;
        let given = convert::server(server);
        let answer = self.run(call, None, calls::RunSpec { server: given }).await?;
        let answer = answer.map_err(|no| refusal(&no))?;
        let spec = convert::run_spec(answer, server, self.parts());
        let spec = spec.map_err(|why| self.bad_answer(Kind::RunSpec, &why))?;
        self.allowed_image(&spec.image, "run spec")?;
        Ok(spec)
    }

    /// What the running game says of itself. The call is lent a [`Query`](crate::Query).
    pub async fn collect(&self, call: &CallContext, server: &ServerContext) -> Result<Sample, CallError> {
        self.needs(Part::Collector)?;
        let given = convert::server(server);
        let answer = self.run(call, Some(server), calls::Collect { server: given }).await?;
        let answer = answer.map_err(|no| refusal(&no))?;
        convert::sample(answer).map_err(|why| self.bad_answer(Kind::Collect, &why))
    }

    /// What console lines mean, each with the index of its line. Lines must be free of escape sequences.
    pub async fn console_events(
        &self,
        call: &CallContext,
        server: &ServerContext,
        lines: &[String],
    ) -> Result<Vec<(u32, ConsoleEvent)>, CallError> {
        self.needs(Part::ConsoleEvents)?;
        let given = convert::server(server);
        let (lines, count) = (lines.to_vec(), lines.len());
        let answer = self.run(call, None, calls::ConsoleEvents { server: given, lines }).await?;
        convert::console_events(answer, count).map_err(|why| self.bad_answer(Kind::ConsoleEvents, &why))
    }

    /// What people can have done to this server.
    pub async fn actions(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<Vec<ServerAction>, CallError> {
        self.needs(Part::Actions)?;
        let given = convert::server(server);
        let answer = self.run(call, None, calls::OfferActions { server: given }).await?;
        convert::actions(answer, self.parts()).map_err(|why| self.bad_answer(Kind::OfferActions, &why))
    }

    /// Does an action; what is to happen to the game are the effects. The form has been checked against the offer.
    pub async fn perform(
        &self,
        call: &CallContext,
        server: &ServerContext,
        id: &str,
        form: &[Setting],
    ) -> Result<Vec<Effect>, CallError> {
        self.needs(Part::Actions)?;
        let given = convert::server(server);
        let (id, form) = (id.to_owned(), convert::settings(form));
        let answer = self.run(call, Some(server), calls::Perform { server: given, id, form }).await?;
        let answer = answer.map_err(|no| refusal(&no))?;
        convert::effects(answer).map_err(|why| self.bad_answer(Kind::Perform, &why))
    }

    /// How everybody who plays is told something.
    pub async fn broadcast(
        &self,
        call: &CallContext,
        server: &ServerContext,
        text: &str,
    ) -> Result<Vec<Effect>, CallError> {
        self.needs(Part::Quiescing)?;
        let given = convert::server(server);
        let text = text.to_owned();
        let answer = self.run(call, None, calls::Broadcast { server: given, text }).await?;
        convert::effects(answer).map_err(|why| self.bad_answer(Kind::Broadcast, &why))
    }

    /// How the files on the disk are made whole, and stay so.
    pub async fn quiesce(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<Vec<Effect>, CallError> {
        self.needs(Part::Quiescing)?;
        let given = convert::server(server);
        let answer = self.run(call, None, calls::Quiesce { server: given }).await?;
        convert::effects(answer).map_err(|why| self.bad_answer(Kind::Quiesce, &why))
    }

    /// How the game goes on after [`Self::quiesce`].
    pub async fn resume(&self, call: &CallContext, server: &ServerContext) -> Result<Vec<Effect>, CallError> {
        self.needs(Part::Quiescing)?;
        let given = convert::server(server);
        let answer = self.run(call, None, calls::Resume { server: given }).await?;
        convert::effects(answer).map_err(|why| self.bad_answer(Kind::Resume, &why))
    }

    /// Hands a command to a game that does not read its standard input, and answers what it said.
    pub async fn send_command(
        &self,
        call: &CallContext,
        server: &ServerContext,
        line: &str,
    ) -> Result<String, CallError> {
        self.needs(Part::Commands)?;
        let given = convert::server(server);
        let line = line.to_owned();
        let answer = self.run(call, Some(server), calls::Send { server: given, line }).await?;
        let answer = answer.map_err(|no| refusal(&no))?;
        Ok(convert::reply_line(&answer))
    }

    /// What a catalog lists at the moment, with the other values of the form so far.
    pub async fn choices(
        &self,
        call: &CallContext,
        name: &str,
        settings: &[Setting],
    ) -> Result<Vec<Choice>, CallError> {
        self.needs(Part::Catalog)?;
        let (name, settings) = (name.to_owned(), convert::settings(settings));
        let answer = self.run(call, None, calls::Choices { name, settings }).await?;
        let answer = answer.map_err(|no| refusal(&no))?;
        convert::catalog(answer).map_err(|why| self.bad_answer(Kind::Choices, &why))
    }

    /// Looks up what the plans of this server need.
    pub async fn facts(&self, call: &CallContext, server: &ServerContext) -> Result<Vec<Setting>, CallError> {
        self.needs(Part::Facts)?;
        let given = convert::server(server);
        let answer = self.run(call, None, calls::Resolve { server: given }).await?;
        let answer = answer.map_err(|no| refusal(&no))?;
        convert::facts(answer).map_err(|why| self.bad_answer(Kind::Resolve, &why))
    }

    /// Makes a document of a foreign description.
    pub async fn import(
        &self,
        call: &CallContext,
        file_name: &str,
        content: &[u8],
    ) -> Result<Imported, CallError> {
        self.needs(Part::Importer)?;
        let (file_name, content) = (file_name.to_owned(), content.to_vec());
        let answer = self.run(call, None, calls::Import { file_name, content }).await?;
        let answer = answer.map_err(|no| refusal(&no))?;
        convert::imported(answer).map_err(|why| self.bad_answer(Kind::Import, &why))
    }

    /// The forms for the game's own files.
    pub async fn config_files(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<Vec<ConfigFile>, CallError> {
        self.needs(Part::ConfigFiles)?;
        let given = convert::server(server);
        let answer = self.run(call, None, calls::ConfigFiles { server: given }).await?;
        convert::config_files(answer, self.parts()).map_err(|why| self.bad_answer(Kind::ConfigFiles, &why))
    }

    /// The pages that it has for this server.
    pub async fn tabs(&self, call: &CallContext, server: &ServerContext) -> Result<Vec<Tab>, CallError> {
        self.needs(Part::Tabs)?;
        let given = convert::server(server);
        let answer = self.run(call, None, calls::OfferTabs { server: given }).await?;
        convert::tabs(answer).map_err(|why| self.bad_answer(Kind::OfferTabs, &why))
    }

    /// What stands on a page.
    pub async fn render_tab(
        &self,
        call: &CallContext,
        server: &ServerContext,
        tab: &str,
    ) -> Result<Vec<Block>, CallError> {
        self.needs(Part::Tabs)?;
        let given = convert::server(server);
        let tab = tab.to_owned();
        let answer = self.run(call, Some(server), calls::Render { server: given, tab }).await?;
        let answer = answer.map_err(|no| refusal(&no))?;
        convert::blocks(answer).map_err(|why| self.bad_answer(Kind::Render, &why))
    }

    /// Which kinds of events it wants to hear of.
    pub async fn wanted_events(&self, call: &CallContext) -> Result<Vec<String>, CallError> {
        self.needs(Part::Hooks)?;
        let answer = self.run(call, None, calls::Wants {}).await?;
        convert::wants(answer).map_err(|why| self.bad_answer(Kind::Wants, &why))
    }

    /// What an administrator may set for the plugin as a whole.
    pub async fn settings(&self, call: &CallContext) -> Result<Vec<Variable>, CallError> {
        self.needs(Part::Hooks)?;
        let answer = self.run(call, None, calls::HookSettings {}).await?;
        convert::plugin_settings(answer, self.parts())
            .map_err(|why| self.bad_answer(Kind::HookSettings, &why))
    }

    /// Tells it what happened.
    pub async fn handle(
        &self,
        call: &CallContext,
        event: &HookEvent,
        settings: &[Setting],
    ) -> Result<(), CallError> {
        self.needs(Part::Hooks)?;
        let (event, settings) = (convert::event(event), convert::settings(settings));
        let answer = self.run(call, None, calls::Handle { event, settings }).await?;
        answer.map_err(|no| refusal(&no))
    }

    fn needs(&self, part: Part) -> Result<(), CallError> {
        if self.has(part) { Ok(()) } else { Err(self.lacks(part.interface())) }
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
