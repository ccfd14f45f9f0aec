//! The control plane put together: configuration, wiring, subcommands and the embedded web panel.
//!
//! It is a library beside its binary so that tests start the very composition that runs in production, inside their own
//! process.
//!
//! Modules in reading order: [`cli`], [`settings`], [`commands`], [`compose`], [`shares`], `http`, `assets`, `logs`.

pub mod cli;
pub mod commands;
pub mod compose;
pub mod settings;
pub mod shares;

mod assets;
mod http;
mod logs;
