//! Schedules of a server, for one actor.

use super::Person;
use chrono::{DateTime, Utc};
use gantry_domain::schedules::{Due, PlannedStep, Schedule};
use gantry_types::{
    ScheduleId, ScheduleRunId,
    action::Availability,
    schedule::{Deed, ScheduleRun},
    server::PowerAction,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleView {
    pub id: ScheduleId,
    pub name: String,
    /// Minute, hour, day of the month, month, day of the week.
    pub cron: String,
    pub time_zone: String,
    /// The expression in words.
    pub description: String,
    pub enabled: bool,
    /// In which states of the server it is followed.
    pub when: Availability,
    pub steps: Vec<StepView>,
    /// The next times; none of one that is off.
    pub next: Vec<DateTime<Utc>>,
    pub last_run: Option<ScheduleRun>,
    /// Who wrote what it does, or when.
    pub author: Person,
    /// Counts up with each change.
    pub version: u64,
    pub updated_at: DateTime<Utc>,
    /// Whether the caller may change what it does and have it run.
    pub editable: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// What a step does. Secrets of a form are not shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = ScheduleStep)]
pub enum StepView {
    Power {
        action: PowerAction,
        #[serde(rename = "goOn")]
        go_on: bool,
    },
    Command {
        command: String,
        #[serde(rename = "goOn")]
        go_on: bool,
    },
    Broadcast {
        text: String,
        #[serde(rename = "goOn")]
        go_on: bool,
    },
    Action {
        action: String,
        /// What the plugin called it when the step was written.
        title: String,
        form: BTreeMap<String, String>,
        /// Keys of the secrets that have a value.
        secrets: Vec<String>,
        #[serde(rename = "goOn")]
        go_on: bool,
    },
    Backup {
        #[serde(rename = "goOn")]
        go_on: bool,
    },
    Wait {
        seconds: u32,
        #[serde(rename = "goOn")]
        go_on: bool,
    },
}

/// What an expression says.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleTimesView {
    pub description: String,
    pub next: Vec<DateTime<Utc>>,
}

/// It goes on by itself; its run is among the schedule's runs.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRunStartedView {
    pub run_id: ScheduleRunId,
}

impl ScheduleView {
    pub(crate) fn of(
        schedule: &Schedule,
        due: Due,
        last_run: Option<ScheduleRun>,
        reason: Option<String>,
    ) -> Self {
        Self {
            id: schedule.id,
            name: schedule.name.clone(),
            cron: schedule.cron.clone(),
            time_zone: schedule.time_zone.clone(),
            description: due.description,
            enabled: schedule.enabled,
            when: schedule.when,
            steps: schedule.steps.iter().map(StepView::of).collect(),
            next: due.next,
            last_run,
            author: schedule.author.clone(),
            version: schedule.version,
            updated_at: schedule.updated_at,
            editable: reason.is_none(),
            reason,
        }
    }
}

impl StepView {
    fn of(planned: &PlannedStep) -> Self {
        let go_on = planned.step.go_on;
        match planned.step.deed.clone() {
            Deed::Power { action } => Self::Power { action, go_on },
            Deed::Command { command } => Self::Command { command, go_on },
            Deed::Broadcast { text } => Self::Broadcast { text, go_on },
            Deed::Backup => Self::Backup { go_on },
            Deed::Wait { seconds } => Self::Wait { seconds, go_on },
            Deed::Action { action, form, secrets, .. } => {
                let title = planned.title.clone().unwrap_or_else(|| action.clone());
                let shown = form.into_iter().filter(|one| !secrets.contains(&one.key));
                let form = shown.map(|one| (one.key, one.value)).collect();
                Self::Action { action, title, form, secrets, go_on }
            }
        }
    }
}
