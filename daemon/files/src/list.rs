//! What is in a directory, links not followed.

use crate::{
    error::FilesError,
    jail::{Jail, Kind},
    path::JailPath,
    place::is_temporary,
    spelling,
};
use rustix::fs::{AtFlags, Dir, Stat};
use std::{
    ffi::{OsStr, OsString},
    os::unix::ffi::OsStrExt,
};

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: OsString,
    pub kind: Kind,
    /// As the tenant's file says: apparent, not allocated.
    pub bytes: u64,
    /// Permission bits.
    pub mode: u32,
    /// Seconds of Unix time, as the tenant set them.
    pub modified: i64,
    /// Whether whoever lists it may not change it, and all that is in it.
    pub protected: bool,
}

impl Entry {
    pub(crate) fn of(name: &OsStr, stat: &Stat) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::of(stat.st_mode),
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            mode: stat.st_mode & 0o777,
            modified: stat.st_mtime,
            protected: false,
        }
    }

    /// Its name where only text goes; [`JailPath::from_spelling`] reads it back.
    pub fn spelling(&self) -> String {
        spelling::spell(&self.name)
    }
}

/// A directory's entries: directories first, then by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub entries: Vec<Entry>,
    /// There are more than were asked for; which of them are here is the file system's choice.
    pub truncated: bool,
}

/// Whether a directory's reader is told of this name. What the daemon has not finished is no file of the server, and
/// [`JailPath::for_people`] leads there no more than a list does.
pub(crate) fn is_shown(name: &OsStr) -> bool {
    name != "." && name != ".." && !is_temporary(name)
}

impl Jail {
    /// At most `most` entries of a directory, of those that are shown.
    pub fn list(&self, path: &JailPath, most: usize) -> Result<Listing, FilesError> {
        let directory = self.directory(path)?;
        let failed = |error| FilesError::io("list", path, std::io::Error::from(error));
        let marks = self.marks(path, &directory)?;
        let (mut entries, mut truncated) = (Vec::new(), false);
        for found in Dir::read_from(&directory).map_err(failed)? {
            let found = found.map_err(failed)?;
            let name = OsStr::from_bytes(found.file_name().to_bytes());
            if !is_shown(name) {
                continue;
            }
            if entries.len() == most {
                truncated = true;
                break;
            }
            match rustix::fs::statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => {
                    entries.push(Entry { protected: marks.is_protected(name), ..Entry::of(name, &stat) });
                }
                // It went away meanwhile.
                Err(rustix::io::Errno::NOENT) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        entries.sort_by(|one, other| {
            let files_last = |entry: &Entry| entry.kind != Kind::Directory;
            files_last(one).cmp(&files_last(other)).then_with(|| one.name.cmp(&other.name))
        });
        Ok(Listing { entries, truncated })
    }
}
