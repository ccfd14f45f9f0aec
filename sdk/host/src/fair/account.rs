//! What one plugin, or one plugin for one server, has used, how it fares, and what it wrote.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use gantry_types::conduct::{PluginHold, PluginLine};
use governor::clock::{Clock as _, FakeRelativeClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Semaphore;

use super::bucket::Bucket;
use super::figures::Figures;
use super::hold::Health;
use super::shares::{Flow, Share};
use crate::capability::Spent;
use crate::error::RefusalReason;

/// Lines that are kept of each plugin for each server, and of those about none.
const LINES: usize = 128;
/// All of their text together.
const LINES_BYTES: usize = 16 * 1024;

pub(super) struct Account {
    calls: RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, NoOpMiddleware<Nanos>>,
    /// What `calls` goes by. It is told the time, as everything here is.
    clock: FakeRelativeClock,
    told: Instant,
    cpu: Bucket,
    host_calls: Bucket,
    log: Bucket,
    pub(super) memory: Arc<Semaphore>,
    pub(super) health: Health,
    pub(super) figures: Figures,
    /// Whose server it is of, where somebody said so.
    pub(super) tenant: Option<Arc<str>>,
    lines: VecDeque<PluginLine>,
    lines_bytes: usize,
    /// Whether something was written that nobody has asked for to keep it.
    pub(super) is_unsaved: bool,
    /// When it was last asked for something.
    pub(super) used: Instant,
}

impl Account {
    /// The hold that it is on; `server` is whose account it is, nothing where it is the release's own.
    pub(super) fn hold(&self, server: Option<&str>) -> Option<PluginHold> {
        let hold = self.health.hold()?;
        let lasts = TimeDelta::from_std(hold.lasts).unwrap_or(TimeDelta::MAX);
        Some(PluginHold {
            server_id: server.map(str::to_owned),
            call: hold.kind.name().to_owned(),
            reason: hold.reason.clone(),
            since: hold.since,
            until: hold.since.checked_add_signed(lasts).unwrap_or(DateTime::<Utc>::MAX_UTC),
            times: hold.times,
        })
    }

    pub(super) fn new(share: &Share, now: Instant) -> Self {
        let clock = FakeRelativeClock::default();
        Self {
            calls: RateLimiter::direct_with_clock(quota(share.calls), clock.clone()),
            clock,
            told: now,
            cpu: Bucket::full(share.cpu_us, now),
            host_calls: Bucket::full(share.host_calls, now),
            log: Bucket::full(share.log_bytes, now),
            memory: Arc::new(Semaphore::new(share.memory_mib as usize)),
            health: Health::new(),
            figures: Figures::default(),
            tenant: None,
            lines: VecDeque::new(),
            lines_bytes: 0,
            is_unsaved: false,
            used: now,
        }
    }

    /// What is used up, and when there is more of it. What waits in the background leaves the last quarter to people.
    pub(super) fn lacks(&mut self, is_background: bool, now: Instant) -> Option<(RefusalReason, Duration)> {
        let stores = [
            (&mut self.cpu, RefusalReason::CpuTime),
            (&mut self.host_calls, RefusalReason::HostCalls),
            (&mut self.log, RefusalReason::LogBytes),
        ];
        for (store, reason) in stores {
            let reserve = if is_background { store.quarter() } else { 0.0 };
            if let Some(wait) = store.wait(reserve, now) {
                return Some((reason, wait));
            }
        }
        self.clock.advance(now.saturating_duration_since(self.told));
        self.told = now.max(self.told);
        let early = self.calls.check().err()?;
        Some((RefusalReason::Calls, early.wait_time_from(self.clock.now())))
    }

    pub(super) fn charge(&mut self, spent: &Spent, now: Instant) {
        self.cpu.take(u64::try_from(spent.cpu.as_micros()).unwrap_or(u64::MAX), now);
        self.host_calls.take(spent.host_calls.into(), now);
        self.log.take(spent.log_bytes as u64, now);
        self.figures.charge(spent);
    }

    pub(super) fn write(&mut self, line: PluginLine) {
        self.lines_bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > LINES || self.lines_bytes > LINES_BYTES {
            let Some(gone) = self.lines.pop_front() else { break };
            self.lines_bytes -= gone.text.len();
        }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &PluginLine> {
        self.lines.iter()
    }
}

fn quota(flow: Flow) -> Quota {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(flow.per_second)).allow_burst(at_least_one(flow.saved))
}
