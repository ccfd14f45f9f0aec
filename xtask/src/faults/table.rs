//! The table of faults: which exist, and what each needs.

use super::{
    crash, cut, plan, plane,
    watch::Watch,
    world::{Kind, Parts, World},
};
use crate::shell::Result;

/// One way to break.
pub struct Entry {
    pub id: &'static str,
    pub what: &'static str,
    /// Quick enough for every run of the tests.
    pub short: bool,
    pub kind: Kind,
    pub run: fn(&mut World, &mut Watch, &Parts) -> Result<()>,
}

const COMMON: Kind = Kind { engine: None, disk_mib: None };

/// In the order in which they run.
pub const ENTRIES: &[Entry] = &[
    Entry {
        id: "F01",
        what: "kill -9 of the daemon while games run",
        short: true,
        kind: COMMON,
        run: crash::playing,
    },
    Entry {
        id: "F04",
        what: "kill -9 of the daemon during an installation",
        short: true,
        kind: COMMON,
        run: crash::installing,
    },
    Entry {
        id: "F13",
        what: "kill -9 of the control plane during play and installation",
        short: true,
        kind: COMMON,
        run: plane::crash,
    },
    Entry {
        id: "F40",
        what: "planning refuses, panics, or never ends",
        short: true,
        kind: COMMON,
        run: plan::failures,
    },
    Entry { id: "F28s", what: "the link is cut for a moment", short: true, kind: COMMON, run: cut::short },
    Entry {
        id: "F28",
        what: "the link swallows everything for 60 s",
        short: false,
        kind: COMMON,
        run: cut::long,
    },
];
