//! Texts as kernels of several ages write them.

use super::*;

/// Linux 6.18 on a virtual machine of two cores.
const STAT_6_18: &str = "\
cpu  3471285 165098 705181 2849788 41339 0 14782 5781 0 0
cpu0 1719838 81081 334362 1472257 11081 0 4661 2861 0 0
cpu1 1751447 84017 370819 1377530 30257 0 10120 2919 0 0
intr 37561312 0 0 0 1 1 14
ctxt 91724418
btime 1795212840
processes 160244
";

/// Linux 5.15 with the second of three cores switched off.
const STAT_5_15: &str = "\
cpu  301854 612 111922 8979004 3552 2 3944 0 10 4
cpu0 44490 19 21045 1087069 220 1 3410 0 5 2
cpu2 47869 23 16474 1110787 591 0 46 0 5 2
ctxt 38014093
";

/// Linux 2.6.9, which has no steal.
const STAT_2_6: &str = "cpu  10 1 5 100 7 2 3\ncpu0 10 1 5 100 7 2 3\n";

#[test]
fn cores_keep_their_numbers_and_the_total_its_shares() {
    let (all, cores) = cpus(STAT_6_18);
    let expected =
        CpuTimes { user: 3_636_383, system: 719_963, idle: 2_849_788, iowait: 41_339, steal: 5_781 };
    assert_eq!(all, Some(expected));
    assert_eq!(cores.iter().map(|(core, _)| *core).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(cpus(STAT_5_15).1.iter().map(|(core, _)| *core).collect::<Vec<_>>(), [0, 2]);
    let (all, _) = cpus(STAT_2_6);
    assert_eq!(all, Some(CpuTimes { user: 11, system: 10, idle: 100, iowait: 7, steal: 0 }));
    assert_eq!(cpus(""), (None, Vec::new()));
}

#[test]
fn what_is_available_is_not_used() {
    let text = "MemTotal:       24684096 kB\nMemFree:         4372432 kB\nMemAvailable:   22529032 kB\n\
                Buffers:          197088 kB\nCached:         17448620 kB\nSwapCached:            0 kB\n\
                SwapTotal:       2097148 kB\nSwapFree:        1048572 kB\nSReclaimable:    1091820 kB\n";
    let (memory, swap) = memory(text);
    assert_eq!(memory.total_bytes, 24_684_096 << 10);
    assert_eq!(memory.used_bytes, (24_684_096 - 22_529_032) << 10);
    assert_eq!(memory.cached_bytes, (197_088 + 17_448_620 + 1_091_820) << 10);
    assert_eq!((swap.total_bytes, swap.used_bytes), (2_097_148 << 10, 1_048_576 << 10));
}

#[test]
fn kernels_that_do_not_say_what_is_available_are_reckoned() {
    // Linux 3.2.
    let text = "MemTotal:       15666184 kB\nMemFree:          440324 kB\nBuffers:         1020128 kB\n\
                Cached:         12007640 kB\nSwapCached:            0 kB\nSwapTotal:             0 kB\n";
    let (memory, swap) = memory(text);
    assert_eq!(memory.available_bytes, (440_324 + 1_020_128 + 12_007_640) << 10);
    assert_eq!(swap, SwapUse::default());
    let odd = super::memory("MemTotal: 10 kB\nMemAvailable: 99 kB\n").0;
    assert_eq!((odd.available_bytes, odd.used_bytes), (10 << 10, 0));
}

#[test]
fn load_and_uptime_are_the_first_numbers() {
    assert_eq!(load("5.71 6.20 4.55 6/163 15053\n"), LoadAverage { one: 5.71, five: 6.2, fifteen: 4.55 });
    assert_eq!((uptime_seconds("36439.72 28497.88\n"), uptime_seconds("")), (36_439, 0));
}

#[test]
fn disks_of_every_age_have_the_same_counters() {
    // Linux 6.18 with 20 columns, 4.18 with 18, 3.10 with 14; and a device that nobody ever used.
    let text = " 254       0 vda 4357274 167527 164489242 27204711 1690374 1775194 357152016 2985333 0 958092 30411624 1221577 290 215133456 183604 357255 37975\n \
                8       0 sda 25354637 34367663 1003346126 18492372 28444756 11134226 505697032 63877960 0 9653880 82621804 0 0 0 0\n \
                8      16 sdb 326552 841 9657779 84732 7 0 56 0 0 1 1\n   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0\nnonsense\n";
    let found = disks(text);
    assert_eq!(found.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["vda", "sda", "sdb"]);
    let vda = DiskCounters {
        reads: 4_357_274,
        read_bytes: 164_489_242 * 512,
        writes: 1_690_374,
        written_bytes: 357_152_016 * 512,
        busy_ms: 958_092,
    };
    assert_eq!(found[0].1, vda);
    assert_eq!((found[1].1.busy_ms, found[2].1.busy_ms), (9_653_880, 1));
}

#[test]
fn interfaces_are_parted_from_their_numbers_by_the_colon() {
    // Old kernels leave no blank behind the colon.
    let text = "Inter-|   Receive                            |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n\
                eth0:9651069323  282866    3    9    0     0          0         0 27656317  205482    4    0    0     0       0          0\n\
                enp3s0: 100 2 0 0 0 0 0 0 300 4 0 0 0 0 0 0\n broken: 1 2\n";
    let found = interfaces(text);
    assert_eq!(found.len(), 2);
    let eth0 = InterfaceCounters {
        rx_bytes: 9_651_069_323,
        rx_packets: 282_866,
        tx_bytes: 27_656_317,
        tx_packets: 205_482,
        errors: 7,
    };
    assert_eq!(found[0], ("eth0", eth0));
    assert_eq!((found[1].0, found[1].1.tx_bytes), ("enp3s0", 300));
}

#[test]
fn what_containers_bring_is_no_interface_of_the_machine() {
    for name in ["lo", "veth12ab", "docker0", "br-67b1197a4bbf", "virbr0", "ifb0"] {
        assert!(is_virtual(name), "{name}");
    }
    for name in ["eth0", "enp3s0f1", "wlan0", "bond0", "wg0", "ens18"] {
        assert!(!is_virtual(name), "{name}");
    }
    assert!(is_stacked("dm-0") && is_stacked("md127") && is_stacked("zram0"));
    assert!(!is_stacked("nvme0n1") && !is_stacked("sda") && !is_stacked("mmcblk0") && !is_stacked("vda"));
}

const MOUNTS: &str = "\
proc /proc proc rw,relatime 0 0
/dev/vda / ext4 rw,discard,relatime 0 0
tmpfs /run tmpfs rw,nosuid 0 0
/dev/vda /var/lib/docker ext4 rw,relatime 0 0
overlay /var/lib/docker/overlay2/ab/merged overlay rw,lowerdir=/a 0 0
nas:/export /mnt/nas nfs4 rw 0 0
/dev/sdb1 /srv/game\\040data\\134x xfs rw 0 0
/dev/sdc1 /boot/efi vfat rw 0 0
";

#[test]
fn a_device_counts_once_and_networks_and_containers_not_at_all() {
    let found = mounts(MOUNTS, Path::new("/srv/game data\\x/gantryd/servers"));
    let points: Vec<_> = found.iter().map(|one| (one.mount_point.as_str(), one.holds_servers)).collect();
    assert_eq!(points, [("/", false), ("/boot/efi", false), ("/srv/game data\\x", true)]);
}

#[test]
fn servers_below_a_second_mount_of_a_device_are_on_that_device() {
    let found = mounts(MOUNTS, Path::new("/var/lib/docker/gantryd"));
    assert_eq!((found[0].device.as_str(), found[0].holds_servers), ("/dev/vda", true));
    assert!(mounts(MOUNTS, Path::new("/run/x")).iter().all(|one| !one.holds_servers), "memory is no disk");
    let container = mounts("overlay / overlay rw 0 0\n", Path::new("/var/lib/gantryd"));
    assert_eq!((container[0].mount_point.as_str(), container[0].holds_servers), ("/", true));
}

#[test]
fn connections_are_counted_by_state() {
    let text = "  sl  local_address rem_address   st tx_queue rx_queue\n   \
                0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1061 1\n   \
                1: 0100007F:99EF 0100007F:1F90 01 00000000:00000000 00:00000000 00000000   100        0 21980 1\n   \
                2: 0100007F:99EF 0100007F:1F90 06 00000000:00000000 00:00000000 00000000   100        0 21980 1\n   \
                3: 0100007F:99EF 0100007F:1F90 08 00000000:00000000 00:00000000 00000000   100        0 21980 1\n   \
                4: 0100007F:99EF 0100007F:1F90 03 00000000:00000000 00:00000000 00000000   100        0 21980 1\n   5: cut";
    let mut counts = TcpCounts::default();
    tcp(text, &mut counts);
    tcp("", &mut counts);
    let expected =
        TcpCounts { established: 1, listening: 1, opening: 1, closing: 1, time_wait: 1, more: false };
    assert_eq!(counts, expected);
}
