//! Links as the control plane sees them, with a daemon's end in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod calls;
mod fixture;
mod handshake;
mod registry;
