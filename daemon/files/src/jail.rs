//! The jail: one server's directory, held open.
//!
//! Everything is sync, because the kernel is; [`Jail::run`] takes the work to a few threads of the jail's own share, so
//! that one server's slow disk cannot use up what all servers need.

use crate::{
    config,
    error::FilesError,
    path::JailPath,
    place::{Durability, Placing},
    protect::Protected,
    quota::Reservation,
    walk::{self, Usage},
};
use cap_std::{
    ambient_authority,
    fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt},
};
use gantry_types::{plan::ConfigEdit, server::SystemUser};
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid};
use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, OwnedFd},
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
};
use tokio_util::sync::CancellationToken;

/// Threads that one jail may occupy at a time.
const THREADS: usize = 4;
/// Permissions of a directory that is made on the way.
const DIRECTORY_MODE: u32 = 0o755;

/// What a name stands for, links not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Directory,
    Link,
    /// A pipe, a socket or a device.
    Other,
}

impl Kind {
    /// From the bits that `stat` gives.
    pub(crate) const fn of(mode: u32) -> Self {
        match FileType::from_raw_mode(mode) {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Link,
            _ => Self::Other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    pub kind: Kind,
    pub bytes: u64,
    /// Permission bits.
    pub mode: u32,
    /// What goes from the disk with this name, in bytes; nothing where it is not the only name.
    pub(crate) alone: u64,
}

/// A server's directory. Clones share it.
#[derive(Clone)]
pub struct Jail {
    root: Arc<Dir>,
    owner: Option<SystemUser>,
    threads: Arc<Semaphore>,
    /// What its holder may not change.
    pub(crate) protected: Protected,
}

impl std::fmt::Debug for Jail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jail").field("owner", &self.owner).finish_non_exhaustive()
    }
}

impl Jail {
    /// Opens a directory that the daemon made. What is created inside belongs to `owner`; without one, to the daemon.
    pub fn open(root: &Path, owner: Option<SystemUser>) -> Result<Self, FilesError> {
        let dir = Dir::open_ambient_dir(root, ambient_authority())
            .map_err(|source| FilesError::Root { path: root.to_path_buf(), source })?;
        let threads = Arc::new(Semaphore::new(THREADS));
        Ok(Self { root: Arc::new(dir), owner, threads, protected: Protected::default() })
    }

    /// A directory that is open already. What is created inside belongs to this process.
    pub(crate) fn of_directory(directory: OwnedFd) -> Self {
        let root = Arc::new(Dir::from_std_file(File::from(directory)));
        let threads = Arc::new(Semaphore::new(THREADS));
        Self { root, owner: None, threads, protected: Protected::default() }
    }

    /// Makes the directory if it is missing, then opens it.
    pub fn create(root: &Path, owner: Option<SystemUser>) -> Result<Self, FilesError> {
        let failed = |source| FilesError::Root { path: root.to_path_buf(), source };
        Dir::create_ambient_dir_all(root, ambient_authority()).map_err(failed)?;
        let jail = Self::open(root, owner)?;
        let directory = jail.directory(&JailPath::root())?;
        jail.give(&directory).map_err(failed)?;
        rustix::fs::fchmod(&directory, Mode::from_raw_mode(0o750)).map_err(|error| failed(error.into()))?;
        Ok(jail)
    }

    /// Runs blocking work on one of the jail's threads.
    pub async fn run<T, F>(&self, work: F) -> Result<T, FilesError>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, FilesError> + Send + 'static,
    {
        let permit = Arc::clone(&self.threads).acquire_owned().await.map_err(|_| FilesError::Interrupted)?;
        let jail = self.clone();
        let working = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&jail)
        });
        working.await.map_err(|_| FilesError::Interrupted)?
    }

    /// The same for work that takes less time than the way to another thread: on the caller's own, whose other tasks go
    /// elsewhere until it is over.
    pub async fn run_here<T, F>(&self, work: F) -> Result<T, FilesError>
    where
        T: Send + 'static,
        F: FnOnce(&Self) -> Result<T, FilesError> + Send + 'static,
    {
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            return self.run(work).await;
        }
        let _permit = self.threads.acquire().await.map_err(|_| FilesError::Interrupted)?;
        let worked = panic::catch_unwind(AssertUnwindSafe(|| tokio::task::block_in_place(|| work(self))));
        worked.map_err(|_| FilesError::Interrupted)?
    }

    /// What is at a path, or none.
    pub fn stat(&self, path: &JailPath) -> Result<Option<Stat>, FilesError> {
        match self.root.symlink_metadata(path.as_path()) {
            Ok(found) => Ok(Some(Stat {
                kind: Kind::of(found.mode()),
                bytes: found.len(),
                mode: found.mode() & 0o777,
                alone: if found.nlink() < 2 { found.blocks().saturating_mul(512) } else { 0 },
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FilesError::io("look at", path, error)),
        }
    }

    /// A file's whole content, if it has at most `max_bytes`.
    pub fn read(&self, path: &JailPath, max_bytes: u64) -> Result<Vec<u8>, FilesError> {
        let file = self.open_file(path)?;
        let mut content = Vec::new();
        let read = file.take(max_bytes.saturating_add(1)).read_to_end(&mut content);
        read.map_err(|error| FilesError::io("read", path, error))?;
        if content.len() as u64 > max_bytes {
            return Err(FilesError::TooLarge { path: path.to_string(), limit: max_bytes });
        }
        Ok(content)
    }

    /// Puts a file in place as a whole: readers see the old content or the new, also after a crash. Missing directories
    /// are made. A link at the path is replaced, not followed. Of `mode` the permission bits count.
    pub fn write(&self, path: &JailPath, content: &[u8], mode: u32) -> Result<(), FilesError> {
        let mut placing = Placing::begin(self, path, mode)?;
        io::Write::write_all(placing.file(), content)
            .map_err(|error| FilesError::io("write", path, error))?;
        placing.commit(Durability::Synced)
    }

    /// The same within the server's limit: without room for it nothing has changed.
    pub fn write_within(
        &self,
        path: &JailPath,
        content: &[u8],
        mode: u32,
        mut reservation: Reservation,
    ) -> Result<(), FilesError> {
        reservation.grow_by_entry(content.len() as u64)?;
        self.write(path, content, mode)?;
        reservation.settle();
        Ok(())
    }

    /// Makes a directory and those above it; one that exists is left as it is.
    pub fn make_directory(&self, path: &JailPath) -> Result<(), FilesError> {
        if self.root.is_dir(path.as_path()) {
            return Ok(());
        }
        let mut at = JailPath::root();
        for part in path.parts() {
            let parent = self.directory(&at)?;
            at = at.join(&JailPath::from_bytes(part.as_encoded_bytes())?)?;
            match rustix::fs::mkdirat(&parent, part, Mode::from_raw_mode(DIRECTORY_MODE)) {
                Ok(()) => {
                    self.give_entry(&parent, part).map_err(|error| FilesError::io("make", &at, error))?
                }
                Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(FilesError::io("make", &at, error)),
            }
        }
        // What existed may be anything; opening it as a directory tells.
        self.directory(path).map(drop)
    }

    /// Makes one directory whose name must be free, in one that must be there.
    pub fn make_new_directory(
        &self,
        path: &JailPath,
        mut reservation: Reservation,
    ) -> Result<(), FilesError> {
        let Some((parent, name)) = path.split() else {
            return Err(FilesError::Exists { path: path.to_string() });
        };
        self.check_change(path)?;
        let parent = self.directory(&parent)?;
        reservation.grow_by_entry(0)?;
        let mode = Mode::from_raw_mode(DIRECTORY_MODE);
        let made = rustix::fs::mkdirat(&parent, name, mode).map_err(io::Error::from);
        made.and_then(|()| self.give_entry(&parent, name))
            .map_err(|error| FilesError::io("make", path, error))?;
        reservation.settle();
        Ok(())
    }

    /// Removes a file, a link or a whole tree; of the root, its content. Nothing there is fine.
    pub fn remove(&self, path: &JailPath, cancel: &CancellationToken) -> Result<(), FilesError> {
        self.check_leaving(path, cancel)?;
        let Some((parent, name)) = path.split() else {
            return crate::remove::empty(&self.directory(path)?, cancel);
        };
        match self.directory(&parent) {
            Ok(parent) => crate::remove::entry(&parent, name, cancel),
            Err(FilesError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Gives the whole tree to the owner, links themselves and not what they point to. Returns how many entries.
    pub fn change_owner(&self, cancel: &CancellationToken) -> Result<u64, FilesError> {
        let root = self.directory(&JailPath::root())?;
        self.give(&root).map_err(|error| FilesError::io("own", ".", error))?;
        let mut count = 0;
        walk::tree(root, cancel, |entry| {
            let foreign = self
                .owner
                .is_some_and(|owner| (owner.uid, owner.gid) != (entry.stat.st_uid, entry.stat.st_gid));
            if foreign {
                match self.give_entry(entry.parent, entry.name) {
                    Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NOENT.raw_os_error()) => {}
                    given => given.map_err(|error| FilesError::io("own", entry.name.display(), error))?,
                }
                count += 1;
            }
            Ok(())
        })?;
        Ok(count)
    }

    /// What the tree takes on the disk. A file with several names counts once.
    pub fn usage(&self, cancel: &CancellationToken) -> Result<Usage, FilesError> {
        walk::usage(self.directory(&JailPath::root())?, cancel)
    }

    /// The same, and removes what writes and copies of an earlier process left behind that were cut off before `before`,
    /// in Unix time.
    pub fn sweep(&self, before: Duration, cancel: &CancellationToken) -> Result<Usage, FilesError> {
        walk::sweep(self.directory(&JailPath::root())?, before, cancel)
    }

    /// Applies edits to a configuration file, which is made first if the edit says so, in this very process: see
    /// [`crate::worker`].
    pub fn edit(&self, edit: &ConfigEdit) -> Result<(), FilesError> {
        let path = JailPath::parse(&edit.path)?;
        let failed = |source| FilesError::Edit { path: path.to_string(), source };
        let (before, mode) = match self.read(&path, config::MAX_BYTES) {
            Ok(bytes) => (Some(bytes), self.stat(&path)?.map_or(0o644, |stat| stat.mode)),
            Err(FilesError::NotFound { .. }) if edit.create => (None, 0o644),
            Err(error) => return Err(error),
        };
        let text = String::from_utf8(before.clone().unwrap_or_default())
            .map_err(|_| failed(config::EditError::NotText))?;
        let after = config::apply(edit.format, &text, &edit.edits).map_err(failed)?;
        // The game may watch its files: one that says the right thing already is not touched.
        if before.as_deref() == Some(after.as_bytes()) {
            return Ok(());
        }
        self.write(&path, after.as_bytes(), mode)
    }

    /// Removes what a worker that was killed had not put in place.
    pub(crate) fn remove_temporary(
        &self,
        beginning: &str,
        cancel: &CancellationToken,
    ) -> Result<(), FilesError> {
        walk::remove_named(self.directory(&JailPath::root())?, beginning, cancel)
    }

    /// Who owns what is created inside, if that is not this process.
    pub(crate) const fn owner(&self) -> Option<SystemUser> {
        self.owner
    }

    /// The directory itself, to resolve beneath.
    pub(crate) fn root(&self) -> &Dir {
        &self.root
    }

    /// Opens a regular file for reading. A pipe in its place neither blocks nor counts as a file.
    pub(crate) fn open_file(&self, path: &JailPath) -> Result<File, FilesError> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
        let file = self.root.open_with(path.as_path(), &options);
        let file = file.map_err(|error| match error.raw_os_error() {
            // What a socket answers to being opened.
            Some(number) if number == rustix::io::Errno::NXIO.raw_os_error() => wrong_kind(path, "a file"),
            _ => FilesError::io("open", path, error),
        })?;
        let found = file.metadata().map_err(|error| FilesError::io("look at", path, error))?;
        if found.is_file() { Ok(file.into_std()) } else { Err(wrong_kind(path, "a file")) }
    }

    /// Opens a directory so that it can be listed and changed.
    pub(crate) fn directory(&self, path: &JailPath) -> Result<OwnedFd, FilesError> {
        let found =
            self.root.open_dir(path.as_path()).map_err(|error| FilesError::io("open", path, error))?;
        // The handle that resolution gives may be good for lookups alone.
        walk::open_directory(found.as_fd(), OsStr::new("."))
            .map_err(|error| FilesError::io("open", path, error))
    }

    /// Changes the owner of what is open.
    pub(crate) fn give(&self, what: impl AsFd) -> io::Result<()> {
        let Some((uid, gid)) = self.ids() else { return Ok(()) };
        Ok(rustix::fs::fchown(what, uid, gid)?)
    }

    /// Changes the owner of an entry of an open directory, a link itself.
    pub(crate) fn give_entry(&self, parent: impl AsFd, name: &OsStr) -> io::Result<()> {
        let Some((uid, gid)) = self.ids() else { return Ok(()) };
        Ok(rustix::fs::chownat(parent, name, uid, gid, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    fn ids(&self) -> Option<(Option<Uid>, Option<Gid>)> {
        let owner = self.owner?;
        Some((Some(Uid::from_raw(owner.uid)), Some(Gid::from_raw(owner.gid))))
    }
}

pub(crate) fn wrong_kind(path: &JailPath, expected: &'static str) -> FilesError {
    FilesError::WrongKind { path: path.to_string(), expected: expected.into() }
}
