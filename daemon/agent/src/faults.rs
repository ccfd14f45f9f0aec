//! Which plugin faults are news: a collector that fails each second is told of once in a while, not each second.

use gantry_types::ServerId;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The same fault is told again after this.
const AGAIN_AFTER: Duration = Duration::from_secs(300);
/// Different faults that are remembered.
const REMEMBERED: usize = 4_096;

type Key = (ServerId, String, String);

#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<HashMap<Key, Instant>>);

impl Faults {
    /// Whether a fault of this kind was not told of lately; it counts as told from here on.
    pub(crate) fn is_news(&self, server: ServerId, call: &str, code: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= REMEMBERED {
            told.retain(|_, at| at.elapsed() < AGAIN_AFTER);
        }
        let key = (server, call.to_owned(), code.to_owned());
        if told.len() >= REMEMBERED || told.get(&key).is_some_and(|at| at.elapsed() < AGAIN_AFTER) {
            return false;
        }
        told.insert(key, Instant::now());
        true
    }
}
