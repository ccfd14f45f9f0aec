//! Whether somebody is on hold: a machine without a clock.
//!
//! ```text
//!            enough of the latest calls of a kind were stopped
//!   free ────────────────────────────────────────────▶ held
//!    ▲                                                  │ the time is over
//!    │ a call of that kind succeeds, or a person lifts  ▼
//!    └───────────────────────────────────────────────  due ──▶ held, for twice as long, if it is stopped again
//! ```
//! While it is held nothing is asked but what servers cannot do without. While it is due one call of the failing kind
//! at a time is made to see; all other kinds are asked as ever.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::shares::HoldRule;
use crate::kind::Kind;

/// How the latest calls of each kind went.
pub(super) struct Health {
    /// A bit for each of the latest calls: whether it was stopped.
    latest: [u16; Kind::COUNT],
    hold: Option<Hold>,
    /// When the last hold ended, and which in a row it was.
    before: Option<(Instant, u32)>,
}

/// That it is held, or due.
pub(super) struct Hold {
    pub(super) kind: Kind,
    pub(super) reason: String,
    pub(super) since: DateTime<Utc>,
    pub(super) times: u32,
    pub(super) lasts: Duration,
    began: Instant,
    trying: bool,
}

impl Hold {
    fn left(&self, now: Instant) -> Option<Duration> {
        let left = (self.began + self.lasts).saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }
}

/// Whether a call may be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ask,
    /// To see whether the plugin has recovered.
    Try,
    Wait(Duration),
}

/// Before somebody else may try.
const TRYING: Duration = Duration::from_secs(1);

impl Health {
    pub(super) fn new() -> Self {
        Self { latest: [0; Kind::COUNT], hold: None, before: None }
    }

    pub(super) fn hold(&self) -> Option<&Hold> {
        self.hold.as_ref()
    }

    /// Whether nothing is asked at this moment but what servers cannot do without.
    pub(super) fn is_held(&self, now: Instant) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.left(now).is_some())
    }

    pub(super) fn verdict(&self, kind: Kind, now: Instant) -> Verdict {
        match &self.hold {
            None => Verdict::Ask,
            Some(hold) => match hold.left(now) {
                Some(left) => Verdict::Wait(left),
                None if hold.kind != kind => Verdict::Ask,
                None if hold.trying => Verdict::Wait(TRYING),
                None => Verdict::Try,
            },
        }
    }

    pub(super) fn tries(&mut self, trying: bool) {
        if let Some(hold) = &mut self.hold {
            hold.trying = trying;
        }
    }

    /// A call ended with an answer, be it the plugin's no. True if that ended a hold.
    pub(super) fn answered(&mut self, kind: Kind, now: Instant) -> bool {
        self.latest[kind as usize] <<= 1;
        let recovered = self.hold.take_if(|hold| hold.kind == kind && hold.left(now).is_none());
        self.end(recovered.as_ref(), now);
        recovered.is_some()
    }

    /// A call was stopped. True if a hold begins by it.
    pub(super) fn stopped(
        &mut self,
        kind: Kind,
        reason: &str,
        rule: &HoldRule,
        (now, at): (Instant, DateTime<Utc>),
    ) -> bool {
        let latest = &mut self.latest[kind as usize];
        *latest = *latest << 1 | 1;
        let enough = (*latest & ((1 << HoldRule::WINDOW) - 1)).count_ones() >= rule.stopped;
        let times = match &self.hold {
            None if enough => {
                let calm = self.before.filter(|(ended, _)| now.saturating_duration_since(*ended) < rule.calm);
                calm.map_or(1, |(_, times)| times + 1)
            }
            Some(hold) if hold.kind == kind && hold.left(now).is_none() => hold.times + 1,
            // What was under way when the hold began says nothing new.
            None | Some(_) => return false,
        };
        self.begin(kind, reason, times, rule, (now, at));
        true
    }

    /// Holds it for the `times`th time in a row.
    pub(super) fn begin(
        &mut self,
        kind: Kind,
        reason: &str,
        times: u32,
        rule: &HoldRule,
        (now, at): (Instant, DateTime<Utc>),
    ) {
        let doubled = 1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX);
        let lasts = rule.first.saturating_mul(doubled).min(rule.longest);
        let reason = reason.to_owned();
        self.latest = [0; Kind::COUNT];
        self.hold = Some(Hold { kind, reason, since: at, times, lasts, began: now, trying: false });
    }

    /// A person says that it has recovered. True if it was on hold.
    pub(super) fn lift(&mut self) -> bool {
        self.latest = [0; Kind::COUNT];
        self.before = None;
        self.hold.take().is_some()
    }

    fn end(&mut self, hold: Option<&Hold>, now: Instant) {
        if let Some(hold) = hold {
            self.before = Some((now, hold.times));
        }
    }
}
