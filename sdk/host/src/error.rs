//! What can go wrong, split by who has to act.
//!
//! [`HostError::Rejected`] is for the person who brings a component, [`CallError::Failed`] for the person whose server
//! it is, [`CallError::Stopped`] for the plugin's author, and the rest for the operator of this machine. The texts are
//! for people and name the plugin, the call, the limit and the way out; the causes stay in `source`.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::convert::text;

/// Characters of the engine's words that a refusal has.
const REASON_CHARACTERS: usize = 512;

/// Why a component could not be made ready, or the host could not serve.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The component itself is at fault. The text is for whoever uploads it.
    #[error("the component was refused: {0}")]
    Rejected(String),
    /// The compiler child hit one of its limits or could not be used.
    #[error("the component could not be compiled: {0}")]
    Compile(#[from] CompileError),
    /// More calls wait than the queue takes.
    #[error("too many plugin calls are waiting ({queue}); try again in a moment")]
    Overloaded {
        /// The queue that is full.
        queue: &'static str,
    },
    /// The cache directory cannot be made or read.
    #[error("the component cache at {} cannot be used", path.display())]
    Cache {
        /// The directory.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
    /// The engine cannot work on this machine.
    #[error("the WebAssembly engine: {context}")]
    Engine {
        /// What it cannot do.
        context: &'static str,
        /// What it said.
        #[source]
        source: wasmtime::Error,
    },
    /// The process that plugins run in is not there. Calls that were in flight ended with it, whichever plugin's they
    /// were, so that none of them is blamed.
    #[error("the process that runs plugins {0}; it is started again, and another call may be answered")]
    Runner(String),
    /// A defect of the host itself.
    #[error("the plugin host failed: {0}")]
    Internal(String),
}

impl HostError {
    /// That the engine does not take code which was made for it. Such a component has more memories, tables or instances than
    /// the pool holds for one.
    pub(crate) fn outgrown(why: &str) -> Self {
        let why = text::escaped(why, REASON_CHARACTERS);
        Self::Rejected(format!("it needs more than a plugin may have: {why}"))
    }
}

/// Why the compiler child gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The processor time of its budget is used up.
    #[error(
        "compiling took more than {limit_s} s of processor time; its author must make its functions smaller"
    )]
    CpuTime {
        /// In seconds.
        limit_s: u64,
    },
    /// The memory of its budget is used up.
    #[error("compiling took more than {limit_mib} MiB of memory; its author must make its functions smaller")]
    Memory {
        /// In MiB.
        limit_mib: u64,
    },
    /// It was killed for being late.
    #[error("compiling was not done within {limit:?}; try again when the machine is less busy")]
    WallTime {
        /// How long the host waits.
        limit: Duration,
    },
    /// It made more code than its budget allows.
    #[error("the compiled form is larger than {limit_bytes} bytes")]
    Output {
        /// In bytes.
        limit_bytes: usize,
    },
    /// It asked the kernel for what compiling never needs.
    #[error(
        "the compiler was stopped by its wall: it reached for more than compiling needs; do not trust the component"
    )]
    Wall,
    /// It crashed or could not do its work.
    #[error("the compiler ended unexpectedly ({status}): {message}")]
    Died {
        /// Exit status or signal.
        status: String,
        /// What it wrote to stderr.
        message: String,
    },
    /// It did not start.
    #[error("the compiler {} cannot be run", program.display())]
    Spawn {
        /// What was to be started.
        program: PathBuf,
        /// Why it was not.
        #[source]
        source: std::io::Error,
    },
    /// Its pipes failed.
    #[error("talking to the compiler failed")]
    Pipe(#[source] std::io::Error),
}

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The plugin itself said no.
    #[error(transparent)]
    Failed(PluginFailure),
    /// The plugin broke a rule and was stopped; nothing else noticed.
    #[error(transparent)]
    Stopped(Stop),
    /// The plugin was not asked: it used up its share, or is on hold.
    #[error(transparent)]
    Refused(Refusal),
    /// The plugin is not at fault.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// That a plugin was not asked, and why. `message` names plugin, call, what is used up and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// For programs.
    pub reason: RefusalReason,
    /// The manifest id.
    pub plugin: String,
    /// The function as the contract names it.
    pub call: &'static str,
    /// For people. It is the same for as long as the reason is.
    pub message: String,
    /// When asking again makes sense.
    pub retry_after: Duration,
}

/// What a plugin has used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// It was called too often.
    Calls,
    /// Its calls computed for too long.
    CpuTime,
    /// Too many of its calls have memory at this moment.
    Memory,
    /// Its calls called the host too often.
    HostCalls,
    /// Its calls wrote too much.
    LogBytes,
    /// It kept failing.
    Hold,
}

/// A plugin's own refusal, in its own words, bounded and free of control characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub struct PluginFailure {
    /// Stable, chosen by the plugin.
    pub code: String,
    /// For people.
    pub message: String,
    /// When asking again makes sense.
    pub retry_after: Option<Duration>,
}

/// That a plugin was stopped, and why. `message` names plugin, call, limit and remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Stop {
    /// The rule that it broke, for programs.
    pub reason: StopReason,
    /// The manifest id.
    pub plugin: String,
    /// The function as the contract names it: `plans.install`.
    pub call: &'static str,
    /// For people.
    pub message: String,
}

/// Which rule a plugin broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StopReason {
    /// It computed for too long.
    CpuTime,
    /// It did not answer in time, waiting included.
    WallTime,
    /// Its memories together, or a table, grew too large.
    Memory,
    /// Its answer, or what it handed to a host function, was too large.
    Output,
    /// It called the host too often.
    HostCalls,
    /// It wrote too much to its log.
    LogBytes,
    /// It recursed too deeply.
    Stack,
    /// It trapped: a panic, an `unreachable`, a division by zero.
    Trap,
    /// Its answer breaks a rule of the contract.
    Answer,
}

impl StopReason {
    /// The stable name: `cpu_time`, `memory`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CpuTime => "cpu_time",
            Self::WallTime => "wall_time",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::HostCalls => "host_calls",
            Self::LogBytes => "log_bytes",
            Self::Stack => "stack",
            Self::Trap => "trap",
            Self::Answer => "answer",
        }
    }
}
