//! The behaviour suite, held against every runtime.
//!
//! `contract` states what callers rely on, in terms of a server that understands a few commands; the simulation has it
//! built in, and in a container it is a shell script. `docker` adds what only a real engine can show: the hardening, the
//! images, and the limits. Those tests need a Docker Engine with the image `debian:bookworm-slim`.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be set up is a test that fails")]

mod contract;
mod docker;
mod fixtures;
mod simulated;
