//! The table of faults: which exist, and what each needs.

use super::{
    crash, cut, database, disk, docker,
    engine::LiveRestore,
    files, plan, plane, power, repeat,
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
    pub run: Run,
}

const COMMON: Kind = Kind { engine: None, disk_mib: None };

const PRIVATE: Kind = Kind { engine: Some(LiveRestore::Off), disk_mib: None };
const LIVE_RESTORE: Kind = Kind { engine: Some(LiveRestore::On), disk_mib: None };
const SMALL_DISK: Kind = Kind { engine: None, disk_mib: Some(128) };

type Run = fn(&mut World, &mut Watch, &Parts) -> Result<()>;

/// One that is part of every run of the tests.
const fn short(id: &'static str, what: &'static str, run: Run) -> Entry {
    Entry { id, what, short: true, kind: COMMON, run }
}

/// One that takes its time.
const fn long(id: &'static str, what: &'static str, kind: Kind, run: Run) -> Entry {
    Entry { id, what, short: false, kind, run }
}

/// In the order in which they run. An id is that of the row that the entry comes from; a letter tells apart those that
/// come from one row.
#[rustfmt::skip]
pub const ENTRIES: &[Entry] = &[
    short("F01", "kill -9 of the daemon while games run", crash::playing),
    short("F04", "kill -9 of the daemon during an installation", crash::installing),
    short("F13", "kill -9 of the control plane during play and installation", plane::crash),
    short("F28a", "the link is cut for 3 s", cut::short),
    short("F40", "planning refuses, panics, or never ends", plan::failures),
    long("F02", "kill -9 of the daemon ten times, soon after its start", COMMON, power::again_and_again),
    long("F03", "the daemon is restarted five times", COMMON, power::restarted),
    long("F10a", "kill -9 of either program while a file is uploaded over another", COMMON, files::uploaded),
    long("F10b", "kill -9 of the daemon while an archive is unpacked and a directory copied", COMMON, files::unpacked),
    long("F11", "kill -9 of the daemon during stop, kill, restart and reinstallation", COMMON, power::during_actions),
    long("F12", "kill -9 of either program while servers are deleted", COMMON, power::during_deletion),
    long("F16", "PostgreSQL crashes five times", COMMON, database::restarts),
    long("F17", "PostgreSQL is gone for 20 s", COMMON, database::outage),
    long("F25", "a container and a network are removed behind the daemon", COMMON, docker::removed_behind),
    long("F26", "a game, and then a child of one, runs out of memory", COMMON, docker::out_of_memory),
    long("F28b", "the link swallows everything for 60 s", COMMON, cut::long),
    long("F30", "every message to the daemon comes five times", COMMON, repeat::duplicates),
    long("F31", "a start comes after the stop that followed it", COMMON, repeat::reordered),
    long("F38", "servers are deleted and suspended while the daemon is away", COMMON, power::wishes_meanwhile),
    long("F39", "another program listens on the server's port", COMMON, docker::port_taken),
    long("F20", "an installation fills the disk", SMALL_DISK, disk::full),
    long("F23a", "Docker restarts with live-restore", LIVE_RESTORE, docker::restart_with_live_restore),
    long("F23b", "Docker restarts without live-restore", PRIVATE, docker::restart_without_live_restore),
    long("F24", "Docker hangs for 20 s", PRIVATE, docker::hangs),
];
