//! The texts of the kernel, as numbers.
//!
//! Each function takes the whole of one file and leaves out what it cannot read: kernels differ, containers hide parts, and
//! half of a sample is better than none. Formats: proc(5), and `Documentation/admin-guide/iostats.rst` of the kernel.

use gantry_protocol::machine::{LoadAverage, MemoryUse, SwapUse, TcpCounts};
use std::path::Path;

/// Bytes of a sector in `/proc/diskstats`, whatever the device has.
const SECTOR: u64 = 512;

/// Time of a processor in ticks, of which only shares matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CpuTimes {
    pub(super) user: u64,
    pub(super) system: u64,
    pub(super) idle: u64,
    pub(super) iowait: u64,
    pub(super) steal: u64,
}

/// Counters of a block device since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DiskCounters {
    pub(super) reads: u64,
    pub(super) read_bytes: u64,
    pub(super) writes: u64,
    pub(super) written_bytes: u64,
    pub(super) busy_ms: u64,
}

/// Counters of a network interface since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct InterfaceCounters {
    pub(super) rx_bytes: u64,
    pub(super) rx_packets: u64,
    pub(super) tx_bytes: u64,
    pub(super) tx_packets: u64,
    pub(super) errors: u64,
}

/// A mounted file system that is worth showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) device: String,
    pub(super) mount_point: String,
    pub(super) kind: String,
    pub(super) holds_servers: bool,
}

/// All cores together, and each by its number.
pub(super) fn cpus(stat: &str) -> (Option<CpuTimes>, Vec<(u32, CpuTimes)>) {
    let mut all = None;
    let mut cores = Vec::new();
    for line in stat.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(number) = words.next().and_then(|word| word.strip_prefix("cpu")) else { continue };
        // Guests' time is counted as user time already, and kernels before 2.6.11 have no steal.
        let mut next = || words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        let (user, nice, system, idle, iowait) = (next(), next(), next(), next(), next());
        let (irq, softirq, steal) = (next(), next(), next());
        let times = CpuTimes { user: user + nice, system: system + irq + softirq, idle, iowait, steal };
        match number.parse() {
            Ok(number) => cores.push((number, times)),
            Err(_) => all = all.or(Some(times)),
        }
    }
    (all, cores)
}

pub(super) fn memory(meminfo: &str) -> (MemoryUse, SwapUse) {
    let size = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib.saturating_mul(1024))
    };
    let bytes = |name| size(name).unwrap_or(0);
    let total = bytes("MemTotal");
    let cached = bytes("Buffers") + bytes("Cached") + bytes("SReclaimable");
    // Kernels before 3.14 do not say what is available.
    let available =
        size("MemAvailable").unwrap_or_else(|| bytes("MemFree") + bytes("Buffers") + bytes("Cached"));
    let available = available.min(total);
    let memory = MemoryUse {
        total_bytes: total,
        available_bytes: available,
        used_bytes: total - available,
        cached_bytes: cached.min(total),
    };
    let swap = bytes("SwapTotal");
    (memory, SwapUse { total_bytes: swap, used_bytes: swap.saturating_sub(bytes("SwapFree")) })
}

pub(super) fn load(loadavg: &str) -> LoadAverage {
    let mut numbers = loadavg.split_ascii_whitespace().map(|word| word.parse().unwrap_or(0.0));
    let mut next = || numbers.next().unwrap_or(0.0);
    LoadAverage { one: next(), five: next(), fifteen: next() }
}

pub(super) fn uptime_seconds(uptime: &str) -> u64 {
    uptime.split(['.', ' ', '\n']).next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// All block devices that were ever used; partitions are among them.
pub(super) fn disks(diskstats: &str) -> Vec<(&str, DiskCounters)> {
    fn device(line: &str) -> Option<(&str, DiskCounters)> {
        let mut words = line.split_ascii_whitespace().skip(2);
        let name = words.next()?;
        let numbers: Vec<u64> = words.take(10).map_while(|word| word.parse().ok()).collect();
        let number = |at: usize| numbers.get(at).copied();
        let counters = DiskCounters {
            reads: number(0)?,
            read_bytes: number(2)?.saturating_mul(SECTOR),
            writes: number(4)?,
            written_bytes: number(6)?.saturating_mul(SECTOR),
            busy_ms: number(9)?,
        };
        (counters.reads.saturating_add(counters.writes) > 0).then_some((name, counters))
    }
    diskstats.lines().filter_map(device).collect()
}

/// All interfaces of the machine's own network.
pub(super) fn interfaces(net_dev: &str) -> Vec<(&str, InterfaceCounters)> {
    fn interface(line: &str) -> Option<(&str, InterfaceCounters)> {
        // A name and its first number may touch: the colon parts them.
        let (name, numbers) = line.split_once(':')?;
        let numbers: Vec<u64> =
            numbers.split_ascii_whitespace().map_while(|word| word.parse().ok()).collect();
        let number = |at: usize| numbers.get(at).copied();
        let counters = InterfaceCounters {
            rx_bytes: number(0)?,
            rx_packets: number(1)?,
            tx_bytes: number(8)?,
            tx_packets: number(9)?,
            errors: number(2)?.saturating_add(number(10)?),
        };
        Some((name.trim(), counters))
    }
    net_dev.lines().filter_map(interface).collect()
}

/// Interfaces that container engines and the kernel make, one or more for each container.
pub(super) fn is_virtual(interface: &str) -> bool {
    const OURS: [&str; 14] = [
        "veth", "docker", "br-", "virbr", "vnet", "ifb", "dummy", "tunl", "sit", "cni", "flannel", "cali",
        "podman", "lxc",
    ];
    interface == "lo" || OURS.iter().any(|prefix| interface.starts_with(prefix))
}

/// Devices that stand on others or hold no disk.
pub(super) fn is_stacked(device: &str) -> bool {
    ["loop", "ram", "zram", "dm-", "md", "sr", "fd"].iter().any(|prefix| device.starts_with(prefix))
}

/// Local file systems, each device once at its shortest mount point. Those of a network are left out: asking one whose
/// server is away blocks for ever.
pub(super) fn mounts(mounts: &str, servers: &Path) -> Vec<Mount> {
    let mut found: Vec<Mount> = Vec::new();
    // What is mounted later lies on top.
    let mut holder: Option<(usize, String)> = None;
    for line in mounts.lines() {
        let mut words = line.split(' ').map(unescaped);
        let (Some(device), Some(mount_point), Some(kind)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        if servers.starts_with(&mount_point)
            && holder.as_ref().is_none_or(|(length, _)| *length <= mount_point.len())
        {
            holder = Some((mount_point.len(), device.clone()));
        }
        // In a container the root itself is an overlay; all others are containers'.
        let is_shown = is_local(&kind) || (kind == "overlay" && mount_point == "/");
        if !is_shown {
            continue;
        }
        match found.iter_mut().find(|known| known.device == device) {
            Some(known) if known.mount_point.len() <= mount_point.len() => {}
            Some(known) => known.mount_point = mount_point,
            None => found.push(Mount { device, mount_point, kind, holds_servers: false }),
        }
    }
    for mount in &mut found {
        mount.holds_servers = holder.as_ref().is_some_and(|(_, device)| *device == mount.device);
    }
    found.sort_by(|a, b| a.mount_point.cmp(&b.mount_point));
    found
}

fn is_local(kind: &str) -> bool {
    const LOCAL: [&str; 14] = [
        "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "bcachefs", "jfs", "reiserfs", "vfat",
        "exfat", "ntfs", "ntfs3",
    ];
    LOCAL.contains(&kind)
}

/// Blanks and backslashes are written as three octal digits.
fn unescaped(word: &str) -> String {
    if !word.contains('\\') {
        return word.to_owned();
    }
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()).filter(|_| *first == b'\\') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Adds the connections of `/proc/net/tcp` or `tcp6`.
pub(super) fn tcp(connections: &str, counts: &mut TcpCounts) {
    for line in connections.lines().skip(1) {
        let Some(state) = line.split_ascii_whitespace().nth(3) else { continue };
        let count = match state {
            "01" => &mut counts.established,
            "0A" => &mut counts.listening,
            "02" | "03" | "0C" => &mut counts.opening,
            "06" => &mut counts.time_wait,
            "04" | "05" | "07" | "08" | "09" | "0B" => &mut counts.closing,
            _ => continue,
        };
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
