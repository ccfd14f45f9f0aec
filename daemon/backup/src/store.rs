//! Where archives stand, and how they come and go.

use gantry_files::{
    FilesError, Jail, PackLimits, PackTurn, Packed, TransferSink, WorkerError, Workers, remove_directory,
};
use gantry_types::{BackupId, ServerId};
use std::{
    collections::HashSet,
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};
use tokio_util::sync::CancellationToken;

/// What follows a backup's id in the name of its archive.
const WHOLE: &str = ".tar.zst";
/// The same while it is being made.
const PARTIAL: &str = ".part";
/// Of the disk stays free for games, whatever people want kept: this share of it, and no more than so many bytes.
const RESERVE_SHARE: u64 = 20;
const RESERVE_BYTES: u64 = 10 << 30;

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("there is no archive of this backup")]
    NotFound,
    #[error("the node's disk has no room for it")]
    NoRoom,
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("the node's directory of backups cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// An archive that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// What it takes on the disk.
    pub bytes: u64,
    pub packed: Packed,
}

/// The node's archives. Clones are the same.
#[derive(Clone, Debug)]
pub struct Store(PathBuf);

impl Store {
    /// A directory that is the daemon's alone.
    pub fn open(root: &Path) -> io::Result<Self> {
        make(root)?;
        Ok(Self(root.to_owned()))
    }

    fn of(&self, server: ServerId) -> PathBuf {
        self.0.join(server.to_string())
    }

    fn archive(&self, server: ServerId, backup: BackupId) -> PathBuf {
        self.of(server).join(format!("{backup}{WHOLE}"))
    }

    /// Packs all files of the jail. Called off, or failed, it leaves nothing behind.
    pub async fn make(
        &self,
        turn: &PackTurn<'_>,
        jail: &Jail,
        (server, backup): (ServerId, BackupId),
        limits: PackLimits,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<Made, BackupError> {
        let directory = self.of(server);
        let partial = directory.join(format!("{backup}{PARTIAL}"));
        let (beginning, most) = {
            let partial = partial.clone();
            blocking(move || begin(&directory, &partial)).await?
        };
        let reserve = Reserve::of(&self.0, progress, cancel);
        let packed = turn.pack(jail, &beginning, most, limits, &reserve, &reserve.stop).await;
        let packed = reserve.kept(packed.map_err(|error| match error {
            FilesError::DiskFull | FilesError::Worker(WorkerError::FileSize { .. }) => BackupError::NoRoom,
            error => error.into(),
        }));
        let whole = self.archive(server, backup);
        blocking(move || match packed {
            Ok(packed) => {
                let bytes = std::fs::metadata(&partial)?.len();
                std::fs::rename(&partial, &whole)?;
                sync_above(&whole)?;
                Ok(Made { bytes, packed })
            }
            Err(error) => {
                std::fs::remove_file(&partial)?;
                Err(error)
            }
        })
        .await
    }

    /// The archive, for reading.
    pub async fn read(&self, server: ServerId, backup: BackupId) -> Result<File, BackupError> {
        let path = self.archive(server, backup);
        blocking(move || match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BackupError::NotFound),
            opened => Ok(opened?),
        })
        .await
    }

    /// Unpacks a backup of so many bytes of content into a jail with nothing in it, on the disk of the archives.
    pub async fn unpack(
        &self,
        workers: &Workers,
        (server, backup): (ServerId, BackupId),
        content_bytes: u64,
        into: &Jail,
        progress: &dyn TransferSink,
        cancel: &CancellationToken,
    ) -> Result<(), BackupError> {
        let archive = self.read(server, backup).await?;
        let reserve = Reserve::of(&self.0, progress, cancel);
        let unpacked = workers.unpack(into, &archive, content_bytes, &reserve, &reserve.stop).await;
        let unpacked = reserve.kept(unpacked.map_err(BackupError::from))?;
        if unpacked.dropped > 0 {
            tracing::warn!(
                server.id = %server, backup.id = %backup, dropped = unpacked.dropped,
                "a backup held what it could not give back"
            );
        }
        Ok(())
    }

    /// Removes an archive. None there is fine.
    pub async fn remove(&self, server: ServerId, backup: BackupId) -> Result<(), BackupError> {
        let path = self.archive(server, backup);
        blocking(move || match std::fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => Ok(removed.and_then(|()| sync_above(&path))?),
        })
        .await
    }

    /// Removes all archives of a server that is no more.
    pub async fn remove_all(&self, server: ServerId) -> Result<(), BackupError> {
        let directory = self.of(server);
        blocking(move || Ok(remove_directory(&directory, &CancellationToken::new())?)).await
    }

    /// Removes what a daemon that was killed left: archives that were never whole, and those of backups that nobody knows.
    /// Answers of which known ones there is none.
    pub async fn tidy(
        &self,
        known: HashSet<(ServerId, BackupId)>,
    ) -> Result<HashSet<(ServerId, BackupId)>, BackupError> {
        let root = self.0.clone();
        blocking(move || {
            let mut missing = known;
            for folder in std::fs::read_dir(&root)? {
                let folder = folder?;
                let server = folder.file_name().to_str().and_then(|name| name.parse::<ServerId>().ok());
                let Some(server) = server else { continue };
                for file in std::fs::read_dir(folder.path())? {
                    let file = file?;
                    let name = file.file_name();
                    let name = name.to_str().unwrap_or_default();
                    let whole = name.strip_suffix(WHOLE).and_then(|id| id.parse::<BackupId>().ok());
                    let is_known = whole.is_some_and(|backup| missing.remove(&(server, backup)));
                    if whole.is_some() && !is_known {
                        // Somebody may have put it there: what is nobody's is shown, not taken away.
                        tracing::warn!(path = %file.path().display(), "an archive belongs to no backup that this node knows");
                    } else if name.ends_with(PARTIAL) {
                        std::fs::remove_file(file.path())?;
                    }
                }
            }
            Ok(missing)
        })
        .await
    }
}

fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The file that is to become the archive, and how many bytes the disk has for it.
fn begin(directory: &Path, partial: &Path) -> Result<(File, u64), BackupError> {
    make(directory)?;
    let most = room(directory)?;
    if most == 0 {
        return Err(BackupError::NoRoom);
    }
    Ok((OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(partial)?, most))
}

/// How many bytes the disk of a directory has beside its reserve.
fn room(directory: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(directory)?;
    let (all, free) = (disk.f_blocks * disk.f_frsize, disk.f_bavail * disk.f_frsize);
    Ok(free.saturating_sub((all / RESERVE_SHARE).min(RESERVE_BYTES)))
}

/// Sees to it that a disk's reserve stays free, whatever else is written to it meanwhile: looked at as the work moves on, and at its end.
struct Reserve<'a> {
    directory: &'a Path,
    progress: &'a dyn TransferSink,
    /// Ends the work.
    stop: CancellationToken,
    is_short: AtomicBool,
}

impl<'a> Reserve<'a> {
    fn of(directory: &'a Path, progress: &'a dyn TransferSink, cancel: &CancellationToken) -> Self {
        Self { directory, progress, stop: cancel.child_token(), is_short: AtomicBool::new(false) }
    }

    fn look(&self) {
        // A disk that cannot be asked fails what is written to it.
        if room(self.directory).is_ok_and(|room| room == 0) {
            self.is_short.store(true, Ordering::Relaxed);
            self.stop.cancel();
        }
    }

    /// What was done, unless it took what is to stay free.
    fn kept<T>(&self, done: Result<T, BackupError>) -> Result<T, BackupError> {
        if done.is_ok() {
            self.look();
        }
        if self.is_short.load(Ordering::Relaxed) { Err(BackupError::NoRoom) } else { done }
    }
}

impl TransferSink for Reserve<'_> {
    fn moved(&self, done: u64, total: Option<u64>) {
        self.look();
        self.progress.moved(done, total);
    }
}

/// Makes a change of names durable.
fn sync_above(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| FilesError::Interrupted)?
}
