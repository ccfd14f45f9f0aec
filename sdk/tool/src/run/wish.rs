//! What is wanted of the daemon: one server of a blueprint with default values and those that were given.

use crate::{
    cli::RunArgs,
    desk::Desk,
    fault::Fault,
    origin::Origin,
    standing::{self, Standing},
};
use chrono::{TimeDelta, Utc};
use gantry_host::Lent;
use gantry_protocol::{BlueprintRef, DesiredServer, OperationRequest};
use gantry_types::{
    OperationId, ServerId,
    blueprint::{Blueprint, Variable, VariableKind},
    operation::OperationKind,
    plan::InstallPlan,
    server::{Desired, Endpoint, Protocol, ServerContext},
};
use std::{
    net::{TcpListener, UdpSocket},
    sync::Arc,
};
use uuid::Uuid;

/// A component, and the server that is to run it.
pub(super) struct Wish {
    pub(super) component: Arc<[u8]>,
    pub(super) server: DesiredServer,
    /// How it is installed: where that changes, the server is installed anew.
    plan: InstallPlan,
}

impl Wish {
    /// The first wish: install it and start it.
    pub(super) async fn of(desk: &Desk, asked: &RunArgs, component: Arc<[u8]>) -> Result<Self, Fault> {
        let looked = Looked::at(desk, asked, component.clone()).await?;
        let Looked { standing, blueprint, mut context, .. } = looked;
        free_ports(&mut context.endpoints, asked)?;
        let plan = planned(&standing, &context).await?;
        let server = DesiredServer {
            id: ServerId::new(Uuid::now_v7()),
            generation: 1,
            name: context.name.clone(),
            owner: None,
            desired: Desired::Running,
            holds: Vec::new(),
            blueprint: reference(&standing, &blueprint),
            secrets: secrets(&blueprint),
            settings: context.settings,
            endpoints: context.endpoints,
            limits: context.limits,
            time_zone: context.time_zone,
            facts: Vec::new(),
            operation: Some(operation(OperationKind::Install)),
            schedules: Vec::new(),
            heard_decision: 0,
        };
        Ok(Self { component, server, plan })
    }

    /// The same server with what was built anew. Answers none where nothing changed.
    pub(super) async fn renewed(
        &self,
        desk: &Desk,
        asked: &RunArgs,
        component: Arc<[u8]>,
    ) -> Result<Option<Self>, Fault> {
        if component == self.component {
            return Ok(None);
        }
        let Looked { standing, blueprint, mut context, .. } =
            Looked::at(desk, asked, component.clone()).await?;
        // Ports stay where players know them.
        for endpoint in &mut context.endpoints {
            let before = self.server.endpoints.iter().find(|each| each.name == endpoint.name);
            if let Some(before) = before.filter(|before| before.protocol == endpoint.protocol) {
                endpoint.clone_from(before);
            }
        }
        let plan = planned(&standing, &context).await?;
        let kind = if plan == self.plan { OperationKind::Restart } else { OperationKind::Reinstall };
        let server = DesiredServer {
            generation: self.server.generation + 1,
            blueprint: reference(&standing, &blueprint),
            secrets: secrets(&blueprint),
            settings: context.settings,
            endpoints: context.endpoints,
            operation: Some(operation(kind)),
            ..self.server.clone()
        };
        Ok(Some(Self { component, server, plan }))
    }

    /// The same server, with this wanted of it.
    pub(super) fn next(&mut self, desired: Desired, kind: OperationKind) -> &DesiredServer {
        self.server.generation += 1;
        self.server.desired = desired;
        self.server.operation = Some(operation(kind));
        &self.server
    }
}

/// A component as the host sees it.
struct Looked {
    standing: Standing,
    blueprint: Blueprint,
    context: ServerContext,
}

impl Looked {
    async fn at(desk: &Desk, asked: &RunArgs, component: Arc<[u8]>) -> Result<Self, Fault> {
        let standing = Standing::load(desk, component, Origin::of(&asked.folder)).await?;
        let all = standing.plugin.blueprints(&standing.call(Lent::default())).await;
        let all = all.map_err(|error| standing.fault(error).at("blueprints.list"))?;
        let blueprint = standing::blueprint(&all, asked.blueprint.as_deref())?.clone();
        let mut context = standing::server_of(&blueprint);
        fill(&mut context, &blueprint, asked)?;
        let problems = standing.plugin.validate(&standing.call(Lent::default()), &context).await;
        let problems = problems.map_err(|error| standing.fault(error).at("blueprints.validate"))?;
        match problems.into_iter().next() {
            None => Ok(Self { standing, blueprint, context }),
            Some(problem) => {
                let remedy = problem.remedy.unwrap_or_else(|| "Give another value by --set.".to_owned());
                Err(Fault::new("settings", problem.message, remedy).at(format!("variable {}", problem.key)))
            }
        }
    }
}

/// Puts in what was given on the command line; what is still missing is named with all that is.
fn fill(context: &mut ServerContext, blueprint: &Blueprint, asked: &RunArgs) -> Result<(), Fault> {
    if asked.accept_eula {
        for variable in blueprint.variables.iter().filter(|variable| is_eula(variable)) {
            set(context, &variable.key, "true");
        }
    }
    for given in &asked.set {
        let Some((key, value)) = given.split_once('=') else {
            return Err(Fault::new(
                "settings",
                format!("{given:?} is no KEY=VALUE"),
                "Write --set KEY=VALUE.",
            ));
        };
        if !blueprint.variables.iter().any(|variable| variable.key == key) {
            let there: Vec<&str> = blueprint.variables.iter().map(|variable| variable.key.as_str()).collect();
            let what = format!("the blueprint has no variable {key:?}");
            return Err(Fault::new("settings", what, format!("It has: {}.", there.join(", "))));
        }
        set(context, key, value);
    }
    let is_open = |variable: &&Variable| {
        variable.required
            && context.settings.iter().any(|setting| setting.key == variable.key && setting.value.is_empty())
    };
    let open: Vec<String> = blueprint
        .variables
        .iter()
        .filter(is_open)
        .map(|variable| format!("--set {}=…", variable.key))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let what = "the game does not start without some values that have no default";
    Err(Fault::new("settings", what, format!("Give them: {}.", open.join(" "))))
}

/// A switch that asks for agreement to the game's licence.
fn is_eula(variable: &Variable) -> bool {
    matches!(variable.kind, VariableKind::Boolean) && variable.key.to_lowercase().contains("eula")
}

fn set(context: &mut ServerContext, key: &str, value: &str) {
    if let Some(setting) = context.settings.iter_mut().find(|setting| setting.key == key) {
        value.clone_into(&mut setting.value);
    }
}

async fn planned(standing: &Standing, context: &ServerContext) -> Result<InstallPlan, Fault> {
    let plan = standing.plugin.install_plan(&standing.call(Lent::default()), context).await;
    plan.map_err(|error| standing.fault(error).at("plans.install"))
}

fn reference(standing: &Standing, blueprint: &Blueprint) -> BlueprintRef {
    let manifest = standing.plugin.manifest();
    BlueprintRef {
        plugin: format!("{} {}", manifest.name, manifest.version),
        digest: standing.plugin.digest().to_owned(),
        blueprint: blueprint.id.clone(),
        collect_every_ms: blueprint.collect_every_ms,
        commands: blueprint.commands,
        capabilities: standing.plugin.grants().iter().map(str::to_owned).collect(),
        protected_files: blueprint.protected_files.clone(),
    }
}

fn secrets(blueprint: &Blueprint) -> Vec<String> {
    let secret = |variable: &&Variable| matches!(variable.kind, VariableKind::Secret(_));
    blueprint.variables.iter().filter(secret).map(|variable| variable.key.clone()).collect()
}

fn operation(kind: OperationKind) -> OperationRequest {
    let now = Utc::now();
    OperationRequest {
        id: OperationId::new(Uuid::now_v7()),
        kind,
        backup: None,
        requested_at: now,
        deadline: now + TimeDelta::hours(1),
        sent_at: Some(now),
    }
}

/// Each endpoint at the address that was said, at its usual port if that is free.
fn free_ports(endpoints: &mut [Endpoint], asked: &RunArgs) -> Result<(), Fault> {
    for endpoint in endpoints {
        endpoint.address = asked.address.to_string();
        let bound = |port| match endpoint.protocol {
            Protocol::Tcp => TcpListener::bind((asked.address, port)).and_then(|bound| bound.local_addr()),
            Protocol::Udp => UdpSocket::bind((asked.address, port)).and_then(|bound| bound.local_addr()),
        };
        let found = bound(endpoint.port).or_else(|_| bound(0));
        let found =
            found.map_err(|error| Fault::io(format!("no port at {} is free", asked.address), &error))?;
        endpoint.port = found.port();
    }
    Ok(())
}
