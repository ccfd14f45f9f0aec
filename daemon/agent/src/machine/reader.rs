//! Reads the machine: the kernel's files, the file systems, the sensors.
//!
//! What a file does not say stays empty. No file is read further than its bound. Mounts and sensors, which seldom change, and
//! connections, for which the kernel walks a table that grows with the machine's memory (some 10 ms where there are 24 GiB,
//! however few they are), are looked up every ten seconds.

use super::{
    rates::{self, Counters},
    text::{self, Mount},
};
use chrono::{DateTime, Utc};
use gantry_protocol::{
    NodeSample,
    machine::{FILE_SYSTEMS, FileSystemUse, TEMPERATURES, TcpCounts, Temperature},
};
use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The most bytes of an ordinary file; that of a machine with hundreds of cores has some tens of thousands.
const FILE: u64 = 1 << 20;
/// The most bytes of the table of mounts, of which each container has a long line.
const MOUNTS: u64 = 8 << 20;
/// The most bytes of a table of connections: some 28,000 of them.
const CONNECTIONS: u64 = 4 << 20;
/// How long mounts, sensors and connections are taken to be the same.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Where everything is read.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    pub(crate) proc: PathBuf,
    pub(crate) sys: PathBuf,
    /// The directory of the servers' files.
    pub(crate) servers: PathBuf,
}

impl Sources {
    /// This machine.
    pub(crate) fn here(servers: PathBuf) -> Self {
        // A relative path or one over a link would be under no mount point.
        let servers = fs::canonicalize(&servers).unwrap_or(servers);
        Self { proc: PathBuf::from("/proc"), sys: PathBuf::from("/sys"), servers }
    }
}

/// A thermometer.
#[derive(Debug, PartialEq)]
struct Sensor {
    input: PathBuf,
    label: String,
    critical_celsius: Option<f64>,
}

/// Remembers the last reading, because rates are between two.
pub(super) struct Reader {
    sources: Sources,
    before: Option<Counters>,
    looked_at: Option<Instant>,
    mounts: Vec<Mount>,
    sensors: Vec<Sensor>,
    tcp: TcpCounts,
}

impl Reader {
    pub(super) fn new(sources: Sources) -> Self {
        Self {
            sources,
            before: None,
            looked_at: None,
            mounts: Vec::new(),
            sensors: Vec::new(),
            tcp: TcpCounts::default(),
        }
    }

    pub(super) fn sample(&mut self, at: DateTime<Utc>) -> NodeSample {
        if self.looked_at.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            self.looked_at = Some(Instant::now());
            let mounts = self.proc("mounts", MOUNTS);
            self.mounts = text::mounts(&mounts, &self.sources.servers);
            self.mounts.truncate(FILE_SYSTEMS);
            self.sensors = sensors(&self.sources.sys);
            self.tcp = self.connections();
        }
        let after = self.counters();
        let between = rates::between(self.before.as_ref(), &after);
        self.before = Some(after);
        let (memory, swap) = text::memory(&self.proc("meminfo", FILE));
        NodeSample {
            at,
            uptime_seconds: text::uptime_seconds(&self.proc("uptime", FILE)),
            cpu: between.cpu,
            cores: between.cores,
            memory,
            swap,
            load: text::load(&self.proc("loadavg", FILE)),
            file_systems: self.mounts.iter().filter_map(usage).collect(),
            disks: between.disks,
            interfaces: between.interfaces,
            temperatures: self.sensors.iter().filter_map(temperature).collect(),
            tcp: self.tcp,
        }
        .bounded()
    }

    fn counters(&self) -> Counters {
        let (cpu, cores) = text::cpus(&self.proc("stat", FILE));
        let sys = &self.sources.sys;
        let diskstats = self.proc("diskstats", FILE);
        let disks = text::disks(&diskstats).into_iter();
        // Partitions have no entry of their own there.
        let disks =
            disks.filter(|(name, _)| !text::is_stacked(name) && sys.join("block").join(name).exists());
        let net_dev = self.proc("net/dev", FILE);
        let known = text::interfaces(&net_dev).into_iter().filter(|(name, _)| !text::is_virtual(name));
        let known: Vec<_> = known.collect();
        let is_hardware = |name: &str| sys.join("class/net").join(name).join("device").exists();
        let hardware: Vec<_> = known.iter().copied().filter(|(name, _)| is_hardware(name)).collect();
        let interfaces = if hardware.is_empty() { known } else { hardware };
        Counters {
            at: Instant::now(),
            cpu,
            cores,
            disks: disks.map(|(name, counters)| (name.to_owned(), counters)).collect(),
            interfaces: interfaces.into_iter().map(|(name, counters)| (name.to_owned(), counters)).collect(),
        }
    }

    fn connections(&self) -> TcpCounts {
        let mut counts = TcpCounts::default();
        for table in ["net/tcp", "net/tcp6"] {
            let connections = self.proc(table, CONNECTIONS);
            text::tcp(&connections, &mut counts);
            counts.more |= connections.len() as u64 >= CONNECTIONS;
        }
        counts
    }

    fn proc(&self, name: &str, most: u64) -> String {
        read(&self.sources.proc.join(name), most)
    }
}

/// The beginning of a file; nothing where it cannot be read.
fn read(path: &Path, most: u64) -> String {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)) {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

fn line(path: &Path) -> Option<String> {
    let text = read(path, FILE);
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn usage(mount: &Mount) -> Option<FileSystemUse> {
    let disk = rustix::fs::statvfs(&mount.mount_point).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
    (disk.f_blocks > 0).then(|| FileSystemUse {
        mount_point: mount.mount_point.clone(),
        device: mount.device.clone(),
        kind: mount.kind.clone(),
        total_bytes: bytes(disk.f_blocks),
        used_bytes: bytes(disk.f_blocks.saturating_sub(disk.f_bfree)),
        available_bytes: bytes(disk.f_bavail),
        inodes: disk.f_files,
        used_inodes: disk.f_files.saturating_sub(disk.f_ffree),
        holds_servers: mount.holds_servers,
    })
}

fn temperature(sensor: &Sensor) -> Option<Temperature> {
    let celsius = millidegrees(&sensor.input)?;
    Some(Temperature { label: sensor.label.clone(), celsius, critical_celsius: sensor.critical_celsius })
}

/// Sensors that are not connected say something absurd.
fn millidegrees(path: &Path) -> Option<f64> {
    let celsius = line(path)?.parse::<f64>().ok()? / 1_000.0;
    (-60.0..=200.0).contains(&celsius).then_some(celsius)
}

/// The chips' thermometers, or else the firmware's zones, which mostly repeat them.
fn sensors(sys: &Path) -> Vec<Sensor> {
    let mut found: Vec<Sensor> =
        entries(&sys.join("class/hwmon"), "hwmon").iter().flat_map(|chip| chip_sensors(chip)).collect();
    if found.is_empty() {
        let zone = |zone: &PathBuf| Sensor {
            input: zone.join("temp"),
            label: line(&zone.join("type")).unwrap_or_default(),
            critical_celsius: None,
        };
        found = entries(&sys.join("class/thermal"), "thermal_zone").iter().map(zone).collect();
    }
    found.truncate(TEMPERATURES);
    found
}

fn chip_sensors(chip: &Path) -> Vec<Sensor> {
    let name = line(&chip.join("name")).unwrap_or_default();
    let sensor = |input: &PathBuf| {
        let number = input.file_name()?.to_str()?.strip_suffix("_input")?.to_owned();
        let label = line(&chip.join(format!("{number}_label")));
        let critical_celsius = millidegrees(&chip.join(format!("{number}_crit"))).filter(|it| *it > 0.0);
        let label = label.map_or_else(|| name.clone(), |label| format!("{name} {label}"));
        Some(Sensor { input: input.clone(), label, critical_celsius })
    };
    entries(chip, "temp").iter().filter_map(sensor).collect()
}

/// What a directory holds under this prefix, by number.
fn entries(directory: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let rest = name.to_str()?.strip_prefix(prefix)?;
            let number = rest.split('_').next()?.parse().ok()?;
            Some((number, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// A machine made of files.
    fn machine(files: &[(&str, &str)]) -> (TempDir, Reader) {
        let dir = TempDir::new().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let (proc, sys) = (dir.path().join("proc"), dir.path().join("sys"));
        let reader = Reader::new(Sources { proc, sys, servers: PathBuf::from("/var/lib/gantryd") });
        (dir, reader)
    }

    #[test]
    fn a_machine_that_says_nothing_is_an_empty_sample() {
        let (_dir, mut reader) = machine(&[]);
        let sample = reader.sample(DateTime::UNIX_EPOCH);
        assert_eq!((sample.cpu, sample.uptime_seconds, sample.memory.total_bytes), (None, 0, 0));
        assert!(sample.file_systems.is_empty() && sample.temperatures.is_empty() && !sample.tcp.more);
    }

    #[test]
    fn hardware_interfaces_hide_the_others_and_partitions_are_no_disks() {
        let net = "head\nhead\n eth0: 10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0\n wg0: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n\
                   veth1a: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n";
        let disks = "8 0 sda 1 0 8 0 1 0 8 0 0 5 0\n8 1 sda1 1 0 8 0 1 0 8 0 0 5 0\n";
        let (dir, mut reader) = machine(&[
            ("proc/net/dev", net),
            ("proc/diskstats", disks),
            ("sys/block/sda/size", "1"),
            ("sys/class/net/eth0/device/vendor", "1"),
        ]);
        reader.sample(DateTime::UNIX_EPOCH);
        let names = |reader: &mut Reader| {
            let sample = reader.sample(DateTime::UNIX_EPOCH);
            let interfaces: Vec<_> = sample.interfaces.into_iter().map(|one| one.name).collect();
            (interfaces, sample.disks.into_iter().map(|one| one.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&mut reader), (vec!["eth0".to_owned()], vec!["sda".to_owned()]));
        fs::remove_dir_all(dir.path().join("sys/class/net")).unwrap();
        reader.sample(DateTime::UNIX_EPOCH);
        assert_eq!(names(&mut reader).0, ["eth0", "wg0"], "in a container nothing is hardware");
    }

    #[test]
    fn thermometers_are_named_by_chip_and_place_and_absurd_ones_are_left_out() {
        let (_dir, mut reader) = machine(&[
            ("sys/class/hwmon/hwmon1/name", "coretemp\n"),
            ("sys/class/hwmon/hwmon1/temp1_input", "48000\n"),
            ("sys/class/hwmon/hwmon1/temp1_label", "Package id 0\n"),
            ("sys/class/hwmon/hwmon1/temp1_crit", "100000\n"),
            ("sys/class/hwmon/hwmon1/temp2_input", "-273150\n"),
            ("sys/class/hwmon/hwmon0/name", "nvme\n"),
            ("sys/class/hwmon/hwmon0/temp1_input", "36850\n"),
            ("sys/class/thermal/thermal_zone0/temp", "47000\n"),
        ]);
        let seen = reader.sample(DateTime::UNIX_EPOCH).temperatures;
        let one = |label: &str, celsius, critical_celsius| Temperature {
            label: label.to_owned(),
            celsius,
            critical_celsius,
        };
        assert_eq!(seen, [one("nvme", 36.85, None), one("coretemp Package id 0", 48.0, Some(100.0))]);
    }

    #[test]
    fn zones_of_the_firmware_stand_in_where_no_chip_is_known() {
        let (_dir, mut reader) = machine(&[
            ("sys/class/thermal/thermal_zone0/temp", "51500\n"),
            ("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n"),
        ]);
        let seen = reader.sample(DateTime::UNIX_EPOCH).temperatures;
        assert_eq!((seen[0].label.as_str(), seen[0].celsius), ("cpu-thermal", 51.5));
    }
}
