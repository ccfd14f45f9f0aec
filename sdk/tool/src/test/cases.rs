//! What each kind of case asks, and what its answer is held against.

use super::{
    Outcome,
    exchange::{self, End},
    fixture::{self, Fixture, Plain, Scalar, Values},
    golden,
    web::Web,
};
use crate::{
    cli::TestArgs,
    fault::Fault,
    memory::Memory,
    replay,
    standing::{self, Standing},
};
use gantry_host::{CallError, Lent, PluginFailure, record::Question};
use gantry_types::{
    blueprint::{Blueprint, VariableKind},
    hook::{EventServer, HookEvent},
    plan::{Action, ConfigEdit},
    server::{ServerContext, Setting},
    units::Limits,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Console lines of one call, as many as the daemon hands over at a time.
const BATCH: usize = 200;

/// One fixture on the plugin that it is for.
pub(super) struct Bench<'a> {
    standing: &'a Standing,
    asked: &'a TestArgs,
    file: &'a Path,
    fixture: Fixture,
    server: ServerContext,
    /// Values that stand in no record.
    secrets: Vec<String>,
    /// Where records go.
    records: Option<PathBuf>,
}

/// Why there is no answer.
enum Refused {
    /// The plugin said no, in these words.
    Said(PluginFailure, Fault),
    Other(Fault),
}

/// One case of it.
pub(super) enum Case<'a> {
    Validate(&'a Plain),
    Install(&'a Plain),
    Run(&'a Plain),
    Offer(&'a Plain),
    ConfigFiles(&'a Plain),
    Edit(&'a fixture::Edit),
    Collect(&'a fixture::Asking),
    Console(&'a fixture::Console),
    Action(&'a fixture::Action),
    Command(&'a fixture::Command),
    Broadcast(&'a fixture::Broadcast),
    Event(&'a fixture::Event),
}

impl Case<'_> {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Validate(_) => "validate",
            Self::Install(_) => "install",
            Self::Run(_) => "run",
            Self::Offer(_) => "offer",
            Self::ConfigFiles(_) => "config-files",
            Self::Edit(_) => "edit",
            Self::Collect(_) => "collect",
            Self::Console(_) => "console",
            Self::Action(_) => "action",
            Self::Command(_) => "command",
            Self::Broadcast(_) => "broadcast",
            Self::Event(_) => "event",
        }
    }

    /// What tells it from others of its kind.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Validate(case)
            | Self::Install(case)
            | Self::Run(case)
            | Self::Offer(case)
            | Self::ConfigFiles(case) => case.name.as_deref(),
            Self::Edit(case) => Some(case.name.as_ref().unwrap_or(&case.path)),
            Self::Collect(case) => case.name.as_deref(),
            Self::Console(case) => case.name.as_deref(),
            Self::Action(case) => Some(case.name.as_ref().unwrap_or(&case.id)),
            Self::Command(case) => case.name.as_deref(),
            Self::Broadcast(case) => case.name.as_deref(),
            Self::Event(case) => Some(case.name.as_ref().unwrap_or(&case.kind)),
        }
    }

    fn golden(&self) -> Option<&str> {
        match self {
            Self::Validate(case)
            | Self::Install(case)
            | Self::Run(case)
            | Self::Offer(case)
            | Self::ConfigFiles(case) => case.golden.as_deref(),
            Self::Edit(case) => case.golden.as_deref(),
            Self::Collect(case) => case.golden.as_deref(),
            Self::Console(case) => case.golden.as_deref(),
            Self::Action(case) => case.golden.as_deref(),
            Self::Command(case) => case.golden.as_deref(),
            Self::Broadcast(case) => case.golden.as_deref(),
            Self::Event(case) => case.golden.as_deref(),
        }
    }

    pub(super) fn title(&self) -> String {
        self.name().map_or_else(|| self.kind().to_owned(), |name| format!("{} {name}", self.kind()))
    }
}

impl<'a> Bench<'a> {
    pub(super) fn new(
        standing: &'a Standing,
        blueprints: &[Blueprint],
        asked: &'a TestArgs,
        file: &'a Path,
        fixture: Fixture,
    ) -> Result<Self, Fault> {
        let at = |fault: Fault| fault.at(file.display());
        let named = fixture.server.blueprint.as_deref();
        let (variables, server) = match blueprints {
            // Whoever only listens is asked about no server.
            [] if named.is_none() && fixture.only_events() => (&[][..], standing::nothing()),
            _ => {
                let blueprint = standing::blueprint(blueprints, named).map_err(at)?;
                (&blueprint.variables[..], server(blueprint, &fixture.server).map_err(at)?)
            }
        };
        let is_secret = |setting: &&Setting| {
            let kind = variables.iter().find(|variable| variable.key == setting.key);
            kind.is_some_and(|variable| matches!(variable.kind, VariableKind::Secret(_)))
        };
        let secrets = server.settings.iter().filter(is_secret).map(|setting| setting.value.clone()).collect();
        let own = || asked.component.is_none().then(|| asked.folder.join(".gantry/records"));
        let records = asked.records.clone().or_else(own);
        let bench = Self { standing, asked, file, fixture, server, secrets, records };
        let mut files: Vec<PathBuf> = bench.cases().iter().map(|case| bench.golden(case)).collect();
        files.sort();
        if let Some(twice) = files.windows(2).find(|pair| pair[0] == pair[1]) {
            let what = format!("two cases have the same golden file {}", twice[0].display());
            return Err(at(Fault::new("fixture", what, "Give the cases different names.")));
        }
        Ok(bench)
    }

    pub(super) fn cases(&self) -> Vec<Case<'_>> {
        let Fixture { validate, install, run, edit, collect, console, offer, action, .. } = &self.fixture;
        let Fixture { command, broadcast, config_files, event, .. } = &self.fixture;
        let mut cases = Vec::new();
        cases.extend(validate.iter().map(Case::Validate));
        cases.extend(install.iter().map(Case::Install));
        cases.extend(run.iter().map(Case::Run));
        cases.extend(edit.iter().map(Case::Edit));
        cases.extend(collect.iter().map(Case::Collect));
        cases.extend(console.iter().map(Case::Console));
        cases.extend(offer.iter().map(Case::Offer));
        cases.extend(action.iter().map(Case::Action));
        cases.extend(command.iter().map(Case::Command));
        cases.extend(broadcast.iter().map(Case::Broadcast));
        cases.extend(config_files.iter().map(Case::ConfigFiles));
        cases.extend(event.iter().map(Case::Event));
        cases
    }

    /// Asks, and compares.
    pub(super) async fn run(&self, case: &Case<'_>) -> Result<Outcome, Fault> {
        match case {
            Case::Validate(plain) => {
                let server = self.with(&plain.settings)?;
                self.plain(case, &Question::Validate { server }, plain.failure.as_deref()).await
            }
            Case::Install(plain) => {
                let server = self.with(&plain.settings)?;
                self.plain(case, &Question::Install { server }, plain.failure.as_deref()).await
            }
            Case::Run(plain) => {
                let server = self.with(&plain.settings)?;
                self.plain(case, &Question::Run { server }, plain.failure.as_deref()).await
            }
            Case::Offer(plain) => {
                let server = self.with(&plain.settings)?;
                self.plain(case, &Question::Offer { server }, plain.failure.as_deref()).await
            }
            Case::ConfigFiles(plain) => {
                let server = self.with(&plain.settings)?;
                self.plain(case, &Question::ConfigFiles { server }, plain.failure.as_deref()).await
            }
            Case::Broadcast(told) => {
                let (server, text) = (self.server.clone(), told.text.clone());
                self.plain(case, &Question::Broadcast { server, text }, None).await
            }
            Case::Event(told) => self.event(case, told).await,
            Case::Edit(edit) => self.edit(case, edit).await,
            Case::Console(console) => self.console(case, console).await,
            Case::Collect(asking) => {
                let question = |server| Question::Collect { server };
                let (exchange, failure) = (asking.exchange.as_deref(), asking.failure.as_deref());
                self.talk(case, &asking.settings, exchange, question, failure).await
            }
            Case::Action(action) => {
                let (id, form) = (action.id.clone(), settings(&action.form));
                let question = |server| Question::Perform { server, id, form };
                let (exchange, failure) = (action.exchange.as_deref(), action.failure.as_deref());
                self.talk(case, &action.settings, exchange, question, failure).await
            }
            Case::Command(command) => {
                let line = command.line.clone();
                let question = |server| Question::Send { server, line };
                let (exchange, failure) = (command.exchange.as_deref(), command.failure.as_deref());
                self.talk(case, &command.settings, exchange, question, failure).await
            }
        }
    }

    /// A question that is answered without a game.
    async fn plain(
        &self,
        case: &Case<'_>,
        question: &Question,
        failure: Option<&str>,
    ) -> Result<Outcome, Fault> {
        let answer = self.ask(question, Lent::default()).await;
        self.settle(case, answer, failure)
    }

    /// A question that asks the game, or what was recorded of it.
    async fn talk(
        &self,
        case: &Case<'_>,
        values: &Values,
        exchange: Option<&str>,
        question: impl FnOnce(ServerContext) -> Question,
        failure: Option<&str>,
    ) -> Result<Outcome, Fault> {
        let server = self.with(values)?;
        let file = self.exchange(case, exchange);
        let talk = exchange::Talk::open(self.asked, &file, &server)?;
        let lent = talk.lent(&self.standing.plugin);
        let answer = self.ask(&question(talk.server.clone()), lent).await;
        let end = if matches!(answer, Err(Refused::Other(_))) { End::Stopped } else { End::Answered };
        let verdict = self.settle(case, answer, failure);
        talk.close(verdict, end)
    }

    /// Asks; what a call that was stopped had asked in turn is kept for `replay`.
    async fn ask(&self, question: &Question, lent: Lent) -> Result<Value, Refused> {
        let call = self.standing.call(lent);
        let (outcome, record) = self.standing.plugin.recorded(&call, question, self.secrets.clone()).await;
        let error = match outcome {
            Ok(answer) => return Ok(answer),
            Err(CallError::Failed(said)) => {
                return Err(Refused::Said(said.clone(), self.standing.fault(CallError::Failed(said))));
            }
            Err(error) => error,
        };
        let fault = self.standing.fault(error);
        Err(Refused::Other(match (&self.records, &record) {
            (Some(folder), Some(record)) => replay::keep(folder, record, fault),
            (_, _) => fault,
        }))
    }

    /// Tells an event. What the plugin asked of the world, and whether it heard the event, stand in the golden file.
    async fn event(&self, case: &Case<'_>, told: &fixture::Event) -> Result<Outcome, Fault> {
        let asked = self.standing.plugin.settings(&self.standing.call(Lent::default())).await;
        let asked = asked.map_err(|error| self.standing.fault(error).at(self.place(case)))?;
        let mut own: Vec<Setting> = asked
            .into_iter()
            .map(|variable| Setting { key: variable.key, value: variable.default_value.unwrap_or_default() })
            .collect();
        set("the plugin", &mut own, &told.settings).map_err(|fault| fault.at(self.place(case)))?;
        let web = Arc::new(Web::answering(&told.answers));
        let kept = Memory::new(self.standing.plugin.manifest().kept_bytes());
        let lent = Lent { http: Some(web.clone()), kv: Some(Arc::new(kept)), ..Lent::default() };
        let outcome = match self.ask(&Question::Handle { event: event(told), settings: own }, lent).await {
            Ok(_) => json!("heard"),
            Err(Refused::Said(said, _)) => json!({
                "code": said.code, "message": said.message,
                "retryAfterMs": said.retry_after.map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
            }),
            Err(Refused::Other(fault)) => return Err(fault.at(self.place(case))),
        };
        let answer = json!({ "requests": web.asked(), "outcome": outcome });
        golden::json(&self.golden(case), &answer, self.asked.bless)
    }

    /// Makes the edits that the plugin asks for on a sample, by the engine of the daemon.
    async fn edit(&self, case: &Case<'_>, edit: &fixture::Edit) -> Result<Outcome, Fault> {
        let server = self.with(&edit.settings)?;
        let edits: Vec<ConfigEdit> = self
            .edits(&edit.from, &server)
            .await?
            .into_iter()
            .filter(|each| each.path == edit.path)
            .collect();
        if edits.is_empty() {
            let what = format!("{} edits no file {:?}", edit.from, edit.path);
            return Err(Fault::new("no-edit", what, "Check `from` and `path`, or remove the case."));
        }
        let mut text = edit.before.as_deref().map(|name| self.read(name)).transpose()?;
        for each in &edits {
            let before = match (&text, each.create) {
                (Some(text), _) => text.as_str(),
                (None, true) => "",
                (None, false) => {
                    let what = format!("{:?} is not there, and the edit does not make it", edit.path);
                    return Err(Fault::new(
                        "no-file",
                        what,
                        "Give a sample as `before`, or let the edit create the file.",
                    ));
                }
            };
            let after = gantry_files::config::apply(each.format, before, &each.edits);
            text = Some(after.map_err(|error| {
                let what = format!("{} cannot be edited: {error}", edit.path);
                Fault::new(
                    "edit",
                    what,
                    "Correct the edit, or the sample; sdk/wit has the rules of each format.",
                )
            })?);
        }
        golden::text(&self.golden(case), &text.unwrap_or_default(), self.asked.bless)
    }

    async fn edits(&self, from: &str, server: &ServerContext) -> Result<Vec<ConfigEdit>, Fault> {
        let call = self.standing.call(Lent::default());
        let failed = |error| self.standing.fault(error);
        if from == "run" {
            return Ok(self.standing.plugin.run_spec(&call, server).await.map_err(failed)?.edits);
        }
        let plan = self.standing.plugin.install_plan(&call, server).await.map_err(failed)?;
        let steps = plan.steps.into_iter().filter(|step| step.id == from);
        Ok(steps
            .filter_map(|step| if let Action::EditConfig(edit) = step.action { Some(edit) } else { None })
            .collect())
    }

    async fn console(&self, case: &Case<'_>, console: &fixture::Console) -> Result<Outcome, Fault> {
        let text = self.read(&console.transcript)?;
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let mut events = Vec::new();
        for (number, batch) in lines.chunks(BATCH).enumerate() {
            let question = Question::Parse { server: self.server.clone(), lines: batch.to_vec() };
            let found = match self.ask(&question, Lent::default()).await {
                Ok(found) => found,
                Err(Refused::Said(_, fault) | Refused::Other(fault)) => return Err(fault),
            };
            let found: Vec<(usize, Value)> = serde_json::from_value(found)
                .map_err(|error| Fault::new("answer", error.to_string(), "Report this."))?;
            for (line, event) in found {
                let line = line + number * BATCH + 1;
                events.push(json!({ "line": line, "event": event }));
            }
        }
        golden::json(&self.golden(case), &Value::Array(events), self.asked.bless)
    }

    /// An answer against its golden file, or a refusal against its code.
    fn settle(
        &self,
        case: &Case<'_>,
        answer: Result<Value, Refused>,
        failure: Option<&str>,
    ) -> Result<Outcome, Fault> {
        match (answer, failure) {
            (Ok(answer), None) => golden::json(&self.golden(case), &answer, self.asked.bless),
            (Err(Refused::Said(said, _)), Some(expected)) if said.code == expected => Ok(Outcome::Passed),
            (Err(Refused::Said(_, fault) | Refused::Other(fault)), _) => Err(fault.at(self.place(case))),
            (Ok(_), Some(code)) => {
                let what = format!("it was to refuse with {code:?}, and answers");
                Err(Fault::new("no-failure", what, "Correct the plugin, or the fixture.")
                    .at(self.place(case)))
            }
        }
    }

    fn place(&self, case: &Case<'_>) -> String {
        format!("{}: {}", self.file.display(), case.title())
    }

    /// The server with other settings.
    fn with(&self, values: &Values) -> Result<ServerContext, Fault> {
        let mut server = self.server.clone();
        set("the blueprint", &mut server.settings, values).map_err(|fault| fault.at(self.file.display()))?;
        Ok(server)
    }

    /// The golden file of a case: `NAME.KIND.json`, with the case's own name where it has one.
    fn golden(&self, case: &Case<'_>) -> PathBuf {
        if let Some(name) = case.golden() {
            return self.file.with_file_name(name);
        }
        let ending = if matches!(case, Case::Edit(_)) { "golden" } else { "json" };
        self.beside(case, ending)
    }

    fn exchange(&self, case: &Case<'_>, named: Option<&str>) -> PathBuf {
        match named {
            Some(name) => self.file.with_file_name(name),
            None => self.beside(case, "exchange.json"),
        }
    }

    fn beside(&self, case: &Case<'_>, ending: &str) -> PathBuf {
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
        let plain = |each: char| if each.is_alphanumeric() || each == '.' { each } else { '-' };
        let name = case
            .name()
            .map(|name| format!(".{}", name.to_lowercase().replace(|each| plain(each) == '-', "-")));
        self.file.with_file_name(format!("{stem}.{}{}.{ending}", case.kind(), name.unwrap_or_default()))
    }

    fn read(&self, name: &str) -> Result<String, Fault> {
        let path = self.file.with_file_name(name);
        fs::read_to_string(&path)
            .map_err(|error| Fault::io(format!("{} cannot be read", path.display()), &error))
    }
}

/// The server of a fixture: what it says, and for the rest what the blueprint says.
fn server(blueprint: &Blueprint, told: &fixture::Server) -> Result<ServerContext, Fault> {
    let mut server = standing::server_of(blueprint);
    set("the blueprint", &mut server.settings, &told.settings)?;
    server.facts = settings(&told.facts);
    for (name, endpoint) in &told.endpoints {
        let Some(place) = server.endpoints.iter().position(|each| each.name == *name) else {
            let there: Vec<&str> = server.endpoints.iter().map(|each| each.name.as_str()).collect();
            let what = format!("the blueprint has no endpoint {name:?}");
            return Err(Fault::new("fixture", what, format!("It has: {}.", there.join(", "))));
        };
        if endpoint.absent {
            server.endpoints.remove(place);
            continue;
        }
        let own = &mut server.endpoints[place];
        own.port = endpoint.port.unwrap_or(own.port);
        if let Some(address) = &endpoint.address {
            own.address.clone_from(address);
        }
    }
    if let Some(limits) = told.limits {
        let fixture::Limits { memory, swap, cpu, disk, pids } = limits;
        server.limits = Limits {
            memory_mib: memory,
            swap_mib: swap,
            cpu_percent: cpu,
            disk_mib: disk,
            pids,
            ..server.limits
        };
    }
    for (own, told) in
        [(&mut server.id, &told.id), (&mut server.name, &told.name), (&mut server.time_zone, &told.time_zone)]
    {
        if let Some(told) = told {
            own.clone_from(told);
        }
    }
    Ok(server)
}

fn settings(values: &Values) -> Vec<Setting> {
    values.iter().map(|(key, Scalar(value))| Setting { key: key.clone(), value: value.clone() }).collect()
}

fn event(told: &fixture::Event) -> HookEvent {
    let about = |about: &fixture::About| EventServer {
        id: about.id.clone(),
        name: about.name.clone(),
        blueprint: about.blueprint.clone(),
        node: about.node.clone(),
    };
    HookEvent {
        id: told.id.clone().unwrap_or_else(|| "01890000-0000-7000-8000-000000000002".to_owned()),
        kind: told.kind.clone(),
        at: chrono::DateTime::from_timestamp_millis(told.at_ms).unwrap_or_default(),
        server: told.server.as_ref().map(about),
        actor: told.actor.clone(),
        summary: told.summary.clone(),
        details: settings(&told.details),
    }
}

fn set(whose: &str, own: &mut [Setting], values: &Values) -> Result<(), Fault> {
    for (key, Scalar(value)) in values {
        match own.iter_mut().find(|each| each.key == *key) {
            Some(setting) => setting.value.clone_from(value),
            None => {
                let there: Vec<&str> = own.iter().map(|each| each.key.as_str()).collect();
                let what = format!("{whose} has no variable {key:?}");
                return Err(Fault::new("fixture", what, format!("It has: {}.", there.join(", "))));
            }
        }
    }
    Ok(())
}
