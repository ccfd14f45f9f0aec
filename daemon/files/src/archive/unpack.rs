//! What an archive's entries become, whichever format they come from.

use super::{ArchiveLimits, Extracted, Stop, Times};
use crate::{
    TransferSink,
    error::FilesError,
    jail::{Jail, Kind},
    path::JailPath,
    place::{Durability, Placing, is_temporary, temporary_name},
    quota::entry_bytes,
};
use gantry_types::plan::Extract;
use rustix::fs::{AtFlags, Mode, Timespec, Timestamps};
use std::{
    collections::HashSet,
    ffi::OsStr,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::ffi::OsStrExt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio_util::sync::CancellationToken;

/// Bytes that are copied at a time.
const PORTION: usize = 128 * 1024;

/// What an archive says of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    pub(super) mode: u32,
    /// In seconds of Unix time.
    pub(super) modified: Option<i64>,
}

/// Makes entries, and counts.
pub(super) struct Unpacker<'a> {
    jail: &'a Jail,
    into: JailPath,
    strip: u32,
    max_bytes: u64,
    limits: ArchiveLimits,
    /// Bytes read of the archive, and its length.
    read: Arc<AtomicU64>,
    length: u64,
    progress: &'a dyn TransferSink,
    cancel: &'a CancellationToken,
    done: Extracted,
    /// The folder of the last entry, which no link leads to: no link takes a folder's place.
    straight: Option<JailPath>,
    /// Regular files of this archive: all that its hard links may name.
    files: HashSet<JailPath>,
    buffer: Vec<u8>,
}

impl<'a> Unpacker<'a> {
    #[expect(clippy::too_many_arguments, reason = "one caller, and a struct of them would be this one")]
    pub(super) fn new(
        jail: &'a Jail,
        extract: &Extract,
        into: JailPath,
        limits: ArchiveLimits,
        read: Arc<AtomicU64>,
        length: u64,
        progress: &'a dyn TransferSink,
        cancel: &'a CancellationToken,
    ) -> Self {
        Self {
            jail,
            into,
            strip: extract.strip_components,
            max_bytes: extract.max_bytes,
            limits,
            read,
            length,
            progress,
            cancel,
            done: Extracted::default(),
            straight: None,
            files: HashSet::new(),
            buffer: vec![0; PORTION],
        }
    }

    /// Counts an entry and gives its place; none if nothing is left of its path.
    pub(super) fn place(&mut self, name: &[u8]) -> Result<Option<JailPath>, Stop> {
        if self.cancel.is_cancelled() {
            return Err(FilesError::Cancelled.into());
        }
        self.done.entries += 1;
        if self.done.entries > self.limits.entries {
            return Err(Stop::Archive(format!("it has more than {} entries", self.limits.entries)));
        }
        self.progress.moved(self.read.load(Ordering::Relaxed).min(self.length), Some(self.length));
        let path = JailPath::from_bytes(name)?;
        let Some(rest) = path.strip(self.strip) else { return Ok(None) };
        let path = self.into.join(&rest)?;
        // What goes through a link goes where the archive does not say; names of the daemon's own are swept away some day.
        if rest.parts().any(is_temporary) || !self.leads_straight(&path)? {
            self.drop_entry();
            return Ok(None);
        }
        Ok(Some(path))
    }

    /// Whether no folder on the way, from where the archive is unpacked on, is a link.
    fn leads_straight(&mut self, path: &JailPath) -> Result<bool, Stop> {
        let Some((folder, _)) = path.split() else { return Ok(true) };
        if self.straight.as_ref() == Some(&folder) {
            return Ok(true);
        }
        let mut at = folder.clone();
        while at != self.into && at.is_within(&self.into) {
            if self.jail.stat(&at)?.is_some_and(|stat| stat.kind == Kind::Link) {
                return Ok(false);
            }
            let Some((parent, _)) = at.split() else { break };
            at = parent;
        }
        self.straight = Some(folder);
        Ok(true)
    }

    /// Takes the room of the folders that are missing, this one and those above it.
    fn take_folders(&mut self, folder: JailPath) -> Result<(), Stop> {
        let Some(room) = &mut self.limits.room else { return Ok(()) };
        let mut at = folder;
        while at != self.into && self.jail.stat(&at)?.is_none() {
            room.take_entry(0)?;
            let Some((parent, _)) = at.split() else { break };
            at = parent;
        }
        Ok(())
    }

    /// Takes the room of a file or a link whose content is yet to come.
    fn take_place(&mut self, path: &JailPath) -> Result<(), Stop> {
        if let Some((folder, _)) = path.split() {
            self.take_folders(folder)?;
        }
        Ok(self.limits.room.as_mut().map_or(Ok(()), |room| room.take_entry(0))?)
    }

    /// Gives back what a file of so many bytes did not need, and what it replaced.
    fn give_back(&mut self, bytes: u64, replaced: u64) {
        if let Some(room) = &mut self.limits.room {
            let taken = entry_bytes(0).saturating_add(bytes);
            room.free(taken.saturating_sub(entry_bytes(bytes)).saturating_add(replaced));
        }
    }

    /// Leaves an entry out.
    pub(super) fn drop_entry(&mut self) {
        self.done.dropped += 1;
    }

    pub(super) fn directory(&mut self, path: &JailPath) -> Result<(), Stop> {
        self.take_folders(path.clone())?;
        Ok(self.jail.make_directory(path)?)
    }

    /// Gives a directory of the daemon's own archive the mode that it had: some games refuse one that is open to others. What a stranger
    /// packed has the usual one.
    pub(super) fn close_directory(&mut self, path: &JailPath, mode: u32) -> Result<(), Stop> {
        if self.limits.times != Times::Kept {
            return Ok(());
        }
        let directory = self.jail.directory(path)?;
        // The owner keeps the right to all that is its.
        let mode = Mode::from_raw_mode((mode & 0o777) | 0o700);
        let closed = rustix::fs::fchmod(&directory, mode);
        Ok(closed.map_err(|error| FilesError::io("make", path, std::io::Error::from(error)))?)
    }

    /// A file; what is nothing but zeros in it takes no room on the disk.
    pub(super) fn file(&mut self, path: JailPath, about: About, mut from: impl Read) -> Result<(), Stop> {
        self.take_place(&path)?;
        let replaced = self.jail.stat(&path)?.map_or(0, |stat| stat.alone);
        // The owner keeps the right to read and replace what it is given.
        let mut placing = Placing::begin(self.jail, &path, (about.mode & 0o777) | 0o600)?;
        let mut bytes = 0_u64;
        loop {
            let count = from.read(&mut self.buffer)?;
            if count == 0 {
                break;
            }
            self.count(count as u64)?;
            bytes += count as u64;
            let written = write_or_skip(placing.file(), &self.buffer[..count]);
            written.map_err(|error| FilesError::io("write", &path, error))?;
        }
        let ended = end(placing.file(), bytes, about.modified.filter(|_| self.limits.times == Times::Kept));
        ended.map_err(|error| FilesError::io("write", &path, error))?;
        placing.commit(Durability::Later)?;
        self.give_back(bytes, replaced);
        self.files.insert(path);
        Ok(())
    }

    pub(super) fn symbolic_link(&mut self, path: &JailPath, target: &[u8]) -> Result<(), Stop> {
        if !path.may_link_to(target) {
            self.drop_entry();
            return Ok(());
        }
        self.link(path, |parent, name| rustix::fs::symlinkat(OsStr::from_bytes(target), parent, name))
    }

    /// A second name for a file of the same archive; anything else is dropped.
    pub(super) fn hard_link(&mut self, path: &JailPath, target: &[u8]) -> Result<(), Stop> {
        let target = JailPath::from_bytes(target).ok().and_then(|target| target.strip(self.strip));
        let target = target.and_then(|target| self.into.join(&target).ok());
        let Some(target) = target.filter(|target| self.files.contains(target) && target != path) else {
            self.drop_entry();
            return Ok(());
        };
        let Some((from, from_name)) = target.split() else { return Ok(()) };
        let from = self.jail.directory(&from)?;
        let linked = self
            .link(path, |parent, name| rustix::fs::linkat(&from, from_name, parent, name, AtFlags::empty()));
        match linked {
            // The first Landlock lets nothing be linked from one directory to another.
            Err(Stop::Files(FilesError::Escapes { .. })) => {
                let from = self.jail.open_file(&target)?;
                let mode = self.jail.stat(&target)?.map_or(0o644, |stat| stat.mode);
                self.file(path.clone(), About { mode, modified: None }, from)
            }
            linked => {
                linked?;
                self.files.insert(path.clone());
                Ok(())
            }
        }
    }

    /// Makes a link under a temporary name and moves it into place.
    fn link(
        &mut self,
        path: &JailPath,
        make: impl FnOnce(&std::os::fd::OwnedFd, &OsStr) -> rustix::io::Result<()>,
    ) -> Result<(), Stop> {
        let Some((parent, name)) = path.split() else { return Ok(()) };
        self.take_place(path)?;
        self.jail.make_directory(&parent)?;
        let parent = self.jail.directory(&parent)?;
        let temporary = temporary_name();
        let failed = |error: std::io::Error| FilesError::io("link", path, error);
        make(&parent, &temporary).map_err(|error| failed(error.into()))?;
        let given = self.jail.give_entry(&parent, &temporary);
        let renamed = given.and_then(|()| Ok(rustix::fs::renameat(&parent, &temporary, &parent, name)?));
        // Two names of one file: renaming one to the other leaves both.
        if rustix::fs::unlinkat(&parent, &temporary, AtFlags::empty()).is_ok() {
            tracing::trace!("a link was there already");
        }
        Ok(renamed.map_err(failed)?)
    }

    fn count(&mut self, bytes: u64) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            return Err(FilesError::Cancelled.into());
        }
        self.done.bytes += bytes;
        if let Some(room) = &mut self.limits.room {
            room.take(bytes)?;
        }
        if self.done.bytes > self.max_bytes {
            return Err(Stop::Archive(format!("it holds more than {} bytes", self.max_bytes)));
        }
        let read = self.read.load(Ordering::Relaxed);
        let free = self.done.bytes <= self.limits.free_bytes;
        if !free && self.done.bytes / self.limits.ratio > read {
            return Err(Stop::Archive(format!(
                "it unpacks to more than {} times its size",
                self.limits.ratio
            )));
        }
        self.progress.moved(read.min(self.length), Some(self.length));
        Ok(())
    }

    /// Makes all of it durable at once.
    pub(super) fn finish(self) -> Result<Extracted, Stop> {
        let root = self.jail.directory(&self.into)?;
        rustix::fs::syncfs(&root).map_err(|error| FilesError::io("sync", &self.into, error))?;
        self.progress.moved(self.length, Some(self.length));
        Ok(self.done)
    }
}

/// Writes a portion, or leaves a hole for it.
fn write_or_skip(file: &mut File, portion: &[u8]) -> io::Result<()> {
    if portion.iter().all(|byte| *byte == 0) {
        return file.seek(SeekFrom::Current(portion.len() as i64)).map(drop);
    }
    file.write_all(portion)
}

/// Gives a file its length, which a hole at its end does not, and its time.
fn end(file: &File, bytes: u64, modified: Option<i64>) -> io::Result<()> {
    if file.metadata()?.len() < bytes {
        file.set_len(bytes)?;
    }
    let Some(seconds) = modified else { return Ok(()) };
    let at = Timespec { tv_sec: seconds, tv_nsec: 0 };
    Ok(rustix::fs::futimens(file, &Timestamps { last_access: at, last_modification: at })?)
}
