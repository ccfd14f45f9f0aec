//! Zip archives, by their central directory. Stored and deflated entries are read; encrypted ones are refused.

use super::{
    Metered, Stop,
    unpack::{About, Unpacker},
};
use rustix::fs::FileType;
use std::{
    io::{self, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use zip::{ZipArchive, read::ZipFile, result::ZipError};

/// Most bytes that are read to learn what the archive holds: the library keeps all of that in memory.
const MAX_DIRECTORY: u64 = 32 << 20;
/// Longest target of a link.
const MAX_LINK: u64 = 4096;

/// A reader that stops once its allowance is used up.
struct Allowance<R> {
    inner: Metered<R>,
    until: Arc<AtomicU64>,
}

impl<R: Read> Read for Allowance<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.inner.read.load(Ordering::Relaxed) > self.until.load(Ordering::Relaxed) {
            return Err(io::Error::other("its list of files is too long"));
        }
        self.inner.read(buffer)
    }
}

impl<R: Seek> Seek for Allowance<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

impl From<ZipError> for Stop {
    fn from(error: ZipError) -> Self {
        Self::Archive(error.to_string())
    }
}

pub(super) fn unpack<R: Read + Seek>(from: Metered<R>, unpacker: &mut Unpacker<'_>) -> Result<(), Stop> {
    let until = Arc::new(AtomicU64::new(MAX_DIRECTORY));
    let mut archive = ZipArchive::new(Allowance { inner: from, until: Arc::clone(&until) })?;
    until.store(u64::MAX, Ordering::Relaxed);
    for position in 0..archive.len() {
        make(&mut archive.by_index(position)?, unpacker)?;
    }
    Ok(())
}

fn make(entry: &mut ZipFile<'_, impl Read>, unpacker: &mut Unpacker<'_>) -> Result<(), Stop> {
    // Some programs on Windows write their own separator.
    let name: Vec<u8> =
        entry.name_raw().iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
    let Some(path) = unpacker.place(&name)? else { return Ok(()) };
    let mode = entry.unix_mode().unwrap_or(0o644);
    match FileType::from_raw_mode(mode) {
        _ if name.ends_with(b"/") => unpacker.directory(&path),
        FileType::Directory => unpacker.directory(&path),
        FileType::Symlink => {
            let mut target = Vec::new();
            entry.take(MAX_LINK).read_to_end(&mut target)?;
            unpacker.symbolic_link(&path, &target)
        }
        FileType::Fifo | FileType::Socket | FileType::CharacterDevice | FileType::BlockDevice => {
            unpacker.drop_entry();
            Ok(())
        }
        FileType::RegularFile | FileType::Unknown => {
            let mode = if mode & 0o777 == 0 { 0o644 } else { mode };
            unpacker.file(path, About { mode, modified: None }, entry)
        }
    }
}
