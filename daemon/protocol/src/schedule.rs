//! Schedules that people run by hand.

use gantry_types::ScheduleRunId;
use serde::{Deserialize, Serialize};

/// One of the server's schedules, now, whatever the time is and whether it is on or off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRequest {
    /// Who asked.
    pub actor: String,
}

/// It goes on by itself and is told as events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    pub run: ScheduleRunId,
}
