//! The daemon of one node: it makes servers what the control plane says they should be, and says what they are.
//!
//! The control plane states the whole of a server; the daemon writes that down, drives the server's machine with it, and
//! reports back by events that it repeats until they are acknowledged. What runs keeps running whatever becomes of the
//! daemon or the control plane. Rules live in `gantry-lifecycle`; containers, files and plugins behind their own crates;
//! here is what joins them.
//!
//! Modules in reading order: [`data`], [`clock`], [`ledger`], [`console`], [`plugins`], `plugin_traces`, `failure`, `faults`,
//! `machine`, [`node`], `server`, `schedules`, `backups`, `leave`, `desk`, `subvolumes`, `install`, [`sftp`], [`http`], [`report`], [`link`], [`enroll`], [`run`].

mod backups;
pub mod clock;
pub mod console;
pub mod data;
mod desk;
mod drain;
pub mod enroll;
mod failure;
mod faults;
pub mod http;
mod install;
mod leave;
pub mod ledger;
pub mod link;
mod machine;
pub mod node;
mod plugin_traces;
pub mod plugins;
pub mod report;
pub mod run;
mod schedules;
mod server;
pub mod sftp;
mod subvolumes;
mod words;
