//! The latest moment of every node's machine, the buckets that become its history, and who watches.
//!
//! A node says what it likes: what comes is cut to the bounds of a sample, stamped with this end's time, and taken at most
//! twice a second. Memory is bounded by the nodes that are connected.

use super::book::{SPAN, signed};
use chrono::{DateTime, TimeDelta, Utc};
use gantry_domain::statistics::{NodeBucket, NodeMeasures, PartKind, fine_bucket, part_key};
use gantry_protocol::NodeSample;
use gantry_types::NodeId;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

/// Buckets that may wait for a write; the oldest make way.
const WAITING_BUCKETS: usize = 10_000;
/// Samples that come closer than this are left out.
const CLOSEST: TimeDelta = TimeDelta::milliseconds(500);
/// Numbers of parts that one bucket holds: all of a machine at the bounds of a sample, and some that changed their name.
const PARTS: usize = 1_024;
/// After this long without a word, a number is no longer what the machine does.
const STALE: TimeDelta = TimeDelta::seconds(60);

#[derive(Default)]
pub(crate) struct MachineBook {
    inner: Mutex<Inner>,
    /// By node how many pages watch; none is not listed.
    watchers: watch::Sender<HashMap<NodeId, usize>>,
}

#[derive(Default)]
struct Inner {
    nodes: HashMap<NodeId, Entry>,
    waiting: Vec<NodeBucket>,
}

struct Entry {
    latest: Arc<NodeSample>,
    open: Option<Open>,
}

/// A page that watches a node, until dropped.
pub(crate) struct Watching {
    node: NodeId,
    watchers: watch::Sender<HashMap<NodeId, usize>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.watchers.send_modify(|all| {
            let left = all.get(&self.node).map_or(0, |count| count.saturating_sub(1));
            match left {
                0 => all.remove(&self.node),
                _ => all.insert(self.node, left),
            };
        });
    }
}

/// A mean of what was said; what nobody said has none.
#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.sum += value;
            self.count += 1;
        }
    }

    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / f64::from(self.count)).filter(|mean| mean.is_finite())
    }

    fn whole(self) -> Option<i64> {
        self.value().map(|mean| mean.round() as i64)
    }
}

/// The bucket that is being filled.
struct Open {
    at: DateTime<Utc>,
    cpu: Mean,
    iowait: Mean,
    steal: Mean,
    memory: Mean,
    swap: Mean,
    load: [Mean; 3],
    read: Mean,
    written: Mean,
    received: Mean,
    sent: Mean,
    established: Mean,
    connections: Mean,
    hottest: Option<f64>,
    /// By key; as many as one sample has parts.
    parts: BTreeMap<String, Mean>,
    last: Arc<NodeSample>,
}

impl Open {
    fn new(at: DateTime<Utc>, last: Arc<NodeSample>) -> Self {
        let none = Mean::default();
        Self {
            at,
            cpu: none,
            iowait: none,
            steal: none,
            memory: none,
            swap: none,
            load: [none; 3],
            read: none,
            written: none,
            received: none,
            sent: none,
            established: none,
            connections: none,
            hottest: None,
            parts: BTreeMap::new(),
            last,
        }
    }

    fn add(&mut self, sample: &Arc<NodeSample>) {
        if let Some(cpu) = sample.cpu {
            let percent = |value: f64| value.clamp(0.0, 100.0);
            self.cpu.add(percent(cpu.busy()));
            self.iowait.add(percent(cpu.iowait));
            self.steal.add(percent(cpu.steal));
            // Rates are known from the second reading on, all at once.
            let (read, written) = sample.disk_bytes();
            let (received, sent) = sample.network_bytes();
            self.read.add(read as f64);
            self.written.add(written as f64);
            self.received.add(received as f64);
            self.sent.add(sent as f64);
        }
        self.memory.add(sample.memory.used_bytes as f64);
        self.swap.add(sample.swap.used_bytes as f64);
        let load = sample.load;
        for (mean, value) in self.load.iter_mut().zip([load.one, load.five, load.fifteen]) {
            mean.add(value);
        }
        let tcp = sample.tcp;
        let others = [tcp.listening, tcp.opening, tcp.closing, tcp.time_wait];
        self.established.add(f64::from(tcp.established));
        self.connections.add(others.into_iter().map(f64::from).sum::<f64>() + f64::from(tcp.established));
        self.add_parts(sample);
        let celsius = sample.temperatures.iter().map(|one| one.celsius);
        self.hottest = celsius.chain(self.hottest).reduce(f64::max);
        self.last = Arc::clone(sample);
    }

    fn add_parts(&mut self, sample: &NodeSample) {
        let mut add = |kind, measure, name: &str, value| {
            let key = part_key(kind, measure, name);
            if self.parts.len() < PARTS || self.parts.contains_key(&key) {
                self.parts.entry(key).or_default().add(value);
            }
        };
        // Rates are known from the second reading on.
        if sample.cpu.is_some() {
            for core in &sample.cores {
                add(PartKind::Core, "busy", &core.core.to_string(), core.cpu.busy().clamp(0.0, 100.0));
            }
            for disk in &sample.disks {
                add(PartKind::Disk, "read", &disk.name, disk.read_bytes as f64);
                add(PartKind::Disk, "written", &disk.name, disk.written_bytes as f64);
                add(PartKind::Disk, "busy", &disk.name, disk.busy.clamp(0.0, 100.0));
            }
            for interface in &sample.interfaces {
                add(PartKind::Interface, "received", &interface.name, interface.rx_bytes as f64);
                add(PartKind::Interface, "sent", &interface.name, interface.tx_bytes as f64);
            }
        }
        for system in &sample.file_systems {
            add(PartKind::FileSystem, "used", &system.mount_point, system.used_bytes as f64);
            add(PartKind::FileSystem, "total", &system.mount_point, system.total_bytes as f64);
        }
        for temperature in &sample.temperatures {
            add(PartKind::Temperature, "celsius", &temperature.label, temperature.celsius);
        }
    }

    fn close(self, node_id: NodeId) -> NodeBucket {
        let servers = self.last.file_systems.iter().find(|one| one.holds_servers);
        let [one, five, fifteen] = self.load;
        let measures = NodeMeasures {
            cpu_percent: self.cpu.value(),
            cpu_iowait_percent: self.iowait.value(),
            cpu_steal_percent: self.steal.value(),
            memory_bytes: self.memory.whole(),
            memory_total_bytes: Some(signed(self.last.memory.total_bytes)),
            swap_bytes: self.swap.whole(),
            swap_total_bytes: Some(signed(self.last.swap.total_bytes)),
            load_one: one.value(),
            load_five: five.value(),
            load_fifteen: fifteen.value(),
            disk_read_bytes: self.read.whole(),
            disk_written_bytes: self.written.whole(),
            disk_bytes: servers.map(|disk| signed(disk.used_bytes)),
            disk_total_bytes: servers.map(|disk| signed(disk.total_bytes)),
            network_rx_bytes: self.received.whole(),
            network_tx_bytes: self.sent.whole(),
            tcp_established: self.established.value(),
            tcp_total: self.connections.value(),
            temperature_celsius: self.hottest.filter(|celsius| celsius.is_finite()),
        };
        // Two digits behind the point are more than any chart shows.
        let rounded = |value: f64| (value * 100.0).round() / 100.0;
        let parts =
            self.parts.into_iter().filter_map(|(key, mean)| Some((key, rounded(mean.value()?)))).collect();
        NodeBucket { node_id, at: self.at, measures, parts }
    }
}

impl MachineBook {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the node measured each second for as long as the answer is kept.
    pub(crate) fn watch(&self, node: NodeId) -> Watching {
        self.watchers.send_modify(|all| *all.entry(node).or_default() += 1);
        Watching { node, watchers: self.watchers.clone() }
    }

    pub(crate) fn watchers(&self) -> watch::Receiver<HashMap<NodeId, usize>> {
        self.watchers.subscribe()
    }

    /// Takes one moment in, and answers it as it is to be shown; none if it comes too soon.
    pub(crate) fn record(
        &self,
        node: NodeId,
        sample: NodeSample,
        now: DateTime<Utc>,
    ) -> Option<Arc<NodeSample>> {
        let sample = Arc::new(NodeSample { at: now, ..sample.bounded() });
        let mut inner = self.lock();
        let Inner { nodes, waiting } = &mut *inner;
        if nodes.get(&node).is_some_and(|entry| (now - entry.latest.at).abs() < CLOSEST) {
            return None;
        }
        let at = fine_bucket(now);
        let entry = nodes.entry(node).or_insert_with(|| Entry { latest: Arc::clone(&sample), open: None });
        entry.latest = Arc::clone(&sample);
        if entry.open.as_ref().is_some_and(|open| open.at != at) {
            waiting.extend(entry.open.take().map(|open| open.close(node)));
        }
        entry.open.get_or_insert_with(|| Open::new(at, Arc::clone(&sample))).add(&sample);
        bound(waiting);
        Some(sample)
    }

    /// The latest moment, if it is recent.
    pub(crate) fn latest(&self, node: NodeId, now: DateTime<Utc>) -> Option<Arc<NodeSample>> {
        let inner = self.lock();
        let latest = &inner.nodes.get(&node)?.latest;
        (now - latest.at <= STALE).then(|| Arc::clone(latest))
    }

    /// Takes out the buckets whose time is over, each node's ten seconds once.
    pub(crate) fn drain(&self, now: DateTime<Utc>) -> Vec<NodeBucket> {
        let mut inner = self.lock();
        let Inner { nodes, waiting } = &mut *inner;
        for (node, entry) in nodes.iter_mut() {
            if entry.open.as_ref().is_some_and(|open| open.at + SPAN <= now) {
                waiting.extend(entry.open.take().map(|open| open.close(*node)));
            }
        }
        nodes.retain(|_, entry| entry.open.is_some() || now - entry.latest.at <= STALE);
        // A moment that came as its bucket was taken opened that again. One statement cannot write a row twice.
        let mut seen = HashSet::with_capacity(waiting.len());
        waiting.retain(|bucket| seen.insert((bucket.node_id, bucket.at)));
        std::mem::take(waiting)
    }

    /// Gives back buckets that could not be written.
    pub(crate) fn put_back(&self, mut buckets: Vec<NodeBucket>) {
        let mut inner = self.lock();
        buckets.append(&mut inner.waiting);
        bound(&mut buckets);
        inner.waiting = buckets;
    }
}

fn bound(waiting: &mut Vec<NodeBucket>) {
    let excess = waiting.len().saturating_sub(WAITING_BUCKETS);
    if excess > 0 {
        waiting.drain(..excess);
        metrics::counter!("gantry_statistics_dropped_total").increment(excess as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_protocol::machine::{
        CpuUse, DiskUse, FileSystemUse, LoadAverage, MemoryUse, SwapUse, TcpCounts, Temperature,
    };
    use uuid::Uuid;

    fn node() -> NodeId {
        NodeId::new(Uuid::from_u128(7))
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn sample(user: Option<f64>, used_bytes: u64) -> NodeSample {
        let holds = |mount_point: &str, used_bytes, holds_servers| FileSystemUse {
            mount_point: mount_point.to_owned(),
            device: mount_point.to_owned(),
            kind: "ext4".to_owned(),
            total_bytes: 1_000,
            used_bytes,
            available_bytes: 0,
            inodes: 0,
            used_inodes: 0,
            holds_servers,
        };
        NodeSample {
            at: at(-5_000),
            uptime_seconds: 1,
            cpu: user.map(|user| CpuUse { user, ..CpuUse::default() }),
            cores: Vec::new(),
            memory: MemoryUse { used_bytes, total_bytes: 100, ..MemoryUse::default() },
            swap: SwapUse::default(),
            load: LoadAverage { one: 1.0, five: 2.0, fifteen: 3.0 },
            file_systems: vec![holds("/", 900, false), holds("/srv", 300, true)],
            disks: vec![DiskUse {
                name: "sda".to_owned(),
                read_bytes: 100,
                written_bytes: used_bytes,
                reads: 1.0,
                writes: 1.0,
                busy: 5.0,
            }],
            interfaces: Vec::new(),
            temperatures: [41.0, 39.0]
                .map(|celsius| Temperature { label: "cpu".to_owned(), celsius, critical_celsius: None })
                .to_vec(),
            tcp: TcpCounts { established: 2, listening: 3, ..TcpCounts::default() },
        }
    }

    #[test]
    fn a_bucket_is_the_mean_of_its_moments_and_knows_the_servers_disk() {
        let book = MachineBook::default();
        book.record(node(), sample(None, 10), at(100));
        book.record(node(), sample(Some(20.0), 20), at(101));
        book.record(node(), sample(Some(400.0), 60), at(109));
        assert!(book.drain(at(109)).is_empty(), "its time is not over");
        let drained = book.drain(at(110));
        assert_eq!((drained.len(), drained[0].at), (1, at(100)));
        let measures = drained[0].measures;
        assert_eq!(measures.cpu_percent, Some(60.0), "without what nobody said, and within its scale");
        assert_eq!((measures.memory_bytes, measures.memory_total_bytes), (Some(30), Some(100)));
        assert_eq!((measures.disk_bytes, measures.disk_total_bytes), (Some(300), Some(1_000)));
        assert_eq!(
            (measures.load_five, measures.tcp_established, measures.tcp_total),
            (Some(2.0), Some(2.0), Some(5.0))
        );
        assert_eq!(measures.temperature_celsius, Some(41.0));
        let parts = &drained[0].parts;
        assert_eq!(parts.get("disk/written/sda"), Some(&40.0), "of the two moments that had rates");
        assert_eq!(parts.get("file_system/used//srv"), Some(&300.0));
        assert_eq!(parts.get("temperature/celsius/cpu"), Some(&40.0), "two sensors of one name are one");
        assert_eq!(parts.len(), 3 + 2 * 2 + 1, "{parts:?}");
    }

    #[test]
    fn a_node_that_says_nothing_of_its_processors_leaves_that_open() {
        let book = MachineBook::default();
        book.record(node(), sample(None, 10), at(100));
        let measures = book.drain(at(110))[0].measures;
        assert_eq!(
            (measures.cpu_percent, measures.disk_read_bytes, measures.memory_bytes),
            (None, None, Some(10))
        );
    }

    #[test]
    fn a_flood_is_thinned_out_and_a_nodes_clock_is_not_believed() {
        let book = MachineBook::default();
        let first = book.record(node(), sample(Some(1.0), 1), at(100)).unwrap();
        assert_eq!(first.at, at(100));
        let soon = at(100) + TimeDelta::milliseconds(100);
        assert_eq!(book.record(node(), sample(Some(99.0), 1), soon), None);
        assert!(book.record(node(), sample(Some(3.0), 1), at(101)).is_some());
        assert_eq!(book.drain(at(110))[0].measures.cpu_percent, Some(2.0));
    }

    #[test]
    fn numbers_that_are_a_minute_old_are_not_shown_and_then_forgotten() {
        let book = MachineBook::default();
        book.record(node(), sample(Some(1.0), 1), at(0));
        assert!(book.latest(node(), at(60)).is_some() && book.latest(node(), at(61)).is_none());
        book.drain(at(61));
        assert!(book.lock().nodes.is_empty());
    }

    #[test]
    fn a_node_is_watched_until_the_last_page_has_gone() {
        let book = MachineBook::default();
        let (one, two) = (book.watch(node()), book.watch(node()));
        drop(one);
        assert!(book.watchers().borrow().contains_key(&node()));
        drop(two);
        assert!(book.watchers().borrow().is_empty());
    }

    #[test]
    fn buckets_that_could_not_be_written_wait_within_their_bound() {
        let book = MachineBook::default();
        let last = Arc::new(sample(None, 1));
        let bucket = |n: i64| Open::new(at(n * 10), Arc::clone(&last)).close(node());
        book.put_back((0..WAITING_BUCKETS as i64 + 5).map(bucket).collect());
        let waiting = book.drain(at(0));
        assert_eq!((waiting.len(), waiting[0].at), (WAITING_BUCKETS, at(50)), "the oldest make way");
    }
}
