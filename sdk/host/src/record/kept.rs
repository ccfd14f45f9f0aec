//! The records that a host keeps: the newest of each release, kind of call and server, and so many in all.
//!
//! The same failure over and over is one record, the newest, and a count. They are kept in memory; an embedder that wants those
//! about servers to outlive it is told that there is something new, and asks for the whole of what is kept of each server.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gantry_types::conduct::PluginRecord;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::error::Stop;

/// Of one release, kind of call and server, each with another reason.
const OF_KIND: usize = 3;
/// About one server.
const OF_SERVER: Room = Room { records: 12, bytes: 4 << 20 };
/// Of all.
const OF_ALL: Room = Room { records: 256, bytes: 16 << 20 };
/// A failure that was written down within this time is only counted.
const AGAIN: Duration = Duration::from_secs(10);
/// Calls that may wait to be written down.
const WAITING: usize = 32;

struct Room {
    records: usize,
    bytes: u64,
}

/// A record with what a list says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRecord {
    /// Without secrets, as the file is.
    pub about: PluginRecord,
    /// The file.
    pub text: Arc<str>,
}

impl KeptRecord {
    /// What a file is called: by its content, so that one that was cut off is seen to be.
    #[must_use]
    pub fn id(text: &str) -> String {
        hex::encode(&Sha256::digest(text)[..16])
    }
}

/// That something failed: for the same release, in the same call, for the same server, in the same words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cause(u64);

impl Cause {
    pub(crate) fn of(digest: &str, server: Option<&str>, stop: &Stop) -> Self {
        Self::told(digest, server, stop.call, stop.reason.as_str(), &stop.message)
    }

    fn told(digest: &str, server: Option<&str>, call: &str, reason: &str, message: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (digest, server, call, reason, message).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// All records of a host.
pub(crate) struct Records {
    shelf: Mutex<Shelf>,
    pub(crate) writing: Semaphore,
    waiting: Arc<Semaphore>,
    /// That something is new about a server.
    news: Notify,
}

#[derive(Default)]
struct Shelf {
    all: Vec<Entry>,
    unsaved: BTreeSet<String>,
}

struct Entry {
    kept: KeptRecord,
    cause: Cause,
    written: Instant,
}

impl Default for Records {
    fn default() -> Self {
        let waiting = Arc::new(Semaphore::new(WAITING));
        Self { shelf: Mutex::default(), writing: Semaphore::new(1), waiting, news: Notify::new() }
    }
}

impl Records {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // What a panic left behind are records still.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a failure. Something comes back where it is to be written down, too: a place among those that wait for it.
    pub(crate) fn wanted(&self, cause: &Cause) -> Option<OwnedSemaphorePermit> {
        let mut shelf = self.shelf();
        let known = shelf.all.iter_mut().find(|entry| entry.cause == *cause);
        let is_fresh = known.as_ref().is_some_and(|entry| entry.written.elapsed() < AGAIN);
        let place = if is_fresh { None } else { self.waiting.clone().try_acquire_owned().ok() };
        if place.is_some() {
            return place;
        }
        let Some(Entry { kept: KeptRecord { about, .. }, .. }) = known else {
            tracing::warn!("a call that was stopped is not kept: {WAITING} others are being written down");
            return None;
        };
        about.times += 1;
        about.at = chrono::Utc::now();
        let server = about.server_id.clone();
        shelf.unsaved.extend(server);
        drop(shelf);
        self.news.notify_one();
        None
    }

    /// Keeps a record, in the place of the one of the same cause.
    pub(crate) fn put(&self, cause: Cause, mut kept: KeptRecord) {
        let mut shelf = self.shelf();
        if let Some(place) = shelf.all.iter().position(|entry| entry.cause == cause) {
            let before = shelf.all.remove(place).kept.about;
            kept.about.times += before.times;
            kept.about.first_at = before.first_at;
        }
        shelf.unsaved.extend(kept.about.server_id.clone());
        shelf.all.push(Entry { kept, cause, written: Instant::now() });
        shelf.make_room();
        drop(shelf);
        self.news.notify_one();
    }

    /// What is kept, the newest first.
    pub(crate) fn list(&self) -> Vec<PluginRecord> {
        let mut all: Vec<_> = self.shelf().all.iter().map(|entry| entry.kept.about.clone()).collect();
        all.sort_by_key(|about| std::cmp::Reverse(about.at));
        all
    }

    /// A record of this release.
    pub(crate) fn find(&self, digest: &str, id: &str) -> Option<KeptRecord> {
        let shelf = self.shelf();
        let found =
            shelf.all.iter().find(|entry| entry.kept.about.id == id && entry.kept.about.digest == digest);
        found.map(|entry| entry.kept.clone())
    }

    /// Resolves when something is new about a server since this was last awaited.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    /// All records of each server about which something is new since this was last asked.
    pub(crate) fn unsaved(&self) -> Vec<(String, Vec<KeptRecord>)> {
        let mut shelf = self.shelf();
        let servers = std::mem::take(&mut shelf.unsaved);
        let of = |server: String| {
            let of_it = |entry: &&Entry| entry.kept.about.server_id.as_deref() == Some(&server);
            let all = shelf.all.iter().filter(of_it).map(|entry| entry.kept.clone()).collect();
            (server, all)
        };
        servers.into_iter().map(of).collect()
    }

    /// Takes up what was kept.
    pub(crate) fn restore(&self, kept: Vec<KeptRecord>) {
        let mut shelf = self.shelf();
        for kept in kept {
            let PluginRecord { digest, server_id, call, reason, message, .. } = &kept.about;
            let cause = Cause::told(digest, server_id.as_deref(), call, reason, message);
            shelf.all.push(Entry { kept, cause, written: Instant::now() });
        }
        shelf.make_room();
    }

    /// A server is gone.
    pub(crate) fn forget(&self, server: &str) {
        let mut shelf = self.shelf();
        shelf.all.retain(|entry| entry.kept.about.server_id.as_deref() != Some(server));
        shelf.unsaved.remove(server);
    }
}

impl Shelf {
    /// Lets go of the oldest of whatever there is too much of.
    fn make_room(&mut self) {
        // From the newest on each is kept that still fits.
        self.all.sort_by_key(|entry| std::cmp::Reverse(entry.kept.about.at));
        let mut kept: Vec<Entry> = Vec::with_capacity(self.all.len());
        for entry in std::mem::take(&mut self.all) {
            let about = &entry.kept.about;
            let same_server = |other: &&Entry| other.kept.about.server_id == about.server_id;
            let same_kind = |other: &&Entry| {
                same_server(other)
                    && other.kept.about.digest == about.digest
                    && other.kept.about.call == about.call
            };
            let fits = kept.iter().filter(same_kind).count() < OF_KIND
                && OF_ALL.has(about, kept.iter())
                && (about.server_id.is_none() || OF_SERVER.has(about, kept.iter().filter(same_server)));
            if fits {
                kept.push(entry);
            } else {
                self.unsaved.extend(about.server_id.clone());
            }
        }
        self.all = kept;
    }
}

impl Room {
    fn has<'a>(&self, more: &PluginRecord, present: impl Iterator<Item = &'a Entry>) -> bool {
        let (mut records, mut bytes) = (1, more.bytes);
        for entry in present {
            records += 1;
            bytes += entry.kept.about.bytes;
        }
        records <= self.records && bytes <= self.bytes
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Utc};

    use super::*;

    fn kept(server: &str, call: &str, message: &str, second: i64, bytes: u64) -> (Cause, KeptRecord) {
        let at = chrono::DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(second);
        let about = PluginRecord {
            id: format!("{second}"),
            plugin: "game".to_owned(),
            version: "1.0.0".to_owned(),
            digest: "d".to_owned(),
            call: call.to_owned(),
            server_id: Some(server.to_owned()),
            reason: "trap".to_owned(),
            message: message.to_owned(),
            symbol: None,
            first_at: at,
            at,
            times: 1,
            bytes,
            is_whole: true,
        };
        let cause = Cause::told("d", Some(server), call, "trap", message);
        (cause, KeptRecord { about, text: "".into() })
    }

    fn put(records: &Records, (cause, kept): (Cause, KeptRecord)) {
        records.put(cause, kept);
    }

    #[test]
    fn the_same_failure_is_one_record_and_a_count() {
        let records = Records::default();
        let (cause, first) = kept("a", "collector.collect", "x", 1, 10);
        records.put(cause.clone(), first);
        assert!(records.wanted(&cause).is_none(), "it was just written down");
        put(&records, kept("a", "collector.collect", "x", 9, 10));
        let [one] = records.list().try_into().unwrap();
        assert_eq!((one.times, one.id.as_str(), one.first_at.timestamp()), (3, "9", 1));
        assert!(records.wanted(&kept("a", "collector.collect", "y", 9, 10).0).is_some());
        assert_eq!(records.unsaved().len(), 1);
        assert_eq!(records.unsaved(), []);
    }

    #[test]
    fn the_newest_are_kept_of_each_kind_and_server_and_in_all() {
        let records = Records::default();
        for second in 0..10 {
            put(&records, kept("a", "collector.collect", &second.to_string(), second, 10));
        }
        let ids = |records: &Records| records.list().into_iter().map(|one| one.id).collect::<Vec<_>>();
        assert_eq!(ids(&records), ["9", "8", "7"]);
        put(&records, kept("a", "tabs.render", "x", 3, OF_SERVER.bytes));
        assert_eq!(ids(&records), ["9", "8", "7"], "the oldest makes way, be it the one that came");
        put(&records, kept("a", "tabs.render", "x", 11, OF_SERVER.bytes - 10));
        assert_eq!(ids(&records), ["11", "9"]);
        for server in 0..300 {
            put(&records, kept(&server.to_string(), "tabs.render", "x", 100 + server, 1 << 10));
        }
        assert_eq!(records.list().len(), OF_ALL.records);
        for server in 0..30 {
            put(&records, kept(&server.to_string(), "tabs.offer", "x", 500 + server, 3 << 20));
        }
        assert!(records.list().iter().map(|one| one.bytes).sum::<u64>() <= OF_ALL.bytes);
        records.forget("29");
        assert!(records.list().iter().all(|one| one.server_id.as_deref() != Some("29")));
    }

    #[test]
    fn only_so_many_wait_to_be_written_down() {
        let records = Records::default();
        let causes: Vec<_> = (0..40).map(|n| kept("a", "tabs.render", &n.to_string(), n, 1).0).collect();
        let places: Vec<_> = causes.iter().filter_map(|cause| records.wanted(cause)).collect();
        assert_eq!(places.len(), WAITING);
        drop(places);
        assert!(records.wanted(&causes[39]).is_some());
    }
}
