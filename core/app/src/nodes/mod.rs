//! Nodes: how they become part of the fleet, and everything that goes on between one and the control plane.
//!
//! Modules in reading order: `manage` (use cases), `allocations`, `enrollment` (identity and link), `follow` (one task
//! per connected node), `reconcile` (wishes go down), `events` (what happened comes up).

mod allocations;
mod enrollment;
mod events;
mod follow;
mod manage;
mod reconcile;

pub(crate) use enrollment::StoredKeys;
pub(crate) use follow::follow_all;
