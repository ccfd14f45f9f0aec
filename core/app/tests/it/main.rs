//! Use cases and standing work on a real PostgreSQL, with nodes that dial in without a network.
//!
//! The nodes are written for these tests: they say what a test has them say, also what an honest daemon never would.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod drains;
mod fixture;
mod node;
mod shelf;

mod allowances;
mod backups;
mod consoles;
mod convergence;
mod news;
mod people;
mod releases;
mod rivals;
mod schedules;
mod sftp;
