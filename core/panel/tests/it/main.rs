//! The control plane through the doors that people, browsers and daemons use: HTTP and WebSockets on a real PostgreSQL,
//! with a real daemon over the real link whose containers are simulated; the games run in real ones.
//!
//! Wants `GANTRY_TEST_DATABASE_URL`; what needs a game wants `GANTRY_TEST_PLUGINS`, a directory with `openarena.wasm`
//! and the examples' components in `examples`.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod kit;

mod actions;
mod allowances;
mod backups;
mod conduct;
mod config_files;
mod credentials;
mod discord;
mod drains;
mod edge;
mod examples;
mod files;
mod floods;
mod games;
mod hooks;
mod imports;
mod lifecycle;
mod limits;
mod logins;
mod lookups;
mod matrix;
mod members;
mod nodes;
mod program;
mod records;
mod registries;
mod repeats;
mod schedules;
mod servers;
mod sessions;
mod sftp;
mod sockets;
mod tabs;
mod transfers;
mod uploads;
mod waiting;
