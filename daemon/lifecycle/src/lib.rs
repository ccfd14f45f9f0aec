//! The server state machine.
//!
//! What a server does next follows from four things that change independently: what people want (`desired`), what
//! forbids it (`holds`), what the node sees (`phase`), and which request is being worked on (`operation`). This crate is
//! the one place where they meet. It has no I/O and no clock: time arrives with each event, timers and everything else
//! that touches the world leave as effects, so every history can be replayed and every rule can be tested in
//! microseconds.
//!
//! Modules in reading order: [`state`], [`event`], [`crash`], [`machine`].

pub mod crash;
pub mod event;
mod goal;
pub mod machine;
pub mod state;

pub use crash::*;
pub use event::*;
pub use machine::step;
pub use state::*;
