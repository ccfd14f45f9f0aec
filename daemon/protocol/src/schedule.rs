//! Schedules that people run by hand, and whose runs they call off.

use gantry_types::ScheduleRunId;
use serde::{Deserialize, Serialize};

/// What somebody asks of one of the server's schedules: that it is followed now, whatever the time is and whether it is on or off, or no longer.
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
