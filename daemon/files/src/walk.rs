//! Walking a tree that somebody else may be rearranging.
//!
//! Iterative, with a bounded number of open directories whatever the depth: directories far up are closed and opened
//! again through `..` on the way back, and only believed if they are the same directory as before. Links are never
//! followed and mounts never entered.

use crate::{error::FilesError, place::is_abandoned};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;

/// Directories that are open at a time.
const OPEN: usize = 32;
/// Most entries of one walk.
const MAX_ENTRIES: u64 = 20_000_000;

/// Most bytes that the names of directories take which are still to be entered: a game makes as many as it likes.
const MAX_WAITING: usize = 256 << 20;

/// What a walk may still take.
struct Budget {
    entries: u64,
    /// In bytes.
    waiting: usize,
}

impl Budget {
    fn visit(&mut self) -> Result<(), FilesError> {
        let too_many = || FilesError::TooLarge { path: "the number of files".to_owned(), limit: MAX_ENTRIES };
        self.entries = self.entries.checked_sub(1).ok_or_else(too_many)?;
        Ok(())
    }

    /// Takes room for a directory's name.
    fn keep<T>(&mut self, name: &OsStr) -> Result<(), FilesError> {
        let too_many = || FilesError::TooLarge {
            path: "the names of all folders".to_owned(),
            limit: u64::try_from(MAX_WAITING).unwrap_or(u64::MAX),
        };
        self.waiting = self.waiting.checked_sub(size::<T>(name)).ok_or_else(too_many)?;
        Ok(())
    }

    fn release<T>(&mut self, name: &OsStr) {
        self.waiting += size::<T>(name);
    }
}

/// What a directory that waits takes of memory, without what the tag refers to.
fn size<T>(name: &OsStr) -> usize {
    size_of::<(OsString, T)>() + name.len()
}

/// What a tree takes on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Allocated, not apparent.
    pub bytes: u64,
    /// What files claim to hold, holes and all.
    pub content: u64,
    pub entries: u64,
}

/// Something found on the way.
pub(crate) struct Entry<'a> {
    pub(crate) parent: BorrowedFd<'a>,
    pub(crate) name: &'a OsStr,
    pub(crate) stat: Stat,
    /// On another file system than the tree, or in another subvolume: it is not entered.
    pub(crate) is_foreign: bool,
}

struct Frame<T> {
    /// None while closed to save a descriptor.
    open: Option<OwnedFd>,
    identity: (u64, u64),
    /// Directories that are still to be entered, with what is known of them.
    children: Vec<(OsString, T)>,
}

/// Opens a directory by one name in an open directory, never through a link.
pub(crate) fn open_directory(parent: BorrowedFd<'_>, name: &OsStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags | OFlags::RDONLY, Mode::empty())
}

/// Visits every entry beneath `root`, parents before what is in them.
pub(crate) fn tree(
    root: OwnedFd,
    cancel: &CancellationToken,
    mut visit: impl FnMut(&Entry<'_>) -> Result<(), FilesError>,
) -> Result<(), FilesError> {
    tagged(root, cancel, &(), |entry, ()| visit(entry).map(Some))
}

/// The same with something that is known of each directory. Whoever visits an entry says what is to be known of it, or
/// that it need not be entered.
pub(crate) fn tagged<T>(
    root: OwnedFd,
    cancel: &CancellationToken,
    tag: &T,
    mut visit: impl FnMut(&Entry<'_>, &T) -> Result<Option<T>, FilesError>,
) -> Result<(), FilesError> {
    let device = identity(&root)?.0;
    let mut budget = Budget { entries: MAX_ENTRIES, waiting: MAX_WAITING };
    let mut stack = vec![frame(root, device, &mut budget, cancel, |entry| visit(entry, tag))?];
    while let Some(top) = stack.last_mut() {
        let (Some(open), Some((name, tag))) = (&top.open, top.children.pop()) else {
            let Some(Frame { open: Some(done), .. }) = stack.pop() else { continue };
            if let Some(parent) = stack.last_mut() {
                reopen(parent, &done)?;
            }
            continue;
        };
        budget.release::<T>(&name);
        let child = match open_directory(open.as_fd(), &name) {
            Ok(child) => child,
            // It went away or became something else: nothing to enter.
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR | rustix::io::Errno::LOOP) => continue,
            Err(error) => return Err(FilesError::io("open", name.display(), error)),
        };
        stack.push(frame(child, device, &mut budget, cancel, |entry| visit(entry, &tag))?);
        if let Some(far) = stack.len().checked_sub(OPEN + 1) {
            stack[far].open = None;
        }
    }
    Ok(())
}

/// Reads one directory, visits what is in it, and keeps the directories for later.
fn frame<T>(
    open: OwnedFd,
    device: u64,
    budget: &mut Budget,
    cancel: &CancellationToken,
    mut visit: impl FnMut(&Entry<'_>) -> Result<Option<T>, FilesError>,
) -> Result<Frame<T>, FilesError> {
    let identity = identity(&open)?;
    let mut children = Vec::new();
    let failed = |error| FilesError::io("list", ".", std::io::Error::from(error));
    for found in Dir::read_from(&open).map_err(failed)? {
        let found = found.map_err(failed)?;
        let name = OsStr::from_bytes(found.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        if cancel.is_cancelled() {
            return Err(FilesError::Cancelled);
        }
        budget.visit()?;
        let stat = match rustix::fs::statat(&open, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(rustix::io::Errno::NOENT) => continue,
            Err(error) => return Err(FilesError::io("look at", name.display(), error)),
        };
        let is_foreign = stat.st_dev != device;
        let tag = visit(&Entry { parent: open.as_fd(), name, stat, is_foreign })?;
        let is_entered = FileType::from_raw_mode(stat.st_mode) == FileType::Directory && !is_foreign;
        if let (Some(tag), true) = (tag, is_entered) {
            budget.keep::<T>(name)?;
            children.push((name.to_owned(), tag));
        }
    }
    Ok(Frame { open: Some(open), identity, children })
}

/// Opens a directory again that was closed on the way down.
fn reopen<T>(parent: &mut Frame<T>, child: &OwnedFd) -> Result<(), FilesError> {
    if parent.open.is_some() {
        return Ok(());
    }
    let open = open_directory(child.as_fd(), OsStr::new(".."))
        .map_err(|error| FilesError::io("open", "..", error))?;
    if identity(&open)? != parent.identity {
        return Err(FilesError::Changed { path: "a directory".to_owned() });
    }
    parent.open = Some(open);
    Ok(())
}

pub(crate) fn identity(directory: &OwnedFd) -> Result<(u64, u64), FilesError> {
    let stat = rustix::fs::fstat(directory).map_err(|error| FilesError::io("look at", ".", error))?;
    Ok((stat.st_dev, stat.st_ino))
}

/// Adds up a tree, entry by entry.
#[derive(Default)]
struct Sum {
    usage: Usage,
    /// Files with several names that were counted.
    seen: HashSet<(u64, u64)>,
}

impl Sum {
    fn add(&mut self, stat: &Stat) {
        let first = stat.st_nlink < 2
            || FileType::from_raw_mode(stat.st_mode) == FileType::Directory
            || self.seen.insert((stat.st_dev, stat.st_ino));
        if first {
            let bytes = u64::try_from(stat.st_blocks).unwrap_or(0).saturating_mul(512);
            self.usage.bytes = self.usage.bytes.saturating_add(bytes);
            if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                let content = u64::try_from(stat.st_size).unwrap_or(0);
                self.usage.content = self.usage.content.saturating_add(content);
            }
        }
        self.usage.entries += 1;
    }
}

pub(crate) fn usage(root: OwnedFd, cancel: &CancellationToken) -> Result<Usage, FilesError> {
    let mut sum = Sum::default();
    tree(root, cancel, |entry| {
        sum.add(&entry.stat);
        Ok(())
    })?;
    Ok(sum.usage)
}

/// Adds up a tree and removes on the way what writes and copies of an earlier process left, last touched before `before`
/// in Unix time. The kernel sets that time, so nobody can make a file look older than it is.
pub(crate) fn sweep(
    root: OwnedFd,
    before: Duration,
    cancel: &CancellationToken,
) -> Result<Usage, FilesError> {
    let mut sum = Sum::default();
    tree(root, cancel, |entry| {
        if is_left_over(entry, before) && removed(entry, cancel)? {
            return Ok(());
        }
        sum.add(&entry.stat);
        Ok(())
    })?;
    Ok(sum.usage)
}

/// Removes files and links whose names begin so.
pub(crate) fn remove_named(
    root: OwnedFd,
    beginning: &str,
    cancel: &CancellationToken,
) -> Result<(), FilesError> {
    tree(root, cancel, |entry| {
        let kind = FileType::from_raw_mode(entry.stat.st_mode);
        let ours = matches!(kind, FileType::RegularFile | FileType::Symlink)
            && entry.name.as_encoded_bytes().starts_with(beginning.as_bytes());
        if ours {
            removed(entry, cancel)?;
        }
        Ok(())
    })
}

/// Whether nobody works on it any more. What this process made is at work whatever the clock says of its age, and a
/// directory is one of a copy only if it is the daemon's alone: tenants name theirs as they like.
fn is_left_over(entry: &Entry<'_>, before: Duration) -> bool {
    let stat = &entry.stat;
    let seconds = u64::try_from(stat.st_ctime).unwrap_or(0);
    let changed = Duration::new(seconds, u32::try_from(stat.st_ctime_nsec).unwrap_or(0));
    let ours = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile | FileType::Symlink => true,
        FileType::Directory => {
            stat.st_uid == rustix::process::geteuid().as_raw() && stat.st_mode & 0o777 == 0o700
        }
        _ => false,
    };
    ours && changed < before && is_abandoned(entry.name)
}

/// False if it is still there.
fn removed(entry: &Entry<'_>, cancel: &CancellationToken) -> Result<bool, FilesError> {
    let parent = entry.parent.try_clone_to_owned();
    let parent = parent.map_err(|error| FilesError::io("remove", entry.name.display(), error))?;
    match crate::remove::entry(&parent, entry.name, cancel) {
        Ok(()) => Ok(true),
        Err(FilesError::Cancelled) => Err(FilesError::Cancelled),
        Err(_) => Ok(false),
    }
}
