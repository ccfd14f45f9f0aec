//! What plugins that listen are told of, and what becomes of telling them.
//!
//! Most events are lines of the audit log; the others are what nodes report, and drains. An event is described here by what the
//! transaction that makes it true knows; names of the server and of who did it are added where it is stored. No secret, no
//! address of a person and nothing that was typed into a console stands in one.

use crate::audit::AuditEntry;
use chrono::{DateTime, SecondsFormat, Utc};
use gantry_types::{
    ServerId,
    backup::{Backup, BackupState},
    drain::Drain,
    hook::EventServer,
    operation::{OperationFailure, OperationKind},
    sample::ConsoleEvent,
    server::{Observed, ObservedState, Setting},
};
use serde_json::Value;
use std::time::Duration;

/// Characters of a sentence and of one detail, at most.
const MAX_TOLD: usize = 400;

macro_rules! kinds {
    ($($(#[$meta:meta])* $variant:ident = $name:literal;)*) => {
        /// A kind of event. Names are never changed; the list stands in `sdk/wit/SPEC.md` too.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind { $($(#[$meta])* $variant),* }

        impl EventKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $name),* } }
        }
    };
}

kinds! {
    ServerCreated = "server.created";
    ServerInstalled = "server.installed";
    ServerStarted = "server.started";
    ServerStopped = "server.stopped";
    ServerCrashed = "server.crashed";
    ServerSuspended = "server.suspended";
    ServerReleased = "server.released";
    ServerMoved = "server.moved";
    ServerRestored = "server.restored";
    ServerDeleted = "server.deleted";
    OperationFailed = "operation.failed";
    BackupReady = "backup.ready";
    BackupFailed = "backup.failed";
    PlayerJoined = "player.joined";
    PlayerLeft = "player.left";
    NodeDraining = "node.draining";
    NodeDrainEnded = "node.drain_ended";
    UserCreated = "user.created";
    UserDeleted = "user.deleted";
    PluginInstalled = "plugin.installed";
    PluginWaiting = "plugin.waiting";
    PluginGranted = "plugin.granted";
    PluginGivenUp = "plugin.given_up";
    PluginRolledBack = "plugin.rolled_back";
    PluginDisabled = "plugin.disabled";
    PluginEnabled = "plugin.enabled";
    PluginRemoved = "plugin.removed";
    /// Told to one plugin because an administrator asked for it, whatever it wants.
    Test = "gantry.test";
}

/// Something that happened, as far as the transaction knows that makes it true.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    pub kind: EventKind,
    /// None is the moment of the transaction.
    pub at: Option<DateTime<Utc>>,
    pub server: Option<ServerId>,
    /// What else it is about: a plugin, a person, a player. Empty where that is the server alone.
    pub subject: String,
    pub details: Vec<Setting>,
}

impl Happening {
    pub fn new(kind: EventKind) -> Self {
        Self { kind, at: None, server: None, subject: String::new(), details: Vec::new() }
    }

    #[must_use]
    pub fn on(mut self, server: ServerId) -> Self {
        self.server = Some(server);
        self
    }

    #[must_use]
    pub fn at(mut self, at: DateTime<Utc>) -> Self {
        self.at = Some(at);
        self
    }

    #[must_use]
    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = told(subject);
        self
    }

    /// One more detail, unless there is nothing to say.
    #[must_use]
    pub fn detail(mut self, key: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.details.push(Setting { key: key.to_owned(), value: told(value) });
        }
        self
    }

    fn said(&self, key: &str) -> Option<&str> {
        self.details.iter().find(|detail| detail.key == key).map(|detail| detail.value.as_str())
    }

    /// One sentence for people.
    pub fn summary(&self, server: Option<&EventServer>) -> String {
        let name = server.map_or("A server", |server| server.name.as_str());
        let Self { kind, subject, .. } = self;
        let because = |sentence: String| match self.said("reason") {
            Some(reason) => format!("{sentence}: {}", reason.trim_end_matches('.')),
            None => sentence,
        };
        let versioned = || match self.said("version") {
            Some(version) => format!("{subject} {version}"),
            None => subject.clone(),
        };
        let sentence = match kind {
            EventKind::ServerCreated => format!("{name} was created"),
            EventKind::ServerInstalled => format!("{name} is installed"),
            EventKind::ServerStarted => format!("{name} is running"),
            EventKind::ServerStopped => format!("{name} has stopped"),
            EventKind::ServerCrashed => because(format!("{name} crashed")),
            EventKind::ServerSuspended => because(format!("{name} was suspended")),
            EventKind::ServerReleased => format!("{name} may run again"),
            EventKind::ServerMoved => match self.said("version") {
                Some(version) => format!("{name} was moved to version {version} of its plugin"),
                None => format!("{name} was moved to another version of its plugin"),
            },
            EventKind::ServerRestored => format!("{name} has the files of a backup again"),
            EventKind::ServerDeleted => format!("{name} was deleted"),
            EventKind::OperationFailed => because(format!("{name}: {subject} failed")),
            EventKind::BackupReady => format!("{name} has a new backup, {subject}"),
            EventKind::BackupFailed => because(format!("{name} got no backup {subject}")),
            EventKind::PlayerJoined => format!("{subject} joined {name}"),
            EventKind::PlayerLeft => format!("{subject} left {name}"),
            EventKind::NodeDraining => format!("{subject} is being drained"),
            EventKind::NodeDrainEnded => format!("{subject} is drained no longer"),
            EventKind::UserCreated => format!("{subject} has an account"),
            EventKind::UserDeleted => format!("The account of {subject} was deleted"),
            EventKind::PluginInstalled => format!("The plugin {} was installed", versioned()),
            EventKind::PluginWaiting => format!("The plugin {} waits for a grant", versioned()),
            EventKind::PluginGranted => format!("The plugin {} was granted what it is to have", versioned()),
            EventKind::PluginGivenUp => because(format!("The plugin {} was given up", versioned())),
            EventKind::PluginRolledBack => format!("The plugin {} is current again", versioned()),
            EventKind::PluginDisabled => format!("The plugin {subject} was disabled"),
            EventKind::PluginEnabled => format!("The plugin {subject} was enabled"),
            EventKind::PluginRemoved => format!("The plugin {subject} was removed"),
            EventKind::Test => "This is a test".to_owned(),
        };
        format!("{}.", told(&sentence))
    }
}

/// What a line of the audit log tells to plugins, if anything.
pub fn of_audit(entry: &AuditEntry) -> Option<Happening> {
    use EventKind as Kind;
    let kind = match entry.action {
        "server.create" => Kind::ServerCreated,
        "server.hold" => Kind::ServerSuspended,
        "server.release" => Kind::ServerReleased,
        "server.move" | "server.moved_back" => Kind::ServerMoved,
        "server.removed" => Kind::ServerDeleted,
        "user.create" => Kind::UserCreated,
        "user.delete" => Kind::UserDeleted,
        "plugin.install" => Kind::PluginInstalled,
        "plugin.waiting" => Kind::PluginWaiting,
        "plugin.grant" => Kind::PluginGranted,
        "plugin.given_up" => Kind::PluginGivenUp,
        "plugin.rollback" => Kind::PluginRolledBack,
        "plugin.disable" => Kind::PluginDisabled,
        "plugin.enable" => Kind::PluginEnabled,
        "plugin.delete" => Kind::PluginRemoved,
        _ => return None,
    };
    let text = |side: &Value, key: &str| side[key].as_str().map(ToOwned::to_owned);
    let either = |key: &str| text(&entry.after, key).or_else(|| text(&entry.before, key));
    let mut happening = Happening { server: entry.server_id, ..Happening::new(kind) };
    match kind {
        Kind::ServerSuspended => {
            let holds = entry.after.as_array().and_then(|holds| holds.last());
            let reason = holds.and_then(|hold| hold["reason"].as_str()).unwrap_or_default();
            happening = happening.detail("reason", reason);
        }
        Kind::ServerMoved => happening = happening.detail("version", &either("version").unwrap_or_default()),
        Kind::UserCreated | Kind::UserDeleted => {
            happening = happening.subject(&either("name").unwrap_or_default());
        }
        Kind::PluginGivenUp => {
            let reason = text(&entry.after, "reason").unwrap_or_default();
            let version = text(&entry.before, "version").unwrap_or_default();
            happening =
                happening.subject(&entry.subject_id).detail("version", &version).detail("reason", &reason);
        }
        Kind::PluginInstalled
        | Kind::PluginWaiting
        | Kind::PluginGranted
        | Kind::PluginRolledBack
        | Kind::PluginDisabled
        | Kind::PluginEnabled
        | Kind::PluginRemoved => {
            let name = either("name").or_else(|| either("manifestId"));
            let name = name.as_deref().unwrap_or(&entry.subject_id);
            happening =
                happening.subject(name).detail("version", &text(&entry.after, "version").unwrap_or_default());
        }
        Kind::ServerCreated
        | Kind::ServerReleased
        | Kind::ServerDeleted
        | Kind::ServerInstalled
        | Kind::ServerStarted
        | Kind::ServerStopped
        | Kind::ServerCrashed
        | Kind::ServerRestored
        | Kind::OperationFailed
        | Kind::BackupReady
        | Kind::BackupFailed
        | Kind::NodeDraining
        | Kind::NodeDrainEnded
        | Kind::PlayerJoined
        | Kind::PlayerLeft
        | Kind::Test => {}
    }
    Some(happening)
}

/// What it means that a node sees a server otherwise than before.
pub fn of_observed(before: (Observed, u32), seen: &ObservedState) -> Option<Happening> {
    let (state, crashes) = before;
    let changed = state != seen.state;
    let kind = match seen.state {
        // Between two crashes the node may not have been heard.
        Observed::Crashed if changed || crashes < seen.crashes => EventKind::ServerCrashed,
        Observed::Running if changed => EventKind::ServerStarted,
        Observed::Offline if changed => match state {
            Observed::Starting | Observed::Running | Observed::Stopping => EventKind::ServerStopped,
            // It was installed, or what was waited for after a crash was called off.
            Observed::Uninstalled | Observed::Offline | Observed::Crashed | Observed::Deleted => return None,
        },
        Observed::Uninstalled
        | Observed::Offline
        | Observed::Starting
        | Observed::Running
        | Observed::Stopping
        | Observed::Crashed
        | Observed::Deleted => return None,
    };
    let happening = Happening::new(kind).at(seen.since);
    Some(match kind {
        EventKind::ServerCrashed => happening
            .detail("reason", seen.reason.as_deref().unwrap_or_default())
            .detail("crashes", &seen.crashes.to_string()),
        _ => happening,
    })
}

/// What it means that an operation has ended; `failure` is why it did not succeed.
pub fn of_operation(kind: OperationKind, failure: Option<&OperationFailure>) -> Option<Happening> {
    let word = match kind {
        OperationKind::Install => "installing",
        OperationKind::Reinstall => "reinstalling",
        OperationKind::Restore => "restoring",
        OperationKind::Start => "starting",
        OperationKind::Stop => "stopping",
        OperationKind::Restart => "restarting",
        OperationKind::Kill => "killing",
        OperationKind::Delete => "deleting",
    };
    match (kind, failure) {
        (_, Some(failure)) => Some(
            Happening::new(EventKind::OperationFailed)
                .subject(word)
                .detail("operation", word)
                .detail("code", &failure.code)
                .detail("reason", &failure.message),
        ),
        (OperationKind::Install | OperationKind::Reinstall, None) => {
            Some(Happening::new(EventKind::ServerInstalled))
        }
        (OperationKind::Restore, None) => Some(Happening::new(EventKind::ServerRestored)),
        (
            OperationKind::Start
            | OperationKind::Stop
            | OperationKind::Restart
            | OperationKind::Kill
            | OperationKind::Delete,
            None,
        ) => None,
    }
}

/// What it means that a backup is otherwise than it was; `before` is nothing where it was not known. What ended long ago was told, or
/// is not worth it.
pub fn of_backup(before: Option<BackupState>, backup: &Backup, now: DateTime<Utc>) -> Option<Happening> {
    let kind = match backup.state {
        BackupState::Ready => EventKind::BackupReady,
        BackupState::Failed => EventKind::BackupFailed,
        BackupState::Running | BackupState::Deleted => return None,
    };
    let at = backup.ended_at.unwrap_or(backup.created_at);
    // Names and locks change too.
    let has_ended = matches!(before, None | Some(BackupState::Running));
    if !has_ended || now.signed_duration_since(at) > WORTH_TELLING {
        return None;
    }
    let happening = Happening::new(kind)
        .at(at)
        .subject(&backup.name)
        .detail("backup", &backup.name)
        .detail("reason", backup.reason.as_deref().unwrap_or_default());
    Some(match kind {
        EventKind::BackupReady => happening.detail("bytes", &backup.archive_bytes.to_string()),
        _ => happening,
    })
}

/// A node that is being drained, or is so no longer; `name` is the node's.
pub fn of_drain(name: &str, drain: Option<&Drain>) -> Happening {
    let kind = if drain.is_some() { EventKind::NodeDraining } else { EventKind::NodeDrainEnded };
    let deadline = drain.map(|drain| drain.deadline.to_rfc3339_opts(SecondsFormat::Secs, true));
    Happening::new(kind)
        .subject(name)
        .detail("node", name)
        .detail("deadline", deadline.as_deref().unwrap_or_default())
}

/// What a game said of those who play. What they write to each other is nobody else's.
pub fn of_console(event: &ConsoleEvent) -> Option<Happening> {
    let (kind, player) = match event {
        ConsoleEvent::Joined { player } => (EventKind::PlayerJoined, player),
        ConsoleEvent::Left { player } => (EventKind::PlayerLeft, player),
        ConsoleEvent::Ready
        | ConsoleEvent::Chat { .. }
        | ConsoleEvent::Warning { .. }
        | ConsoleEvent::CrashCause { .. } => return None,
    };
    Some(Happening::new(kind).subject(player).detail("player", player))
}

/// Bounded, and one line.
fn told(text: &str) -> String {
    let clean = |letter: char| if gantry_types::names::leaves_line(letter) { ' ' } else { letter };
    let mut short: String = text.chars().take(MAX_TOLD).map(clean).collect();
    if text.chars().nth(MAX_TOLD).is_some() {
        short.push('\u{2026}');
    }
    short
}

/// How often a plugin is told the same event before it is given up.
pub const ATTEMPTS: u32 = 8;
/// How long an event is worth telling.
pub const WORTH_TELLING: chrono::TimeDelta = chrono::TimeDelta::hours(24);
/// The pause after a first failure; each further one is three times as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// No pause is longer, whoever asks for it.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// None that a plugin asks for is shorter.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// What came of telling an event once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Well,
    /// The plugin asks to be told later, in its own words.
    Later(Duration, String),
    /// It failed, was stopped, or does not load.
    Badly(String),
}

/// What becomes of an event that was told once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Told,
    /// `counted` is whether it was one of the attempts that there are; `everything` is whether all that waits for this plugin
    /// waits as long.
    Again {
        after: Duration,
        reason: String,
        counted: bool,
        everything: bool,
    },
    GivenUp {
        reason: String,
    },
}

/// Decides after the attempt of this number, the first of which is 1.
///
/// Whoever names a time is believed, for as long as the event is worth telling: a service that is asked less often than it
/// allows is not one that fails.
pub fn verdict(attempt: u32, heard: Heard) -> Verdict {
    match heard {
        Heard::Well => Verdict::Told,
        Heard::Later(after, reason) => {
            let after = after.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            Verdict::Again { after, reason, counted: false, everything: true }
        }
        Heard::Badly(reason) if attempt >= ATTEMPTS => Verdict::GivenUp { reason },
        Heard::Badly(reason) => {
            let growth = 3u32.saturating_pow(attempt.saturating_sub(1));
            let after = FIRST_PAUSE.saturating_mul(growth).min(LONGEST_PAUSE);
            Verdict::Again { after, reason, counted: true, everything: false }
        }
    }
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
