//! Nodes: how they become part of the fleet, and everything that goes on between one and the control plane.
//!
//! Modules in reading order: `manage` (use cases), `allocations`, `enrollment` (identity and link), `follow` (one task
//! per connected node), `reconcile` (wishes go down), `grants` (so does who may come in by SFTP), `drains`,
//! `events` (what happened comes up) with `visits` (what people did by SFTP) and `followed` (schedules) and `backups`.

mod allocations;
mod backups;
mod drains;
mod enrollment;
mod events;
mod follow;
mod followed;
mod grants;
mod manage;
mod reconcile;
mod visits;

pub(crate) use backups::keep as keep_backup;
pub(crate) use enrollment::StoredKeys;
pub(crate) use follow::follow_all;
