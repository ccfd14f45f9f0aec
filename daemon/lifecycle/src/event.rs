//! What the machine hears and what it asks for.

use gantry_types::{
    OperationId,
    operation::{OperationFailure, OperationKind},
    server::{Desired, Hold},
};

use crate::Process;

/// Milliseconds since the Unix epoch. The caller's clock; the machine only compares and adds.
pub type Moment = u64;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// People want something.
    Intent { desired: Desired, holds: Vec<Hold>, operation: Asked },
    /// The daemon came up and looked: this is what it found of a server that it had written down.
    Restored(Found),
    /// The install plan is done.
    Installed,
    /// A step of it failed, or there was no plan.
    InstallFailed(OperationFailure),
    /// It stopped because it was called off.
    InstallCancelled,
    /// The backup's files are in place.
    BackupRestored,
    /// They are not: all is as it was before.
    RestoreFailed(OperationFailure),
    /// The same, because it was called off.
    RestoreCancelled,
    /// A container runs.
    Started(Process),
    /// None runs, and why.
    StartFailed(OperationFailure),
    /// None runs because it was called off.
    StartCancelled,
    /// Every readiness probe passed.
    Ready,
    /// The process ended.
    Exited(Exit),
    /// Container and files are gone.
    Removed,
    /// They are not.
    RemoveFailed(OperationFailure),
    /// A timer that was set, and not cleared or set again since, is over.
    Timer(Timer),
}

/// What an intent says of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Something that was not asked before.
    New(Request),
    /// Nothing new: what is at work goes on.
    Known,
    /// Nobody waits for an operation any more. An installation or a restore at work is called off; what people want of a process they
    /// say by what is desired.
    Nothing,
}

/// A request, not seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub id: OperationId,
    pub kind: OperationKind,
    /// It is refused when it would begin after this.
    pub deadline: Moment,
}

/// How a process ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    pub code: i64,
    /// The kernel ended it for want of memory.
    pub out_of_memory: bool,
    /// What the plugin made of its last words.
    pub cause: Option<Cause>,
}

/// Why a process ended that should not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// In words for people.
    pub text: String,
    /// What helps.
    pub remedy: Option<String>,
}

/// What the daemon found of a server's container when it came up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// No container.
    Nothing,
    /// A container whose process runs. It is adopted as it is.
    Running(Process),
    /// A container whose process ended while nobody looked.
    Exited(Exit),
}

/// At most one of each kind is set. A timer that was cleared never arrives: whoever keeps timers keeps that promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// The probes have had their time.
    Ready,
    /// The next stop step is due.
    StopStep,
    /// The kill should have shown by now.
    Kill,
    /// The back-off is over.
    BackOff,
    /// Deleting is tried again.
    Remove,
}

/// Something to do. Those that take time answer with an event; until then no other of them begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Work through the install plan; the journal belongs to this operation. Answers `Installed`, `InstallFailed` or
    /// `InstallCancelled`.
    Install(OperationId),
    /// Make the installation stop soon. It still answers.
    CancelInstall,
    /// Put the files of the backup that this operation names in place of what is there. Answers `BackupRestored`, `RestoreFailed`
    /// or `RestoreCancelled`.
    RestoreBackup(OperationId),
    /// Make the restore stop soon. It still answers.
    CancelRestore,
    /// Edits, image, container, process. Answers `Started`, `StartFailed` or `StartCancelled`.
    Start,
    /// Make the start stop soon. It still answers.
    CancelStart,
    /// Probe until ready; answers `Ready`. It ends by itself with the process.
    Probe,
    /// Type a line into the process.
    Type(String),
    /// Send it a signal by name.
    Signal(String),
    /// Do to it what Control-C does.
    Interrupt,
    /// Have the plugin do one of its actions.
    Act(String),
    /// End it now. Its end answers `Exited`.
    Kill,
    /// Watch an adopted process for its end and follow its console.
    Adopt,
    /// Delete container and files. Answers `Removed` or `RemoveFailed`.
    Remove,
    SetTimer {
        timer: Timer,
        after_ms: u64,
    },
    ClearTimer(Timer),
    /// An operation began or ended.
    Operation {
        id: OperationId,
        kind: OperationKind,
        outcome: Outcome,
    },
    /// A sentence for the console.
    Say(String),
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Running,
    Succeeded,
    Failed(OperationFailure),
    Cancelled,
}
