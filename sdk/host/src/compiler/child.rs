//! The child's half: bind itself, read, compile, write.
//!
//! It gives up all power before it looks at the first byte of the component. It opens nothing, writes no file, and ends
//! with its work.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use gantry_confine::{Calls, ConfineError, Limits, Reach};

use super::{PREFIX_BYTES, REFUSED};
use crate::engine;

/// Exit status where the child itself could not do its work.
const BROKEN: u8 = 70;
const NICENESS: i32 = 10;
/// The pipes are open already; code generation opens nothing.
const OPEN_FILES: u64 = 16;

/// Compiles the component on stdin to stdout, under the limits that precede it.
///
/// An embedder calls this first thing in `main`, before it starts threads, when its first argument is the hidden
/// subcommand; it returns what `main` must return.
#[must_use]
pub fn compiler_main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err((status, message)) => {
            // There is nowhere left to report that stderr is closed.
            drop(std::io::stderr().write_all(message.as_bytes()));
            ExitCode::from(status)
        }
    }
}

fn work() -> Result<(), (u8, String)> {
    let broken = |what: &'static str| move |cause: std::io::Error| (BROKEN, format!("{what}: {cause}"));
    let mut input = std::io::stdin().lock();
    let mut prefix = [0; PREFIX_BYTES];
    input.read_exact(&mut prefix).map_err(broken("reading the limits"))?;
    confine(&prefix).map_err(|cause| (BROKEN, format!("giving up power: {cause}")))?;
    let mut component = Vec::new();
    input.read_to_end(&mut component).map_err(broken("reading the component"))?;

    let compiler =
        engine::for_compiler().map_err(|cause| (BROKEN, format!("starting the engine: {cause:#}")))?;
    let compiled =
        compiler.precompile_component(&component).map_err(|cause| (REFUSED, format!("{cause:#}")))?;
    std::io::stdout().write_all(&compiled).map_err(broken("writing the result"))
}

fn confine(prefix: &[u8; PREFIX_BYTES]) -> Result<(), ConfineError> {
    let (cpu_s, memory_mib) = prefix.split_at(PREFIX_BYTES / 2);
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let limits = Limits {
        cpu_s: number(cpu_s),
        memory_bytes: number(memory_mib).saturating_mul(1024 * 1024),
        file_bytes: 0,
        open_files: OPEN_FILES,
        niceness: NICENESS,
    };
    limits.apply()?;
    // Without Landlock nothing more can be opened either: the filter has no call for it.
    gantry_confine::fence(Reach::Nothing)?;
    gantry_confine::seal(Calls::Compute)
}
