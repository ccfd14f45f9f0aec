//! The daemon through the door that the control plane uses: its router, with simulated containers and a real plugin.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod actions;
mod adoption;
mod backups;
mod console;
mod daemon;
mod delivery;
mod drains;
mod games;
mod install;
mod lifecycle;
mod mirror;
mod places;
mod presence;
mod protected;
mod readiness;
mod records;
mod schedules;
mod secrets;
mod sftp;
mod subvolumes;
mod unix_socket;
mod words;
