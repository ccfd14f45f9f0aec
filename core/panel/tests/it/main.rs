//! The control plane through the doors that people, browsers and daemons use: HTTP and WebSockets on a real PostgreSQL,
//! with a real daemon over the real link whose containers are simulated.
//!
//! Wants `GANTRY_TEST_DATABASE_URL`; what needs a game wants `GANTRY_TEST_PLUGINS`, a directory with `openarena.wasm`.

mod kit;

mod edge;
mod matrix;
mod members;
mod servers;
mod sessions;
mod sockets;
