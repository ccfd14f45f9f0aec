//! The latest second of every server, and the buckets that become its history.
//!
//! Seconds come at most once and may be lost; history is their mean. Memory is bounded by the servers that run: a
//! server that stops is forgotten, and buckets wait for the next write in a list with a named bound.

use chrono::{DateTime, TimeDelta, Utc};
use gantry_domain::statistics::{Bucket, FINE_SECONDS, Measures, fine_bucket};
use gantry_types::{
    ServerId,
    sample::{LiveSample, Sample, Statistics},
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

/// The span of one bucket.
pub(super) const SPAN: TimeDelta = TimeDelta::seconds(FINE_SECONDS);
/// Buckets that may wait for a write; the oldest make way.
const WAITING_BUCKETS: usize = 50_000;
/// After this long without a word, a number is no longer what the server does.
const STALE: TimeDelta = TimeDelta::seconds(60);

#[derive(Default)]
pub(crate) struct SampleBook(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    servers: HashMap<ServerId, Entry>,
    waiting: Vec<Bucket>,
}

struct Entry {
    /// None once the server has stopped.
    latest: Option<LiveSample>,
    open: Option<Open>,
}

/// The bucket that is being filled.
struct Open {
    at: DateTime<Utc>,
    /// Seconds in which a container was measured.
    seconds: u32,
    cpu_percent: f64,
    memory_bytes: u64,
    network_rx_bytes: u64,
    network_tx_bytes: u64,
    last: Statistics,
    answers: u32,
    players: u32,
    max_players: Option<u32>,
    latency_ms: Option<f64>,
}

impl Open {
    fn new(at: DateTime<Utc>) -> Self {
        Self {
            at,
            seconds: 0,
            cpu_percent: 0.0,
            memory_bytes: 0,
            network_rx_bytes: 0,
            network_tx_bytes: 0,
            last: Statistics::default(),
            answers: 0,
            players: 0,
            max_players: None,
            latency_ms: None,
        }
    }

    fn add(&mut self, sample: &LiveSample) {
        if let Some(statistics) = &sample.statistics {
            self.add_statistics(statistics);
        }
        if let Some(game) = &sample.game {
            self.add_game(game);
        }
    }

    fn add_statistics(&mut self, statistics: &Statistics) {
        self.seconds += 1;
        self.cpu_percent += if statistics.cpu_percent.is_finite() { statistics.cpu_percent } else { 0.0 };
        self.memory_bytes = self.memory_bytes.saturating_add(statistics.memory_bytes);
        self.network_rx_bytes = self.network_rx_bytes.saturating_add(statistics.network_rx_bytes);
        self.network_tx_bytes = self.network_tx_bytes.saturating_add(statistics.network_tx_bytes);
        self.last = *statistics;
    }

    fn add_game(&mut self, game: &Sample) {
        if let Some(players) = game.players {
            self.answers += 1;
            self.players = self.players.saturating_add(players);
        }
        self.max_players = game.max_players.or(self.max_players);
        self.latency_ms = game.latency_ms.filter(|latency| latency.is_finite()).or(self.latency_ms);
    }

    fn close(self, server_id: ServerId) -> Bucket {
        let measured = (self.seconds > 0).then_some(u64::from(self.seconds));
        let mean = |sum: u64| measured.map(|seconds| signed(sum / seconds));
        let measures = Measures {
            cpu_percent: measured.map(|_| self.cpu_percent / f64::from(self.seconds)),
            memory_bytes: mean(self.memory_bytes),
            memory_limit_bytes: measured.map(|_| signed(self.last.memory_limit_bytes)),
            disk_bytes: measured.map(|_| signed(self.last.disk_bytes)),
            network_rx_bytes: mean(self.network_rx_bytes),
            network_tx_bytes: mean(self.network_tx_bytes),
            players: (self.answers > 0).then(|| f64::from(self.players) / f64::from(self.answers)),
            max_players: self.max_players.map(|players| i32::try_from(players).unwrap_or(i32::MAX)),
            latency_ms: self.latency_ms,
        };
        Bucket { server_id, at: self.at, measures }
    }
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl SampleBook {
    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one second in. Its time is the control plane's, so that a node with a wrong clock cannot write history
    /// elsewhere.
    pub(crate) fn record(&self, server_id: ServerId, sample: &LiveSample, now: DateTime<Utc>) -> LiveSample {
        let mut inner = self.lock();
        let Inner { servers, waiting } = &mut *inner;
        let at = fine_bucket(now);
        let entry = servers.entry(server_id).or_insert_with(|| Entry { latest: None, open: None });
        let before = entry.latest.take();
        let latest = LiveSample {
            at: now,
            statistics: sample.statistics.or(before.as_ref().and_then(|before| before.statistics)),
            game: sample.game.clone().or_else(|| before.and_then(|before| before.game)),
        };
        entry.latest = Some(latest.clone());
        if entry.open.as_ref().is_some_and(|open| open.at != at) {
            waiting.extend(entry.open.take().map(|open| open.close(server_id)));
        }
        entry.open.get_or_insert_with(|| Open::new(at)).add(sample);
        bound(waiting);
        latest
    }

    /// The latest second, if it is recent.
    pub(crate) fn latest(&self, server_id: ServerId, now: DateTime<Utc>) -> Option<LiveSample> {
        let inner = self.lock();
        let latest = inner.servers.get(&server_id)?.latest.as_ref()?;
        (now - latest.at <= STALE).then(|| latest.clone())
    }

    /// A server that does not run has no numbers. Its bucket stays open: it may run again before that is over.
    pub(crate) fn forget(&self, server_id: ServerId) {
        if let Some(entry) = self.lock().servers.get_mut(&server_id) {
            entry.latest = None;
        }
    }

    /// Takes out the buckets whose time is over, each server's ten seconds once.
    pub(crate) fn drain(&self, now: DateTime<Utc>) -> Vec<Bucket> {
        let mut inner = self.lock();
        let Inner { servers, waiting } = &mut *inner;
        for (server_id, entry) in servers.iter_mut() {
            if entry.open.as_ref().is_some_and(|open| open.at + SPAN <= now) {
                waiting.extend(entry.open.take().map(|open| open.close(*server_id)));
            }
        }
        servers.retain(|_, entry| {
            entry.open.is_some() || entry.latest.as_ref().is_some_and(|latest| now - latest.at <= STALE)
        });
        // A second that came as its bucket was taken opened that again. One statement cannot write a row twice.
        let mut seen = HashSet::with_capacity(waiting.len());
        waiting.retain(|bucket| seen.insert((bucket.server_id, bucket.at)));
        std::mem::take(waiting)
    }

    /// Gives back buckets that could not be written.
    pub(crate) fn put_back(&self, mut buckets: Vec<Bucket>) {
        let mut inner = self.lock();
        buckets.append(&mut inner.waiting);
        bound(&mut buckets);
        inner.waiting = buckets;
    }
}

fn bound(waiting: &mut Vec<Bucket>) {
    let excess = waiting.len().saturating_sub(WAITING_BUCKETS);
    if excess > 0 {
        waiting.drain(..excess);
        metrics::counter!("gantry_statistics_dropped_total").increment(excess as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn server() -> ServerId {
        ServerId::new(Uuid::from_u128(7))
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn second(cpu_percent: f64, players: Option<u32>) -> LiveSample {
        LiveSample {
            at: at(0),
            statistics: Some(Statistics { cpu_percent, memory_bytes: 100, ..Statistics::default() }),
            game: players.map(|players| Sample { players: Some(players), ..Sample::default() }),
        }
    }

    #[test]
    fn a_bucket_is_the_mean_of_its_seconds() {
        let book = SampleBook::default();
        book.record(server(), &second(10.0, Some(3)), at(100));
        book.record(server(), &second(30.0, Some(2)), at(109));
        assert!(book.drain(at(109)).is_empty(), "its time is not over");
        let drained = book.drain(at(110));
        assert_eq!(drained.len(), 1);
        assert_eq!(drained[0].at, at(100));
        assert_eq!(drained[0].measures.cpu_percent, Some(20.0));
        assert_eq!(drained[0].measures.players, Some(2.5));
    }

    #[test]
    fn a_server_that_stops_and_starts_within_a_bucket_fills_one() {
        let book = SampleBook::default();
        book.record(server(), &second(10.0, Some(3)), at(100));
        book.forget(server());
        assert_eq!(book.latest(server(), at(101)), None, "what does not run has no numbers");
        let again = book.record(server(), &second(20.0, None), at(105));
        assert_eq!(again.game, None, "the players of before are not there any more");
        let drained = book.drain(at(110));
        assert_eq!(drained.len(), 1);
        assert_eq!(drained[0].measures.cpu_percent, Some(15.0));
    }

    #[test]
    fn a_bucket_that_waits_is_not_joined_by_another_of_its_time() {
        let book = SampleBook::default();
        book.record(server(), &second(10.0, None), at(100));
        book.put_back(book.drain(at(110)));
        book.record(server(), &second(90.0, None), at(109));
        let drained = book.drain(at(120));
        assert_eq!(drained.len(), 1);
        assert_eq!(drained[0].measures.cpu_percent, Some(10.0));
    }

    #[test]
    fn a_second_without_players_keeps_those_of_the_last_answer() {
        let book = SampleBook::default();
        book.record(server(), &second(1.0, Some(3)), at(0));
        let merged = book.record(server(), &second(2.0, None), at(1));
        assert_eq!(merged.game.and_then(|game| game.players), Some(3));
    }

    #[test]
    fn numbers_that_are_a_minute_old_are_not_shown() {
        let book = SampleBook::default();
        book.record(server(), &second(1.0, None), at(0));
        assert!(book.latest(server(), at(60)).is_some());
        assert!(book.latest(server(), at(61)).is_none());
    }

    #[test]
    fn buckets_that_could_not_be_written_wait_within_their_bound() {
        let book = SampleBook::default();
        book.put_back(
            (0..WAITING_BUCKETS as i64 + 5).map(|n| Open::new(at(n * 10)).close(server())).collect(),
        );
        let waiting = book.drain(at(0));
        assert_eq!(waiting.len(), WAITING_BUCKETS);
        assert_eq!(waiting[0].at, at(50), "the oldest make way");
    }
}
