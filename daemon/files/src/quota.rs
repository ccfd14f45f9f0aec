//! How much a server may hold: what was measured, and what is promised to writes that are under way.
//!
//! The account errs on the side of refusing. A write reserves before its bytes are on the disk and gives back what it did
//! not use; what it replaced counts until the next measurement. The game writes past this account, which is why whoever
//! holds it measures again from time to time, and before a refusal is final.

use crate::error::FilesError;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the smallest file or directory takes, and what bytes are rounded up to.
pub(crate) const BLOCK: u64 = 4096;

#[derive(Debug, Default)]
struct Account {
    /// None is no limit.
    limit: Option<u64>,
    used: u64,
    reserved: u64,
    /// All that was ever settled, so that a measurement can tell what it may have missed.
    settled: u64,
}

/// One server's account. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Quota(Arc<Mutex<Account>>);

/// A moment of the account, from before a measurement.
#[derive(Clone, Copy, Debug)]
pub struct Mark(u64);

impl Quota {
    fn account(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The limit in bytes from here on.
    pub fn limit(&self, limit: Option<u64>) {
        self.account().limit = limit;
    }

    pub fn mark(&self) -> Mark {
        Mark(self.account().settled)
    }

    /// What a measurement found that began at the mark. What was settled meanwhile is added, seen or not.
    pub fn measured(&self, since: Mark, bytes: u64) {
        let mut account = self.account();
        account.used = bytes.saturating_add(account.settled.saturating_sub(since.0));
    }

    /// The limit in bytes, if there is one.
    pub fn most(&self) -> Option<u64> {
        self.account().limit
    }

    /// Used and reserved, in bytes.
    pub fn taken(&self) -> u64 {
        let account = self.account();
        account.used.saturating_add(account.reserved)
    }

    /// What is left of the limit, if there is one.
    pub fn room(&self) -> Option<Room> {
        let account = self.account();
        let taken = account.used.saturating_add(account.reserved);
        account.limit.map(|limit| Room { left: limit.saturating_sub(taken), limit })
    }

    /// A promise of nothing, to be grown.
    pub fn reserve(&self) -> Reservation {
        Reservation { quota: self.clone(), bytes: 0 }
    }
}

/// What may still be added, for work that has the files to itself and is done by another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    left: u64,
    limit: u64,
}

impl Room {
    /// Takes so many bytes of it.
    pub(crate) fn take(&mut self, bytes: u64) -> Result<(), FilesError> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(FilesError::Quota { limit: self.limit })?;
        Ok(())
    }

    /// Takes what a file or directory with so many bytes takes.
    pub(crate) fn take_entry(&mut self, bytes: u64) -> Result<(), FilesError> {
        self.take(entry_bytes(bytes))
    }

    /// So much is on the disk no longer.
    pub(crate) const fn free(&mut self, bytes: u64) {
        self.left = self.left.saturating_add(bytes);
    }
}

/// What a file or directory with so many bytes takes.
pub(crate) fn entry_bytes(bytes: u64) -> u64 {
    bytes.checked_next_multiple_of(BLOCK).unwrap_or(u64::MAX).max(BLOCK)
}

/// What one write may still put on the disk. Dropped, it is given back.
#[derive(Debug)]
pub struct Reservation {
    quota: Quota,
    bytes: u64,
}

impl Reservation {
    /// Asks for so many bytes more.
    pub fn grow(&mut self, bytes: u64) -> Result<(), FilesError> {
        let mut account = self.quota.account();
        let reserved = account.reserved.checked_add(bytes);
        let total = reserved.and_then(|reserved| reserved.checked_add(account.used));
        match (account.limit, reserved, total) {
            (None, Some(reserved), _) => account.reserved = reserved,
            (Some(limit), Some(reserved), Some(total)) if total <= limit => account.reserved = reserved,
            (limit, _, _) => return Err(FilesError::Quota { limit: limit.unwrap_or(u64::MAX) }),
        }
        drop(account);
        // Each part was added to the account's sum without overflow.
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(())
    }

    /// Asks for what a file or directory with so many bytes takes.
    pub fn grow_by_entry(&mut self, bytes: u64) -> Result<(), FilesError> {
        self.grow(entry_bytes(bytes))
    }

    /// It is on the disk: what was reserved is used.
    pub fn settle(self) {
        let bytes = self.bytes;
        self.settle_as(bytes);
    }

    /// So much of it is on the disk; the rest is given back.
    pub fn settle_as(mut self, bytes: u64) {
        let mut account = self.quota.account();
        account.reserved = account.reserved.saturating_sub(self.bytes);
        account.used = account.used.saturating_add(bytes);
        account.settled = account.settled.saturating_add(bytes);
        drop(account);
        self.bytes = 0;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut account = self.quota.account();
        account.reserved = account.reserved.saturating_sub(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(limit: u64) -> Quota {
        let quota = Quota::default();
        quota.limit(Some(limit));
        quota
    }

    #[test]
    fn reservations_of_several_writes_add_up_and_are_given_back() {
        let quota = quota(100);
        quota.measured(quota.mark(), 40);
        let (mut one, mut other) = (quota.reserve(), quota.reserve());
        one.grow(40).unwrap();
        assert!(matches!(other.grow(21), Err(FilesError::Quota { limit: 100 })));
        other.grow(20).unwrap();
        drop(one);
        other.grow(40).unwrap();
        assert_eq!(quota.taken(), 100);
    }

    #[test]
    fn sizes_that_overflow_are_refused_and_not_wrapped_around() {
        let quota = quota(u64::MAX);
        quota.measured(quota.mark(), 5);
        assert!(quota.reserve().grow(u64::MAX).is_err());
        assert!(quota.reserve().grow_by_entry(u64::MAX).is_err());
        let boundless = Quota::default();
        let mut reserved = boundless.reserve();
        reserved.grow(u64::MAX).unwrap();
        assert!(reserved.grow(1).is_err());
    }

    #[test]
    fn what_settles_during_a_measurement_is_not_forgotten() {
        let quota = quota(100);
        let mark = quota.mark();
        let mut write = quota.reserve();
        write.grow(60).unwrap();
        write.settle();
        quota.measured(mark, 0);
        assert_eq!(quota.taken(), 60);
        quota.measured(quota.mark(), 60);
        assert_eq!(quota.taken(), 60);
    }
}
