//! The axes of a server, and how the node's own fine view of it is told to others.

use crate::{Moment, crash::CrashRecord};
use gantry_types::{
    OperationId,
    operation::OperationKind,
    plan::StopStep,
    server::{Desired, Hold, Observed},
};
use serde::{Deserialize, Serialize};

/// All that the machine knows. It is stored whole, so that a daemon that was killed goes on where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// What people want.
    pub desired: Desired,
    /// What forbids running. While there is one, nothing starts and what runs is stopped.
    pub holds: Vec<Hold>,
    /// What the node sees.
    pub phase: Phase,
    /// When the phase began.
    pub since: Moment,
    /// Why the phase is so, where there is more to say than its name.
    pub reason: Option<String>,
    /// What is being worked on; absent once it has ended.
    pub operation: Option<Operation>,
    /// The process that runs, if one does.
    pub process: Option<Process>,
    /// How it has been faring.
    pub crashes: CrashRecord,
}

impl State {
    /// A server that the node has only just heard of: nothing on disk, nothing wanted.
    pub fn unknown(at: Moment) -> Self {
        Self {
            desired: Desired::Stopped,
            holds: Vec::new(),
            phase: Phase::Uninstalled,
            since: at,
            reason: None,
            operation: None,
            process: None,
            crashes: CrashRecord::default(),
        }
    }

    /// Whether something forbids running.
    pub fn is_held(&self) -> bool {
        !self.holds.is_empty()
    }
}

/// What the node sees, finely enough to act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Nothing usable on disk.
    Uninstalled,
    /// The install plan is being worked on, for this operation.
    Installing(OperationId),
    /// The install plan was called off and has not stopped yet.
    AbortingInstall,
    /// The files of a backup are being put in place of what is there, for this operation.
    Restoring { operation: OperationId, before: Ground },
    /// That was called off and has not stopped yet.
    AbortingRestore { before: Ground },
    /// Installed, no process.
    Offline,
    /// Configuration, image and container are being made; there may be a container at any moment.
    Preparing,
    /// The above was called off and has not stopped yet.
    AbortingStart,
    /// A process runs; its probes have not passed.
    Starting,
    /// Ready for players.
    Running,
    /// Asked to stop; the step with this index comes next.
    Stopping { next_step: u32 },
    /// Killed; its end has not been seen. Counts the kills.
    Killing { attempts: u32 },
    /// It ended by itself; the next start waits for its time.
    BackingOff { until: Moment },
    /// It ended by itself too often; only a person starts it again.
    GivenUp,
    /// Container and files are being deleted.
    Removing,
    /// Nothing is left. Terminal.
    Deleted,
}

impl Phase {
    /// The coarse view that leaves the node.
    pub const fn observed(self) -> Observed {
        match self {
            Self::Uninstalled | Self::Installing(_) | Self::AbortingInstall | Self::Removing => {
                Observed::Uninstalled
            }
            Self::Restoring { before, .. } | Self::AbortingRestore { before } => match before {
                Ground::Bare => Observed::Uninstalled,
                Ground::Installed => Observed::Offline,
            },
            Self::Offline => Observed::Offline,
            Self::Preparing | Self::Starting => Observed::Starting,
            Self::Running => Observed::Running,
            Self::AbortingStart | Self::Stopping { .. } | Self::Killing { .. } => Observed::Stopping,
            Self::BackingOff { .. } | Self::GivenUp => Observed::Crashed,
            Self::Deleted => Observed::Deleted,
        }
    }

    /// The name in diagrams and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uninstalled => "uninstalled",
            Self::Installing(_) => "installing",
            Self::AbortingInstall => "aborting-install",
            Self::Restoring { .. } => "restoring",
            Self::AbortingRestore { .. } => "aborting-restore",
            Self::Offline => "offline",
            Self::Preparing => "preparing",
            Self::AbortingStart => "aborting-start",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping { .. } => "stopping",
            Self::Killing { .. } => "killing",
            Self::BackingOff { .. } => "backing-off",
            Self::GivenUp => "given-up",
            Self::Removing => "removing",
            Self::Deleted => "deleted",
        }
    }

    /// Whether a process that takes commands and signals runs.
    pub const fn has_process(self) -> bool {
        match self {
            Self::Starting | Self::Running | Self::Stopping { .. } | Self::Killing { .. } => true,
            Self::Uninstalled
            | Self::Installing(_)
            | Self::AbortingInstall
            | Self::Restoring { .. }
            | Self::AbortingRestore { .. }
            | Self::Offline
            | Self::Preparing
            | Self::AbortingStart
            | Self::BackingOff { .. }
            | Self::GivenUp
            | Self::Removing
            | Self::Deleted => false,
        }
    }
}

/// What was on the disk before a restore, and is there unless it comes to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ground {
    /// Nothing usable.
    Bare,
    /// A game.
    Installed,
}

/// A request at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub id: OperationId,
    pub kind: OperationKind,
    pub stage: Stage,
}

/// Restarts and installations first need the process gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Whatever runs has to end first.
    Lower,
    /// The work that gives the operation its name.
    Work,
}

/// What has to be known of a process to end it well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub started_at: Moment,
    /// In order; it is killed when they are exhausted.
    pub stop: Vec<StopStep>,
    pub ready_timeout_ms: u32,
}
