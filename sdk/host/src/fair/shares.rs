//! How much a plugin may use over time, as data.
//!
//! A call's own budget bounds one call. A plugin that stays just below it in each call, for each of a thousand servers,
//! would still have the machine for itself; shares bound what all of its calls together may take, and what those about
//! one server may take of that.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const KIB: u32 = 1024;
const MIB: u32 = 1024 * KIB;

/// What may be used in each second, and how much may be saved up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Units that come in each second.
    pub per_second: u32,
    /// Units that there are at most.
    pub saved: u32,
}

/// What somebody may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Calls.
    pub calls: Flow,
    /// Processor time, in microseconds.
    pub cpu_us: Flow,
    /// Calls of host functions, the log included.
    pub host_calls: Flow,
    /// Bytes of log text.
    pub log_bytes: Flow,
    /// Memory that calls of one moment may have by their budgets, in MiB. Calls beyond wait as for an instance.
    pub memory_mib: u32,
}

/// When a plugin is on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRule {
    /// So many of the latest [`HoldRule::WINDOW`] calls of a kind were stopped.
    pub stopped: u32,
    /// How long the first hold lasts. Each that follows lasts twice as long as the one before.
    pub first: Duration,
    /// How long one lasts at most.
    pub longest: Duration,
    /// After so long without one, the next is a first one again.
    pub calm: Duration,
    /// A plugin that is on hold for so many servers, for half of those that it works for and for more than half of the people
    /// that they belong to, is on hold for all. One person's games can be made to say what a plugin stumbles over; they must
    /// not take the plugin from others.
    pub servers: usize,
}

impl HoldRule {
    /// Calls of a kind that are remembered.
    pub const WINDOW: u32 = 10;
}

/// All shares of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// Of all calls of one release.
    pub plugin: Share,
    /// Of those of its calls that are about one server.
    pub server: Share,
    /// When it is on hold.
    pub hold: HoldRule,
}

impl Default for Shares {
    /// A collector each second and console lines nine times a second take a tenth of the calls that there are for one server.
    fn default() -> Self {
        Self {
            plugin: Share {
                calls: Flow { per_second: 5_000, saved: 10_000 },
                cpu_us: Flow { per_second: 500_000, saved: 10_000_000 },
                host_calls: Flow { per_second: 20_000, saved: 100_000 },
                log_bytes: Flow { per_second: 256 * KIB, saved: 4 * MIB },
                memory_mib: 1_024,
            },
            server: Share {
                calls: Flow { per_second: 100, saved: 200 },
                cpu_us: Flow { per_second: 100_000, saved: 4_000_000 },
                host_calls: Flow { per_second: 500, saved: 4_000 },
                log_bytes: Flow { per_second: 4 * KIB, saved: 256 * KIB },
                memory_mib: 256,
            },
            hold: HoldRule {
                stopped: 5,
                first: Duration::from_secs(30),
                longest: Duration::from_secs(3_600),
                calm: Duration::from_secs(3_600),
                servers: 3,
            },
        }
    }
}
