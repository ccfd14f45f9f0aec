//! Copying files and trees, within the jail.
//!
//! The copy is made beside its place, in a directory of the daemon's alone, and takes the place as a whole; what is cut
//! off before that can be told from what tenants made, and is swept away. Links are copied as
//! links, pipes and devices are left out, mounts are not entered. Every byte and every entry is reserved before it is
//! written, so that a source that grows meanwhile, or leads back into its own copy, ends at the limit.

use crate::{
    error::FilesError,
    jail::{Jail, Kind, wrong_kind},
    path::JailPath,
    place::{Existing, temporary_name},
    quota::Reservation,
    rename::{into_itself, named},
    walk::{identity, open_directory},
};
use rustix::{
    fs::{AtFlags, Dir, Mode, OFlags, Stat},
    io::Errno,
};
use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, Read},
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
};
use tokio_util::sync::CancellationToken;

/// Most entries of one copy.
const MAX_ENTRIES: u64 = 200_000;
/// Deepest tree that is copied; each level holds two directories open.
const MAX_DEPTH: usize = 64;
/// Between two looks at whether the copy was called off.
const PIECE: u64 = 8 << 20;

/// What a copy came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub entries: u64,
    pub bytes: u64,
    /// Pipes, sockets, devices and mounts, which are not copied.
    pub skipped: u64,
}

impl Jail {
    /// Copies a file, a link or a directory with all that is in it to a name that is free.
    pub fn copy(
        &self,
        from: &JailPath,
        to: &JailPath,
        reservation: Reservation,
        cancel: &CancellationToken,
    ) -> Result<Copied, FilesError> {
        let (from_parent, from_name) = named(from)?;
        let (to_parent, to_name) = named(to)?;
        if to.is_within(from) {
            return Err(into_itself(to));
        }
        self.check_arriving(from, to, cancel)?;
        let (source, target) = (self.directory(&from_parent)?, self.directory(&to_parent)?);
        if rustix::fs::statat(&target, to_name, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Err(FilesError::Exists { path: to.to_string() });
        }
        let stage = Stage::make(&target).map_err(|error| FilesError::io("copy", to, error))?;
        let mut copier = Copier { jail: self, cancel, reservation, copied: Copied::default() };
        copier.whole(&source, from_name, &stage, from)?;
        stage.place(to_name).map_err(|error| match error {
            Errno::EXIST => FilesError::Exists { path: to.to_string() },
            error => FilesError::io("copy", to, error),
        })?;
        copier.reservation.settle();
        Ok(copier.copied)
    }
}

/// What a copy is called until it has its place.
const STAGED: &str = "copy";

/// Where a copy is made. It stays the daemon's when the copy has its owner already, and goes with what was not placed.
struct Stage<'a> {
    parent: &'a OwnedFd,
    name: OsString,
    directory: OwnedFd,
}

impl<'a> Stage<'a> {
    fn make(parent: &'a OwnedFd) -> Result<Self, Errno> {
        let name = temporary_name();
        rustix::fs::mkdirat(parent, &name, Mode::from_raw_mode(0o700))?;
        let directory = open_directory(parent.as_fd(), &name)?;
        Ok(Self { parent, name, directory })
    }

    /// Gives the copy its name, which must be free.
    fn place(&self, name: &OsStr) -> Result<(), Errno> {
        rustix::fs::syncfs(&self.directory)?;
        rustix::fs::renameat_with(&self.directory, STAGED, self.parent, name, Existing::Keep.flags())?;
        rustix::fs::fsync(self.parent)
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // What was called off is tidied up all the same.
        if let Err(error) = crate::remove::entry(self.parent, &self.name, &CancellationToken::new()) {
            tracing::debug!(%error, "an unfinished copy stays behind");
        }
    }
}

struct Copier<'a> {
    jail: &'a Jail,
    cancel: &'a CancellationToken,
    reservation: Reservation,
    copied: Copied,
}

/// A directory that is being copied.
struct Level {
    source: OwnedFd,
    target: OwnedFd,
    mode: Mode,
    /// Directories in it that are still to be copied.
    children: Vec<OsString>,
}

impl Copier<'_> {
    fn whole(
        &mut self,
        source: &OwnedFd,
        name: &OsStr,
        stage: &Stage<'_>,
        shown: &JailPath,
    ) -> Result<(), FilesError> {
        let failed = |error| FilesError::io("copy", shown, error);
        let stat = rustix::fs::statat(source, name, AtFlags::SYMLINK_NOFOLLOW).map_err(failed)?;
        match Kind::of(stat.st_mode) {
            Kind::Directory => self.tree(source, name, stage),
            Kind::Other => Err(wrong_kind(shown, "a file, a link or a directory")),
            Kind::File | Kind::Link => {
                self.leaf(source, name, &stat, &stage.directory, OsStr::new(STAGED))?;
                if self.copied.entries == 0 {
                    Err(FilesError::Changed { path: shown.to_string() })
                } else {
                    Ok(())
                }
            }
        }
    }

    fn tree(&mut self, source: &OwnedFd, name: &OsStr, stage: &Stage<'_>) -> Result<(), FilesError> {
        let root = self.enter(source, name, &stage.directory, OsStr::new(STAGED))?;
        let Some(root) = root else { return Err(FilesError::Changed { path: name.display().to_string() }) };
        let (device, own) = (identity(&root.source)?.0, identity(&stage.directory)?);
        let mut levels = vec![root];
        self.fill(&mut levels)?;
        while let Some(level) = levels.last_mut() {
            let Some(child) = level.children.pop() else {
                if let Some(done) = levels.pop() {
                    self.finish(&done)?;
                }
                continue;
            };
            if levels.len() == MAX_DEPTH {
                return Err(FilesError::TooLarge {
                    path: "the depth of the tree".to_owned(),
                    limit: MAX_DEPTH as u64,
                });
            }
            let Some(level) = levels.last() else { break };
            let found =
                open_directory(level.source.as_fd(), &child).and_then(|open| rustix::fs::fstat(&open));
            let enter = found.is_ok_and(|stat| stat.st_dev == device && (stat.st_dev, stat.st_ino) != own);
            let (source, target) = (&level.source, &level.target);
            match if enter { self.enter(source, &child, target, &child)? } else { None } {
                Some(below) => {
                    levels.push(below);
                    self.fill(&mut levels)?;
                }
                None => self.copied.skipped += 1,
            }
        }
        Ok(())
    }

    /// Makes a directory for the copy of another; none if the other is none any more.
    fn enter(
        &mut self,
        source: &OwnedFd,
        name: &OsStr,
        target: &OwnedFd,
        made: &OsStr,
    ) -> Result<Option<Level>, FilesError> {
        let failed = |error| FilesError::io("copy", name.display(), error);
        let source = match open_directory(source.as_fd(), name) {
            Ok(open) => open,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mode = rustix::fs::fstat(&source).map_err(failed)?.st_mode & 0o777;
        self.count(0)?;
        rustix::fs::mkdirat(target, made, Mode::from_raw_mode(0o700)).map_err(failed)?;
        let target = open_directory(target.as_fd(), made).map_err(failed)?;
        Ok(Some(Level { source, target, mode: Mode::from_raw_mode(mode), children: Vec::new() }))
    }

    /// Copies what is in the last level but its directories, which are noted.
    fn fill(&mut self, levels: &mut [Level]) -> Result<(), FilesError> {
        let Some(level) = levels.last_mut() else { return Ok(()) };
        let failed = |error| FilesError::io("list", ".", io::Error::from(error));
        for found in Dir::read_from(&level.source).map_err(failed)? {
            let found = found.map_err(failed)?;
            let name = OsStr::from_bytes(found.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            let stat = match rustix::fs::statat(&level.source, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(FilesError::io("look at", name.display(), error)),
            };
            if Kind::of(stat.st_mode) == Kind::Directory {
                level.children.push(name.to_owned());
            } else {
                self.leaf(&level.source, name, &stat, &level.target, name)?;
            }
        }
        Ok(())
    }

    fn finish(&self, level: &Level) -> Result<(), FilesError> {
        let done =
            self.jail.give(&level.target).and_then(|()| Ok(rustix::fs::fchmod(&level.target, level.mode)?));
        done.map_err(|error| FilesError::io("copy", ".", error))
    }

    /// Copies what is no directory. What went away meanwhile, or cannot be copied, is counted as left out.
    fn leaf(
        &mut self,
        source: &OwnedFd,
        name: &OsStr,
        stat: &Stat,
        target: &OwnedFd,
        made: &OsStr,
    ) -> Result<(), FilesError> {
        if self.cancel.is_cancelled() {
            return Err(FilesError::Cancelled);
        }
        let failed = |error: io::Error| FilesError::io("copy", name.display(), error);
        let there = match Kind::of(stat.st_mode) {
            Kind::File => self.file(source, name, target, made)?,
            Kind::Link => match rustix::fs::readlinkat(source, name, Vec::new()) {
                Ok(points_to) => {
                    self.count(0)?;
                    let linked = rustix::fs::symlinkat(points_to.as_c_str(), target, made);
                    linked.map_err(|error| failed(error.into()))?;
                    self.jail.give_entry(target, made).map_err(failed)?;
                    true
                }
                Err(_) => false,
            },
            Kind::Directory | Kind::Other => false,
        };
        self.copied.skipped += u64::from(!there);
        Ok(())
    }

    fn file(
        &mut self,
        source: &OwnedFd,
        name: &OsStr,
        target: &OwnedFd,
        made: &OsStr,
    ) -> Result<bool, FilesError> {
        let failed = |error: io::Error| FilesError::io("copy", name.display(), error);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let from = match rustix::fs::openat(source, name, flags, Mode::empty()) {
            Ok(open) => File::from(open),
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Ok(false),
            Err(error) => return Err(failed(error.into())),
        };
        let found = rustix::fs::fstat(&from).map_err(|error| failed(error.into()))?;
        if Kind::of(found.st_mode) != Kind::File {
            return Ok(false);
        }
        let size = u64::try_from(found.st_size).unwrap_or(0);
        self.count(size)?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let to = rustix::fs::openat(target, made, flags, Mode::from_raw_mode(0o600));
        let mut to = File::from(to.map_err(|error| failed(error.into()))?);
        let mut left = size;
        while left > 0 {
            if self.cancel.is_cancelled() {
                return Err(FilesError::Cancelled);
            }
            let piece = io::copy(&mut (&from).take(left.min(PIECE)), &mut to).map_err(failed)?;
            // It became shorter meanwhile.
            if piece == 0 {
                break;
            }
            left = left.saturating_sub(piece);
            self.copied.bytes += piece;
        }
        self.jail.give(&to).map_err(failed)?;
        let mode = Mode::from_raw_mode(found.st_mode & 0o777);
        rustix::fs::fchmod(&to, mode).map_err(|error| failed(error.into()))?;
        Ok(true)
    }

    /// Reserves an entry with so many bytes.
    fn count(&mut self, bytes: u64) -> Result<(), FilesError> {
        if self.copied.entries == MAX_ENTRIES {
            return Err(FilesError::TooLarge { path: "the number of files".to_owned(), limit: MAX_ENTRIES });
        }
        self.reservation.grow_by_entry(bytes)?;
        self.copied.entries += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::Quota;
    use std::time::Duration;

    #[test]
    fn a_copy_that_was_whole_and_had_no_name_yet_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let jail = Jail::open(folder.path(), None).unwrap();
        let from = JailPath::parse("from").unwrap();
        jail.write(&from.join(&JailPath::parse("x").unwrap()).unwrap(), b"x", 0o644).unwrap();
        let root = jail.directory(&JailPath::root()).unwrap();
        let stage = Stage::make(&root).unwrap();
        let never = CancellationToken::new();
        let (reservation, copied) = (Quota::default().reserve(), Copied::default());
        let mut copier = Copier { jail: &jail, cancel: &never, reservation, copied };
        copier.whole(&root, OsStr::new("from"), &stage, &from).unwrap();
        // As another process finds it.
        std::fs::rename(folder.path().join(&stage.name), folder.path().join(".gantry-tmp-1-2-3")).unwrap();
        jail.sweep(Duration::MAX, &never).unwrap();
        let left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|at| at.unwrap().file_name()).collect();
        assert_eq!(left, ["from"]);
    }
}
