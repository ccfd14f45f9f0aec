//! Backups on the node's own disk.
//!
//! A backup is one archive of all files of a server, in a directory that is the daemon's alone, apart from what games and people
//! write to. It is there under its name only once it is whole and on the disk; and what is put back takes the place of the server's
//! directory in one step, once all of it was unpacked beside it. So whenever the machine stops, there is the old or the new.
//!
//! What reads and writes tenants' files are the workers of `gantry-files`: children without power. Who may have how many
//! backups, and what they are called, is known to the agent.
//!
//! Modules in reading order: [`store`], [`swap`].

pub mod store;
pub mod swap;

pub use store::{BackupError, Made, Store};
pub use swap::exchange;
