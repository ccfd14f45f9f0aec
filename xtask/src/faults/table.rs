//! The table of faults: which exist, and what each needs.

use super::{
    backlog, backups, clock, crash, cut, database, disk, docker, drains,
    engine::LiveRestore,
    everything, files, forgery, herd, plan, plane, power, repeat, restore, schedules,
    watch::Watch,
    whispers,
    world::{Kind, Parts, Small, World},
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

const COMMON: Kind = Kind { engine: None, small: None, optimised: false };
const OPTIMISED: Kind = Kind { optimised: true, ..COMMON };
const PRIVATE: Kind = Kind { engine: Some(LiveRestore::Off), ..COMMON };
const LIVE_RESTORE: Kind = Kind { engine: Some(LiveRestore::On), ..COMMON };
const SMALL_DISK: Kind = Kind { small: Some(Small::Node), ..COMMON };
const SMALL_ENGINE: Kind = Kind { small: Some(Small::Engine), ..PRIVATE };
const SMALL_DATABASE: Kind = Kind { small: Some(Small::Database), ..COMMON };

type Run = fn(&mut World, &mut Watch, &Parts) -> Result<()>;

/// One that is part of every run of the tests.
const fn short(id: &'static str, what: &'static str, run: Run) -> Entry {
    Entry { id, what, short: true, kind: COMMON, run }
}

/// One that takes its time.
const fn long(id: &'static str, what: &'static str, kind: Kind, run: Run) -> Entry {
    Entry { id, what, short: false, kind, run }
}

/// Rows of the reference's table without an entry, and why.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("F07", "needs transfers between nodes"),
    ("F08", "needs transfers between nodes"),
    ("F09", "needs transfers between nodes"),
    ("F15", "needs control planes that share one database"),
    ("F19", "needs the adoption of servers that the database does not know"),
];

/// In the order in which they run. An id is that of the row that the entry comes from; a letter tells apart those that
/// come from one row, and an S is before those of our own.
#[rustfmt::skip]
pub const ENTRIES: &[Entry] = &[
    short("F01", "kill -9 of the daemon while games run", crash::playing),
    short("F04", "kill -9 of the daemon during an installation", crash::installing),
    short("F13", "kill -9 of the control plane during play and installation", plane::crash),
    short("F28a", "the link is cut for 3 s", cut::short),
    short("S1", "secrets go in and out while both programs log all that they can", whispers::told),
    short("S2", "people, games and plugins say what looks like a line of the log", forgery::tried),
    short("F40", "planning refuses, panics, or never ends", plan::failures),
    long("F01b", "kill -9 of the daemon while twenty games print 100 lines a second", COMMON, crash::twenty),
    long("F02", "kill -9 of the daemon twenty times, soon after its start", COMMON, power::again_and_again),
    long("F03", "the daemon is restarted five times", COMMON, power::restarted),
    long("F05", "kill -9 of the daemon during backups", COMMON, backups::made),
    long("F06", "kill -9 of the daemon during restores", COMMON, backups::put_back),
    long("S3", "kill -9 of either program while a node is drained and comes back", COMMON, drains::cut_off),
    long("F10a", "kill -9 of either program while a file is uploaded over another", COMMON, files::uploaded),
    long("F10b", "kill -9 of the daemon while an archive is unpacked and a directory copied", COMMON, files::unpacked),
    long("F11", "kill -9 of the daemon during stop, kill, restart and reinstallation", COMMON, power::during_actions),
    long("F12", "kill -9 of either program while servers are deleted", COMMON, power::during_deletion),
    long("F14", "the control plane is away for 75 s, and a game crashes", COMMON, plane::away),
    long("F16", "PostgreSQL crashes five times", COMMON, database::restarts),
    long("F17", "PostgreSQL is gone for 20 s", COMMON, database::outage),
    long("F18", "the database is put back as it was some time ago", COMMON, restore::older),
    long("F25", "a container and a network are removed behind the daemon", COMMON, docker::removed_behind),
    long("F26", "a game, and then a child of one, runs out of memory", COMMON, docker::out_of_memory),
    long("F27", "the daemon has too little memory", COMMON, everything::starved),
    long("F28b", "the link swallows everything for 60 s", COMMON, cut::long),
    long("F28c", "the deadline of what was asked for passes while the link is cut", COMMON, cut::late),
    long("F29a", "the link takes five seconds for there and back", COMMON, cut::slow),
    long("F29b", "the link carries nothing one way, then the other", COMMON, cut::one_way),
    long("F30", "every message to the daemon comes five times", COMMON, repeat::duplicates),
    long("F31", "a start comes after the stop that followed it", COMMON, repeat::reordered),
    long("F32a", "the daemon's clock is minutes behind, minutes ahead, a day ahead", COMMON, clock::of_the_daemon),
    long("F32b", "the control plane's clock is minutes behind, minutes ahead, a day ahead", COMMON, clock::of_the_control_plane),
    long("F34", "times of schedules come while the control plane, and then the daemon, is away", COMMON, schedules::while_away),
    long("F35", "backups are put back whose archives are damaged or gone", COMMON, backups::damaged),
    long("F36", "100,000 events while the control plane is away", COMMON, backlog::told_at_last),
    long("F38", "servers are deleted and suspended while the daemon is away", COMMON, power::wishes_meanwhile),
    long("F39", "another program listens on the server's port", COMMON, docker::port_taken),
    long("F20", "an installation fills the disk", SMALL_DISK, disk::full),
    long("F21", "Docker's disk is full", SMALL_ENGINE, disk::of_the_engine),
    long("F22", "PostgreSQL's disk is full", SMALL_DATABASE, disk::of_the_database),
    long("F23a", "Docker restarts with live-restore", LIVE_RESTORE, docker::restart_with_live_restore),
    long("F23b", "Docker restarts without live-restore", PRIVATE, docker::restart_without_live_restore),
    long("F37", "everything is killed at once, and comes back in an unkind order", PRIVATE, everything::at_once),
    long("F33", "the control plane dies under 200 nodes and 5,000 open pages", OPTIMISED, herd::restarted),
    long("F24", "Docker hangs for 20 s", PRIVATE, docker::hangs),
];
