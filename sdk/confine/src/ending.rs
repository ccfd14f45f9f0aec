//! For the parent: which wall ended a child.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use rustix::process::Signal;

/// How a child ended that did not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It used up its processor time.
    CpuTime,
    /// It asked for more memory than it may have.
    Memory,
    /// It wrote more into a file than it may.
    FileSize,
    /// It asked the kernel for what its list does not have.
    Call,
    /// By itself, or for another reason.
    Other,
}

/// What ended a child, by its status and what it wrote to stderr.
#[must_use]
pub fn ending(status: ExitStatus, message: &str) -> Ending {
    let signal = status.signal().and_then(Signal::from_named_raw);
    match signal {
        Some(Signal::XCPU) => Ending::CpuTime,
        Some(Signal::XFSZ) => Ending::FileSize,
        Some(Signal::SYS) => Ending::Call,
        // An allocation that the limit refuses aborts the child, with this sentence of Rust's allocator; a mapping that it
        // refuses is an error with the other.
        _ if message.contains("memory allocation of") || message.contains("Cannot allocate memory") => {
            Ending::Memory
        }
        _ => Ending::Other,
    }
}
