//! Use cases, reconcilers and jobs: the only place where domain, store, nodes and plugins meet.
//!
//! [`App`] is the one thing that edges hold: each of its methods is one use case, takes the caller as an [`OpCtx`],
//! decides by the rules of the domain within the rights that `gantry_auth` weighs, and writes intent, operation and
//! audit in one transaction. What then has to happen elsewhere is the work of [`App::run`]: a reconciler per connected
//! node, followers of what nodes tell, jobs. Nothing here speaks HTTP, and nothing here is SQL.
//!
//! **Invariants.** No use case talks to a node before its transaction is committed, but to type into a console or
//! read one, to look at files, to have backups made and changed, or to have a plugin's action done or its page filled; and no plugin asks the world while one is
//! open. Every task has an owner that joins it; every queue has a named bound. What a person sees is narrowed by that
//! person's rights at the moment of telling.
//!
//! Modules in reading order: [`error`], [`context`], [`inputs`], [`views`], [`wire`], `app`, `access`; then one for
//! each noun: `setup`, `sessions`, `tickets`, `turns`, `accounts`, `allowances`, `credentials`, `locations`, `nodes`, `plugins` with `components`, `lend`, `lookups` and `workshop`, `servers`,
//! `files` with `transfers` and `watch`, `backups`, `config_files`, `actions`, `tabs`, `sftp`, `operations`, `schedules`, `members`, `activity`; then what runs: `supervisor`, `doorbell`, `rights`, `live`, `console`,
//! `samples`; and `seldom` for the log.

pub mod context;
pub mod error;
pub mod inputs;
pub mod views;
pub mod wire;

mod access;
mod app;

mod accounts;
mod actions;
mod activity;
mod allowances;
mod backups;
mod components;
mod config_files;
mod credentials;
mod files;
mod lend;
mod locations;
mod lookups;
mod members;
mod nodes;
mod operations;
mod plugins;
mod schedules;
mod servers;
mod sessions;
mod setup;
mod sftp;
mod standing;
mod tabs;
mod tickets;
mod transfers;
mod turns;
mod watch;
mod workshop;

mod console;
mod doorbell;
mod live;
mod rights;
mod samples;
mod seldom;
mod supervisor;

pub use app::{App, AppOptions};
pub use backups::BackupDownload;
pub use console::{ConsoleFeed, ConsoleFrame};
pub use context::{OpCtx, Origin};
pub use error::{Answer, AppError};
pub use files::{FileDownload, FileUpload, MAX_TEXT};
pub use lend::Internet;
pub use live::{LiveFeed, LiveFrame, ServerSample, TOPICS, Topic, UnknownTopic};
pub use members::permissions;
pub use plugins::{Bundled, PluginFile, PluginUpload, Takeover, measure_plugins};
pub use schedules::schedule_times;
pub use seldom::Seldom;
pub use servers::ServerPage;
pub use sessions::Authenticated;
pub use workshop::DocumentUpload;

pub use gantry_nodes::{BodyError, BodyStream, Network};

/// How a daemon's socket is handed over.
pub mod link {
    pub use gantry_nodes::{Frame, FrameSocket, MAX_FRAME, Mapped, SocketError};
}
