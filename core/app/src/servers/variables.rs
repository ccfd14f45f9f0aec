//! Variables of a server: shown without secrets, changed within the blueprint's rules.

use super::{change::still_wanted, draft::under_variables};
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::VariablesInput,
    plugins::AskedFor,
    views::{VariableView, VariablesView},
};
use gantry_auth::{ServerAccess, rights};
use gantry_domain::{
    audit::AuditEntry,
    plugins::OfferedBlueprint,
    servers::Server,
    variables::{self, Change, Values},
};
use gantry_store::UserTx;
use gantry_types::{
    ServerId,
    blueprint::{Audience, Variable},
    permission::Permission,
    server::{ServerContext, Setting},
};
use serde_json::json;
use std::collections::BTreeSet;

impl App {
    pub async fn server_variables(&self, ctx: &OpCtx, id: ServerId) -> Answer<VariablesView> {
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::VariablesRead).await?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let changed = changed_since_start(&mut tx, &server).await?;
        Ok(view(shown(&offered, &values, &changed, &access)?, false))
    }

    /// Changes some values. The plugin is asked about the whole before anything is written.
    pub async fn update_variables(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        input: VariablesInput,
    ) -> Answer<VariablesView> {
        let given: Values =
            input.values.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect();
        let (mut tx, access, server) = self.server_with(ctx, id, Permission::VariablesUpdate).await?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let facts = tx.facts(id).await?;
        drop(tx);
        let (_, after) = decide(&offered, &values, &given, access.audience()?)?;
        let there = context(&server, &offered, &after, facts);
        let said = self.components().validate(self.db(), &offered, &there).await;
        let asked = AskedFor { server: Some((id, &server.name)) };
        let said = self.heard(&offered, asked, said).await?;
        if !said.is_empty() {
            return Err(AppError::fields_of(under_variables(said)));
        }
        let (mut tx, access) = self.access(ctx, id).await?;
        let grant = access.grant::<rights::VariablesUpdate>()?;
        let server = still_wanted(tx.server_for_update(id).await?)?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let (change, after) = decide(&offered, &values, &given, access.audience()?)?;
        if !change.values.is_empty() {
            let entry = entry(ctx, id, &values, &change);
            tx.update_variables(&grant, &change.values, entry).await?;
        }
        let changed = changed_since_start(&mut tx, &server).await?;
        if !change.values.is_empty() {
            tx.commit().await?;
            self.doorbells().ring(server.node.id);
        }
        Ok(view(shown(&offered, &after, &changed, &access)?, change.needs_reinstall))
    }
}

fn view(items: Vec<VariableView>, needs_reinstall: bool) -> VariablesView {
    let needs_restart = items.iter().any(|item| item.needs_restart);
    VariablesView { items, needs_restart, needs_reinstall }
}

/// Keys of the values that the running process does not know; none while nothing runs, for the next start takes in all.
async fn changed_since_start(tx: &mut UserTx, server: &Server) -> Answer<BTreeSet<String>> {
    match server.observed.generation {
        Some(started) => Ok(tx.values_changed_after(server.id, started).await?),
        None => Ok(BTreeSet::new()),
    }
}

/// The blueprint that the server was made of, and its values with the secrets in clear.
pub(crate) async fn settings(tx: &mut UserTx, server: &Server) -> Answer<(OfferedBlueprint, Values)> {
    let pin = &server.blueprint;
    let offered = tx.pinned_blueprint(&pin.digest, &pin.key.blueprint).await?;
    Ok((offered, tx.values(server.id).await?))
}

/// What changes, and what all values are then.
fn decide(
    offered: &OfferedBlueprint,
    present: &Values,
    given: &Values,
    who: Audience,
) -> Answer<(Change, Values)> {
    let change = variables::change(&offered.blueprint.variables, present, given, who)
        .map_err(|problems| AppError::fields_of(under_variables(problems)))?;
    let mut after = present.clone();
    after.extend(change.values.iter().map(|value| (value.key.clone(), value.value.clone())));
    Ok((change, after))
}

/// What a plugin is told of the server.
pub(crate) fn context(
    server: &Server,
    offered: &OfferedBlueprint,
    values: &Values,
    facts: Vec<Setting>,
) -> ServerContext {
    ServerContext {
        id: server.id.to_string(),
        name: server.name.clone(),
        blueprint: server.blueprint.key.blueprint.clone(),
        settings: variables::settings(&offered.blueprint.variables, values),
        facts,
        endpoints: server.endpoints.iter().map(|one| one.endpoint.clone()).collect(),
        limits: server.limits,
        time_zone: server.time_zone.clone(),
    }
}

/// Before and after of what changed; a secret appears by its key alone.
fn entry(ctx: &OpCtx, id: ServerId, before: &Values, change: &Change) -> AuditEntry {
    let side = |value: &dyn Fn(&str) -> Option<String>| -> serde_json::Value {
        let pair = |stored: &variables::StoredValue| {
            let shown = if stored.secret { json!("(secret)") } else { json!(value(&stored.key)) };
            (stored.key.clone(), shown)
        };
        change.values.iter().map(pair).collect::<serde_json::Map<_, _>>().into()
    };
    let after =
        |key: &str| change.values.iter().find(|stored| stored.key == key).map(|stored| stored.value.clone());
    AuditEntry::server("server.variables", id, ctx.origin.clone())
        .before(side(&|key| before.get(key).cloned()))
        .after(side(&after))
}

fn shown(
    offered: &OfferedBlueprint,
    values: &Values,
    changed: &BTreeSet<String>,
    access: &ServerAccess,
) -> Answer<Vec<VariableView>> {
    let who = access.audience()?;
    let all = &offered.blueprint.variables;
    let find = |key: &str| all.iter().find(|variable| variable.key == key);
    let view = |one: variables::ShownValue| {
        let variable = find(&one.key)?.clone();
        let reason = reserved(&variable, who, access);
        let needs_restart = variable.needs_restart && changed.contains(&one.key);
        let (value, is_set, editable) = (one.value, one.set, reason.is_none());
        Some(VariableView { variable, value, is_set, editable, reason, needs_restart })
    };
    Ok(variables::shown(all, values, who).into_iter().filter_map(view).collect())
}

fn reserved(variable: &Variable, who: Audience, access: &ServerAccess) -> Option<String> {
    if !access.allows(Permission::VariablesUpdate) {
        return Some(format!("You need the permission {}.", Permission::VariablesUpdate.as_str()));
    }
    if variables::may(who, variable.editable) {
        return None;
    }
    Some(match variable.editable {
        Audience::Administrators => "Only an administrator may change this.".to_owned(),
        Audience::Owners | Audience::Members => "Only the server's owner may change this.".to_owned(),
    })
}
