//! Unpacking archives that strangers made, and packing a server's files.
//!
//! Every entry is looked at before anything is made of it: its path goes through the jail, devices and pipes are dropped,
//! links that lead out are dropped, set-user-id bits are dropped, and bytes, entries and the ratio to what was read are
//! counted as they come, whatever the archive claims of itself.
//!
//! Modules in reading order: [`unpack`], [`compressed`], [`tar`], [`zip`], [`pack`].

mod compressed;
mod pack;
mod tar;
mod unpack;
mod zip;

use crate::{TransferSink, error::FilesError, jail::Jail, path::JailPath, quota::Room};
use gantry_types::plan::{ArchiveFormat, Extract};
pub use pack::{PackLimits, Packed};
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio_util::sync::CancellationToken;
use unpack::Unpacker;

/// What an archive may cost, besides the bytes that the plan allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveLimits {
    pub entries: u64,
    /// Unpacked bytes per packed byte, once [`Self::free_bytes`] are unpacked.
    pub ratio: u64,
    pub free_bytes: u64,
    /// What the server's disk limit leaves, if it has one.
    pub room: Option<Room>,
    /// Of files.
    pub times: Times,
}

/// Whether files have the times that an archive gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Times {
    /// They are as new as their unpacking.
    Now,
    Kept,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { entries: 500_000, ratio: 200, free_bytes: 64 << 20, room: None, times: Times::Now }
    }
}

/// What was made of an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    pub entries: u64,
    pub bytes: u64,
    /// Devices, pipes, links that lead out, and names that cannot be.
    pub dropped: u64,
}

impl Jail {
    /// Unpacks an archive of the jail into the jail, in this very process: see [`crate::worker`]. Progress counts the
    /// archive's own bytes. Existing files are replaced, and what is not in the archive stays.
    pub fn extract(
        &self,
        extract: &Extract,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Extracted, FilesError> {
        self.extract_within(extract, ArchiveLimits::default(), progress, cancel)
    }

    /// [`Self::extract`] with limits other than the usual.
    pub fn extract_within(
        &self,
        extract: &Extract,
        limits: ArchiveLimits,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Extracted, FilesError> {
        let file = self.open_file(&JailPath::parse(&extract.archive)?)?;
        self.unpack(file, extract, limits, progress, cancel)
    }

    /// The same from a file that is open already, whatever the plan says of where it is; see [`crate::worker`].
    pub fn unpack(
        &self,
        file: File,
        extract: &Extract,
        limits: ArchiveLimits,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Extracted, FilesError> {
        let path = JailPath::parse(&extract.archive)?;
        let length = file.metadata().map_err(|error| FilesError::io("look at", &path, error))?.len();
        let read = Arc::new(AtomicU64::new(0));
        let file = Metered { inner: io::BufReader::with_capacity(128 * 1024, file), read: Arc::clone(&read) };
        let into = JailPath::parse(&extract.into)?;
        self.make_directory(&into)?;
        let mut unpacker = Unpacker::new(self, extract, into, limits, read, length, progress, cancel);
        let done = match extract.format {
            ArchiveFormat::Tar => tar::unpack(file, &mut unpacker),
            ArchiveFormat::TarGz => tar::unpack(flate2::read::MultiGzDecoder::new(file), &mut unpacker),
            ArchiveFormat::TarXz => tar::unpack_to_end(compressed::xz(file), &mut unpacker),
            ArchiveFormat::TarBz2 => tar::unpack_to_end(compressed::bz2(file), &mut unpacker),
            ArchiveFormat::TarZst => compressed::zst(file)
                .map_err(Stop::from)
                .and_then(|file| tar::unpack_to_end(file, &mut unpacker)),
            ArchiveFormat::Zip => zip::unpack(file, &mut unpacker),
        };
        done.and_then(|()| unpacker.finish()).map_err(|stop| stop.into_error(&path))
    }
}

/// Why unpacking stopped.
enum Stop {
    Files(FilesError),
    /// What is wrong with the archive.
    Archive(String),
}

impl Stop {
    fn into_error(self, archive: &JailPath) -> FilesError {
        match self {
            Self::Files(error) => error,
            Self::Archive(message) => FilesError::Archive { path: archive.to_string(), message },
        }
    }
}

impl From<FilesError> for Stop {
    fn from(error: FilesError) -> Self {
        Self::Files(error)
    }
}

/// Reading fails when the archive is damaged.
impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Archive(format!("it is damaged: {error}"))
    }
}

/// Counts what is read of the archive.
struct Metered<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
