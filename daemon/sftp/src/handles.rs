//! What one channel holds open.

use crate::limits::HANDLES;
use gantry_files::{Held, JailPath, Names};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// An open file or directory.
#[derive(Debug)]
pub(crate) enum Open {
    File { held: Held, path: JailPath, reads: bool, writes: bool },
    Directory(Names),
}

/// The handles of one channel, each with its place among those of the node.
#[derive(Debug)]
pub(crate) struct Handles {
    open: HashMap<u32, (Open, OwnedSemaphorePermit)>,
    next: u32,
    room: Arc<Semaphore>,
}

impl Handles {
    pub(crate) fn new(room: Arc<Semaphore>) -> Self {
        Self { open: HashMap::new(), next: 0, room }
    }

    /// A place for one more; none if there are too many.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.room).try_acquire_owned().ok()?;
        (self.open.len() < HANDLES).then_some(place)
    }

    pub(crate) fn add(&mut self, open: Open, place: OwnedSemaphorePermit) -> u32 {
        // After four billion the numbers begin again; those in use and the last, which means none, are passed over.
        while self.next == u32::MAX || self.open.contains_key(&self.next) {
            self.next = self.next.wrapping_add(1);
        }
        let handle = self.next;
        self.next = self.next.wrapping_add(1);
        self.open.insert(handle, (open, place));
        handle
    }

    pub(crate) fn get(&mut self, handle: u32) -> Option<&mut Open> {
        self.open.get_mut(&handle).map(|(open, _)| open)
    }

    /// Closes it. False if there is none.
    pub(crate) fn close(&mut self, handle: u32) -> bool {
        self.open.remove(&handle).is_some()
    }
}
