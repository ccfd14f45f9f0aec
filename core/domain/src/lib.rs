//! The rules of the control plane: what may happen, never how.
//!
//! Each noun has one module with its shape and its rules. Nothing here reads a clock, rolls dice or touches the
//! outside; time comes in as an argument. A rule that refuses says what is wrong and what to do about it, so that every
//! door (HTTP, command line, page) explains itself in the same words.
//!
//! Modules in reading order: [`page`], [`text`], [`users`], [`sessions`], [`credentials`] with [`ssh_keys`], [`locations`],
//! [`nodes`], [`allocations`], [`plugins`], [`servers`], [`actions`], [`variables`], [`config_files`], [`limits`], [`allowances`], [`operations`], [`backups`], [`schedules`], [`members`], [`audit`], [`events`],
//! [`statistics`].

pub mod actions;
pub mod allocations;
pub mod allowances;
pub mod audit;
pub mod backups;
pub mod config_files;
pub mod credentials;
pub mod drains;
pub mod events;
pub mod grants;
pub mod limits;
pub mod locations;
pub mod members;
pub mod nodes;
pub mod operations;
pub mod page;
pub mod players;
pub mod plugins;
pub mod schedules;
pub mod servers;
pub mod sessions;
pub mod ssh_keys;
pub mod statistics;
pub mod text;
pub mod users;
pub mod variables;

pub use gantry_types::blueprint::FieldProblem;
pub use users::Role;

/// A problem with one field of a form.
pub fn problem(key: &str, message: impl Into<String>, remedy: impl Into<String>) -> FieldProblem {
    FieldProblem { key: key.to_owned(), message: message.into(), remedy: Some(remedy.into()) }
}
