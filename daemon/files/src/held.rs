//! Files held open and changed in place, as file programs over SFTP expect it: at any position, in any order, resumable.
//!
//! A [`Held`] is a descriptor that was resolved beneath the jail once; what its name points to afterwards changes nothing.
//! What a write may add is reserved from the server's account before it is written, so the write that does not fit is
//! refused and what was there before stays as it was. Sizes are taken from the descriptor each time, because the game
//! writes to the same files.

use crate::{
    attributes::{Attributes, Changes},
    error::FilesError,
    jail::{Jail, Kind, wrong_kind},
    path::JailPath,
    quota::{BLOCK, Quota},
};
use cap_std::fs::{OpenOptions, OpenOptionsExt};
use rustix::fs::{Mode, OFlags, Stat};
use std::{fs::File, io, os::unix::fs::FileExt};

/// What is wanted of a file that is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    pub read: bool,
    pub write: bool,
    /// Every write goes to the end, whatever its position says.
    pub append: bool,
    /// What was there is dropped.
    pub truncate: bool,
    pub creation: Creation,
    /// Permission bits of a file that is made.
    pub mode: u32,
}

impl Access {
    const fn changes(&self) -> bool {
        self.write || self.truncate || !matches!(self.creation, Creation::Never)
    }
}

/// Whether a file is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Creation {
    /// It must be there.
    #[default]
    Never,
    IfMissing,
    /// It must not be there.
    Always,
}

/// A regular file or a directory, held open.
#[derive(Debug)]
pub struct Held {
    file: File,
    shown: String,
    quota: Quota,
    appends: bool,
}

impl Jail {
    /// Opens a regular file, and makes it if that is wanted. Whatever else has the name is refused without waiting for
    /// it, and is not truncated.
    pub fn hold(&self, path: &JailPath, access: &Access, quota: &Quota) -> Result<Held, FilesError> {
        if access.changes() {
            self.check_change(path)?;
        }
        let existing = match access.creation {
            Creation::Always => None,
            Creation::Never => Some(self.open_held(path, access)?),
            Creation::IfMissing => match self.open_held(path, access) {
                Ok(file) => Some(file),
                Err(FilesError::NotFound { .. }) => None,
                Err(error) => return Err(error),
            },
        };
        let held =
            |file| Held { file, shown: path.to_string(), quota: quota.clone(), appends: access.append };
        let Some(file) = existing else {
            return Ok(held(self.make_held(path, access, quota)?));
        };
        if kind(&file, path)? != Kind::File {
            return Err(wrong_kind(path, "a file"));
        }
        if access.changes() {
            self.check_open(&file)?;
        }
        let held = held(file);
        if access.truncate {
            held.resize(0)?;
        }
        Ok(held)
    }

    fn open_held(&self, path: &JailPath, access: &Access) -> Result<File, FilesError> {
        let mut options = OpenOptions::new();
        options.read(access.read).write(access.write && !access.append).append(access.append);
        self.resolve(path, &mut options)
    }

    /// Opens what is there. A pipe neither blocks nor is written to: what comes of it is looked at first.
    fn resolve(&self, path: &JailPath, options: &mut OpenOptions) -> Result<File, FilesError> {
        options.custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
        let opened = self.root().open_with(path.as_path(), options);
        opened.map(cap_std::fs::File::into_std).map_err(|error| match error.raw_os_error() {
            // What a socket, or a pipe that nobody reads, answers to being opened.
            Some(number) if number == rustix::io::Errno::NXIO.raw_os_error() => wrong_kind(path, "a file"),
            _ => FilesError::io("open", path, error),
        })
    }

    fn make_held(&self, path: &JailPath, access: &Access, quota: &Quota) -> Result<File, FilesError> {
        let failed = |error: io::Error| FilesError::io("write", path, error);
        let mut reservation = quota.reserve();
        reservation.grow_by_entry(0)?;
        let mode = access.mode & 0o777;
        let mut options = OpenOptions::new();
        // Who makes a file may write to it, whatever its bits will say.
        options.read(access.read).write(!access.append).append(access.append).create_new(true).mode(0o600);
        let file = self.resolve(path, &mut options)?;
        self.give(&file).map_err(failed)?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode)).map_err(|error| failed(error.into()))?;
        reservation.settle();
        Ok(file)
    }

    /// Changes permission bits, times or size of a file or a directory, through links within the jail: what is opened is
    /// changed, and not what has the name by then.
    pub fn set_attributes(
        &self,
        path: &JailPath,
        changes: &Changes,
        quota: &Quota,
    ) -> Result<(), FilesError> {
        self.check_change(path)?;
        let mut options = OpenOptions::new();
        options.read(changes.bytes.is_none()).write(changes.bytes.is_some());
        let file = self.resolve(path, &mut options)?;
        match kind(&file, path)? {
            Kind::File | Kind::Directory => {}
            Kind::Link | Kind::Other => return Err(wrong_kind(path, "a file or a directory")),
        }
        self.check_open(&file)?;
        let quota = quota.clone();
        Held { file, shown: path.to_string(), quota, appends: false }.set_attributes(changes)
    }
}

fn kind(file: &File, path: &JailPath) -> Result<Kind, FilesError> {
    let stat = rustix::fs::fstat(file).map_err(|error| FilesError::io("look at", path, error))?;
    Ok(Kind::of(stat.st_mode))
}

const fn blocks(bytes: u64) -> u64 {
    match bytes.checked_next_multiple_of(BLOCK) {
        Some(rounded) => rounded,
        None => u64::MAX,
    }
}

impl Held {
    fn failed(&self, operation: &'static str, error: impl Into<io::Error>) -> FilesError {
        FilesError::io(operation, &self.shown, error)
    }

    pub(crate) const fn file(&self) -> &File {
        &self.file
    }

    fn stat(&self) -> Result<Stat, FilesError> {
        rustix::fs::fstat(&self.file).map_err(|error| self.failed("look at", error))
    }

    pub fn attributes(&self) -> Result<Attributes, FilesError> {
        Ok(Attributes::of(&self.stat()?))
    }

    /// Appends to `buffer` at most `most` bytes from a position on; none were left if nothing came. The buffer does not
    /// grow past its capacity.
    pub fn read_at(&self, buffer: &mut Vec<u8>, most: usize, position: u64) -> Result<usize, FilesError> {
        let before = buffer.len();
        let most = most.min(buffer.capacity() - before);
        while buffer.len() - before < most {
            let done = (buffer.len() - before) as u64;
            let Some(at) = position.checked_add(done) else { break };
            let spare = rustix::buffer::spare_capacity(buffer);
            match rustix::io::pread(&self.file, spare, at) {
                Ok(0) => break,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(self.failed("read", error)),
            }
        }
        buffer.truncate(before + most);
        Ok(buffer.len() - before)
    }

    /// Writes all of the bytes, or refuses for want of room before the first of them.
    pub fn write_at(&self, bytes: &[u8], position: u64) -> Result<(), FilesError> {
        let before = self.stat()?;
        let (size, allocated) = measure(&before);
        let position = if self.appends { size } else { position };
        let length = bytes.len() as u64;
        let end = position.checked_add(length).filter(|end| i64::try_from(*end).is_ok());
        let end =
            end.ok_or_else(|| FilesError::TooLarge { path: self.shown.clone(), limit: i64::MAX as u64 })?;
        let growth = blocks(end).saturating_sub(blocks(size));
        let most = blocks(length).saturating_add(BLOCK);
        // Where there are holes, writing between the ends takes room as well.
        let holes = if allocated < size { most } else { 0 };
        let wanted = growth.saturating_add(holes);
        let mut reservation = self.quota.reserve();
        if wanted > 0 {
            reservation.grow(wanted)?;
        }
        let written = self.file.write_all_at(bytes, position).map_err(|error| self.failed("write", error));
        if wanted > 0 {
            // Some file systems say only later what they took.
            let seen = measure(&self.stat()?).1.saturating_sub(allocated);
            reservation.settle_as(seen.max(growth.min(most)));
        }
        written
    }

    /// Cuts the file, or lets it grow by nothing that is on the disk; it may not seem larger than there is room for.
    fn resize(&self, bytes: u64) -> Result<(), FilesError> {
        let (size, _) = measure(&self.stat()?);
        let mut reservation = self.quota.reserve();
        if let Some(more) = bytes.checked_sub(size).filter(|more| *more > 0) {
            reservation.grow(more)?;
        }
        self.file.set_len(bytes).map_err(|error| self.failed("write", error))
    }

    /// Makes all changes that are asked for. The file must be open for writing if its size is among them.
    pub fn set_attributes(&self, changes: &Changes) -> Result<(), FilesError> {
        if let Some(bytes) = changes.bytes {
            self.resize(bytes)?;
        }
        if let Some(mode) = changes.mode {
            let set = rustix::fs::fchmod(&self.file, Mode::from_raw_mode(mode & 0o777));
            set.map_err(|error| self.failed("change", error))?;
        }
        if let Some(times) = changes.times {
            let set = rustix::fs::futimens(&self.file, &times.timestamps());
            set.map_err(|error| self.failed("change", error))?;
        }
        Ok(())
    }

    /// Waits until the file is on the disk.
    pub fn sync(&self) -> Result<(), FilesError> {
        self.file.sync_all().map_err(|error| self.failed("write", error))
    }
}

/// Apparent size and what is allocated.
fn measure(stat: &Stat) -> (u64, u64) {
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    (unsigned(stat.st_size), unsigned(stat.st_blocks).saturating_mul(512))
}
