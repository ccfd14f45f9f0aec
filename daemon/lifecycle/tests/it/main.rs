//! The machine through its one door, `step`.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod drawing;
mod histories;
mod invariants;
mod world;
