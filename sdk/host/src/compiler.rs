//! Compiling in a child process that can be killed.
//!
//! A component of 100 KiB can make Cranelift work for half a minute and take gigabytes, and nothing inside a process
//! can stop that; and a compiler that a component deceives should have nothing to give away. So the parent hands the
//! component to a child with hard limits and no power (`gantry-confine`), and takes what comes out. The child is
//! the same program, reached through a hidden subcommand.
//!
//! On the wire: the child's stdin carries the limits (two little-endian `u64`: CPU seconds, MiB) and the component; its
//! stdout carries the compiled form, its stderr one line for people. Limits travel with the work so that an embedder's
//! command line needs to know nothing of them.

mod child;
mod parent;

pub use child::compiler_main;
pub(crate) use parent::compile;

/// Exit status of a child that found the component at fault.
const REFUSED: u8 = 65;

/// Length of the limits before the component.
const PREFIX_BYTES: usize = 16;
