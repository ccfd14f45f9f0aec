//! A plugin that is linked in a child, or in both: what the embedder keeps to link it there again.

use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, Weak};

use tokio::sync::Mutex as AsyncMutex;
use tokio::task::spawn_blocking;

use super::process::{Process, lock};
use super::starts::Runners;
use super::words::Load;
use crate::cache::{Cache, Found};
use crate::component::Bundle;
use crate::error::HostError;
use crate::guest::Linking;
use crate::inline::Pace;

/// Compiled code, for as long as some plugin of it is held.
pub(crate) struct Kept {
    digest: [u8; 32],
    cache: Arc<Cache>,
    place: Place,
}

/// Where code is kept.
enum Place {
    /// In its file of the cache. It is held open: whoever makes room in the cache takes the name and not the file.
    File(File),
    /// Here, where the cache does not have it.
    Memory(Vec<u8>),
}

impl Kept {
    /// Keeps code that was just read or made. Blocks.
    pub(crate) fn new(digest: [u8; 32], cache: Arc<Cache>, code: &[u8], is_cached: bool) -> Self {
        let file = if is_cached { cache.hold(&digest).ok() } else { None };
        let place = file.map_or_else(|| Place::Memory(code.to_vec()), Place::File);
        Self { digest, cache, place }
    }

    /// Reads and verifies it. Blocks.
    fn bytes(&self) -> Result<Vec<u8>, HostError> {
        let file = match &self.place {
            Place::Memory(code) => return Ok(code.clone()),
            Place::File(file) => file,
        };
        let why = match self.cache.read_held(&self.digest, file) {
            Found::Code(code) => return Ok(code),
            Found::Nothing => "it is gone",
            Found::Refused(why) => why,
        };
        let words =
            format!("the file of this plugin's code: {why}; restart this service to compile it again");
        Err(HostError::Cache { path: self.cache.path(&self.digest), source: io::Error::other(words) })
    }
}

/// A plugin in the child.
pub(crate) struct Remote {
    pub(super) runners: Arc<Runners>,
    code: Arc<Kept>,
    linking: Linking,
    bundle: Arc<Bundle>,
    usual: Row,
    long: Row,
}

/// Its seat in one of them.
#[derive(Default)]
struct Row {
    seat: Mutex<Option<Seat>>,
    loading: AsyncMutex<()>,
}

/// Where it is linked.
struct Seat {
    process: Weak<Process>,
    generation: u64,
    slot: u32,
}

impl Remote {
    /// Links it for the first time. `code` is there if it was just read or made.
    pub(crate) async fn new(
        runners: Arc<Runners>,
        kept: Arc<Kept>,
        linking: Linking,
        bundle: Arc<Bundle>,
        code: Option<Vec<u8>>,
    ) -> Result<Self, HostError> {
        let (usual, long) = (Row::default(), Row::default());
        let remote = Self { runners, code: kept, linking, bundle, usual, long };
        remote.seat(Pace::default(), code).await?;
        Ok(remote)
    }

    /// The child for such a call that lives, with this plugin in it.
    pub(super) async fn seat(
        &self,
        pace: Pace,
        code: Option<Vec<u8>>,
    ) -> Result<(Arc<Process>, u32), HostError> {
        let runner = self.runners.of(pace);
        let row = match pace {
            Pace::Light | Pace::Usual => &self.usual,
            Pace::Heavy => &self.long,
        };
        let process = runner.process().await?;
        if let Some(slot) = row.slot(&process) {
            return Ok((process, slot));
        }
        let _loading = row.loading.lock().await;
        if let Some(slot) = row.slot(&process) {
            return Ok((process, slot));
        }
        runner.may_load(&self.code.digest)?;
        let (into, kept, linking) = (process.clone(), self.code.clone(), self.linking.clone());
        let bundle = self.bundle.clone();
        let loaded = spawn_blocking(move || {
            let load = |slot| Load::Link { slot, code: kept.digest, linking, bundle: (*bundle).clone() };
            into.load(load, || code.map_or_else(|| kept.bytes(), Ok))
        });
        let loaded = loaded.await.map_err(|cause| HostError::Internal(cause.to_string()))?;
        runner.loaded(&self.code.digest, loaded.is_ok() || process.is_living());
        let slot = loaded?;
        let generation = process.generation;
        *lock(&row.seat) = Some(Seat { process: Arc::downgrade(&process), generation, slot });
        Ok((process, slot))
    }
}

impl Row {
    fn slot(&self, process: &Process) -> Option<u32> {
        lock(&self.seat).as_ref().filter(|seat| seat.generation == process.generation).map(|seat| seat.slot)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        for row in [&self.usual, &self.long] {
            let seat = lock(&row.seat).take();
            if let Some((process, slot)) = seat.and_then(|seat| Some((seat.process.upgrade()?, seat.slot))) {
                process.forget(slot);
            }
        }
    }
}
