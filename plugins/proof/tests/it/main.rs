//! Collectors beside implementations that are not ours.
//!
//! A test here starts a real game as its plugin says it is started, asks it by the built component in the sandbox with the
//! daemon's own sockets, has npm's `gamedig` ask the same game, and compares. A game is a few lines: [`openarena`] is the
//! shortest, where Debian has the server; [`minecraft`] has a server from npm.
//!
//! Wants `GANTRY_TEST_PLUGINS`, a directory of built components, and the packages of `peers/`; `cargo xtask test` brings
//! both, and the servers that Debian has.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod game;
mod minecraft;
mod minecraft_sources;
mod mumble;
mod openarena;
mod openttd;
mod peers;
mod process;
mod promises;
mod quake3;
mod releases;
mod sandbox;
mod source;
mod teeworlds;
mod terraria;
