//! Compiled components on disk, which only this host can have written.
//!
//! Loading native code is the one unsafe thing that Gantry does, so a cache file is believed only when a keyed MAC over
//! all of it fits: over the component's digest, the engine's settings, this crate's version and the code. A file that
//! is damaged, shortened, made with another key, by another version, or renamed from another component is reported,
//! ignored and written anew.
//!
//! Files are 0600 in a 0700 directory, and appear by rename, so a crash leaves no half a file under a final name.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::error::HostError;

const MAGIC: &[u8; 8] = b"gantryc1";
const MAC_BYTES: usize = blake3::OUT_LEN;
const HEADER_BYTES: usize = MAGIC.len() + MAC_BYTES;
const UNREADABLE: &str = "it cannot be read, or is not an ordinary file of a credible size";
const SUFFIX: &str = "compiled";
/// All files together; the oldest go first.
const TOTAL_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// A temporary file this old belongs to nobody who is still writing.
const STALE: Duration = Duration::from_secs(3_600);

/// The directory, its key, and what code must have been made for.
pub(crate) struct Cache {
    directory: PathBuf,
    key: [u8; 32],
    engine: [u8; 32],
    file_bytes: u64,
    written: AtomicU64,
}

/// What a look into the cache brought.
pub(crate) enum Found {
    /// Exactly what this host wrote for this component and this engine.
    Code(Vec<u8>),
    Nothing,
    /// A file that is not to be believed, and why.
    Refused(&'static str),
}

impl Cache {
    /// Makes the directory if need be, and its own alone.
    pub(crate) fn open(
        directory: &Path,
        key: [u8; 32],
        engine: [u8; 32],
        code_bytes: usize,
    ) -> Result<Self, HostError> {
        let cache = Self {
            directory: directory.to_owned(),
            key,
            engine,
            file_bytes: (code_bytes + HEADER_BYTES) as u64,
            written: AtomicU64::new(0),
        };
        cache.prepare().map_err(|source| HostError::Cache { path: directory.to_owned(), source })?;
        Ok(cache)
    }

    fn prepare(&self) -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory)?;
        fs::set_permissions(&self.directory, Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|suffix| suffix == "tmp") && is_older_than(&path, STALE) {
                forget(&path);
            }
        }
        Ok(())
    }

    /// Where the code of the component with this SHA-256 is kept.
    pub(crate) fn path(&self, digest: &[u8; 32]) -> PathBuf {
        let name = self.identity(digest).finalize().to_hex();
        self.directory.join(format!("{name}.{SUFFIX}"))
    }

    /// Everything that must be equal for code to fit.
    fn identity(&self, digest: &[u8; 32]) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(MAGIC).update(digest).update(&self.engine);
        let version = env!("CARGO_PKG_VERSION").as_bytes();
        hasher.update(&(version.len() as u64).to_le_bytes()).update(version);
        hasher
    }

    fn mac(&self, digest: &[u8; 32], code: &[u8]) -> blake3::Hash {
        self.identity(digest).update(&(code.len() as u64).to_le_bytes()).update(code).finalize()
    }

    /// Reads and verifies. An unreadable file counts as refused: it is written anew.
    pub(crate) fn read(&self, digest: &[u8; 32]) -> Found {
        match self.hold(digest) {
            Ok(file) => self.read_held(digest, &file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Found::Nothing,
            Err(_) => Found::Refused(UNREADABLE),
        }
    }

    /// Opens a file, which can be read for as long as it is held, whatever becomes of its name.
    pub(crate) fn hold(&self, digest: &[u8; 32]) -> std::io::Result<File> {
        let flags = (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits();
        OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(self.path(digest))
    }

    /// The same of a file that is held. It is verified each time: what was opened is not what was verified before.
    pub(crate) fn read_held(&self, digest: &[u8; 32], file: &File) -> Found {
        let Ok(bytes) = self.bytes(file) else { return Found::Refused(UNREADABLE) };
        let Some((header, code)) = bytes.split_at_checked(HEADER_BYTES) else {
            return Found::Refused("it is too short");
        };
        let (magic, mac) = header.split_at(MAGIC.len());
        if magic != MAGIC {
            return Found::Refused("it has another format");
        }
        // Comparing through `Hash` takes the same time wherever the difference is.
        let Ok(mac) = <[u8; MAC_BYTES]>::try_from(mac) else { return Found::Refused("it is too short") };
        if self.mac(digest, code) != blake3::Hash::from_bytes(mac) {
            return Found::Refused("its authentication code does not fit");
        }
        Found::Code(code.to_vec())
    }

    fn bytes(&self, file: &File) -> std::io::Result<Vec<u8>> {
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > self.file_bytes {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; usize::try_from(metadata.len()).unwrap_or(0)];
        file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    /// Keeps code for the next start.
    pub(crate) fn write(&self, digest: &[u8; 32], code: &[u8]) -> std::io::Result<()> {
        let path = self.path(digest);
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
        let outcome = self.write_to(&temporary, digest, code).and_then(|()| fs::rename(&temporary, &path));
        if outcome.is_err() {
            forget(&temporary);
        }
        outcome?;
        File::open(&self.directory)?.sync_all()?;
        self.prune(&path)
    }

    fn write_to(&self, path: &Path, digest: &[u8; 32], code: &[u8]) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(MAGIC)?;
        file.write_all(self.mac(digest, code).as_bytes())?;
        file.write_all(code)?;
        file.sync_all()
    }

    fn prune(&self, fresh: &Path) -> std::io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            // Another process may have pruned it in the meantime.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            if path != fresh && path.extension().is_some_and(|suffix| suffix == SUFFIX) {
                files.push((metadata.modified()?, metadata.len(), path));
            }
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, length, _)| length).sum();
        for (_, length, path) in files {
            if total <= TOTAL_BYTES {
                break;
            }
            forget(&path);
            total -= length;
        }
        Ok(())
    }
}

fn is_older_than(path: &Path, age: Duration) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|elapsed| elapsed > age))
}

/// Removes a file that nobody needs; one that stays costs nothing but space.
fn forget(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::debug!(path = %path.display(), %error, "a cache file could not be removed");
    }
}
