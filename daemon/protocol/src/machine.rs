//! What the machine below a node is doing, as numbers: one sample is all that its operator looks at.
//!
//! Shares are percents from 0 to 100 of what they are a share of, rates are per second, sizes are bytes. Lists are
//! bounded, and names are plain text of bounded length: [`NodeSample::bounded`] makes it so at the end that measures, and
//! again at the end that believes nobody.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most cores of one sample.
pub const CORES: usize = 256;
/// Most file systems of one sample.
pub const FILE_SYSTEMS: usize = 32;
/// Most block devices of one sample.
pub const DISKS: usize = 32;
/// Most network interfaces of one sample.
pub const INTERFACES: usize = 32;
/// Most temperatures of one sample.
pub const TEMPERATURES: usize = 64;
/// Characters of a name.
pub const NAME: usize = 128;

/// One moment of the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeSample {
    pub at: DateTime<Utc>,
    pub uptime_seconds: u64,
    /// Of all cores together. None before there are two readings to compare, as with all that is a rate.
    pub cpu: Option<CpuUse>,
    /// By core, as the kernel numbers them; cores that are switched off are left out.
    pub cores: Vec<CoreUse>,
    pub memory: MemoryUse,
    pub swap: SwapUse,
    pub load: LoadAverage,
    /// The local ones, each once wherever it is mounted.
    pub file_systems: Vec<FileSystemUse>,
    /// Whole devices; what stands on top of others would be counted twice.
    pub disks: Vec<DiskUse>,
    /// Those that are hardware, or look so to a virtual machine; where none is, all but the container engine's own.
    pub interfaces: Vec<InterfaceUse>,
    pub temperatures: Vec<Temperature>,
    pub tcp: TcpCounts,
}

/// What processors did: percents of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CpuUse {
    pub user: f64,
    pub system: f64,
    /// Idle, while something waited for a disk.
    pub iowait: f64,
    /// Taken by the hypervisor.
    pub steal: f64,
}

impl CpuUse {
    /// All that was not idle.
    pub fn busy(&self) -> f64 {
        self.user + self.system + self.steal
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CoreUse {
    pub core: u32,
    pub cpu: CpuUse,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MemoryUse {
    pub total_bytes: u64,
    /// What programs could still get without swapping.
    pub available_bytes: u64,
    /// The total without what is available.
    pub used_bytes: u64,
    /// Buffers and page cache, most of which is available too.
    pub cached_bytes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SwapUse {
    /// Zero where there is none.
    pub total_bytes: u64,
    pub used_bytes: u64,
}

/// Tasks that ran or waited, averaged over so many minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoadAverage {
    pub one: f64,
    pub five: f64,
    pub fifteen: f64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileSystemUse {
    pub mount_point: String,
    /// The device, or what stands for one.
    pub device: String,
    pub kind: String,
    pub total_bytes: u64,
    pub used_bytes: u64,
    /// What may still be written; less than the rest where some is reserved.
    pub available_bytes: u64,
    /// Zero where the file system has no fixed number.
    pub inodes: u64,
    pub used_inodes: u64,
    /// Whether the servers' files are on it.
    pub holds_servers: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DiskUse {
    pub name: String,
    pub read_bytes: u64,
    pub written_bytes: u64,
    pub reads: f64,
    pub writes: f64,
    /// Of the time, with something under way.
    pub busy: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterfaceUse {
    pub name: String,
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    pub rx_packets: f64,
    pub tx_packets: f64,
    /// Packets that were damaged, both ways. What was merely dropped is often of a protocol that nobody speaks here.
    pub errors: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Temperature {
    /// The chip and what it measures.
    pub label: String,
    pub celsius: f64,
    /// Where the hardware says that it takes harm.
    pub critical_celsius: Option<f64>,
}

/// TCP connections of the machine itself, not those of its containers, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TcpCounts {
    pub established: u32,
    pub listening: u32,
    /// Both states of a connection that is being made.
    pub opening: u32,
    /// All states of one that is being ended.
    pub closing: u32,
    pub time_wait: u32,
    /// There are more connections than are counted.
    pub more: bool,
}

impl NodeSample {
    /// Sums of what is there by device: bytes read and written.
    pub fn disk_bytes(&self) -> (u64, u64) {
        let add = |(read, written): (u64, u64), disk: &DiskUse| {
            (read.saturating_add(disk.read_bytes), written.saturating_add(disk.written_bytes))
        };
        self.disks.iter().fold((0, 0), add)
    }

    /// Sums of what is there by interface: bytes received and sent.
    pub fn network_bytes(&self) -> (u64, u64) {
        let add = |(rx, tx): (u64, u64), one: &InterfaceUse| {
            (rx.saturating_add(one.rx_bytes), tx.saturating_add(one.tx_bytes))
        };
        self.interfaces.iter().fold((0, 0), add)
    }

    /// The same within the bounds that this module names.
    pub fn bounded(mut self) -> Self {
        self.cores.truncate(CORES);
        self.file_systems.truncate(FILE_SYSTEMS);
        self.disks.truncate(DISKS);
        self.interfaces.truncate(INTERFACES);
        self.temperatures.truncate(TEMPERATURES);
        let systems = self.file_systems.iter_mut();
        let names = systems.flat_map(|one| [&mut one.mount_point, &mut one.device, &mut one.kind]);
        let names = names.chain(self.disks.iter_mut().map(|one| &mut one.name));
        let names = names.chain(self.interfaces.iter_mut().map(|one| &mut one.name));
        names.chain(self.temperatures.iter_mut().map(|one| &mut one.label)).for_each(clean);
        self
    }
}

/// Leaves a name of one line that is not too long.
fn clean(name: &mut String) {
    if name.chars().nth(NAME).is_some() || name.contains(char::is_control) {
        *name = name.chars().filter(|one| !one.is_control()).take(NAME).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> NodeSample {
        NodeSample {
            at: DateTime::UNIX_EPOCH,
            uptime_seconds: 0,
            cpu: None,
            cores: Vec::new(),
            memory: MemoryUse::default(),
            swap: SwapUse::default(),
            load: LoadAverage::default(),
            file_systems: Vec::new(),
            disks: Vec::new(),
            interfaces: Vec::new(),
            temperatures: Vec::new(),
            tcp: TcpCounts::default(),
        }
    }

    #[test]
    fn a_sample_never_holds_more_than_its_bounds_nor_control_characters() {
        let temperature = Temperature { label: "x\n".repeat(500), celsius: 1.0, critical_celsius: None };
        let core = |core| CoreUse { core, cpu: CpuUse::default() };
        let huge = NodeSample {
            temperatures: vec![temperature; 500],
            cores: (0..9_000).map(core).collect(),
            ..sample()
        };
        let bounded = huge.bounded();
        assert_eq!((bounded.temperatures.len(), bounded.cores.len()), (TEMPERATURES, CORES));
        assert_eq!(bounded.temperatures[0].label, "x".repeat(NAME));
    }

    #[test]
    fn sums_over_devices_do_not_overflow() {
        let disk = |read_bytes| DiskUse {
            name: "sda".to_owned(),
            read_bytes,
            written_bytes: 3,
            reads: 0.0,
            writes: 0.0,
            busy: 0.0,
        };
        let both = NodeSample { disks: vec![disk(u64::MAX), disk(2)], ..sample() };
        assert_eq!(both.disk_bytes(), (u64::MAX, 6));
    }
}
