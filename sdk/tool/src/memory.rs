//! Capability `kv` for as long as a command runs: nothing of it is left behind.

use async_trait::async_trait;
use gantry_host::{KeyValue, LentFailure};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// As much as a node would keep for one server.
pub(crate) struct Memory {
    quota: u64,
    kept: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Memory {
    pub(crate) fn new(quota: u64) -> Self {
        Self { quota, kept: Mutex::default() }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyValue for Memory {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        Ok(self.kept().get(key).cloned())
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        let mut kept = self.kept();
        let others = kept.iter().filter(|(other, _)| *other != key);
        let used: usize = others.map(|(key, value)| key.len() + value.len()).sum();
        if (used + key.len() + value.len()) as u64 > self.quota {
            return Err(LentFailure::new("quota", "this plugin keeps as much for this server as it may"));
        }
        kept.insert(key.to_owned(), value);
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), LentFailure> {
        self.kept().remove(key);
        Ok(())
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure> {
        Ok(self.kept().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }
}
