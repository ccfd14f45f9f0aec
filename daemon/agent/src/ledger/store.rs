//! The file below the ledger, which comes back after its disk failed.
//!
//! The store goes blind with the first error of its disk: whatever is asked afterwards is refused until the file was closed and
//! opened again. So it is opened again, at once and then whenever somebody asks, and what had failed is done again. A
//! full disk must not keep the node from writing down that something failed for want of room: beside the ledger lies a
//! file that holds nothing but room, which is given up then and taken back when there is enough.

use super::{LedgerError, failed};
use redb::Database;
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

/// Room for some thousand steps.
const RESERVE_BYTES: u64 = 8 << 20;

type Opener = Box<dyn Fn() -> Result<Database, LedgerError> + Send + Sync>;

pub(super) struct Store {
    opener: Opener,
    /// Nothing while it could not be opened again.
    database: RwLock<Option<Database>>,
    reserve: Reserve,
}

impl Store {
    pub(super) fn open(
        opener: impl Fn() -> Result<Database, LedgerError> + Send + Sync + 'static,
        reserve: Reserve,
    ) -> Result<Self, LedgerError> {
        let database = RwLock::new(Some(opener()?));
        Ok(Self { opener: Box::new(opener), database, reserve })
    }

    /// Does the work, and once more on a fresh store if the disk failed it. Work that ended in an error may have happened.
    pub(super) fn run<T>(
        &self,
        mut work: impl FnMut(&Database) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let outcome = {
            let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
            database.as_ref().map(&mut work)
        };
        match outcome {
            Some(Err(error)) if error.is_of_disk() => tracing::warn!(%error, "the ledger is opened again"),
            Some(outcome) => return outcome,
            None => {}
        }
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        self.reserve.give_up();
        // Closed first: the file is locked for as long as it is open.
        *database = None;
        let reopened = (self.opener)()?;
        let outcome = work(&reopened);
        *database = Some(reopened);
        outcome
    }

    /// Takes the room back that was given up, if the disk has enough of it.
    pub(super) fn restock(&self) {
        if let Err(error) = self.reserve.take() {
            tracing::warn!(%error, "no room can be kept in reserve for the ledger");
        }
    }
}

/// A file full of nothing.
pub(super) struct Reserve(PathBuf);

impl Reserve {
    pub(super) fn beside(ledger: &Path) -> Self {
        Self(ledger.with_extension("reserve"))
    }

    fn take(&self) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.0)?;
        let taken = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, RESERVE_BYTES);
        taken.map_err(|error| {
            // Half a reserve would only make the disk fuller.
            file.set_len(0).ok();
            error.into()
        })
    }

    fn give_up(&self) {
        // What is not there gives no room.
        File::options().write(true).open(&self.0).and_then(|file| file.set_len(0)).ok();
    }
}

impl LedgerError {
    fn is_of_disk(&self) -> bool {
        matches!(self, Self::Store(error) if matches!(**error, redb::Error::Io(_) | redb::Error::PreviousIo))
    }
}

/// As the ledger opens it.
pub(super) fn database(path: &Path, cache_bytes: usize) -> Result<Database, LedgerError> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = file.map_err(|error| LedgerError::Open(error.into()))?;
    redb::Builder::new().set_cache_size(cache_bytes).create_file(file).map_err(|error| match error {
        redb::DatabaseError::Storage(error) => failed(error),
        error => LedgerError::Open(error.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::{Builder, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    };

    const TABLE: TableDefinition<'_, u64, u64> = TableDefinition::new("numbers");

    /// A disk in memory that outlives who opened it, and can be full.
    #[derive(Debug, Clone, Default)]
    struct Disk {
        bytes: Arc<Mutex<Vec<u8>>>,
        full: Arc<AtomicBool>,
        /// What has to be empty for there to be room.
        reserve: Arc<Mutex<Option<PathBuf>>>,
        opened: Arc<AtomicU32>,
    }

    impl Disk {
        fn room(&self) -> io::Result<()> {
            let full = match &*self.reserve.lock().unwrap() {
                None => self.full.load(Ordering::SeqCst),
                Some(reserve) => std::fs::metadata(reserve)?.len() > 0,
            };
            if full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }

        fn open(&self) -> Result<Database, LedgerError> {
            self.opened.fetch_add(1, Ordering::SeqCst);
            Builder::new().create_with_backend(self.clone()).map_err(failed)
        }
    }

    impl StorageBackend for Disk {
        fn len(&self) -> io::Result<u64> {
            Ok(self.bytes.lock().unwrap().len() as u64)
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            let at = usize::try_from(offset).unwrap();
            out.copy_from_slice(&self.bytes.lock().unwrap()[at..at + out.len()]);
            Ok(())
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.room()?;
            self.bytes.lock().unwrap().resize(usize::try_from(len).unwrap(), 0);
            Ok(())
        }
        fn sync_data(&self) -> io::Result<()> {
            self.room()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.room()?;
            let at = usize::try_from(offset).unwrap();
            self.bytes.lock().unwrap()[at..at + data.len()].copy_from_slice(data);
            Ok(())
        }
    }

    fn write(database: &Database, key: u64) -> Result<(), LedgerError> {
        let write = database.begin_write().map_err(failed)?;
        write.open_table(TABLE).map_err(failed)?.insert(key, key).map_err(failed)?;
        write.commit().map_err(failed)
    }

    fn keys(database: &Database) -> Result<Vec<u64>, LedgerError> {
        let read = database.begin_read().map_err(failed)?;
        let table = read.open_table(TABLE).map_err(failed)?;
        table.iter().map_err(failed)?.map(|row| Ok(row.map_err(failed)?.0.value())).collect()
    }

    fn store(folder: &Path, disk: &Disk) -> Store {
        let disk = disk.clone();
        Store::open(move || disk.open(), Reserve::beside(&folder.join("ledger.redb"))).unwrap()
    }

    #[test]
    fn a_store_whose_disk_was_full_goes_on_where_it_was_once_there_is_room() {
        let (folder, disk) = (tempfile::tempdir().unwrap(), Disk::default());
        let store = store(folder.path(), &disk);
        store.run(|database| write(database, 1)).unwrap();
        disk.full.store(true, Ordering::SeqCst);
        assert!(store.run(|database| write(database, 2)).unwrap_err().is_of_disk());
        assert!(store.run(|database| write(database, 3)).is_err());
        disk.full.store(false, Ordering::SeqCst);
        store.run(|database| write(database, 4)).unwrap();
        assert_eq!(store.run(keys).unwrap(), [1, 4]);
        let opened = disk.opened.load(Ordering::SeqCst);
        store.run(|database| write(database, 5)).unwrap();
        assert_eq!(disk.opened.load(Ordering::SeqCst), opened, "a store that works stays open");
    }

    #[test]
    fn room_in_reserve_is_given_up_for_what_must_be_written_and_taken_back_later() {
        let (folder, disk) = (tempfile::tempdir().unwrap(), Disk::default());
        let store = store(folder.path(), &disk);
        store.restock();
        let reserve = folder.path().join("ledger.reserve");
        let size = || std::fs::metadata(&reserve).unwrap().len();
        assert_eq!(size(), RESERVE_BYTES);
        store.run(|database| write(database, 1)).unwrap();
        assert_eq!(size(), RESERVE_BYTES);
        let before = disk.opened.load(Ordering::SeqCst);
        *disk.reserve.lock().unwrap() = Some(reserve.clone());
        store.run(|database| write(database, 2)).unwrap();
        assert_eq!((size(), disk.opened.load(Ordering::SeqCst)), (0, before + 1));
        assert_eq!(store.run(keys).unwrap(), [1, 2]);
        store.restock();
        assert_eq!(size(), RESERVE_BYTES);
    }

    #[test]
    fn an_error_that_is_not_the_disks_is_not_tried_again() {
        let (folder, disk) = (tempfile::tempdir().unwrap(), Disk::default());
        let store = store(folder.path(), &disk);
        let tried = AtomicU32::new(0);
        let outcome: Result<(), _> = store.run(|_| {
            tried.fetch_add(1, Ordering::SeqCst);
            Err(LedgerError::Content(serde_json::from_str::<u8>("x").unwrap_err()))
        });
        assert!(outcome.is_err());
        assert_eq!(tried.load(Ordering::SeqCst), 1);
    }
}
