//! What the node says of itself and of the machine below it.

use crate::{node::Node, plugins::PluginsError};
use gantry_protocol::{NodeReport, SystemReport};
use std::{path::Path, time::Duration};

/// The version of this daemon.
pub const AGENT_VERSION: &str = env!("CARGO_PKG_VERSION");

/// An engine that does not answer by then is reported as such.
const ENGINE_PATIENCE: Duration = Duration::from_secs(3);

pub(crate) async fn node(node: &Node) -> Result<NodeReport, PluginsError> {
    let shared = node.shared();
    let described = tokio::time::timeout(ENGINE_PATIENCE, shared.runtime.describe()).await;
    let runtime = match described {
        Ok(Ok(description)) => description.text,
        Ok(Err(error)) => format!("not available: {error}"),
        Err(_) => "not available: it does not answer".to_owned(),
    };
    let root = shared.data.servers();
    let system = tokio::task::spawn_blocking(move || system(&root)).await.unwrap_or_default();
    Ok(NodeReport {
        agent_version: AGENT_VERSION.to_owned(),
        system,
        runtime,
        plugins: shared.plugins.digests().await?,
        last_event: shared.ledger.last_event(),
        tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks() as u64,
        sftp: shared.sftp.get().map(|door| door.report.clone()),
        drain: shared.drains.id(),
    })
}

/// What can be learned without asking anybody. What cannot be read stays empty.
fn system(data: &Path) -> SystemReport {
    let uname = rustix::system::uname();
    let cpus = read("/proc/cpuinfo");
    let disk = rustix::fs::statvfs(data).map_or(0, |disk| disk.f_blocks.saturating_mul(disk.f_frsize) >> 20);
    SystemReport {
        hostname: uname.nodename().to_string_lossy().into_owned(),
        os: os_name(&read("/etc/os-release")),
        kernel: uname.release().to_string_lossy().into_owned(),
        architecture: uname.machine().to_string_lossy().into_owned(),
        // Of ARM there is a name of the board at most.
        cpu_model: ["model name", "Model", "Hardware"]
            .into_iter()
            .find_map(|name| field(&cpus, name, ':'))
            .unwrap_or_default(),
        cpu_count: std::thread::available_parallelism()
            .map_or(0, |count| u32::try_from(count.get()).unwrap_or(0)),
        memory_mib: memory_mib(&read("/proc/meminfo")),
        disk_mib: disk,
        hardware: hardware(),
        package_manager: PACKAGE_MANAGERS
            .into_iter()
            .find(|(_, program)| Path::new(program).exists())
            .map(|(name, _)| name.to_owned()),
    }
}

/// By the program that tells them apart; the first that is there is the system's own.
const PACKAGE_MANAGERS: [(&str, &str); 6] = [
    ("apt", "/usr/bin/apt-get"),
    ("dnf", "/usr/bin/dnf"),
    ("yum", "/usr/bin/yum"),
    ("zypper", "/usr/bin/zypper"),
    ("pacman", "/usr/bin/pacman"),
    ("apk", "/sbin/apk"),
];

/// What the firmware of a PC says, or the device tree of a board.
fn hardware() -> Option<String> {
    let dmi = |name: &str| read(&format!("/sys/class/dmi/id/{name}"));
    let named = format!("{} {}", dmi("sys_vendor").trim(), dmi("product_name").trim());
    let board = read("/proc/device-tree/model");
    let text = if named.trim().is_empty() { board } else { named };
    let text: String = text.trim_matches([' ', '\0', '\n']).chars().take(200).collect();
    (!text.is_empty()).then_some(text)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The value of the first line that begins with this name.
fn field(text: &str, name: &str, separator: char) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(separator)?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

fn os_name(os_release: &str) -> String {
    let name = field(os_release, "PRETTY_NAME", '=').unwrap_or_default();
    name.trim_matches('"').to_owned()
}

fn memory_mib(meminfo: &str) -> u64 {
    let total = field(meminfo, "MemTotal", ':').unwrap_or_default();
    total.trim_end_matches("kB").trim().parse::<u64>().map_or(0, |kib| kib >> 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_read_from_its_own_files() {
        assert_eq!(
            os_name("NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)"
        );
        assert_eq!(memory_mib("MemTotal:       16384000 kB\nMemFree: 1 kB\n"), 16_000);
        assert_eq!(field("model name\t: EPYC\n", "model name", ':').as_deref(), Some("EPYC"));
    }
}
