//! The machine through its one door, `step`.

mod drawing;
mod histories;
mod invariants;
mod world;
