//! Schedules: steps that are done to a server at certain times, and how each time went.
//!
//! The control plane keeps them and checks them when they are written; the node follows them by itself, with its own clock, for
//! they are to be followed while nobody can reach it.

use crate::{ScheduleId, ScheduleRunId, action::Availability, server::PowerAction, server::Setting};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Schedules of one server.
pub const MAX_SCHEDULES: usize = 25;
/// Steps of one schedule.
pub const MAX_STEPS: usize = 25;
/// The longest that one step waits, in seconds.
pub const MAX_WAIT_SECONDS: u32 = 3_600;

/// A schedule as a node follows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    pub id: ScheduleId,
    pub name: String,
    /// Minute, hour, day of the month, month, day of the week.
    pub cron: String,
    /// The zone in which these are read, by its name in the IANA database.
    pub time_zone: String,
    /// A schedule that is off is run by hand alone.
    pub enabled: bool,
    /// In which states of the server it is followed; in others its time passes.
    pub when: Availability,
    pub steps: Vec<Step>,
}

/// One step of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    #[serde(flatten)]
    pub deed: Deed,
    /// Whether what comes after it is done although it failed.
    pub go_on: bool,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Deed {
    /// Ends when the server is where it is to be.
    Power { action: PowerAction },
    /// A line to the game.
    Command { command: String },
    /// A message to everybody who plays.
    Broadcast { text: String },
    /// One of the plugin's actions, with its whole form.
    Action {
        action: String,
        form: Vec<Setting>,
        /// Keys of the form whose values nobody reads.
        secrets: Vec<String>,
        available: Availability,
    },
    /// A backup. The oldest that a schedule made and nobody locked goes where there is no room for one more.
    Backup,
    /// Does nothing for so long.
    Wait { seconds: u32 },
}

/// One time that a schedule was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRun {
    pub id: ScheduleRunId,
    pub schedule_id: ScheduleId,
    pub cause: RunCause,
    pub state: RunState,
    /// Why it did not do all of its steps, in words for people.
    pub reason: Option<String>,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// In the order of the schedule's steps as they were when it began.
    pub steps: Vec<StepRun>,
}

/// Why a schedule was followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RunCause {
    /// Its time had come.
    Clock {
        #[serde(rename = "dueAt")]
        due_at: DateTime<Utc>,
    },
    /// Somebody wanted it.
    Person { name: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    /// Every step succeeded.
    Succeeded,
    /// A step failed, or the daemon ended meanwhile.
    Failed,
    /// Its time came and no step was done.
    Skipped,
    /// Called off: by a person, or because the schedule or the server is no more.
    Cancelled,
}

impl RunState {
    /// Whether nothing will follow.
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Skipped | Self::Cancelled => true,
        }
    }
}

/// How one step went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepRun {
    /// What it does, in a few words for people: `Restart`, `Command: save-all`.
    pub title: String,
    pub state: StepState,
    /// What came of it, in words for people.
    pub message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    Waiting,
    Running,
    Succeeded,
    Failed,
    /// Not done, because one before it failed or the run ended.
    Skipped,
}
