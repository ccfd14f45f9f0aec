//! The worker: a child without power that reads what strangers made.
//!
//! Whoever packs an archive or writes a configuration file may know a parser's weakness. So the daemon, which is root and
//! holds every server's files, has neither read by itself. It starts a child that becomes the server's user, keeps the
//! server's directory alone in reach, gives up everything else (`gantry-confine`), and only then is told what to do. What
//! it says is believed as far as it is shown: it names no path that the daemon would open, and its numbers count nothing.
//!
//! On the wire: the child's stdin is a socket. Its first message brings the directory's descriptor, that of an archive outside of it
//! where the work is about one, limits and user (`terms`); then follow the length of an [`order`] and the order itself as JSON. The child's stdout carries lines of
//! JSON: progress, and last what came of it ([`told`]). The socket's end calls the work off: the child tidies up and ends,
//! also where the daemon died, because the next daemon does the step again.
//!
//! Modules in reading order: [`order`], `terms`, [`told`], [`child`], [`parent`], `talk`.

mod child;
mod order;
mod parent;
mod talk;
mod terms;
mod told;

pub use child::worker_main;
pub use parent::{Line, PackTurn, WorkerLimits, Workers};

use std::{io, path::PathBuf};

/// Why a worker did not get to the end of its work.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error("the work on the server's files took more than {limit_s} s of processor time and was stopped")]
    CpuTime { limit_s: u64 },
    #[error("the work on the server's files took more than {limit_mib} MiB of memory and was stopped")]
    Memory { limit_mib: u64 },
    #[error("the work on the server's files made a file of more than {limit} bytes and was stopped")]
    FileSize { limit: u64 },
    /// It asked the kernel for what its work never needs: whatever it read had taken it over, or it has a fault.
    #[error("the work on the server's files was stopped by its wall: it reached for more than it needs")]
    Wall,
    #[error("the edits are larger than {limit} bytes")]
    OrderTooLarge { limit: usize },
    #[error("the work on the server's files ended unexpectedly ({status}): {message}")]
    Died { status: String, message: String },
    /// It said what no worker says.
    #[error("the worker's answer cannot be understood")]
    Nonsense,
    #[error("the worker {program} cannot be started: {source}")]
    Start {
        program: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("talking to the worker failed: {0}")]
    Pipe(#[source] io::Error),
}
