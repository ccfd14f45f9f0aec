//! Quantities with their unit in the type or the field name.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Backups that a server may keep where nobody says how many.
pub const USUAL_BACKUPS: u32 = 5;

/// What a server may use. Zero means unlimited, for each field on its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Swap beyond the memory, in MiB. Zero is no swap: unlike the others it does not mean unlimited.
    pub swap_mib: u32,
    /// CPU in hundredths of a core: 150 is one and a half cores.
    pub cpu_percent: u32,
    /// Disk in MiB.
    pub disk_mib: u32,
    /// Processes and threads.
    pub pids: u32,
    /// Backups that are kept at a time. Zero is none: unlike the others it does not mean unlimited.
    #[serde(default = "usual_backups")]
    #[schema(default = 5, minimum = 0, maximum = 100)]
    pub backups: u32,
}

/// Where nobody says how many.
const fn usual_backups() -> u32 {
    USUAL_BACKUPS
}
