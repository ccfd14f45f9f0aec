//! Moving servers from one release of their plugin to another.
//!
//! A server is pinned until somebody moves it. The release is asked about the server as it is before anything is written: its
//! variables, and, where it has never planned, its plan. What runs takes the release in when it starts again.

use super::{change::still_wanted, draft::under_variables, variables::context};
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{MoveInput, ReleaseInput},
    lend::About,
    plugins::AskedFor,
    views::{MovedView, NotMoved, ReleaseName, ServerReleaseView, ServerView},
};
use gantry_auth::{ServerAccess, rights};
use gantry_domain::{
    allocations::{self, ServerEndpoint},
    audit::AuditEntry,
    limits,
    plugins::{OfferedBlueprint, Release, compare_versions},
    servers::Server,
    variables::{self, StoredValue, Values},
};
use gantry_store::{StoreError, UserTx, server_changes::Move};
use gantry_types::{PluginId, ServerId, permission::Permission, problem::Code, server::Setting};
use serde_json::json;
use std::{cmp::Ordering, collections::BTreeMap};

/// What a server would be at another release.
struct Arrival {
    from: OfferedBlueprint,
    to: OfferedBlueprint,
    /// What is written, and what all values are then.
    written: Vec<StoredValue>,
    values: Values,
    /// What was looked up when it was last installed.
    facts: Vec<Setting>,
    more_endpoints: Vec<ServerEndpoint>,
}

impl App {
    /// Which release runs a server, and to which others it can be moved.
    pub async fn server_release(&self, ctx: &OpCtx, id: ServerId) -> Answer<ServerReleaseView> {
        let (mut tx, _, server) = self.server_with(ctx, id, Permission::ServerRead).await?;
        let pin = &server.blueprint;
        let (current, version) = tx.current_release(pin.plugin_id).await?;
        let others = tx.releases_with(pin.plugin_id, &pin.key.blueprint).await?;
        let name = |release: Release| ReleaseName {
            is_current: release.digest == current,
            digest: release.digest,
            version: release.version,
            installed_at: release.installed_at,
        };
        let choices: Vec<_> = others
            .into_iter()
            .filter(|release| release.digest != pin.digest && fit(release).is_ok())
            .map(name)
            .collect();
        let is_later = |version: &str| compare_versions(version, &pin.plugin_version) == Ordering::Greater;
        let later = choices.iter().find(|choice| choice.is_current && is_later(&choice.version)).cloned();
        Ok(ServerReleaseView {
            digest: pin.digest.clone(),
            version: pin.plugin_version.clone(),
            current_version: version,
            later,
            choices,
        })
    }

    /// Moves a server to another release of its plugin. Values may come with it, where the release wants others.
    pub async fn move_server(&self, ctx: &OpCtx, id: ServerId, input: ReleaseInput) -> Answer<ServerView> {
        let ReleaseInput { digest, values: given } = input;
        let (mut tx, access, row) = self.server_with(ctx, id, Permission::ServerReinstall).await?;
        let server = still_wanted(row)?;
        if server.blueprint.digest == digest {
            return Ok(self.own_view(server));
        }
        let arrival = arrival(&mut tx, &access, &server, &digest, &given).await?;
        drop(tx);
        let looked_up = self.ask_about(&server, &arrival).await?;
        let (mut tx, access) = self.access(ctx, id).await?;
        let grant = access.grant::<rights::ServerReinstall>()?;
        tx.lock_node(server.node.id).await?;
        let present = still_wanted(tx.server_for_update(id).await?)?;
        if present.blueprint.digest != server.blueprint.digest {
            let detail = "The server was moved by somebody else meanwhile. Look again.";
            return Err(AppError::refused(Code::Conflict, detail));
        }
        let arrival = self::arrival(&mut tx, &access, &present, &digest, &given).await?;
        let to = Move {
            blueprint: &arrival.to,
            endpoints: &present.endpoints,
            more_endpoints: &arrival.more_endpoints,
            values: &arrival.written,
            facts: looked_up.as_deref(),
            settled: !arrival.to.unproved,
        };
        let entry = AuditEntry::server("server.move", id, ctx.origin.clone())
            .before(json!({ "version": arrival.from.plugin_version, "digest": arrival.from.digest }))
            .after(json!({ "version": arrival.to.plugin_version, "digest": arrival.to.digest }));
        tx.move_to_release(&grant, &to, entry).await?;
        self.finish(tx, id).await
    }

    /// Moves all servers of a plugin, or those of one release, each for itself. What cannot be moved is told, and stays.
    pub async fn move_servers(&self, ctx: &OpCtx, id: PluginId, input: MoveInput) -> Answer<MovedView> {
        ctx.actor.administrator()?;
        let mut tx = self.db().as_system().await?;
        fit(&tx.plugin_release(id, &input.to).await?)?;
        let servers = tx.servers_to_move(id, input.from.as_deref(), &input.to).await?;
        drop(tx);
        let mut moved = MovedView::default();
        for pinned in servers {
            let to = ReleaseInput { digest: input.to.clone(), values: BTreeMap::new() };
            match self.move_server(ctx, pinned.server, to).await {
                Ok(_) => moved.moved += 1,
                Err(error @ AppError::Store(_)) if error.code() != Code::NotFound => return Err(error),
                Err(error) => moved.refused.push(NotMoved {
                    server_id: pinned.server,
                    server_name: pinned.name,
                    code: error.code(),
                    detail: error.detail(),
                }),
            }
        }
        Ok(moved)
    }

    /// Asks the release about the server as it would be. Answers the facts that it lacked: a server that comes from a release
    /// which looked nothing up would otherwise have none until it is installed again.
    async fn ask_about(&self, server: &Server, arrival: &Arrival) -> Answer<Option<Vec<Setting>>> {
        let asked = AskedFor { server: Some((server.id, &server.name)) };
        let mut there = context(server, &arrival.to, &arrival.values, arrival.facts.clone());
        there.endpoints.extend(arrival.more_endpoints.iter().map(|one| one.endpoint.clone()));
        let said = self.components().validate(self.db(), &arrival.to, &there).await;
        let said = self.heard_of_plan(&arrival.to, asked, said).await?;
        if !said.is_empty() {
            return Err(AppError::fields_of(under_variables(said)));
        }
        let mut looked_up = None;
        if there.facts.is_empty() {
            there.facts = self.facts(&arrival.to, &there, About::Server(server.id), asked).await?;
            looked_up = (!there.facts.is_empty()).then(|| there.facts.clone());
        }
        if arrival.to.unproved {
            let plan = self.components().install_plan(self.db(), &arrival.to, &there).await;
            self.heard_of_plan(&arrival.to, asked, plan).await?;
        }
        Ok(looked_up)
    }
}

/// Decides what the server would be there, or why it cannot be.
async fn arrival(
    tx: &mut UserTx,
    access: &ServerAccess,
    server: &Server,
    digest: &str,
    given: &Values,
) -> Answer<Arrival> {
    let pin = &server.blueprint;
    let release = tx.plugin_release(pin.plugin_id, digest).await?;
    fit(&release)?;
    if server.operation.is_some() {
        let detail = "Something is being done to the server. Wait until that has ended.";
        return Err(AppError::refused(Code::OperationInProgress, detail));
    }
    let from = tx.pinned_blueprint(&pin.digest, &pin.key.blueprint).await?;
    let to = match tx.pinned_blueprint(digest, &pin.key.blueprint).await {
        Err(StoreError::NotFound(_)) => {
            let detail = format!("Version {} has no {} any more.", release.version, pin.name);
            return Err(AppError::refused(Code::Conflict, detail));
        }
        other => other?,
    };
    limits::check(server.limits, to.blueprint.least).map_err(AppError::fields_of)?;
    let present = tx.values(server.id).await?;
    let (written, values) =
        values(&from, &to, &present, given, access).map_err(|error| under(error, under_variables))?;
    let has = |name: &str| server.endpoints.iter().any(|one| one.endpoint.name == name);
    let needs: Vec<_> =
        to.blueprint.endpoints.iter().filter(|need| need.required && !has(&need.name)).cloned().collect();
    let more_endpoints = match needs.is_empty() {
        true => Vec::new(),
        false => {
            let free = tx.free_allocations(server.node.id).await?;
            allocations::choose(&needs, &free, &BTreeMap::new())?
        }
    };
    let facts = tx.facts(server.id).await?;
    Ok(Arrival { from, to, written, values, facts, more_endpoints })
}

/// What is given, then what stands, then what the release has for a start.
fn values(
    from: &OfferedBlueprint,
    to: &OfferedBlueprint,
    present: &Values,
    given: &Values,
    access: &ServerAccess,
) -> Answer<(Vec<StoredValue>, Values)> {
    let after = &to.blueprint.variables;
    let mut written =
        variables::change(after, present, given, access.audience()?).map_err(AppError::fields_of)?.values;
    let mut values = present.clone();
    values.extend(written.iter().map(|value| (value.key.clone(), value.value.clone())));
    let carried = variables::carry(&values, &from.blueprint.variables, after).map_err(AppError::fields_of)?;
    values.extend(carried.iter().map(|value| (value.key.clone(), value.value.clone())));
    written.retain(|value| carried.iter().all(|other| other.key != value.key));
    written.extend(carried);
    Ok((written, values))
}

fn under(
    error: AppError,
    place: impl FnOnce(Vec<gantry_domain::FieldProblem>) -> Vec<gantry_domain::FieldProblem>,
) -> AppError {
    match error {
        AppError::Fields { code, fields } => AppError::Fields { code, fields: place(fields) },
        other => other,
    }
}

/// Whether servers may be moved to a release.
fn fit(release: &Release) -> Answer<()> {
    let refuse = |detail: String| Err(AppError::refused(Code::Conflict, detail));
    if release.accepted_at.is_none() {
        return refuse(format!(
            "Version {} waits for an administrator to grant what it asks for.",
            release.version
        ));
    }
    match &release.failure {
        Some((_, failure)) => refuse(format!(
            "The first plan of version {} failed: {} An administrator can make it current again to try once more.",
            release.version, failure.message
        )),
        None => Ok(()),
    }
}
