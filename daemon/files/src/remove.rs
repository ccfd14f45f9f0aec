//! Removing trees of any depth with two open directories.
//!
//! A tenant can nest directories deeper than any stack or any number of descriptors. So the tree is flattened while it
//! is removed: a directory that is not empty moves up to the top of the tree, and the top is all that is ever listed.
//! Cut off at any point, the rest lies where the next attempt finds it.

use crate::{error::FilesError, place::temporary_name, walk::open_directory};
use rustix::{
    fs::{AtFlags, Dir, FileType, Mode},
    io::Errno,
};
use std::{
    ffi::{OsStr, OsString},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};
use tokio_util::sync::CancellationToken;

/// Passes over the top before giving up on somebody who keeps filling it. Each takes one level off every branch.
const PASSES: u32 = 1_000_000;

/// Removes a directory that the daemon made, with everything in it. None there is fine.
pub fn remove_directory(path: &Path, cancel: &CancellationToken) -> Result<(), FilesError> {
    let failed = |source| FilesError::Root { path: path.to_path_buf(), source };
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(failed(std::io::ErrorKind::InvalidInput.into()));
    };
    match open_directory(rustix::fs::CWD, parent.as_os_str()) {
        Ok(parent) => entry(&parent, name, cancel),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(failed(error.into())),
    }
}

/// Removes one entry of a directory, whatever it is.
pub(crate) fn entry(parent: &OwnedFd, name: &OsStr, cancel: &CancellationToken) -> Result<(), FilesError> {
    let failed = |error| FilesError::io("remove", name.display(), error);
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(failed(error)),
    }
    for _ in 0..PASSES {
        match rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) => {
                let top = open_directory(parent.as_fd(), name).map_err(failed)?;
                writable(&top);
                empty(&top, cancel)?;
            }
            Err(error) => return Err(failed(error)),
        }
    }
    Err(FilesError::Changed { path: name.display().to_string() })
}

/// Removes everything in a directory.
pub(crate) fn empty(top: &OwnedFd, cancel: &CancellationToken) -> Result<(), FilesError> {
    let mut far = None;
    for _ in 0..PASSES {
        match (pass(far.as_ref().unwrap_or(top), cancel)?, far.is_some()) {
            (Pass::Empty, false) => return Ok(()),
            // The way to it is walked again: what led there can be removed now, or leads to the next.
            (Pass::Empty, true) => far = None,
            (Pass::Again, _) => {}
            (Pass::Far(directory), _) => far = Some(directory),
        }
    }
    Err(FilesError::Changed { path: "the directory".to_owned() })
}

/// What a pass over the top came to.
enum Pass {
    Empty,
    Again,
    /// What this holds cannot move up to the top.
    Far(OwnedFd),
}

fn pass(top: &OwnedFd, cancel: &CancellationToken) -> Result<Pass, FilesError> {
    let directories = clear(top.as_fd(), cancel)?;
    if directories.is_empty() {
        return Ok(Pass::Empty);
    }
    for name in directories {
        if let Some(far) = flatten(top, &name, cancel)? {
            return Ok(Pass::Far(far));
        }
    }
    Ok(Pass::Again)
}

/// Removes a directory of the top after moving up those in it that are not empty. Answers the directory if they cannot move.
fn flatten(top: &OwnedFd, name: &OsStr, cancel: &CancellationToken) -> Result<Option<OwnedFd>, FilesError> {
    let failed = |error| FilesError::io("remove", name.display(), error);
    let directory = match open_directory(top.as_fd(), name) {
        Ok(directory) => directory,
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    writable(&directory);
    for inner in clear(directory.as_fd(), cancel)? {
        writable_entry(&directory, &inner);
        match rustix::fs::renameat(&directory, &inner, top, temporary_name()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::XDEV) => return Ok(Some(directory)),
            Err(error) => return Err(failed(error)),
        }
    }
    match rustix::fs::unlinkat(top, name, AtFlags::REMOVEDIR) {
        // Somebody put something in meanwhile: the next pass over the top finds it.
        Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Removes what can be removed at once and gives the names of the directories that are not empty.
fn clear(directory: BorrowedFd<'_>, cancel: &CancellationToken) -> Result<Vec<OsString>, FilesError> {
    let mut full = Vec::new();
    let failed = |error| FilesError::io("list", ".", std::io::Error::from(error));
    for found in Dir::read_from(directory).map_err(failed)? {
        let found = found.map_err(failed)?;
        let name = OsStr::from_bytes(found.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        if cancel.is_cancelled() {
            return Err(FilesError::Cancelled);
        }
        let flags = match found.file_type() {
            FileType::Directory => AtFlags::REMOVEDIR,
            _ => AtFlags::empty(),
        };
        match rustix::fs::unlinkat(directory, name, flags) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::ISDIR) => full.push(name.to_owned()),
            // The listing was out of date, or the file system does not tell types: the next pass knows better.
            Err(Errno::NOTDIR) => match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(FilesError::io("remove", name.display(), error)),
            },
            Err(error) => return Err(FilesError::io("remove", name.display(), error)),
        }
    }
    Ok(full)
}

/// A daemon that is not root needs the permission to remove from a directory; failing is told by what follows.
fn writable(directory: &OwnedFd) {
    rustix::fs::fchmod(directory, Mode::from_raw_mode(0o700)).ok();
}

fn writable_entry(parent: &OwnedFd, name: &OsStr) {
    if let Ok(directory) = open_directory(parent.as_fd(), name) {
        writable(&directory);
    }
}
