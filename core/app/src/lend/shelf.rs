//! Capability `kv`: a few bytes that outlive a call, in the database; or not even that, for a server that is to be.

use super::{begun, beyond::Borrower};
use async_trait::async_trait;
use gantry_host::{Beyond, KV, KeyValue, LentFailure};
use gantry_store::{Db, StoreError, plugins::Shelf};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Counted for each key beside its bytes, as the store counts it.
const ENTRY_BYTES: usize = 64;

/// What a plugin keeps, for itself or for one server.
pub(super) struct Kept {
    db: Db,
    shelf: Shelf,
    quota: u64,
    borrower: Borrower,
}

impl Kept {
    pub(super) fn new(db: Db, shelf: Shelf, quota: u64, borrower: Borrower) -> Self {
        Self { db, shelf, quota, borrower }
    }
}

#[async_trait]
impl KeyValue for Kept {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        let read = async {
            let (mut tx, _place) = begun(&self.db).await?;
            tx.kept(self.shelf, key).await
        };
        read.await.map_err(|error| unreachable(&error))
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        let kept = async {
            let (mut tx, _place) = begun(&self.db).await?;
            let has_room = tx.keep(self.shelf, key, &value, self.quota).await?;
            if has_room {
                tx.commit().await?;
            }
            Ok(has_room)
        };
        let has_room = kept.await.map_err(|error: StoreError| unreachable(&error))?;
        if has_room { Ok(()) } else { Err(no_room(&self.borrower)) }
    }

    async fn remove(&self, key: &str) -> Result<(), LentFailure> {
        let removed = async {
            let (mut tx, _place) = begun(&self.db).await?;
            tx.forget_kept(self.shelf, key).await?;
            tx.commit().await
        };
        removed.await.map_err(|error| unreachable(&error))
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, LentFailure> {
        let read = async {
            let (mut tx, _place) = begun(&self.db).await?;
            tx.kept_keys(self.shelf, prefix).await
        };
        read.await.map_err(|error| unreachable(&error))
    }
}

/// What is kept for one call.
pub(super) struct Scratch {
    kept: Mutex<BTreeMap<String, Vec<u8>>>,
    quota: u64,
    borrower: Borrower,
}

impl Scratch {
    pub(super) fn new(quota: u64, borrower: Borrower) -> Self {
        Self { kept: Mutex::default(), quota, borrower }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyValue for Scratch {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, LentFailure> {
        Ok(self.kept().get(key).cloned())
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), LentFailure> {
        let mut kept = self.kept();
        let others = kept.iter().filter(|(other, _)| *other != key);
        let bytes: usize = others.map(|(key, value)| key.len() + value.len() + ENTRY_BYTES).sum();
        if (bytes + key.len() + value.len() + ENTRY_BYTES) as u64 > self.quota {
            return Err(no_room(&self.borrower));
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

fn no_room(borrower: &Borrower) -> LentFailure {
    borrower.refused(KV, "quota");
    LentFailure::new("quota", "this plugin keeps as much here as its manifest asked for")
}

/// The cause is for whoever runs Gantry; the plugin may only wait.
pub(super) fn unreachable(error: &StoreError) -> LentFailure {
    tracing::error!(error = error as &dyn std::error::Error, "what a plugin was lent cannot be reached");
    LentFailure::new("unreachable", "what is kept for the plugin cannot be reached at the moment")
}
