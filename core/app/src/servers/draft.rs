//! A server to be: everything that can be said about it before it exists.
//!
//! Preview and creation check by the same functions. Preview collects what is wrong and shows the plan; creation decides
//! again under the node's lock, because between the two somebody else may have taken an address.

use crate::{
    App, OpCtx, allowances,
    error::{Answer, AppError},
    inputs::{PreviewQuery, ServerInput},
    lend::About,
    plugins::AskedFor,
    views::{EndpointView, PreviewView},
};
use gantry_domain::{
    allocations::{self, ServerEndpoint, Shortage},
    limits,
    plugins::{BlueprintKey, OfferedBlueprint},
    problem, text,
    variables::{self, StoredValue, Values},
};
use gantry_host::CallError;
use gantry_store::{StoreError, UserTx};
use gantry_types::{
    ServerId,
    blueprint::{Audience, FieldProblem},
    plan::InstallPlan,
    server::{ServerContext, Setting},
    units::Limits,
};

/// The time zone of a server that nobody set.
pub(super) const TIME_ZONE: &str = "UTC";

/// What was found out about a server to be.
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) offered: OfferedBlueprint,
    pub(super) limits: Limits,
    pub(super) values: Vec<StoredValue>,
    pub(super) endpoints: Vec<ServerEndpoint>,
}

/// Problems of a form, collected.
#[derive(Default)]
pub(super) struct Problems(Vec<FieldProblem>);

impl Problems {
    pub(super) fn add(&mut self, problems: impl IntoIterator<Item = FieldProblem>) {
        self.0.extend(problems);
    }

    fn take<T>(&mut self, result: Result<T, FieldProblem>) -> Option<T> {
        result.map_err(|problem| self.0.push(problem)).ok()
    }

    fn take_all<T>(&mut self, result: Result<T, Vec<FieldProblem>>) -> Option<T> {
        result.map_err(|problems| self.0.extend(problems)).ok()
    }

    pub(super) fn into_result(self) -> Answer<()> {
        if self.0.is_empty() { Ok(()) } else { Err(AppError::fields_of(self.0)) }
    }
}

/// A blueprint's variables stand under the form's `variables`, so that no key of a plugin hides one of the form.
pub(super) fn under_variables(problems: Vec<FieldProblem>) -> Vec<FieldProblem> {
    let under = |mut problem: FieldProblem| {
        if !problem.key.is_empty() {
            problem.key = format!("variables.{}", problem.key);
        }
        problem
    };
    problems.into_iter().map(under).collect()
}

impl App {
    /// What creating a server would do, and what is in its way. Who types asks at each key: strangers are asked only where
    /// `query` wants that.
    pub async fn preview_server(
        &self,
        ctx: &OpCtx,
        query: PreviewQuery,
        input: ServerInput,
    ) -> Answer<PreviewView> {
        let grant = ctx.actor.create_server(input.owner_id.unwrap_or(ctx.actor.user_id))?;
        let mut problems = Problems::default();
        let draft = self.draft(ctx, &input, &mut problems).await?;
        if let Some(draft) = &draft {
            let mut tx = self.db().as_user(&ctx.actor).await?;
            problems.add(allowances::hindrances(&mut tx, grant.owner(), draft.limits).await?);
        }
        let facts = match &draft {
            Some(draft) => self.facts_for_preview(draft, query, &mut problems).await?,
            None => None,
        };
        let plan = match draft.as_ref().zip(facts.clone()) {
            Some((draft, facts)) => self.plan(draft, facts, &mut problems).await?,
            None => None,
        };
        let endpoints = draft.map(|draft| EndpointView::list(draft.endpoints)).unwrap_or_default();
        Ok(PreviewView { problems: problems.0, facts: facts.unwrap_or_default(), plan, endpoints })
    }

    /// Checks everything but what needs a lock. None if too little is known to go on; the problems say why.
    pub(super) async fn draft(
        &self,
        ctx: &OpCtx,
        input: &ServerInput,
        problems: &mut Problems,
    ) -> Answer<Option<Draft>> {
        let name = problems.take(text::name("name", &input.name));
        let description = problems.take(text::description("description", &input.description));
        let mut tx = self.db().as_user(&ctx.actor).await?;
        let Some(offered) = find_blueprint(&mut tx, &input.blueprint_id, problems).await? else {
            return Ok(None);
        };
        let blueprint = &offered.blueprint;
        let given: Values = input.variables.clone();
        let values =
            variables::complete(&blueprint.variables, &given, standing(ctx)).map_err(under_variables);
        let values = problems.take_all(values);
        let limits = input.limits.unwrap_or(blueprint.recommended);
        problems.take_all(limits::check(limits, blueprint.least));
        let endpoints = place(&mut tx, input, &offered, limits, problems).await?;
        drop(tx);
        let (Some(name), Some(description), Some(values), Some(endpoints)) =
            (name, description, values, endpoints)
        else {
            return Ok(None);
        };
        let draft = Draft { name, description, offered, limits, values, endpoints };
        let said = self.components().validate(self.db(), &draft.offered, &draft.context(Vec::new())).await;
        let said = self.heard_of_plan(&draft.offered, AskedFor::default(), said).await?;
        problems.add(under_variables(said));
        Ok(Some(draft))
    }

    /// What is looked up for the server that is to be.
    pub(super) async fn facts_of_draft(&self, draft: &Draft) -> Answer<Vec<Setting>> {
        self.facts(&draft.offered, &draft.context(Vec::new()), About::Draft, AskedFor::default()).await
    }

    /// The same, where a failure is one of the form's problems.
    async fn facts_for_preview(
        &self,
        draft: &Draft,
        query: PreviewQuery,
        problems: &mut Problems,
    ) -> Answer<Option<Vec<Setting>>> {
        if !query.look_up.unwrap_or(true) && self.looks_up(&draft.offered).await? {
            return Ok(None);
        }
        match self.facts_of_draft(draft).await {
            Ok(facts) => Ok(Some(facts)),
            Err(error @ AppError::LookUp { .. }) => {
                let wait =
                    error.retry_after().map(|wait| format!("Try again in {} s.", wait.as_secs().max(1)));
                problems.add([FieldProblem { key: String::new(), message: error.detail(), remedy: wait }]);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn plan(
        &self,
        draft: &Draft,
        facts: Vec<Setting>,
        problems: &mut Problems,
    ) -> Answer<Option<InstallPlan>> {
        let plan = self.components().install_plan(self.db(), &draft.offered, &draft.context(facts)).await;
        match self.heard_of_plan(&draft.offered, AskedFor::default(), plan).await {
            Ok(plan) => Ok(Some(plan)),
            // What the plugin itself objects to concerns the form as a whole.
            Err(AppError::Plugin { source: CallError::Failed(failure), .. }) => {
                problems.add([FieldProblem { key: String::new(), message: failure.message, remedy: None }]);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Draft {
    /// What the plugin may know of the server to be.
    fn context(&self, facts: Vec<Setting>) -> ServerContext {
        let values = self.values.iter().map(|value| (value.key.clone(), value.value.clone())).collect();
        ServerContext {
            id: ServerId::new(uuid::Uuid::nil()).to_string(),
            name: self.name.clone(),
            blueprint: self.offered.key.blueprint.clone(),
            settings: variables::settings(&self.offered.blueprint.variables, &values),
            facts,
            endpoints: self.endpoints.iter().map(|one| one.endpoint.clone()).collect(),
            limits: self.limits,
            time_zone: TIME_ZONE.to_owned(),
        }
    }
}

/// Whoever makes a server will own it, or administers.
pub(crate) fn standing(ctx: &OpCtx) -> Audience {
    if ctx.actor.is_administrator() { Audience::Administrators } else { Audience::Owners }
}

async fn find_blueprint(
    tx: &mut UserTx,
    id: &str,
    problems: &mut Problems,
) -> Answer<Option<OfferedBlueprint>> {
    let unknown = || problem("blueprintId", "There is no such blueprint.", "Choose one of the list.");
    let Ok(key) = id.parse::<BlueprintKey>() else {
        problems.add([unknown()]);
        return Ok(None);
    };
    match tx.blueprint(&key).await {
        Ok(offered) if offered.disabled => {
            let message = format!("{} is disabled: nothing new is made of it.", offered.plugin_name);
            problems.add([problem(
                "blueprintId",
                message,
                "Choose another, or ask an administrator to enable it.",
            )]);
            Ok(None)
        }
        Ok(offered) => Ok(Some(offered)),
        Err(StoreError::NotFound(_)) => {
            problems.add([unknown()]);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Chooses the addresses and checks that the node has room. Whoever holds the node's lock may act on the answer.
pub(super) async fn place(
    tx: &mut UserTx,
    input: &ServerInput,
    offered: &OfferedBlueprint,
    limits: Limits,
    problems: &mut Problems,
) -> Answer<Option<Vec<ServerEndpoint>>> {
    let node = match tx.node(input.node_id).await {
        Ok(node) => node,
        Err(StoreError::NotFound(_)) => {
            problems.add([problem("nodeId", "There is no such node.", "Choose one of the list.")]);
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    if node.drain.is_some() {
        let remedy = "Choose another node, or wait until the work on its machine is done.";
        problems.add([problem("nodeId", "This node is being drained, so nothing is placed on it.", remedy)]);
    }
    problems.take_all(limits::fits(limits, node.capacity, node.promised));
    let free = tx.free_allocations(node.id).await?;
    match allocations::choose(&offered.blueprint.endpoints, &free, &input.allocations) {
        Ok(endpoints) => Ok(Some(endpoints)),
        Err(shortage) => {
            problems.add([explain(&shortage)]);
            Ok(None)
        }
    }
}

fn explain(shortage: &Shortage) -> FieldProblem {
    let (key, remedy) = match shortage {
        Shortage::NoFree(_) => (
            "nodeId".to_owned(),
            "Ask an administrator to add allocations to the node, or choose another node.",
        ),
        Shortage::Taken(name) => (format!("allocations.{name}"), "Choose a free one."),
        Shortage::UnknownEndpoint(name) => (format!("allocations.{name}"), "Remove it."),
        Shortage::Apart { endpoint, .. } => {
            (format!("allocations.{endpoint}"), "Leave it out; it comes with the endpoint that it follows.")
        }
    };
    let text = shortage.to_string();
    let message = format!("{}{}.", text[..1].to_uppercase(), &text[1..]);
    problem(&key, message, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugins_key_cannot_stand_for_a_field_of_the_form() {
        let said = vec![problem("name", "Too short.", "Longer."), problem("", "Two of three.", "Choose.")];
        let keys: Vec<String> = under_variables(said).into_iter().map(|problem| problem.key).collect();
        assert_eq!(keys, ["variables.name", ""]);
    }

    #[test]
    fn a_shortage_points_at_the_field_that_can_end_it() {
        assert_eq!(explain(&Shortage::NoFree(vec!["game".to_owned()])).key, "nodeId");
        let taken = explain(&Shortage::Taken("game".to_owned()));
        assert_eq!(taken.key, "allocations.game");
        assert_eq!(taken.message, "The address that was chosen for game is not free.");
    }
}
