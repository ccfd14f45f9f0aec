//! The steps of a schedule, as they were handed in, made into what is kept: checked, and with what their plugin says of them.

use crate::{
    App, OpCtx,
    actions::{answers, message},
    config_files::cut,
    error::{Answer, AppError},
    inputs::StepInput,
    servers::{context, settings},
};
use gantry_domain::{
    problem,
    schedules::{self, PlannedStep},
    variables,
};
use gantry_types::{
    ServerId,
    action::ServerAction,
    blueprint::{Audience, FieldProblem},
    permission::Permission,
    problem::Code,
    schedule::{Deed, MAX_STEPS, Step},
    server::{PowerAction, Setting},
};
use std::{collections::BTreeMap, slice};

/// All steps of one schedule together, in bytes as they go to the node.
const MAX_BYTES: usize = 32 * 1024;

/// What the server and its plugin offer for steps, and for whom it is asked.
struct Offer {
    actions: Vec<ServerAction>,
    can_broadcast: bool,
    /// How many backups the server may have.
    backups: u32,
    who: Audience,
}

/// The steps that were there before, whose secrets may stay.
#[derive(Clone, Copy)]
pub(super) struct Former<'a> {
    pub(super) steps: &'a [PlannedStep],
    /// Whether whoever writes wrote them.
    pub(super) is_own: bool,
}

impl Former<'_> {
    pub(super) const NONE: Self = Self { steps: &[], is_own: false };
}

impl App {
    /// Checks steps. Every problem is told at its place.
    pub(super) async fn planned(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        needs: Permission,
        steps: Vec<StepInput>,
        former: Former<'_>,
    ) -> Answer<Vec<PlannedStep>> {
        if !(1..=MAX_STEPS).contains(&steps.len()) {
            let message = format!("It has {} steps.", steps.len());
            return Err(problem("steps", message, format!("Use 1 to {MAX_STEPS}.")).into());
        }
        let offer = self.offer_for(ctx, server, needs, &steps).await?;
        let (mut planned, mut problems) = (Vec::new(), Vec::new());
        for (number, step) in steps.into_iter().enumerate() {
            match plan(&format!("steps.{number}"), step, former, &offer) {
                Ok(step) => planned.push(step),
                Err(AppError::Fields { fields, .. }) => problems.extend(fields),
                Err(error) => return Err(error),
            }
        }
        if !problems.is_empty() {
            return Err(AppError::fields_of(problems));
        }
        if serde_json::to_vec(&planned).map_or(true, |steps| steps.len() > MAX_BYTES) {
            let remedy = format!("Use {} KiB for all steps together.", MAX_BYTES / 1024);
            return Err(problem("steps", "The steps are too long.", remedy).into());
        }
        Ok(planned)
    }

    /// The plugin is asked only where a step is its own.
    async fn offer_for(
        &self,
        ctx: &OpCtx,
        id: ServerId,
        needs: Permission,
        steps: &[StepInput],
    ) -> Answer<Offer> {
        let (mut tx, access, server) = self.server_with(ctx, id, needs).await?;
        let (who, backups) = (access.audience()?, server.limits.backups);
        let asks = |step: &StepInput| matches!(step, StepInput::Action { .. } | StepInput::Broadcast { .. });
        if !steps.iter().any(asks) {
            return Ok(Offer { actions: Vec::new(), can_broadcast: false, backups, who });
        }
        // Nobody learns what the plugin offers who may not use it.
        access.require(Permission::ActionsUse)?;
        let (offered, values) = settings(&mut tx, &server).await?;
        let given = context(&server, &offered, &values, tx.facts(id).await?);
        drop(tx);
        let can_broadcast = self.components().can_broadcast(self.db(), &offered).await?;
        let actions = self.offer(&server, &offered, &given, who).await?;
        Ok(Offer { actions, can_broadcast, backups, who })
    }
}

fn plan(key: &str, step: StepInput, former: Former<'_>, offer: &Offer) -> Answer<PlannedStep> {
    let plain =
        |deed, go_on| PlannedStep { step: Step { deed, go_on }, audience: Audience::Members, title: None };
    let planned = match step {
        StepInput::Power { action, go_on } => plain(Deed::Power { action }, go_on),
        StepInput::Command { command, go_on } => {
            plain(Deed::Command { command: command.trim().to_owned() }, go_on)
        }
        StepInput::Wait { seconds, go_on } => plain(Deed::Wait { seconds }, go_on),
        StepInput::Backup { go_on } => {
            if offer.backups == 0 {
                let remedy = "Remove the step, or ask an administrator for a higher limit.";
                return Err(problem(key, "The server's limits allow no backups.", remedy).into());
            }
            plain(Deed::Backup, go_on)
        }
        StepInput::Broadcast { text, go_on } => {
            if !offer.can_broadcast {
                return Err(AppError::refused(
                    Code::Conflict,
                    "This game's plugin cannot tell players anything.",
                ));
            }
            let text = message(&text).map_err(|error| under(key, error))?;
            plain(Deed::Broadcast { text }, go_on)
        }
        StepInput::Action { action, form, keep_secrets_of, go_on } => {
            let kept = keep_secrets_of.and_then(|number| former.steps.get(usize::try_from(number).ok()?));
            let (deed, offered) = action_step(key, &action, form, kept, offer)?;
            let others = kept.filter(|step| !former.is_own && !kept_secrets(step, &action).is_empty());
            if others.is_some_and(|step| !is_as_it_was(step, &deed)) {
                let remedy = "Give them anew, or leave the other answers as they were.";
                let message = "The secrets were given by somebody else, for other answers.";
                return Err(problem(&format!("{key}.keepSecretsOf"), message, remedy).into());
            }
            let (audience, title) = (audience(offered, &deed), Some(offered.title.clone()));
            PlannedStep { step: Step { deed, go_on }, audience, title }
        }
    };
    schedules::check_step(key, &planned.step.deed)?;
    Ok(planned)
}

fn action_step<'a>(
    key: &str,
    id: &str,
    mut form: BTreeMap<String, String>,
    kept: Option<&PlannedStep>,
    offer: &'a Offer,
) -> Answer<(Deed, &'a ServerAction)> {
    let unknown = || {
        let remedy = "Choose one of the actions that the server's page shows.";
        problem(&format!("{key}.action"), "The game's plugin offers no such action.", remedy)
    };
    let offered = offer.actions.iter().find(|one| one.id == id).ok_or_else(unknown)?;
    for Setting { key, value } in kept.map(|step| kept_secrets(step, id)).unwrap_or_default() {
        form.entry(key).or_insert(value);
    }
    let values = answers(offered, &form, offer.who).map_err(|error| under(key, error))?;
    let secrets = values.iter().filter(|one| one.secret).map(|one| one.key.clone()).collect();
    let form = values.into_iter().map(|one| Setting { key: one.key, value: one.value }).collect();
    let deed = Deed::Action { action: id.to_owned(), form, secrets, available: offered.available };
    Ok((deed, offered))
}

/// For whom a step is that gives these answers: for those of the action, and of each question that is answered in another way than by
/// its default.
fn audience(offered: &ServerAction, deed: &Deed) -> Audience {
    let Deed::Action { form, .. } = deed else { return offered.audience };
    let answered = offered.form.iter().filter(|question| {
        let answer = form.iter().find(|one| one.key == question.key);
        // As it would be stored, which is how answers are.
        let default =
            variables::complete(slice::from_ref(question), &BTreeMap::new(), Audience::Administrators);
        let default = default.unwrap_or_default().pop().map(|one| one.value);
        answer.is_some_and(|one| default.as_ref() != Some(&one.value))
    });
    answered.map(|question| question.editable).chain([offered.audience]).min().unwrap_or(offered.audience)
}

/// The answers that are no secrets.
fn open_answers<'a>(form: &'a [Setting], secrets: &[String]) -> BTreeMap<&'a str, &'a str> {
    let open = form.iter().filter(|one| !secrets.contains(&one.key));
    open.map(|one| (one.key.as_str(), one.value.as_str())).collect()
}

/// Who did not write a secret does not say what else it is used with.
fn is_as_it_was(step: &PlannedStep, present: &Deed) -> bool {
    match (&step.step.deed, present) {
        (Deed::Action { form, secrets, .. }, Deed::Action { form: now, .. }) => {
            open_answers(form, secrets) == open_answers(now, secrets)
        }
        _ => false,
    }
}

/// The secrets of a step, if it is of the same action.
fn kept_secrets(step: &PlannedStep, id: &str) -> Vec<Setting> {
    match &step.step.deed {
        Deed::Action { action, form, secrets, .. } if action == id => {
            form.iter().filter(|one| secrets.contains(&one.key)).cloned().collect()
        }
        Deed::Power { .. }
        | Deed::Command { .. }
        | Deed::Broadcast { .. }
        | Deed::Action { .. }
        | Deed::Backup
        | Deed::Wait { .. } => Vec::new(),
    }
}

/// The same problems at the step's place.
fn under(key: &str, error: AppError) -> AppError {
    match error {
        AppError::Fields { code, fields } => {
            let under =
                |problem: FieldProblem| FieldProblem { key: format!("{key}.{}", problem.key), ..problem };
            AppError::Fields { code, fields: fields.into_iter().map(under).collect() }
        }
        error => error,
    }
}

/// A step as the audit log tells it.
pub(super) fn in_words(planned: &PlannedStep) -> String {
    match &planned.step.deed {
        Deed::Power { action: PowerAction::Start } => "start".to_owned(),
        Deed::Power { action: PowerAction::Stop } => "stop".to_owned(),
        Deed::Power { action: PowerAction::Restart } => "restart".to_owned(),
        Deed::Power { action: PowerAction::Kill } => "kill".to_owned(),
        Deed::Command { command } => format!("command: {}", cut(command)),
        Deed::Broadcast { text } => format!("message: {}", cut(text)),
        Deed::Action { action, .. } => format!("action: {action}"),
        Deed::Backup => "backup".to_owned(),
        Deed::Wait { seconds } => format!("wait {seconds} s"),
    }
}
