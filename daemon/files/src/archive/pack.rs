//! All files of a server, as one archive: the other half of what [`super::unpack`] reads.
//!
//! The game may be writing meanwhile. So every file takes exactly the room in the archive that it had when it was opened: what it
//! lost since is filled with zeros, what it gained is left out, and either is counted, as is whatever changed while it was read. What
//! unpacking would drop is not put in: it is counted too, so that nobody believes it to be there.

use crate::{
    TransferSink,
    error::FilesError,
    jail::{Jail, Kind},
    path::JailPath,
    place::is_temporary,
    walk,
};
use rustix::fs::{Mode, OFlags, Stat};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::Path,
};
use tar::{Builder, EntryType, Header};
use tokio_util::sync::CancellationToken;

/// As fast as most disks; higher levels take a multiple of the time for a tenth of the size.
const LEVEL: i32 = 1;
/// Bytes that are read at a time.
const PORTION: usize = 256 * 1024;

/// What an archive may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackLimits {
    /// Bytes of content: a file of nothing but holes may claim any size.
    pub content: u64,
}

/// What was put into an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packed {
    /// Files, directories and links.
    pub entries: u64,
    /// Bytes of all files.
    pub bytes: u64,
    /// Pipes and devices, files that cannot be read, links that lead out, names that cannot be, and other file systems.
    pub left_out: u64,
    /// Files that were written while they were read.
    pub changed: u64,
}

impl Jail {
    /// Packs everything into a file that is open for writing, as a tar archive compressed by zstd, in this very process: see
    /// [`crate::worker`]. Progress counts bytes of content.
    pub fn pack(
        &self,
        into: File,
        limits: PackLimits,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Packed, FilesError> {
        let mut encoder = zstd::stream::write::Encoder::new(into, LEVEL).map_err(archive)?;
        encoder.include_checksum(true).map_err(archive)?;
        let mut packer = Packer {
            archive: Builder::new(encoder),
            limits,
            progress,
            cancel,
            done: Packed::default(),
            names: HashMap::new(),
        };
        packer.archive.sparse(false);
        let root = self.directory(&JailPath::root())?;
        walk::tagged(root, cancel, &JailPath::root(), |entry, folder| packer.add(entry, folder))?;
        let done = packer.done;
        let into =
            packer.archive.into_inner().and_then(zstd::stream::write::Encoder::finish).map_err(archive)?;
        into.sync_all().map_err(archive)?;
        Ok(done)
    }
}

/// Whether a directory cannot be listed, or what is in it not looked at, by whom the files belong to.
fn is_closed(entry: &walk::Entry<'_>) -> bool {
    let seen = walk::open_directory(entry.parent, entry.name)
        .and_then(|open| rustix::fs::statat(open, ".", rustix::fs::AtFlags::empty()));
    matches!(seen, Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM))
}

/// The archive itself could not be written.
fn archive(error: io::Error) -> FilesError {
    FilesError::io("write", "the archive", error)
}

struct Packer<'a> {
    archive: Builder<zstd::stream::write::Encoder<'static, File>>,
    limits: PackLimits,
    progress: &'a dyn TransferSink,
    cancel: &'a CancellationToken,
    done: Packed,
    /// Files with several names, by device and number: the first name of each.
    names: HashMap<(u64, u64), JailPath>,
}

impl Packer<'_> {
    /// Adds one entry of a folder. Answers its path if it is a directory.
    fn add(&mut self, entry: &walk::Entry<'_>, folder: &JailPath) -> Result<Option<JailPath>, FilesError> {
        // What the daemon has not finished is no file yet.
        if is_temporary(entry.name) {
            return Ok(None);
        }
        let path = JailPath::from_bytes(entry.name.as_encoded_bytes()).and_then(|name| folder.join(&name));
        let Ok(path) = path else {
            self.done.left_out += 1;
            return Ok(None);
        };
        match Kind::of(entry.stat.st_mode) {
            Kind::Directory if entry.is_foreign || is_closed(entry) => self.done.left_out += 1,
            Kind::Directory => {
                let mut header = header(&entry.stat, EntryType::Directory);
                self.write(&mut header, &path, io::empty())?;
                return Ok(Some(path));
            }
            Kind::File => self.file(entry, path)?,
            Kind::Link => self.link(entry, &path)?,
            Kind::Other => self.done.left_out += 1,
        }
        Ok(None)
    }

    fn link(&mut self, entry: &walk::Entry<'_>, path: &JailPath) -> Result<(), FilesError> {
        let target = match rustix::fs::readlinkat(entry.parent, entry.name, Vec::new()) {
            Ok(target) => target.into_bytes(),
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::INVAL) => return Ok(()),
            Err(error) => return Err(FilesError::io("read", path, error)),
        };
        if !path.may_link_to(&target) {
            self.done.left_out += 1;
            return Ok(());
        }
        let mut header = header(&entry.stat, EntryType::Symlink);
        self.write_link(&mut header, path, Path::new(OsStr::from_bytes(&target)))
    }

    fn file(&mut self, entry: &walk::Entry<'_>, path: JailPath) -> Result<(), FilesError> {
        let several = entry.stat.st_nlink > 1;
        let identity = (entry.stat.st_dev, entry.stat.st_ino);
        if let Some(first) = self.names.get(&identity).filter(|_| several) {
            let first = first.as_path().to_owned();
            let mut header = header(&entry.stat, EntryType::Link);
            return self.write_link(&mut header, &path, &first);
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(entry.parent, entry.name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            // It went away, or another thing took its name.
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::LOOP | rustix::io::Errno::NXIO) => {
                return Ok(());
            }
            Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => {
                self.done.left_out += 1;
                return Ok(());
            }
            Err(error) => return Err(FilesError::io("read", &path, error)),
        };
        let stat = rustix::fs::fstat(&file).map_err(|error| FilesError::io("look at", &path, error))?;
        if Kind::of(stat.st_mode) != Kind::File {
            self.done.left_out += 1;
            return Ok(());
        }
        self.content(&path, &file, &stat)?;
        if several {
            self.names.insert(identity, path);
        }
        Ok(())
    }

    fn content(&mut self, path: &JailPath, file: &File, stat: &Stat) -> Result<(), FilesError> {
        let length = u64::try_from(stat.st_size).unwrap_or(0);
        if length > self.limits.content.saturating_sub(self.done.bytes) {
            return Err(FilesError::TooLarge { path: path.to_string(), limit: self.limits.content });
        }
        let mut header = header(stat, EntryType::Regular);
        header.set_size(length);
        let mut reader = Exactly {
            file,
            left: length,
            is_short: false,
            failed: None,
            before: self.done.bytes,
            total: length,
            progress: self.progress,
            cancel: self.cancel,
        };
        let buffered = io::BufReader::with_capacity(PORTION, &mut reader);
        let written = self.archive.append_data(&mut header, path.as_path(), buffered);
        let (is_short, failed) = (reader.is_short, reader.failed.take());
        if let Some(error) = failed {
            return Err(FilesError::io("read", path, error));
        }
        written.map_err(
            |error| if self.cancel.is_cancelled() { FilesError::Cancelled } else { archive(error) },
        )?;
        let after = file.metadata().map_err(|error| FilesError::io("look at", path, error))?;
        let touched = |at: i64, nanos: i64| {
            (at, nanos) != (stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or(0))
        };
        if is_short || after.len() != length || touched(after.mtime(), after.mtime_nsec()) {
            self.done.changed += 1;
        }
        self.done.entries += 1;
        self.done.bytes += length;
        Ok(())
    }

    fn write(&mut self, header: &mut Header, path: &JailPath, content: impl Read) -> Result<(), FilesError> {
        self.archive.append_data(header, path.as_path(), content).map_err(archive)?;
        self.done.entries += 1;
        Ok(())
    }

    fn write_link(&mut self, header: &mut Header, path: &JailPath, target: &Path) -> Result<(), FilesError> {
        self.archive.append_link(header, path.as_path(), target).map_err(archive)?;
        self.done.entries += 1;
        Ok(())
    }
}

fn header(stat: &Stat, kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(stat.st_mode & 0o777);
    header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or(0));
    header.set_size(0);
    header
}

/// So many bytes of a file, whatever becomes of it meanwhile.
struct Exactly<'a> {
    file: &'a File,
    left: u64,
    is_short: bool,
    /// Why it cannot be read: the archive's own writer speaks through the same call.
    failed: Option<io::Error>,
    before: u64,
    total: u64,
    progress: &'a dyn TransferSink,
    cancel: &'a CancellationToken,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("it was called off"));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = &mut buffer[..most];
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut count = 0;
        if !self.is_short {
            count = self.file.read(buffer).map_err(|error| {
                let again = io::Error::from(error.kind());
                self.failed = Some(error);
                again
            })?;
        }
        if count == 0 {
            self.is_short = true;
            buffer.fill(0);
            count = buffer.len();
        }
        self.left -= count as u64;
        self.progress.moved(self.before + self.total - self.left, None);
        Ok(count)
    }
}
