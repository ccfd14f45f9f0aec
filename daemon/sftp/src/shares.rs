//! How much of something each has, so that nobody has all of it.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What each has, by who they are. Who has nothing is not remembered. Clones share it.
#[derive(Debug)]
pub(crate) struct Shares<K>(Arc<Mutex<HashMap<K, usize>>>);

/// One piece of somebody's share, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share<K: Copy + Eq + Hash> {
    of: Shares<K>,
    who: K,
}

impl<K> Default for Shares<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Copy + Eq + Hash> Shares<K> {
    /// One piece more for somebody who may have `most`; none if they have them.
    pub(crate) fn take(&self, who: K, most: usize) -> Option<Share<K>> {
        let mut held = self.held();
        let own = held.get(&who).copied().unwrap_or(0);
        if own >= most {
            return None;
        }
        held.insert(who, own + 1);
        drop(held);
        Some(Share { of: Self(Arc::clone(&self.0)), who })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut held = self.of.held();
        match held.get(&self.who).map_or(0, |own| own.saturating_sub(1)) {
            0 => held.remove(&self.who),
            left => held.insert(self.who, left),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_share_and_who_has_nothing_is_forgotten() {
        let shares = Shares::default();
        let held: Vec<_> = (0..3).map(|_| shares.take("ada", 3).unwrap()).collect();
        assert!(shares.take("ada", 3).is_none());
        assert!(shares.take("grace", 3).is_some(), "others have theirs");
        drop(held);
        assert!(shares.held().is_empty());
    }
}
