//! The sandbox: how a component becomes a [`Plugin`] and how a plugin is called.
//!
//! Control plane, daemon and author tools use this one embedding, so that a plugin behaves the same everywhere. The
//! crate has no opinion on HTTP, SQL or containers: what a plugin may reach is lent by the embedder through
//! [`Lent`] and [`PluginLog`].
//!
//! Invariants:
//! - Each call gets a fresh instance; nothing that a guest keeps in memory outlives it.
//! - A component that imports what it may not have does not load, and the message names the import. There is no WASI.
//! - Every call has a budget ([`Budgets`]); whatever exceeds it is stopped, named and reported as [`Stop`], and no
//!   other call notices.
//! - What all calls of a plugin take over time has a share ([`Shares`]); what keeps failing is on hold for a while.
//! - Native code comes from the compiler child alone, or from a cache file whose keyed MAC this host made.
//!
//! [`Plugin`]'s methods speak `gantry_types` and own everything that they hand to a guest. Behind them guests run in a
//! process of their own, without power ([`Wall::Runner`]), or in this one ([`Wall::None`]).
//!
//! Modules in reading order: `budgets`, `capability`, `error`, `manifest`, `host`, `component`, `compiler`, `cache`, `fair`, `plugin`,
//! `kind`, `calls`, `run`, `bill`, `inline`, `wall`, `guest`, `engine`, `turn`, `state`, `desk`, `lend`, `reach`, `stop`, `convert`,
//! `generations`, `bindings`; for embedders `endpoints` and [`record`]; and `boundary`, which is in no program.

#![warn(missing_docs)]

mod bill;
mod bindings;
#[cfg(any(test, feature = "fuzz"))]
pub mod boundary;
mod budgets;
mod cache;
mod calls;
mod capability;
mod compiler;
mod component;
mod convert;
mod desk;
mod endpoints;
mod engine;
mod error;
mod fair;
mod generations;
mod guest;
mod host;
mod inline;
mod kind;
mod lend;
mod manifest;
#[expect(
    unreachable_pub,
    reason = "the seam of the sandbox as a whole; what embedders have stands in front of it"
)]
mod plugin;
mod reach;
pub mod record;
mod run;
mod state;
mod stop;
mod turn;
mod wall;

pub use budgets::{Budgets, CallBudget, CompileBudget, Concurrency, EPOCH_TICK, MEMORY_CEILING_BYTES};
pub use gantry_confine::ChildProgram;

pub use capability::{
    Beyond, CAPABILITIES, CONTAINER_ROOT, CONTAINER_RUN, CallContext, Connection, DOWNLOAD, Discretion,
    FILES, FileEntry, Files, Grants, HTTP, Http, HttpRequest, HttpResponse, IMAGE_BUILD, KV, KeyValue,
    LARGE_COMPONENT, Lent, LentFailure, LogLevel, PluginLog, QUERY, Query, Reply, SECRETS, Secrets, Spent,
    TracingLog,
};
pub use compiler::compiler_main;
pub use component::{Part, Parts};
pub use endpoints::{Endpoints, reachable};
pub use error::{
    CallError, CompileError, HostError, PluginFailure, Refusal, RefusalReason, Stop, StopReason,
};
pub use fair::{Flow, HoldRule, KeptLine, Plugin, Share, Shares};
pub use host::{Host, HostConfig, LoadReport, Origin, Wall};
pub use manifest::{CONTRACT, CapabilityRequest, MANIFEST_SECTION, Manifest};
pub use record::{KeptRecord, Told};
pub use wall::runner_main;
