//! Putting a file in place as a whole.
//!
//! The content goes to a temporary file beside the place, which then takes the place's name. Whoever reads sees all of
//! the old file or all of the new one, a crash leaves at worst a temporary file, and a link that a tenant put at the
//! place is replaced and never followed.

use crate::{error::FilesError, jail::Jail, path::JailPath};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, Stat};
use std::{
    ffi::{OsStr, OsString},
    fs::File,
    os::fd::OwnedFd,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// Names of temporary files begin so.
pub(crate) const TEMPORARY: &str = ".gantry-tmp-";

static BEGINNING: OnceLock<String> = OnceLock::new();

/// Tries to find a free temporary name.
const TRIES: u32 = 64;

/// Whether a finished file must survive a power cut by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    Synced,
    /// The caller syncs many files at once.
    Later,
}

/// What becomes of something that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the change is refused.
    Keep,
    /// A file or a link makes place; a directory with something in it never does.
    Replace,
}

impl Existing {
    /// The kernel decides, so that nothing slips in between looking and renaming.
    pub(crate) const fn flags(self) -> RenameFlags {
        match self {
            Self::Keep => RenameFlags::NOREPLACE,
            Self::Replace => RenameFlags::empty(),
        }
    }
}

/// A file on its way. Dropped without [`Placing::commit`] it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct Placing {
    parent: OwnedFd,
    name: OsString,
    temporary: OsString,
    shown: String,
    file: File,
    committed: bool,
}

impl Placing {
    /// Makes the directories above the path and a temporary file beside it, with the jail's owner and `mode`.
    pub(crate) fn begin(jail: &Jail, path: &JailPath, mode: u32) -> Result<Self, FilesError> {
        let Some((parent, name)) = path.split() else {
            return Err(FilesError::WrongKind { path: path.to_string(), expected: "a file".into() });
        };
        jail.make_directory(&parent)?;
        jail.check_change(path)?;
        let parent = jail.directory(&parent)?;
        let failed = |error: std::io::Error| FilesError::io("write", path, error);
        let (temporary, file) = temporary_file(&parent).map_err(failed)?;
        let shown = path.to_string();
        let placing =
            Self { parent, name: name.to_owned(), temporary, shown, file: file.into(), committed: false };
        jail.give(&placing.file).map_err(failed)?;
        let mode = Mode::from_raw_mode(mode & 0o777);
        rustix::fs::fchmod(&placing.file, mode).map_err(|error| failed(error.into()))?;
        Ok(placing)
    }

    /// Refuses a place that is protected, wherever its directory lies by now.
    pub(crate) fn check(&self, jail: &Jail) -> Result<(), FilesError> {
        jail.check_entry(&self.parent, &self.name)
    }

    /// Where to write to.
    pub(crate) const fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Gives the file its name.
    pub(crate) fn commit(self, durability: Durability) -> Result<(), FilesError> {
        self.settle(durability, Existing::Replace).map(drop)
    }

    /// The same, for who cares what is there already. Gives the file as it is in its place.
    pub(crate) fn settle(mut self, durability: Durability, existing: Existing) -> Result<Stat, FilesError> {
        let done = self.rename(durability, existing);
        self.committed = done.is_ok();
        let settled = done.and_then(|()| Ok(rustix::fs::fstat(&self.file)?));
        settled.map_err(|error| FilesError::io("write", &self.shown, error))
    }

    fn rename(&self, durability: Durability, existing: Existing) -> std::io::Result<()> {
        if durability == Durability::Synced {
            self.file.sync_all()?;
        }
        let (parent, flags) = (&self.parent, existing.flags());
        rustix::fs::renameat_with(parent, &self.temporary, parent, &self.name, flags)?;
        if durability == Durability::Synced {
            rustix::fs::fsync(&self.parent)?;
        }
        Ok(())
    }
}

impl Drop for Placing {
    fn drop(&mut self) {
        if !self.committed
            && let Err(error) = rustix::fs::unlinkat(&self.parent, &self.temporary, AtFlags::empty())
        {
            tracing::debug!(%error, "a temporary file stays behind");
        }
    }
}

fn temporary_file(parent: &OwnedFd) -> std::io::Result<(OsString, OwnedFd)> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for _ in 0..TRIES {
        let name = temporary_name();
        match rustix::fs::openat(parent, &name, flags, Mode::from_raw_mode(0o600)) {
            Ok(file) => return Ok((name, file)),
            Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(rustix::io::Errno::EXIST.into())
}

/// How temporary names of a worker begin: as those of this process, which thus knows them for its own.
pub(crate) fn beginning_for_worker() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}w{:x}-", own_beginning(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Has temporary names of this process begin as its parent says. They must not have begun otherwise.
pub(crate) fn begin_names_with(beginning: String) -> Result<(), String> {
    BEGINNING.set(beginning)
}

/// Whether it looks like a name of the daemon's own.
pub(crate) fn is_temporary(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(TEMPORARY.as_bytes())
}

/// A name that is free unless a tenant guesses it, which costs one more try.
pub(crate) fn temporary_name() -> OsString {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().subsec_nanos();
    OsStr::new(&format!("{}{count:x}-{now:x}", own_beginning())).to_owned()
}

/// Whether it is a temporary name that another process gave.
pub(crate) fn is_abandoned(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(TEMPORARY.as_bytes()) && !name.starts_with(own_beginning().as_bytes())
}

/// How temporary names of this process begin. Its id alone would not do: in a container it is the same at each start.
fn own_beginning() -> &'static str {
    BEGINNING.get_or_init(|| {
        let started = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
        format!("{TEMPORARY}{:x}-{started:x}-", std::process::id())
    })
}
