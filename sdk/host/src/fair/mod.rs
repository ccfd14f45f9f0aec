//! Fairness over time: what a plugin's calls may take together, and a pause for what keeps failing.
//!
//! It stands in front of the calls of a plugin and knows nothing of how they run. Each call is weighed against the shares
//! of its plugin and of its plugin for its server (see [`Shares`]), and refused at once where one is used up, with the time
//! to ask again. What a call used is charged when it has ended. A plugin that keeps being stopped is on hold (see `hold`).
//!
//! What servers cannot do without is never refused: plans, which an operation of a person asks for once, and `resume`,
//! which ends a silence that was begun. They are charged like all others, so that what runs beside them pays.
//!
//! Everything is counted by the component's digest, in memory, and begins anew with the process; lines about servers can be
//! kept by the embedder.
//!
//! Modules in reading order: `shares`, `bucket`, `hold`, `figures`, `account`, here the book of all accounts, `kept` for what outlives it, `turn` for one call, and
//! `front`, the plugin as embedders have it.

mod account;
mod bucket;
mod figures;
mod front;
mod hold;
mod kept;
mod shares;
mod turn;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use gantry_types::conduct::{PluginConduct, PluginHold, PluginLine, PluginLineKind, ServerFigures};
use tokio::sync::Notify;

pub use front::Plugin;
pub use kept::KeptLine;
pub use shares::{Flow, HoldRule, Share, Shares};

use account::Account;
use hold::Verdict;

use crate::capability::Spent;
use crate::error::{Refusal, RefusalReason};
use crate::kind::Kind;

/// Releases that are remembered. The one that was unused for longest makes way.
const PLUGINS: usize = 256;
/// Servers that are told apart in each.
const SERVERS: usize = 4_096;
/// Lines that are shown at a time. A release that serves thousands has kept more of them than anybody reads.
const SHOWN: usize = 1_000;
/// All of their text together.
const SHOWN_BYTES: usize = 512 * 1024;

/// All accounts of a host.
pub(crate) struct Fair {
    pub(crate) shares: Shares,
    book: Mutex<HashMap<Arc<str>, Entry>>,
    /// That something was written about a server.
    written: Notify,
}

/// One release.
struct Entry {
    plugin: Arc<str>,
    version: String,
    whole: Account,
    servers: HashMap<String, Account>,
}

/// Whose call it is.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) digest: Arc<str>,
    pub(crate) plugin: Arc<str>,
    pub(crate) version: String,
    pub(crate) server: Option<String>,
    pub(crate) tenant: Option<Arc<str>>,
    pub(crate) kind: Kind,
}

/// Which holds a call tries to end.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tries {
    whole: bool,
    server: bool,
}

/// How a call ended.
pub(crate) enum Outcome<'a> {
    Answered,
    Declined,
    Stopped { reason: &'static str, message: &'a str },
    Broken,
}

impl Fair {
    pub(crate) fn new(shares: Shares) -> Self {
        Self { shares, book: Mutex::default(), written: Notify::new() }
    }

    fn book(&self) -> MutexGuard<'_, HashMap<Arc<str>, Entry>> {
        // Counts that a panic left behind are counts still.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the accounts that are missing and does something with them.
    fn with<T>(&self, caller: &Caller, now: Instant, work: impl FnOnce(&mut Entry) -> T) -> T {
        let mut book = self.book();
        if !book.contains_key(&caller.digest) && book.len() >= PLUGINS {
            let oldest =
                book.iter().min_by_key(|(_, entry)| entry.whole.used).map(|(digest, _)| digest.clone());
            oldest.and_then(|digest| book.remove(&digest));
        }
        let entry = book.entry(caller.digest.clone()).or_insert_with(|| Entry {
            plugin: caller.plugin.clone(),
            version: caller.version.clone(),
            whole: Account::new(&self.shares.plugin, now),
            servers: HashMap::new(),
        });
        if let Some(server) = &caller.server
            && !entry.servers.contains_key(server)
        {
            if entry.servers.len() >= SERVERS {
                let oldest = entry.servers.iter().min_by_key(|(_, one)| one.used).map(|(id, _)| id.clone());
                oldest.and_then(|id| entry.servers.remove(&id));
            }
            entry.servers.insert(server.clone(), Account::new(&self.shares.server, now));
        }
        work(entry)
    }

    /// Lets a call begin, or says why not and for how long.
    pub(crate) fn admit(&self, caller: &Caller) -> Result<Tries, Refusal> {
        self.admit_at(caller, Instant::now())
    }

    fn admit_at(&self, caller: &Caller, now: Instant) -> Result<Tries, Refusal> {
        self.with(caller, now, |entry| {
            let weighed = entry.weigh(caller, now);
            if weighed.is_err() {
                entry.both(caller, |account| account.figures.refused());
            }
            weighed
        })
    }

    /// Takes what a call used from the shares that it had.
    pub(crate) fn charge(&self, caller: &Caller, spent: &Spent) {
        self.charge_at(caller, spent, Instant::now());
    }

    fn charge_at(&self, caller: &Caller, spent: &Spent, now: Instant) {
        self.with(caller, now, |entry| entry.both(caller, |account| account.charge(spent, now)));
    }

    /// Keeps a line of the log.
    pub(crate) fn write(&self, caller: &Caller, kind: PluginLineKind, text: &str) {
        let line = PluginLine {
            at: Utc::now(),
            kind,
            call: caller.kind.name().to_owned(),
            server_id: caller.server.clone(),
            text: text.to_owned(),
        };
        self.with(caller, Instant::now(), |entry| {
            let account = entry.own(caller);
            account.write(line);
            account.is_unsaved = true;
        });
        if caller.server.is_some() {
            self.written.notify_one();
        }
    }

    /// Hears how a call ended.
    pub(crate) fn ended(&self, caller: &Caller, tries: Tries, outcome: &Outcome<'_>) {
        if let Outcome::Stopped { message, .. } = outcome {
            self.write(caller, PluginLineKind::Stopped, message);
        }
        let (now, rule) = (Instant::now(), self.shares.hold);
        self.with(caller, now, |entry| entry.heard(caller, tries, outcome, &rule, (now, Utc::now())));
    }

    /// The memory that calls of the plugin, and of the plugin for this server, wait for.
    pub(crate) fn memory(&self, caller: &Caller) -> Vec<Arc<tokio::sync::Semaphore>> {
        let mut all = Vec::new();
        self.with(caller, Instant::now(), |entry| {
            entry.both(caller, |account| all.push(account.memory.clone()))
        });
        all
    }

    /// How every release fares that was called since the process began.
    pub(crate) fn conduct(&self) -> Vec<PluginConduct> {
        let mut all: Vec<_> = self.book().iter().map(|(digest, entry)| entry.conduct(digest)).collect();
        all.sort_by(|one, other| {
            (&one.plugin, &one.version, &one.digest).cmp(&(&other.plugin, &other.version, &other.digest))
        });
        all
    }

    /// Why a release is not asked about a server: of the release itself, and of the release for that server.
    pub(crate) fn holds(&self, digest: &str, server: &str) -> Vec<PluginHold> {
        let book = self.book();
        let Some(entry) = book.get(digest) else { return Vec::new() };
        let of_server = entry.servers.get(server).and_then(|account| account.hold(Some(server)));
        entry.whole.hold(None).into_iter().chain(of_server).collect()
    }

    /// What a release wrote, oldest first: about one server, or the latest of all.
    pub(crate) fn log(&self, digest: &str, server: Option<&str>) -> Vec<PluginLine> {
        let book = self.book();
        let Some(entry) = book.get(digest) else { return Vec::new() };
        let mut lines: Vec<_> = match server {
            Some(server) => entry.servers.get(server).into_iter().flat_map(Account::lines).cloned().collect(),
            None => entry.accounts().flat_map(Account::lines).cloned().collect(),
        };
        lines.sort_by_key(|line| line.at);
        let mut room = SHOWN_BYTES;
        let fits = |line: &&PluginLine| {
            room = room.saturating_sub(line.text.len());
            room > 0
        };
        let shown = lines.iter().rev().take(SHOWN).take_while(fits).count();
        lines.split_off(lines.len() - shown)
    }

    /// Ends the holds of a release, or the one for a server. True if there was any.
    pub(crate) fn lift(&self, digest: &str, server: Option<&str>) -> bool {
        let mut book = self.book();
        let Some(entry) = book.get_mut(digest) else { return false };
        match server {
            Some(server) => entry.servers.get_mut(server).is_some_and(|account| account.health.lift()),
            None => {
                let whole = entry.whole.health.lift();
                entry.servers.values_mut().fold(whole, |any, account| account.health.lift() | any)
            }
        }
    }

    /// A server is gone.
    pub(crate) fn forget(&self, server: &str) {
        self.book().values_mut().for_each(|entry| drop(entry.servers.remove(server)));
    }
}

impl Entry {
    fn accounts(&self) -> impl Iterator<Item = &Account> {
        std::iter::once(&self.whole).chain(self.servers.values())
    }

    /// The account that is the caller's own: that of its server, if it is about one.
    fn own(&mut self, caller: &Caller) -> &mut Account {
        let server = caller.server.as_ref().and_then(|server| self.servers.get_mut(server));
        server.unwrap_or(&mut self.whole)
    }

    fn both(&mut self, caller: &Caller, mut work: impl FnMut(&mut Account)) {
        if let Some(account) = caller.server.as_ref().and_then(|server| self.servers.get_mut(server)) {
            work(account);
        }
        work(&mut self.whole);
    }

    fn weigh(&mut self, caller: &Caller, now: Instant) -> Result<Tries, Refusal> {
        self.both(caller, |account| account.used = now);
        if let Some(account) = caller.server.as_ref().and_then(|server| self.servers.get_mut(server)) {
            account.tenant.clone_from(&caller.tenant);
        }
        if caller.kind.is_essential() {
            return Ok(Tries::default());
        }
        let mut refusal = None;
        let background = caller.kind.is_background();
        let (mut for_server, mut verdicts) = (caller.server.is_some(), Vec::with_capacity(2));
        self.both(caller, |account| {
            let of = if std::mem::take(&mut for_server) { Whose::Server } else { Whose::Plugin };
            let verdict = account.health.verdict(caller.kind, now);
            if let (Verdict::Wait(wait), Some(hold)) = (&verdict, account.health.hold()) {
                refusal = Some(held(caller, &of, hold, *wait));
            }
            verdicts.push(verdict == Verdict::Try);
        });
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        let mut for_server = caller.server.is_some();
        self.both(caller, |account| {
            let of = if std::mem::take(&mut for_server) { Whose::Server } else { Whose::Plugin };
            if refusal.is_none()
                && let Some((reason, wait)) = account.lacks(background, now)
            {
                refusal = Some(used_up(caller, &of, reason, wait));
            }
        });
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        let mut trying = verdicts.iter();
        self.both(caller, |account| {
            if trying.next() == Some(&true) {
                account.health.tries(true);
            }
        });
        let whole = verdicts.pop().unwrap_or_default();
        Ok(Tries { whole, server: verdicts.pop().unwrap_or_default() })
    }

    fn heard(
        &mut self,
        caller: &Caller,
        tries: Tries,
        outcome: &Outcome<'_>,
        rule: &HoldRule,
        at: (Instant, DateTime<Utc>),
    ) {
        self.both(caller, |account| account.figures.ended(outcome));
        match outcome {
            Outcome::Answered | Outcome::Declined => {
                let mut over = false;
                self.both(caller, |account| over |= account.health.answered(caller.kind, at.0));
                if over {
                    tracing::info!(plugin.id = %caller.plugin, call = caller.kind.name(), "a plugin is no longer on hold");
                }
            }
            Outcome::Stopped { message, .. } => self.stopped(caller, tries, message, rule, at),
            Outcome::Broken => self.gave_up(caller, tries),
        }
    }

    /// Nothing came of a call that was to try: the next one may.
    fn gave_up(&mut self, caller: &Caller, tries: Tries) {
        if tries.server {
            self.own(caller).health.tries(false);
        }
        if tries.whole {
            self.whole.health.tries(false);
        }
    }

    fn stopped(
        &mut self,
        caller: &Caller,
        tries: Tries,
        message: &str,
        rule: &HoldRule,
        at: (Instant, DateTime<Utc>),
    ) {
        let is_held = self.own(caller).health.stopped(caller.kind, message, rule, at);
        if caller.server.is_some() && tries.whole {
            self.whole.health.stopped(caller.kind, message, rule, at);
        }
        if !is_held {
            return;
        }
        tracing::warn!(
            plugin.id = %caller.plugin,
            server.id = caller.server,
            call = caller.kind.name(),
            reason = message,
            "a plugin keeps failing and is on hold"
        );
        if caller.server.is_some() && self.whole.health.hold().is_none() && self.is_common(rule, at.0) {
            let times = self.own(caller).health.hold().map_or(1, |hold| hold.times);
            self.whole.health.begin(caller.kind, message, times, rule, at);
        }
    }

    /// Whether it fails in so many places that it is the plugin and not a server, nor one person's servers.
    fn is_common(&self, rule: &HoldRule, now: Instant) -> bool {
        let (mut active, mut held) = (0, 0);
        let (mut whose, mut whose_held) = (HashSet::new(), HashSet::new());
        for (server, account) in &self.servers {
            let tenant = account.tenant.as_deref().unwrap_or(server);
            let is_held = account.health.is_held(now);
            if is_held || now.saturating_duration_since(account.used) < LATELY {
                active += 1;
                whose.insert(tenant);
            }
            if is_held {
                held += 1;
                whose_held.insert(tenant);
            }
        }
        let is_of_one_alone = whose.len() > 1 && whose_held.len() * 2 <= whose.len();
        held >= rule.servers && held * 2 >= active && !is_of_one_alone
    }

    fn conduct(&self, digest: &str) -> PluginConduct {
        let whole = self.whole.hold(None).into_iter();
        let mut servers: Vec<_> =
            self.servers.iter().filter_map(|(id, account)| account.hold(Some(id))).collect();
        servers.sort_by(|one, other| one.server_id.cmp(&other.server_id));
        let figures = self.servers.iter().map(|(id, account)| (id, account.figures.shown()));
        let mut by_server: Vec<_> =
            figures.map(|(id, figures)| ServerFigures { server_id: id.clone(), figures }).collect();
        by_server.sort_by(|one, other| {
            (other.figures.cpu_ms, other.figures.calls, &one.server_id).cmp(&(
                one.figures.cpu_ms,
                one.figures.calls,
                &other.server_id,
            ))
        });
        PluginConduct {
            plugin: self.plugin.to_string(),
            version: self.version.clone(),
            digest: digest.to_owned(),
            figures: self.whole.figures.shown(),
            holds: whole.chain(servers).collect(),
            servers: by_server,
        }
    }
}

/// Servers that called within this time are those that a plugin works for.
const LATELY: Duration = Duration::from_secs(600);

enum Whose {
    Plugin,
    Server,
}

impl Whose {
    const fn words(&self) -> &'static str {
        match self {
            Self::Plugin => "all its servers together",
            Self::Server => "this server",
        }
    }
}

fn held(caller: &Caller, whose: &Whose, hold: &hold::Hold, wait: Duration) -> Refusal {
    let scope = match whose {
        Whose::Plugin => "",
        Whose::Server => " for this server",
    };
    let message = format!(
        "the plugin {} is on hold{scope} since it kept failing in {}, the last time so: {}; an administrator sees it under \
         Plugins and can end the hold",
        caller.plugin,
        hold.kind.name(),
        hold.reason
    );
    refusal(caller, RefusalReason::Hold, message, wait)
}

fn used_up(caller: &Caller, whose: &Whose, reason: RefusalReason, wait: Duration) -> Refusal {
    let what = match reason {
        RefusalReason::Calls => "calls",
        RefusalReason::CpuTime => "processor time",
        RefusalReason::Memory => "memory",
        RefusalReason::HostCalls => "calls of the host",
        RefusalReason::LogBytes | RefusalReason::Hold => "log",
    };
    let message = format!(
        "the plugin {} was not asked for {}: it has used up the {what} that it may have for {}; its author must make it use less",
        caller.plugin,
        caller.kind.name(),
        whose.words()
    );
    refusal(caller, reason, message, wait)
}

fn refusal(caller: &Caller, reason: RefusalReason, message: String, wait: Duration) -> Refusal {
    Refusal {
        reason,
        plugin: caller.plugin.to_string(),
        call: caller.kind.name(),
        message,
        // Whoever is told in whole seconds must not come too early.
        retry_after: wait.max(Duration::from_millis(100)),
    }
}

#[cfg(test)]
mod tests;
