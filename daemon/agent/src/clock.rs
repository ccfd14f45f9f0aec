//! Where time comes from, so that tests need not wait for it.

use chrono::{DateTime, Utc};
use gantry_lifecycle::Moment;
use std::time::Duration;

/// The wall clock, and how long a wait is.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// How long a wait of this length takes in fact.
    fn wait(&self, asked: Duration) -> Duration {
        asked
    }
}

/// Time as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {}

/// A moment of the machine as a time.
pub fn time(moment: Moment) -> DateTime<Utc> {
    i64::try_from(moment).ok().and_then(DateTime::from_timestamp_millis).unwrap_or(DateTime::UNIX_EPOCH)
}

/// A time as a moment of the machine.
pub fn moment(time: DateTime<Utc>) -> Moment {
    u64::try_from(time.timestamp_millis()).unwrap_or(0)
}
