//! The child's half: bind itself, read, compile, write.
//!
//! It binds itself before it looks at the first byte of the component. It opens nothing, writes no file, and ends with
//! its work.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, nice, setrlimit};
use rustix::thread::set_no_new_privs;

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
    bind(&prefix).map_err(|cause| (BROKEN, format!("setting limits: {cause}")))?;
    let mut component = Vec::new();
    input.read_to_end(&mut component).map_err(broken("reading the component"))?;

    let compiler =
        engine::for_compiler().map_err(|cause| (BROKEN, format!("starting the engine: {cause:#}")))?;
    let compiled =
        compiler.precompile_component(&component).map_err(|cause| (REFUSED, format!("{cause:#}")))?;
    std::io::stdout().write_all(&compiled).map_err(broken("writing the result"))
}

fn bind(prefix: &[u8; PREFIX_BYTES]) -> rustix::io::Result<()> {
    let (cpu_s, memory_mib) = prefix.split_at(PREFIX_BYTES / 2);
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let (cpu_s, memory) = (number(cpu_s), number(memory_mib).saturating_mul(1024 * 1024));
    let at_most = |soft: u64, hard: u64| Rlimit { current: Some(soft), maximum: Some(hard) };

    set_no_new_privs(true)?;
    nice(NICENESS)?;
    setrlimit(Resource::Core, at_most(0, 0))?;
    setrlimit(Resource::Fsize, at_most(0, 0))?;
    setrlimit(Resource::Nofile, at_most(OPEN_FILES, OPEN_FILES))?;
    // The soft limit's signal tells the parent which limit it was; the hard one is for a child that ignores it.
    setrlimit(Resource::Cpu, at_most(cpu_s, cpu_s.saturating_add(1)))?;
    // Not the address space: the engine reserves much more than it uses.
    setrlimit(Resource::Data, at_most(memory, memory))
}
