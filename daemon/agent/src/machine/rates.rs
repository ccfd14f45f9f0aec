//! What happened between two readings.
//!
//! Counters that go backwards, because a device was replaced or the kernel says so, count as if they stood still. What was
//! not there before has no rate.

use super::text::{CpuTimes, DiskCounters, InterfaceCounters};
use gantry_protocol::machine::{CoreUse, CpuUse, DiskUse, InterfaceUse};
use std::{collections::HashMap, time::Instant};

/// All that only counts up.
pub(super) struct Counters {
    pub(super) at: Instant,
    pub(super) cpu: Option<CpuTimes>,
    pub(super) cores: Vec<(u32, CpuTimes)>,
    pub(super) disks: Vec<(String, DiskCounters)>,
    pub(super) interfaces: Vec<(String, InterfaceCounters)>,
}

/// The same as rates.
#[derive(Default)]
pub(super) struct Between {
    pub(super) cpu: Option<CpuUse>,
    pub(super) cores: Vec<CoreUse>,
    pub(super) disks: Vec<DiskUse>,
    pub(super) interfaces: Vec<InterfaceUse>,
}

pub(super) fn between(before: Option<&Counters>, after: &Counters) -> Between {
    let Some(before) = before else { return Between::default() };
    let seconds = after.at.saturating_duration_since(before.at).as_secs_f64();
    if seconds <= 0.0 {
        return Between::default();
    }
    let cores: HashMap<_, _> = before.cores.iter().copied().collect();
    let disks: HashMap<_, _> = before.disks.iter().map(|(name, one)| (name, one)).collect();
    let interfaces: HashMap<_, _> = before.interfaces.iter().map(|(name, one)| (name, one)).collect();
    let core =
        |(core, times): &(u32, CpuTimes)| Some(CoreUse { core: *core, cpu: share(cores.get(core)?, times)? });
    let disk = |(name, after): &(String, DiskCounters)| Some(disk(name, disks.get(name)?, after, seconds));
    let interface = |(name, after): &(String, InterfaceCounters)| {
        Some(interface(name, interfaces.get(name)?, after, seconds))
    };
    Between {
        cpu: before.cpu.zip(after.cpu).and_then(|(before, after)| share(&before, &after)),
        cores: after.cores.iter().filter_map(core).collect(),
        disks: after.disks.iter().filter_map(disk).collect(),
        interfaces: after.interfaces.iter().filter_map(interface).collect(),
    }
}

/// None if no tick has passed.
fn share(before: &CpuTimes, after: &CpuTimes) -> Option<CpuUse> {
    let [user, system, idle, iowait, steal] = [
        (before.user, after.user),
        (before.system, after.system),
        (before.idle, after.idle),
        (before.iowait, after.iowait),
        (before.steal, after.steal),
    ]
    .map(|(before, after)| after.saturating_sub(before) as f64);
    let all = user + system + idle + iowait + steal;
    let percent = |ticks: f64| ticks / all * 100.0;
    (all > 0.0).then(|| CpuUse {
        user: percent(user),
        system: percent(system),
        iowait: percent(iowait),
        steal: percent(steal),
    })
}

fn rate(before: u64, after: u64, seconds: f64) -> f64 {
    after.saturating_sub(before) as f64 / seconds
}

fn whole(before: u64, after: u64, seconds: f64) -> u64 {
    rate(before, after, seconds).round() as u64
}

fn disk(name: &str, before: &DiskCounters, after: &DiskCounters, seconds: f64) -> DiskUse {
    DiskUse {
        name: name.to_owned(),
        read_bytes: whole(before.read_bytes, after.read_bytes, seconds),
        written_bytes: whole(before.written_bytes, after.written_bytes, seconds),
        reads: rate(before.reads, after.reads, seconds),
        writes: rate(before.writes, after.writes, seconds),
        busy: (rate(before.busy_ms, after.busy_ms, seconds) / 10.0).min(100.0),
    }
}

fn interface(
    name: &str,
    before: &InterfaceCounters,
    after: &InterfaceCounters,
    seconds: f64,
) -> InterfaceUse {
    InterfaceUse {
        name: name.to_owned(),
        rx_bytes: whole(before.rx_bytes, after.rx_bytes, seconds),
        tx_bytes: whole(before.tx_bytes, after.tx_bytes, seconds),
        rx_packets: rate(before.rx_packets, after.rx_packets, seconds),
        tx_packets: rate(before.tx_packets, after.tx_packets, seconds),
        errors: rate(before.errors, after.errors, seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn counters(at: Instant, user: u64, idle: u64, written_bytes: u64) -> Counters {
        let times = CpuTimes { user, idle, ..CpuTimes::default() };
        let disk = DiskCounters { written_bytes, busy_ms: written_bytes, ..DiskCounters::default() };
        Counters {
            at,
            cpu: Some(times),
            cores: vec![(0, times), (2, times)],
            disks: vec![("sda".to_owned(), disk)],
            interfaces: Vec::new(),
        }
    }

    #[test]
    fn rates_are_per_second_and_shares_of_all_ticks() {
        let begin = Instant::now();
        let after = counters(begin + Duration::from_secs(2), 150, 350, 3_000);
        let found = between(Some(&counters(begin, 100, 200, 1_000)), &after);
        assert_eq!(found.cpu.map(|cpu| cpu.busy()), Some(25.0));
        assert_eq!(found.cores.iter().map(|one| one.core).collect::<Vec<_>>(), [0, 2]);
        assert_eq!((found.disks[0].written_bytes, found.disks[0].busy), (1_000, 100.0));
    }

    #[test]
    fn counters_that_go_backwards_stand_still() {
        let begin = Instant::now();
        let after = counters(begin + Duration::from_secs(1), 90, 210, 10);
        let found = between(Some(&counters(begin, 100, 200, 1_000)), &after);
        assert_eq!((found.cpu.map(|cpu| cpu.busy()), found.disks[0].written_bytes), (Some(0.0), 0));
    }

    #[test]
    fn what_was_not_there_before_has_no_rate() {
        let begin = Instant::now();
        let mut before = counters(begin, 0, 0, 0);
        before.disks.clear();
        before.cores.truncate(1);
        let found = between(Some(&before), &counters(begin + Duration::from_secs(1), 5, 5, 9));
        assert_eq!((found.disks.len(), found.cores.len()), (0, 1));
        assert!(between(None, &before).cpu.is_none());
    }
}
