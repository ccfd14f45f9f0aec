//! The plugin as embedders have it: each call of the contract, weighed before it is made and heard of when it has ended.

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

use super::turn::Turn;
use super::{Caller, Fair};
use crate::capability::{CallContext, Grants};
use crate::component::{Part, Parts};
use crate::error::CallError;
use crate::host::LoadReport;
use crate::kind::Kind;
use crate::manifest::Manifest;
use crate::plugin::Plugin as Sandboxed;
use crate::record::{Bytes, Keeper, Question};

/// A plugin that is ready. Clones share everything; a call on any of them is independent of all others.
#[derive(Clone)]
pub struct Plugin {
    inner: Sandboxed,
    fair: Option<Arc<Fair>>,
    /// Its digest, as accounts are kept under it.
    digest: Arc<str>,
}

impl Plugin {
    pub(crate) fn new(inner: Sandboxed, fair: Option<Arc<Fair>>) -> Self {
        let digest = inner.digest().into();
        Self { inner, fair, digest }
    }

    /// Lower-case hexadecimal SHA-256 of the component: what grants bind to.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What it was linked with, as it was granted.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        self.inner.grants()
    }

    /// What its author says of it.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.inner.manifest()
    }

    /// Where its code came from and how long that took.
    #[must_use]
    pub fn load_report(&self) -> LoadReport {
        self.inner.load_report()
    }

    /// Which interfaces it exports.
    #[must_use]
    pub fn parts(&self) -> Parts {
        self.inner.parts()
    }

    /// Whether it exports this one.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.inner.has(part)
    }

    async fn turn<'a>(
        &self,
        kind: Kind,
        call: &'a CallContext,
        server: Option<&ServerContext>,
    ) -> Result<Turn<'a>, CallError> {
        let keeper = Keeper::open(&self.inner, call);
        let Some(fair) = &self.fair else { return Ok(Turn::unweighed(call, kind, keeper)) };
        let manifest = self.inner.manifest();
        let caller = Caller {
            digest: self.digest.clone(),
            plugin: self.inner.0.id.clone(),
            version: manifest.version.clone(),
            server: server.map(|server| server.id.clone()),
            tenant: call.tenant.clone(),
            kind,
        };
        let budgets = &self.inner.0.host.budgets;
        let waits = (kind.budget(budgets), budgets.concurrency.patience);
        Turn::weighed(fair.clone(), caller, call, waits, keeper).await
    }

    /// The games that it knows, checked: ids and variable keys are unique, defaults fit, sizes are sane.
    pub async fn blueprints(&self, call: &CallContext) -> Result<Vec<Blueprint>, CallError> {
        let turn = self.turn(Kind::Blueprints, call, None).await?;
        let answer = self.inner.blueprints(turn.call()).await;
        turn.ended(answer, || Question::Blueprints).await
    }

    /// What the plugin has against these settings, across variables. Rules of single variables are the host's.
    pub async fn validate(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<Vec<FieldProblem>, CallError> {
        let turn = self.turn(Kind::Validate, call, Some(server)).await?;
        let answer = self.inner.validate(turn.call(), server).await;
        turn.ended(answer, || Question::Validate { server: server.clone() }).await
    }

    /// How the game gets onto a disk, checked: step ids are unique, weights at least 1, paths relative, and nothing in it
    /// goes beyond the grants.
    pub async fn install_plan(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<InstallPlan, CallError> {
        let turn = self.turn(Kind::InstallPlan, call, Some(server)).await?;
        let answer = self.inner.install_plan(turn.call(), server).await;
        turn.ended(answer, || Question::Install { server: server.clone() }).await
    }

    /// How the game is started, known to be ready, and stopped, checked as a plan is.
    pub async fn run_spec(&self, call: &CallContext, server: &ServerContext) -> Result<RunSpec, CallError> {
        let turn = self.turn(Kind::RunSpec, call, Some(server)).await?;
        let answer = self.inner.run_spec(turn.call(), server).await;
        turn.ended(answer, || Question::Run { server: server.clone() }).await
    }

    /// What the running game says of itself. The call is lent a [`Query`](crate::Query).
    pub async fn collect(&self, call: &CallContext, server: &ServerContext) -> Result<Sample, CallError> {
        let turn = self.turn(Kind::Collect, call, Some(server)).await?;
        let answer = self.inner.collect(turn.call(), server).await;
        turn.ended(answer, || Question::Collect { server: server.clone() }).await
    }

    /// What console lines mean, each with the index of its line. Lines must be free of escape sequences.
    pub async fn console_events(
        &self,
        call: &CallContext,
        server: &ServerContext,
        lines: &[String],
    ) -> Result<Vec<(u32, ConsoleEvent)>, CallError> {
        let turn = self.turn(Kind::ConsoleEvents, call, Some(server)).await?;
        let answer = self.inner.console_events(turn.call(), server, lines).await;
        turn.ended(answer, || Question::Parse { server: server.clone(), lines: lines.to_vec() }).await
    }

    /// What people can have done to this server.
    pub async fn actions(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<Vec<ServerAction>, CallError> {
        let turn = self.turn(Kind::OfferActions, call, Some(server)).await?;
        let answer = self.inner.actions(turn.call(), server).await;
        turn.ended(answer, || Question::Offer { server: server.clone() }).await
    }

    /// Does an action; what is to happen to the game are the effects. The form has been checked against the offer.
    pub async fn perform(
        &self,
        call: &CallContext,
        server: &ServerContext,
        id: &str,
        form: &[Setting],
    ) -> Result<Vec<Effect>, CallError> {
        let turn = self.turn(Kind::Perform, call, Some(server)).await?;
        let answer = self.inner.perform(turn.call(), server, id, form).await;
        turn.ended(answer, || Question::Perform {
            server: server.clone(),
            id: id.to_owned(),
            form: form.to_vec(),
        })
        .await
    }

    /// How everybody who plays is told something.
    pub async fn broadcast(
        &self,
        call: &CallContext,
        server: &ServerContext,
        text: &str,
    ) -> Result<Vec<Effect>, CallError> {
        let turn = self.turn(Kind::Broadcast, call, Some(server)).await?;
        let answer = self.inner.broadcast(turn.call(), server, text).await;
        turn.ended(answer, || Question::Broadcast { server: server.clone(), text: text.to_owned() }).await
    }

    /// How the files on the disk are made whole, and stay so.
    pub async fn quiesce(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<Vec<Effect>, CallError> {
        let turn = self.turn(Kind::Quiesce, call, Some(server)).await?;
        let answer = self.inner.quiesce(turn.call(), server).await;
        turn.ended(answer, || Question::Quiesce { server: server.clone() }).await
    }

    /// How the game goes on after [`Self::quiesce`].
    pub async fn resume(&self, call: &CallContext, server: &ServerContext) -> Result<Vec<Effect>, CallError> {
        let turn = self.turn(Kind::Resume, call, Some(server)).await?;
        let answer = self.inner.resume(turn.call(), server).await;
        turn.ended(answer, || Question::Resume { server: server.clone() }).await
    }

    /// Hands a command to a game that does not read its standard input, and answers what it said.
    pub async fn send_command(
        &self,
        call: &CallContext,
        server: &ServerContext,
        line: &str,
    ) -> Result<String, CallError> {
        let turn = self.turn(Kind::Send, call, Some(server)).await?;
        let answer = self.inner.send_command(turn.call(), server, line).await;
        turn.ended(answer, || Question::Send { server: server.clone(), line: line.to_owned() }).await
    }

    /// What a catalog lists at the moment, with the other values of the form so far.
    pub async fn choices(
        &self,
        call: &CallContext,
        name: &str,
        settings: &[Setting],
    ) -> Result<Vec<Choice>, CallError> {
        let turn = self.turn(Kind::Choices, call, None).await?;
        let answer = self.inner.choices(turn.call(), name, settings).await;
        turn.ended(answer, || Question::Choices { name: name.to_owned(), settings: settings.to_vec() }).await
    }

    /// Looks up what the plans of this server need.
    pub async fn facts(&self, call: &CallContext, server: &ServerContext) -> Result<Vec<Setting>, CallError> {
        let turn = self.turn(Kind::Resolve, call, Some(server)).await?;
        let answer = self.inner.facts(turn.call(), server).await;
        turn.ended(answer, || Question::Resolve { server: server.clone() }).await
    }

    /// Makes a document of a foreign description.
    pub async fn import(
        &self,
        call: &CallContext,
        file_name: &str,
        content: &[u8],
    ) -> Result<Imported, CallError> {
        let turn = self.turn(Kind::Import, call, None).await?;
        let answer = self.inner.import(turn.call(), file_name, content).await;
        turn.ended(answer, || Question::Import {
            file_name: file_name.to_owned(),
            content: Bytes(content.to_vec()),
        })
        .await
    }

    /// The forms for the game's own files.
    pub async fn config_files(
        &self,
        call: &CallContext,
        server: &ServerContext,
    ) -> Result<Vec<ConfigFile>, CallError> {
        let turn = self.turn(Kind::ConfigFiles, call, Some(server)).await?;
        let answer = self.inner.config_files(turn.call(), server).await;
        turn.ended(answer, || Question::ConfigFiles { server: server.clone() }).await
    }

    /// The pages that it has for this server.
    pub async fn tabs(&self, call: &CallContext, server: &ServerContext) -> Result<Vec<Tab>, CallError> {
        let turn = self.turn(Kind::OfferTabs, call, Some(server)).await?;
        let answer = self.inner.tabs(turn.call(), server).await;
        turn.ended(answer, || Question::Tabs { server: server.clone() }).await
    }

    /// What stands on a page.
    pub async fn render_tab(
        &self,
        call: &CallContext,
        server: &ServerContext,
        tab: &str,
    ) -> Result<Vec<Block>, CallError> {
        let turn = self.turn(Kind::Render, call, Some(server)).await?;
        let answer = self.inner.render_tab(turn.call(), server, tab).await;
        turn.ended(answer, || Question::Render { server: server.clone(), tab: tab.to_owned() }).await
    }

    /// Which kinds of events it wants to hear of.
    pub async fn wanted_events(&self, call: &CallContext) -> Result<Vec<String>, CallError> {
        let turn = self.turn(Kind::Wants, call, None).await?;
        let answer = self.inner.wanted_events(turn.call()).await;
        turn.ended(answer, || Question::Wants).await
    }

    /// What an administrator may set for the plugin as a whole.
    pub async fn settings(&self, call: &CallContext) -> Result<Vec<Variable>, CallError> {
        let turn = self.turn(Kind::HookSettings, call, None).await?;
        let answer = self.inner.settings(turn.call()).await;
        turn.ended(answer, || Question::Settings).await
    }

    /// Tells it what happened.
    pub async fn handle(
        &self,
        call: &CallContext,
        event: &HookEvent,
        settings: &[Setting],
    ) -> Result<(), CallError> {
        let turn = self.turn(Kind::Handle, call, None).await?;
        let answer = self.inner.handle(turn.call(), event, settings).await;
        turn.ended(answer, || Question::Handle { event: event.clone(), settings: settings.to_vec() }).await
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
