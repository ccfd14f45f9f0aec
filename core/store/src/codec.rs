//! Closed enumerations as the texts that their columns hold, and numbers and spans as PostgreSQL has them.

use crate::StoreError;
use gantry_types::{
    action::Availability,
    backup::BackupState,
    blueprint::CommandDoor,
    operation::{OperationKind, OperationState},
    permission::Permission,
    server::{Desired, Observed},
};
use sqlx::postgres::types::PgInterval;
use std::collections::BTreeSet;

/// So many seconds as an interval.
pub(crate) const fn seconds(count: i64) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: count * 1_000_000 }
}

macro_rules! codec {
    ($type:ident, $encode:ident, $decode:ident, $($variant:ident = $text:literal),*) => {
        pub(crate) const fn $encode(value: $type) -> &'static str {
            match value { $($type::$variant => $text),* }
        }
        pub(crate) fn $decode(text: &str) -> Result<$type, StoreError> {
            match text { $($text => Ok($type::$variant),)* _ => Err(StoreError::Unreadable(stringify!($type))) }
        }
    };
}

codec!(Desired, desired, to_desired, Running = "running", Stopped = "stopped", Deleted = "deleted");
codec!(
    Observed,
    observed,
    to_observed,
    Uninstalled = "uninstalled",
    Offline = "offline",
    Starting = "starting",
    Running = "running",
    Stopping = "stopping",
    Crashed = "crashed",
    Deleted = "deleted"
);
codec!(
    Availability,
    availability,
    to_availability,
    Always = "always",
    Running = "running",
    Stopped = "stopped"
);
codec!(
    OperationKind,
    kind,
    to_kind,
    Install = "install",
    Reinstall = "reinstall",
    Restore = "restore",
    Start = "start",
    Stop = "stop",
    Restart = "restart",
    Kill = "kill",
    Delete = "delete"
);
codec!(
    BackupState,
    backup_state,
    to_backup_state,
    Running = "running",
    Ready = "ready",
    Failed = "failed",
    Deleted = "deleted"
);
codec!(
    OperationState,
    state,
    to_state,
    Pending = "pending",
    Running = "running",
    Succeeded = "succeeded",
    Failed = "failed",
    Cancelled = "cancelled"
);

/// How commands go in, which a trigger copies from the blueprint.
pub(crate) fn to_commands(text: &str) -> Result<CommandDoor, StoreError> {
    match text {
        "console" => Ok(CommandDoor::Console),
        "plugin" => Ok(CommandDoor::Plugin),
        "none" => Ok(CommandDoor::None),
        _ => Err(StoreError::Unreadable("CommandDoor")),
    }
}

/// Rights that this version does not know are left out: an unknown right allows nothing.
pub(crate) fn to_permissions(texts: &[String]) -> BTreeSet<Permission> {
    texts.iter().filter_map(|text| Permission::parse(text)).collect()
}

pub(crate) fn permissions(set: &BTreeSet<Permission>) -> Vec<String> {
    set.iter().map(|permission| permission.as_str().to_owned()).collect()
}

pub(crate) fn to_u64(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

pub(crate) fn to_u32(value: i64) -> u32 {
    u32::try_from(value).unwrap_or(0)
}

/// Counts and limits that the domain has bounded far below.
pub(crate) fn to_i32(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

pub(crate) fn to_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
