//! The author's commands through their own door: the real program, on real components and in real folders.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod carrying;
mod checking;
mod eggs;
mod fixtures;
mod folders;
mod kit;
mod replaying;
mod running;
