//! What a file or a directory is like, and what of that can be changed.

use crate::{
    error::FilesError,
    jail::{Jail, Kind},
    list::is_shown,
    path::JailPath,
};
use cap_std::fs::MetadataExt;
use rustix::fs::{AtFlags, Dir, Stat, Timespec, Timestamps};
use std::{
    ffi::{OsStr, OsString},
    io,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
};

/// All that file programs ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    pub kind: Kind,
    /// As the tenant's file says: apparent, not allocated.
    pub bytes: u64,
    /// Permission bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Seconds of Unix time, as the tenant set them.
    pub accessed: i64,
    pub modified: i64,
}

impl Attributes {
    pub(crate) fn of(stat: &Stat) -> Self {
        Self {
            kind: Kind::of(stat.st_mode),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            mode: stat.st_mode & 0o777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            accessed: stat.st_atime,
            modified: stat.st_mtime,
        }
    }
}

/// What is to be changed; the rest stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub bytes: Option<u64>,
    /// Of it the permission bits count.
    pub mode: Option<u32>,
    pub times: Option<Times>,
}

/// Seconds of Unix time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    pub accessed: i64,
    pub modified: i64,
}

impl Times {
    pub(crate) const fn timestamps(self) -> Timestamps {
        Timestamps {
            last_access: Timespec { tv_sec: self.accessed, tv_nsec: 0 },
            last_modification: Timespec { tv_sec: self.modified, tv_nsec: 0 },
        }
    }
}

/// Whether a link stands for itself or for what it points to within the jail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    Themselves,
    Followed,
}

/// A directory that is read piece by piece, in the file system's order.
#[derive(Debug)]
pub struct Names {
    directory: OwnedFd,
    entries: Dir,
    shown: String,
}

impl Jail {
    /// What is at a path.
    pub fn inspect(&self, path: &JailPath, links: Links) -> Result<Attributes, FilesError> {
        let found = match links {
            Links::Themselves => self.root().symlink_metadata(path.as_path()),
            Links::Followed => self.root().metadata(path.as_path()),
        };
        let found = found.map_err(|error| FilesError::io("look at", path, error))?;
        Ok(Attributes {
            kind: Kind::of(found.mode()),
            bytes: found.len(),
            mode: found.mode() & 0o777,
            uid: found.uid(),
            gid: found.gid(),
            accessed: found.atime(),
            modified: found.mtime(),
        })
    }

    /// Opens a directory to be read piece by piece.
    pub fn names(&self, path: &JailPath) -> Result<Names, FilesError> {
        let directory = self.directory(path)?;
        let failed = |error| FilesError::io("list", path, io::Error::from(error));
        let entries = Dir::read_from(&directory).map_err(failed)?;
        Ok(Names { directory, entries, shown: path.to_string() })
    }
}

impl Names {
    pub fn attributes(&self) -> Result<Attributes, FilesError> {
        let stat = rustix::fs::fstat(&self.directory);
        stat.map(|stat| Attributes::of(&stat)).map_err(|error| FilesError::io("look at", &self.shown, error))
    }

    /// The next entries, links not followed; none are left if nothing comes.
    pub fn next_entries(&mut self, most: usize) -> Result<Vec<(OsString, Attributes)>, FilesError> {
        let mut found = Vec::new();
        let failed = |error| FilesError::io("list", &self.shown, io::Error::from(error));
        while found.len() < most {
            let Some(entry) = self.entries.read() else { break };
            let entry = entry.map_err(failed)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if !is_shown(name) {
                continue;
            }
            match rustix::fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => found.push((name.to_owned(), Attributes::of(&stat))),
                // It went away meanwhile.
                Err(rustix::io::Errno::NOENT) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(found)
    }
}
