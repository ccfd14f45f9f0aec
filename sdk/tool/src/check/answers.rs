//! What the plugin answers to a server that nobody configured: the host checks each answer against the contract.

use super::Findings;
use crate::{
    fault::Fault,
    standing::{Standing, server_of},
};
use gantry_host::{CONTAINER_ROOT, CONTAINER_RUN, CallError, DOWNLOAD, IMAGE_BUILD, Lent, Part};
use gantry_types::{
    blueprint::Blueprint,
    plan::{Action, Image, InstallPlan, RunSpec, StepUser},
    server::ServerContext,
};

/// Asks for everything that is answered without a game.
pub(super) async fn all(standing: &Standing, findings: &mut Findings) {
    let plugin = &standing.plugin;
    if plugin.has(Part::Hooks) {
        let wants = plugin.wanted_events(&standing.call(Lent::default())).await;
        heard(standing, "hooks.wants", wants, findings);
        let settings = plugin.settings(&standing.call(Lent::default())).await;
        heard(standing, "hooks.settings", settings, findings);
    }
    if !plugin.has(Part::Game) {
        return;
    }
    let blueprints = plugin.blueprints(&standing.call(Lent::default())).await;
    let Some(blueprints) = heard(standing, "blueprints.list", blueprints, findings) else { return };
    if blueprints.is_empty() {
        findings.error(Fault::new(
            "no-blueprint",
            "it lists no blueprint",
            "List at least one, or export no game.",
        ));
    }
    let mut used = Used::default();
    for blueprint in &blueprints {
        game(standing, blueprint, &mut used, findings).await;
    }
    used.compare(standing, findings);
}

async fn game(standing: &Standing, blueprint: &Blueprint, used: &mut Used, findings: &mut Findings) {
    let plugin = &standing.plugin;
    let server = server_of(blueprint);
    let of = |call: &str| format!("{call} of {}", blueprint.id);
    let open: Vec<&str> = blueprint
        .variables
        .iter()
        .filter(|variable| variable.required && variable.default_value.as_ref().is_none_or(String::is_empty))
        .map(|variable| variable.key.as_str())
        .collect();
    let call = || standing.call(Lent::default());
    if let Some(problems) =
        heard(standing, &of("blueprints.validate"), plugin.validate(&call(), &server).await, findings)
        && open.is_empty()
    {
        for problem in problems {
            let remedy = problem.remedy.unwrap_or_else(|| "Choose defaults that fit each other.".to_owned());
            let message = format!("its own defaults are refused: {}", problem.message);
            findings.warning(Fault::new("defaults", message, remedy).at(format!("variable {}", problem.key)));
        }
    }
    let plan = plugin.install_plan(&call(), &server).await;
    if let Some(plan) = planned(standing, &of("plans.install"), plan, &open, findings) {
        used.plan(&plan);
    }
    let run = plugin.run_spec(&call(), &server).await;
    if let Some(run) = planned(standing, &of("plans.run"), run, &open, findings) {
        used.run(&run);
        if run.ready.is_empty() {
            findings.warning(Fault::new(
                "no-probe",
                "its run spec has no probe, so a server counts as running before anybody can join",
                "Add a probe: a line of the console, a port, or the collector.",
            ));
        }
    }
    described(standing, &server, findings).await;
}

async fn described(standing: &Standing, server: &ServerContext, findings: &mut Findings) {
    let plugin = &standing.plugin;
    let call = || standing.call(Lent::default());
    if plugin.has(Part::ConsoleEvents) {
        let events = plugin.console_events(&call(), server, &[String::new(), "hello".to_owned()]).await;
        heard(standing, "console-events.parse", events, findings);
    }
    if plugin.has(Part::Actions) {
        heard(standing, "actions.offer", plugin.actions(&call(), server).await, findings);
    }
    if plugin.has(Part::Quiescing) {
        heard(standing, "quiescing.broadcast", plugin.broadcast(&call(), server, "Hello").await, findings);
        heard(standing, "quiescing.quiesce", plugin.quiesce(&call(), server).await, findings);
        heard(standing, "quiescing.resume", plugin.resume(&call(), server).await, findings);
    }
    if plugin.has(Part::ConfigFiles) {
        heard(standing, "config-files.list", plugin.config_files(&call(), server).await, findings);
    }
    if plugin.has(Part::Tabs) {
        heard(standing, "tabs.offer", plugin.tabs(&call(), server).await, findings);
    }
}

fn heard<T>(
    standing: &Standing,
    call: &str,
    answer: Result<T, CallError>,
    findings: &mut Findings,
) -> Option<T> {
    answer.map_err(|error| findings.error(standing.fault(error).at(call))).ok()
}

/// A plan may be refused where values are missing that only a person can give.
fn planned<T>(
    standing: &Standing,
    call: &str,
    answer: Result<T, CallError>,
    open: &[&str],
    findings: &mut Findings,
) -> Option<T> {
    match answer {
        Err(CallError::Failed(failure)) if !open.is_empty() => {
            let message =
                format!("it could not be tried without values for {}: {}", open.join(", "), failure.message);
            let remedy = "Write a fixture that gives them: `gantry plugin test`.";
            findings.warning(Fault::new("not-tried", message, remedy).at(call));
            None
        }
        answer => heard(standing, call, answer, findings),
    }
}

/// The capabilities of plans that the defaults need.
#[derive(Default)]
struct Used(Vec<&'static str>);

impl Used {
    fn image(&mut self, image: &Image) {
        if matches!(image, Image::Recipe { .. }) {
            self.0.push(IMAGE_BUILD);
        }
    }

    fn plan(&mut self, plan: &InstallPlan) {
        for step in &plan.steps {
            match &step.action {
                Action::Download(_) => self.0.push(DOWNLOAD),
                Action::BuildImage { image } => self.image(image),
                Action::Run(run) => {
                    self.0.push(CONTAINER_RUN);
                    if run.user == StepUser::Root {
                        self.0.push(CONTAINER_ROOT);
                    }
                    self.image(&run.image);
                }
                Action::Extract(_)
                | Action::Write(_)
                | Action::EditConfig(_)
                | Action::MakeDirectory { .. }
                | Action::Remove { .. }
                | Action::Copy { .. }
                | Action::Move { .. }
                | Action::SetMode { .. }
                | Action::Link { .. } => {}
            }
        }
    }

    fn run(&mut self, run: &RunSpec) {
        self.image(&run.image);
    }

    /// What is asked for and not needed by any default. Settings may need it, so it is a question and no fault.
    fn compare(&self, standing: &Standing, findings: &mut Findings) {
        let manifest = standing.plugin.manifest();
        for capability in [DOWNLOAD, IMAGE_BUILD, CONTAINER_RUN, CONTAINER_ROOT] {
            if manifest.asks_for(capability) && !self.0.contains(&capability) {
                findings.warning(Fault::new(
                    "unused-capability",
                    format!("it asks for {capability:?}, and no plan with default settings needs it"),
                    format!("If no setting needs it either, remove it from {}.", findings.manifest),
                ));
            }
        }
    }
}
