//! A server's directory as a jail, and everything that reaches into it.
//!
//! A tenant controls every byte, name and link below its directory, and its process may change them while we look. So
//! nothing here joins paths and hopes: a [`Jail`] holds the directory open, resolves every [`JailPath`] beneath it in
//! the kernel, opens files without waiting on what they might be, and changes what it has opened and not what a name
//! points to by then. This is the only crate of the daemon that touches tenant files.
//!
//! What comes from outside gets in through here as well: [`outbound`] fetches over https from public addresses alone,
//! [`archive`] unpacks with limits, and [`config`] edits settings as pure text. Both read what strangers made, so the daemon
//! has them done by [`worker`]: a child without power.
//!
//! What people do with files by hand, over HTTP or otherwise, is one module for each: `list`, `transfer`, `rename`,
//! `copy`, [`form`] for configuration files, and for file programs `attributes`, `held` and `link`; a [`Quota`] bounds what they add,
//! and what is [`Protected`] stays as the game has it.
//!
//! Modules in reading order: [`error`], [`path`], `spelling`, [`jail`], `place`, `walk`, `remove`, `protect`, [`quota`], [`list`],
//! [`transfer`], `rename`, [`copy`], [`attributes`], [`held`], `link`, [`config`], [`form`], [`archive`], [`outbound`],
//! [`worker`].

pub mod archive;
pub mod attributes;
pub mod config;
pub mod copy;
pub mod error;
pub mod form;
pub mod held;
pub mod jail;
mod link;
pub mod list;
pub mod outbound;
pub mod path;
mod place;
mod protect;
pub mod quota;
mod remove;
mod rename;
mod spelling;
pub mod transfer;
mod walk;
pub mod worker;

pub use archive::{ArchiveLimits, Extracted, PackLimits, Packed};
pub use attributes::{Attributes, Changes, Links, Names, Times};
pub use config::EditError;
pub use copy::Copied;
pub use error::FilesError;
pub use form::{Filled, Form, MAX_FORM_BYTES};
pub use gantry_confine::{ChildProgram, Landlock, landlock};
pub use held::{Access, Creation, Held};
pub use jail::{Jail, Kind, Stat};
pub use list::{Entry, Listing};
pub use outbound::{Downloaded, OutboundClient, OutboundConfig, OutboundError, is_public};
pub use path::JailPath;
pub use place::Existing;
pub use protect::{Guarded, Protected};
pub use quota::{Quota, Reservation, Room};
pub use remove::remove_directory;
pub use transfer::{Expected, Opened, Version, Writing};
pub use walk::Usage;
pub use worker::{Line, PackTurn, WorkerError, WorkerLimits, Workers, worker_main};

/// Takes the number of bytes moved so far, and of all bytes if that is known. It is called from the work itself, so it
/// must return at once.
pub trait TransferSink: Send + Sync {
    fn moved(&self, done: u64, total: Option<u64>);
}

impl<F: Fn(u64, Option<u64>) + Send + Sync> TransferSink for F {
    fn moved(&self, done: u64, total: Option<u64>) {
        self(done, total);
    }
}
