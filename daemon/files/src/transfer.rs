//! Files in and out, piece by piece.
//!
//! What is read is held open, so that a name that changes its meaning meanwhile changes nothing. What is written lies
//! beside its place until it is whole, and takes the place in one step, if what is there is still what the writer knew.

use crate::{
    error::FilesError,
    jail::Jail,
    list::Entry,
    path::JailPath,
    place::{Durability, Existing, Placing},
    quota::Reservation,
};
use rustix::fs::Stat;
use std::{
    fs::File,
    io::{Read, Write},
};

/// Permission bits of a file that was not there before.
const FILE_MODE: u32 = 0o644;

/// Tells one state of one file from every other: its number on the disk and the kernel's time of its last change, which
/// no tenant can set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    fn of(stat: &Stat) -> Self {
        let (size, nanos) = (stat.st_size, stat.st_ctime_nsec);
        Self(format!("{:x}-{:x}-{:x}-{nanos:x}-{size:x}", stat.st_dev, stat.st_ino, stat.st_ctime))
    }

    /// A version that somebody was told before.
    pub fn from_text(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a writer takes to be in the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    Nothing,
    Anything,
    /// Exactly this state of the file.
    Version(Version),
}

/// A regular file, held open for reading.
#[derive(Debug)]
pub struct Opened {
    file: File,
    shown: String,
    pub bytes: u64,
    pub version: Version,
    /// Whether whoever opened it may not change it.
    pub protected: bool,
}

impl Opened {
    /// Permission bits.
    pub(crate) fn mode(&self) -> Result<u32, FilesError> {
        let found = self.file.metadata().map_err(|error| FilesError::io("look at", &self.shown, error))?;
        Ok(std::os::unix::fs::MetadataExt::mode(&found) & 0o777)
    }

    /// The next piece, empty at the end. Waits for the disk.
    pub fn piece(&mut self, most: usize) -> Result<Vec<u8>, FilesError> {
        let mut piece = Vec::with_capacity(most);
        let read = (&self.file).take(most as u64).read_to_end(&mut piece);
        read.map_err(|error| FilesError::io("read", &self.shown, error))?;
        Ok(piece)
    }
}

/// A file on its way in. Dropped without [`Writing::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Writing {
    placing: Placing,
    path: JailPath,
    written: u64,
    /// For so many bytes there is room.
    reserved: u64,
    most: u64,
    reservation: Reservation,
}

impl Jail {
    /// Opens a regular file. Whatever else has the name is refused without waiting for it.
    pub fn open_for_reading(&self, path: &JailPath) -> Result<Opened, FilesError> {
        let file = self.open_file(path)?;
        let stat = rustix::fs::fstat(&file).map_err(|error| FilesError::io("look at", path, error))?;
        let bytes = u64::try_from(stat.st_size).unwrap_or(0);
        let protected = match self.check_change(path) {
            Err(FilesError::Protected(_)) => true,
            asked => asked.map(|()| false)?,
        };
        Ok(Opened { file, shown: path.to_string(), bytes, version: Version::of(&stat), protected })
    }

    /// Begins a file of at most `most` bytes, with room for those that are announced. It will have the permission bits
    /// of the file that it replaces.
    pub fn begin_writing(
        &self,
        path: &JailPath,
        most: u64,
        announced: Option<u64>,
        mut reservation: Reservation,
    ) -> Result<Writing, FilesError> {
        if let Some((parent, _)) = path.split() {
            self.directory(&parent)?;
        }
        let before = match self.open_file(path) {
            Ok(file) => file.metadata().ok(),
            Err(FilesError::NotFound { .. } | FilesError::Escapes { .. }) => None,
            Err(error) => return Err(error),
        };
        let mode = before.map_or(FILE_MODE, |found| std::os::unix::fs::MetadataExt::mode(&found));
        let reserved = announced.unwrap_or(0);
        if reserved > most {
            return Err(FilesError::TooLarge { path: path.to_string(), limit: most });
        }
        reservation.grow_by_entry(reserved)?;
        let placing = Placing::begin(self, path, mode)?;
        Ok(Writing { placing, path: path.clone(), written: 0, reserved, most, reservation })
    }
}

impl Writing {
    /// Takes the next piece. Waits for the disk.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), FilesError> {
        let bytes = piece.len() as u64;
        self.written = self.written.saturating_add(bytes);
        if self.written > self.most {
            return Err(FilesError::TooLarge { path: self.path.to_string(), limit: self.most });
        }
        if let Some(more) = self.written.checked_sub(self.reserved).filter(|more| *more > 0) {
            self.reservation.grow(more)?;
            self.reserved = self.written;
        }
        self.placing.file().write_all(piece).map_err(|error| FilesError::io("write", &self.path, error))
    }

    /// Puts the file in its place. Between looking at what is there and taking the place only the game can slip in:
    /// whoever changes files for people lets one commit at a time pass.
    pub fn commit(self, jail: &Jail, expected: &Expected) -> Result<(Entry, Version), FilesError> {
        self.placing.check(jail)?;
        let existing = match expected {
            Expected::Nothing => Existing::Keep,
            Expected::Anything => Existing::Replace,
            Expected::Version(version) => {
                match jail.open_for_reading(&self.path) {
                    Ok(present) if present.version == *version => {}
                    Ok(_) | Err(FilesError::NotFound { .. }) => {
                        return Err(FilesError::Stale { path: self.path.to_string() });
                    }
                    Err(error) => return Err(error),
                }
                Existing::Replace
            }
        };
        let name = self.path.split().map(|(_, name)| name.to_owned()).unwrap_or_default();
        let stat = self.placing.settle(Durability::Synced, existing)?;
        self.reservation.settle();
        Ok((Entry::of(&name, &stat), Version::of(&stat)))
    }
}
