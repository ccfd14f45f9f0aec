//! Giving up power before looking at the first strange byte.
//!
//! Parsers and compilers that read what strangers made run in child processes. Such a child calls this crate first: it
//! becomes a user without rights where it can, sets hard limits ([`Limits`]), loses the file system but for some
//! directories that it holds open ([`fence`], Landlock), and last most of the kernel ([`seal`], seccomp). What is given
//! up is gone for good, for every thread and whatever the process becomes. For the parent there are [`ending`], which names the
//! wall that a child ran into, and [`Group`], which holds all that a child takes together.
//!
//! A kernel without seccomp filters confines nothing here: [`seal`] fails, and the child must not go on. A kernel without
//! Landlock, or with an old one, is told of ([`Landlock`]) and the other walls hold.
//!
//! Modules in reading order: `program`, `limits`, `fence`, `calls`, `group`, `ending`.

#![warn(missing_docs)]

mod calls;
mod ending;
mod fence;
mod group;
mod limits;
mod program;

pub use calls::{Calls, seal};
pub use ending::{Ending, ending};
pub use fence::{Landlock, Reach, fence, landlock};
pub use group::{Group, GroupLimits, GroupPlace, NoGroup, machine_memory};
pub use limits::{Limits, become_user, forgo_capabilities, no_more_processes, stay_with_the_parent};
pub use program::ChildProgram;

/// Why a process is not confined. It must end.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// A call that gives up power was refused.
    #[error("cannot {operation}: {source}")]
    Refused {
        /// What was to be given up.
        operation: &'static str,
        /// What the kernel answered.
        #[source]
        source: std::io::Error,
    },
    /// Landlock is there and does not take the rules.
    #[error("cannot fence off the file system: {0}")]
    Fence(#[source] landlock::RulesetError),
    /// The filter cannot be made or is not taken.
    #[error("cannot filter the calls of the kernel: {0}; a kernel with seccomp filters is needed")]
    Filter(#[source] seccompiler::Error),
}

impl ConfineError {
    fn refused(operation: &'static str) -> impl FnOnce(rustix::io::Errno) -> Self {
        move |error| Self::Refused { operation, source: error.into() }
    }
}
