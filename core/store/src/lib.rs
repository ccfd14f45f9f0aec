//! PostgreSQL: the only SQL there is.
//!
//! Everything happens in a typed transaction. [`Db::as_user`] acts for a person and sees what row security shows to
//! that person; [`Db::as_system`] is for reconcilers, jobs and signing in. The pools themselves are private, so no query
//! runs without one or the other. What changes anything takes a proof from `gantry_auth` and an audit entry, which is
//! written in the same transaction, last. This crate holds no rules: it keeps what the domain decided.
//!
//! Queries are checked against the schema at compile time; the answers stand in `.sqlx`, so that a build needs no
//! database. Violated constraints become [`StoreError`] variants by their names.
//!
//! Modules in reading order: [`error`], [`db`], [`tx`], [`notices`], [`secrets`], then one for each noun.

pub mod db;
pub mod error;
mod facts;
pub mod notices;
pub mod secrets;
pub mod tx;

mod codec;
mod cursor;

pub mod allocations;
pub mod allowances;
pub mod audit;
pub mod backups;
pub mod credentials;
pub mod deliveries;
pub mod drains;
pub mod enrollment;
pub mod events;
pub mod games;
pub mod idempotency;
pub mod locations;
pub mod members;
pub mod node_parts;
pub mod node_statistics;
pub mod nodes;
pub mod operations;
pub mod player_sessions;
pub mod plugins;
pub mod reconcile;
pub mod schedules;
pub mod server_changes;
pub mod servers;
pub mod sessions;
pub mod sftp;
pub mod statistics;
pub mod users;
pub mod variables;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

#[cfg(test)]
mod tests;

pub use db::{Db, DbOptions, migrate};
pub use error::StoreError;
pub use notices::{Listener, Notice};
pub use secrets::MasterKey;
pub use tx::{SystemTx, Tx, UserTx};

/// A fresh identifier, ordered by time.
pub fn new_uuid() -> uuid::Uuid {
    uuid::Uuid::now_v7()
}
