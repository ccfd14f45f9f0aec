//! Schedules of a server: written and checked here, followed by its node, and told by it.
//!
//! What a plugin's action takes is checked against the offer of the moment in which the schedule is written, while no transaction is
//! open; the node asks the plugin again each time. Secrets in a form are sealed with the schedule and shown to nobody.

mod plan;

use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::{PageQuery, ScheduleInput, ScheduleTimesQuery, ScheduleUpdate},
    servers::still_wanted,
    views::{Page, ScheduleRunStartedView, ScheduleTimesView, ScheduleView},
};
use chrono::Utc;
use gantry_auth::{ServerAccess, rights};
use gantry_domain::{
    actions,
    audit::AuditEntry,
    schedules::{self, Due, NotYours, PlannedStep, Schedule},
    users::Person,
};
use gantry_nodes::NodeError;
use gantry_protocol::{RefusalCode, RunRequest};
use gantry_types::{
    ScheduleId, ServerId, action::Availability, blueprint::FieldProblem, permission::Permission,
    problem::Code, schedule::ScheduleRun,
};
use plan::Former;
use serde_json::{Value, json};
use std::time::Duration;

/// Times that are shown of an expression that is being written.
const TRIED_TIMES: usize = 5;
/// Until a node has heard of what was written a moment ago.
const HEARD_SOON: Duration = Duration::from_secs(2);

/// What an expression says, and when it is due next.
pub async fn schedule_times(query: ScheduleTimesQuery) -> Answer<ScheduleTimesView> {
    let due = searching(move || {
        let table = schedules::timetable(&query.cron, &query.time_zone)?;
        Ok::<_, FieldProblem>(Due::of(&table, Utc::now(), TRIED_TIMES))
    });
    let Due { description, next } = due.await??;
    Ok(ScheduleTimesView { description, next })
}

/// Whether an expression is one: to search for its times may take longer than others should wait.
async fn checked(cron: &str, zone: &str) -> Answer<Result<(), FieldProblem>> {
    let (cron, zone) = (cron.to_owned(), zone.to_owned());
    searching(move || schedules::timetable(&cron, &zone).map(drop)).await
}

/// Each with when it is due.
async fn due(all: Vec<Schedule>) -> Answer<Vec<(Schedule, Due)>> {
    let now = Utc::now();
    let with_due = move |schedule: Schedule| {
        let due = schedule.due(now);
        (schedule, due)
    };
    searching(move || all.into_iter().map(with_due).collect()).await
}

async fn searching<T: Send + 'static>(search: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(search).await.map_err(|_| AppError::Broken("a search for times broke off"))
}

impl App {
    /// A server's schedules, by name.
    pub async fn list_schedules(&self, ctx: &OpCtx, server: ServerId) -> Answer<Page<ScheduleView>> {
        let (mut tx, access) = self.access(ctx, server).await?;
        access.require(Permission::SchedulesRead)?;
        let mut runs = tx.latest_runs(server).await?;
        let all = due(tx.schedules(server).await?).await?.into_iter();
        let items = all.map(|(schedule, due)| {
            let run = runs.remove(&schedule.id);
            view_due(&access, &schedule, due, run)
        });
        Ok(Page::whole(items.collect()))
    }

    pub async fn schedule(&self, ctx: &OpCtx, server: ServerId, id: ScheduleId) -> Answer<ScheduleView> {
        let (mut tx, access) = self.access(ctx, server).await?;
        access.require(Permission::SchedulesRead)?;
        let schedule = tx.schedule(server, id).await?;
        let run = tx.latest_runs(server).await?.remove(&id);
        view(&access, schedule, run).await
    }

    /// How a schedule was followed, latest first.
    pub async fn schedule_runs(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        id: ScheduleId,
        page: PageQuery,
    ) -> Answer<Page<ScheduleRun>> {
        let (mut tx, access) = self.access(ctx, server).await?;
        access.require(Permission::SchedulesRead)?;
        tx.schedule(server, id).await?;
        Ok(Page::of(tx.schedule_runs(id, &page.parse()?).await?, |run| run))
    }

    pub async fn create_schedule(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        input: ScheduleInput,
    ) -> Answer<ScheduleView> {
        let (_, access) = self.access(ctx, server).await?;
        access.require(Permission::SchedulesCreate)?;
        let mut problems = Vec::new();
        let name = problem_of(schedules::name(&input.name), &mut problems);
        problem_of(checked(&input.cron, &input.time_zone).await?, &mut problems);
        let steps = self.planned(ctx, server, Permission::SchedulesCreate, input.steps, Former::NONE).await;
        let steps = match steps {
            Err(AppError::Fields { fields, .. }) => {
                problems.extend(fields);
                Vec::new()
            }
            steps => steps?,
        };
        let Some(name) = name.filter(|_| problems.is_empty()) else {
            return Err(AppError::fields_of(problems));
        };
        let (mut tx, access) = self.access(ctx, server).await?;
        let grant = access.grant::<rights::SchedulesCreate>()?;
        if let Some(earlier) = ctx.claim(&mut tx).await? {
            return Ok(earlier);
        }
        check_rights(&access, &steps)?;
        let row = still_wanted(tx.server_for_update(server).await?)?;
        let schedule = Schedule {
            id: ScheduleId::new(gantry_store::new_uuid()),
            server_id: server,
            name,
            cron: input.cron.trim().to_owned(),
            time_zone: input.time_zone,
            enabled: input.enabled,
            when: input.when,
            steps,
            author: author(ctx),
            version: 1,
            updated_at: Utc::now(),
        };
        let entry = entry(ctx, "schedule.create", &schedule).after(told(&schedule));
        tx.create_schedule(&grant, &schedule, entry).await?;
        let made = view(&access, tx.schedule(server, schedule.id).await?, None).await?;
        ctx.keep(&mut tx, 201, &made).await?;
        tx.commit().await?;
        self.doorbells().ring(row.node.id);
        Ok(made)
    }

    /// Changes a schedule. Whoever changes what happens, or when, must be allowed all of it; a name is anybody's who may change
    /// schedules, and so is switching one off.
    pub async fn update_schedule(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        id: ScheduleId,
        update: ScheduleUpdate,
    ) -> Answer<ScheduleView> {
        let steps = match update.steps {
            Some(ref steps) => {
                let (mut tx, access) = self.access(ctx, server).await?;
                access.require(Permission::SchedulesUpdate)?;
                let present = tx.schedule(server, id).await?;
                check_version(&present, update.version)?;
                drop(tx);
                let steps = steps.clone();
                let is_own = present.author.id == author(ctx).id;
                let former = Former { steps: &present.steps, is_own };
                Some(self.planned(ctx, server, Permission::SchedulesUpdate, steps, former).await?)
            }
            None => None,
        };
        let (mut tx, access) = self.access(ctx, server).await?;
        let grant = access.grant::<rights::SchedulesUpdate>()?;
        let row = still_wanted(tx.server_for_update(server).await?)?;
        let present = tx.schedule(server, id).await?;
        check_version(&present, update.version)?;
        let next = changed(&present, update, steps)?;
        checked(&next.cron, &next.time_zone).await??;
        let happens_otherwise = (&next.cron, &next.time_zone, next.when, &next.steps)
            != (&present.cron, &present.time_zone, present.when, &present.steps)
            || (next.enabled && !present.enabled);
        let next = if happens_otherwise {
            check_rights(&access, &next.steps)?;
            Schedule { author: author(ctx), ..next }
        } else {
            next
        };
        let entry = entry(ctx, "schedule.update", &next).before(told(&present)).after(told(&next));
        tx.update_schedule(&grant, &next, entry).await?;
        let run = tx.latest_runs(server).await?.remove(&id);
        let after = view(&access, tx.schedule(server, id).await?, run).await?;
        tx.commit().await?;
        self.doorbells().ring(row.node.id);
        Ok(after)
    }

    /// Deletes a schedule with the memory of its runs. One that is being followed ends.
    pub async fn delete_schedule(&self, ctx: &OpCtx, server: ServerId, id: ScheduleId) -> Answer<()> {
        let (mut tx, access) = self.access(ctx, server).await?;
        let grant = access.grant::<rights::SchedulesDelete>()?;
        let row = tx.server_for_update(server).await?;
        let present = tx.schedule(server, id).await?;
        let entry = entry(ctx, "schedule.delete", &present).before(told(&present));
        tx.delete_schedule(&grant, id, entry).await?;
        tx.commit().await?;
        self.doorbells().ring(row.node.id);
        Ok(())
    }

    /// Has a schedule followed at this moment, whether it is on or not.
    pub async fn run_schedule(
        &self,
        ctx: &OpCtx,
        server: ServerId,
        id: ScheduleId,
    ) -> Answer<ScheduleRunStartedView> {
        let (mut tx, access, row) = self.server_with(ctx, server, Permission::SchedulesUpdate).await?;
        let schedule = tx.schedule(server, id).await?;
        check_rights(&access, &schedule.steps)?;
        actions::check_offered(self.situation(&row), Availability::Always)?;
        let client = self.client(row.node.id)?;
        tx.audit(entry(ctx, "schedule.run", &schedule));
        tx.commit().await?;
        let request = RunRequest { actor: ctx.actor.name.clone() };
        match client.run_schedule(server, id, &request).await {
            Ok(started) => Ok(ScheduleRunStartedView { run_id: started.run }),
            Err(NodeError::Refused(refusal)) if refusal.code == RefusalCode::UnknownSchedule => {
                self.doorbells().ring(row.node.id);
                let detail = "The node has not heard of this schedule yet. Try again in a moment.".to_owned();
                Err(AppError::Later { code: Code::Conflict, detail, wait: HEARD_SOON })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What was right; what was not is told with everything else.
fn problem_of<T>(checked: Result<T, FieldProblem>, problems: &mut Vec<FieldProblem>) -> Option<T> {
    checked.map_err(|problem| problems.push(problem)).ok()
}

impl App {
    /// Ends the run of a schedule where it is. What its step began goes on: a server that is being started starts.
    pub async fn call_off_schedule(&self, ctx: &OpCtx, server: ServerId, id: ScheduleId) -> Answer<()> {
        let (mut tx, _, row) = self.server_with(ctx, server, Permission::SchedulesUpdate).await?;
        let schedule = tx.schedule(server, id).await?;
        let client = self.client(row.node.id)?;
        tx.audit(entry(ctx, "schedule.call_off", &schedule));
        tx.commit().await?;
        let request = RunRequest { actor: ctx.actor.name.clone() };
        Ok(client.call_off_schedule(server, id, &request).await?)
    }
}

fn author(ctx: &OpCtx) -> Person {
    Person { id: ctx.actor.user_id, name: ctx.actor.name.clone() }
}

/// The schedule with what is asked for in it.
fn changed(present: &Schedule, update: ScheduleUpdate, steps: Option<Vec<PlannedStep>>) -> Answer<Schedule> {
    let name = update.name.map(|name| schedules::name(&name)).transpose()?;
    let cron = update.cron.map(|cron| cron.trim().to_owned());
    let next = Schedule {
        name: name.unwrap_or_else(|| present.name.clone()),
        cron: cron.unwrap_or_else(|| present.cron.clone()),
        time_zone: update.time_zone.unwrap_or_else(|| present.time_zone.clone()),
        enabled: update.enabled.unwrap_or(present.enabled),
        when: update.when.unwrap_or(present.when),
        steps: steps.unwrap_or_else(|| present.steps.clone()),
        ..present.clone()
    };
    Ok(next)
}

fn check_version(present: &Schedule, read: Option<u64>) -> Answer<()> {
    if read.is_none_or(|read| read == present.version) {
        return Ok(());
    }
    let detail = "Somebody changed the schedule meanwhile. Look at it again, then change it.";
    Err(AppError::refused(Code::Conflict, detail))
}

fn check_rights(access: &ServerAccess, steps: &[PlannedStep]) -> Answer<()> {
    schedules::check_rights(steps, &access.permissions(), access.audience()?).map_err(refused)
}

fn refused(not: NotYours) -> AppError {
    let detail = match not {
        NotYours::Lacking(permissions) => {
            let names: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
            format!("The schedule does what takes rights that you do not have: {}.", names.join(", "))
        }
        NotYours::Audience => {
            "The schedule does what is for the server's owner or an administrator alone.".to_owned()
        }
    };
    AppError::refused(Code::Forbidden, detail)
}

async fn view(access: &ServerAccess, schedule: Schedule, run: Option<ScheduleRun>) -> Answer<ScheduleView> {
    let dues = due(vec![schedule]).await?;
    let only = dues.into_iter().next().map(|(schedule, due)| view_due(access, &schedule, due, run));
    only.ok_or(AppError::Broken("a search for times found no schedule"))
}

fn view_due(access: &ServerAccess, schedule: &Schedule, due: Due, run: Option<ScheduleRun>) -> ScheduleView {
    let reason = match check_rights(access, &schedule.steps) {
        _ if !access.allows(Permission::SchedulesUpdate) => {
            Some(format!("You need the permission {}.", Permission::SchedulesUpdate.as_str()))
        }
        Ok(()) => None,
        Err(error) => Some(error.detail()),
    };
    ScheduleView::of(schedule, due, run, reason)
}

fn entry(ctx: &OpCtx, action: &'static str, schedule: &Schedule) -> AuditEntry {
    let entry = AuditEntry::new(action, "schedule", schedule.id, ctx.origin.clone());
    entry.about(schedule.server_id).after(json!({ "name": schedule.name }))
}

/// What the audit log hears: no form, for it may have a password.
fn told(schedule: &Schedule) -> Value {
    let steps: Vec<String> = schedule.steps.iter().map(plan::in_words).collect();
    let Schedule { name, cron, time_zone, enabled, when, .. } = schedule;
    json!({ "name": name, "cron": cron, "timeZone": time_zone, "enabled": enabled, "when": when, "steps": steps })
}
