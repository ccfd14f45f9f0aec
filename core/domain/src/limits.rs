//! What a server may use, against what its game needs and what its node has left.

use crate::nodes::{Capacity, Promised};
use gantry_types::{backup::MAX_BACKUPS, blueprint::FieldProblem, units::Limits};

/// Bounds that keep a typing error from becoming a promise: 4 TiB of memory, 1 PiB of disk, 1024 cores.
const MOST: Limits = Limits {
    memory_mib: 4 << 20,
    swap_mib: 4 << 20,
    cpu_percent: 102_400,
    disk_mib: 1 << 30,
    pids: 1 << 20,
    backups: MAX_BACKUPS,
};

/// Whether `limits` are sensible and at least what the blueprint needs. Zero is unlimited, but for
/// swap and backups.
pub fn check(limits: Limits, least: Limits) -> Result<(), Vec<FieldProblem>> {
    let fields = [
        ("limits.memoryMib", limits.memory_mib, least.memory_mib, MOST.memory_mib, "MiB of memory"),
        ("limits.cpuPercent", limits.cpu_percent, least.cpu_percent, MOST.cpu_percent, "% of a core"),
        ("limits.diskMib", limits.disk_mib, least.disk_mib, MOST.disk_mib, "MiB of disk"),
        ("limits.pids", limits.pids, least.pids, MOST.pids, "processes"),
    ];
    let mut problems = Vec::new();
    for (key, value, least, most, unit) in fields {
        if value != 0 && value < least {
            let remedy = format!("Give it at least {least}, or 0 for no limit.");
            problems.push(crate::problem(key, format!("The game needs {least} {unit}."), remedy));
        }
        if value > most {
            problems.push(crate::problem(
                key,
                format!("No machine has {value} {unit}."),
                format!("Use at most {most}."),
            ));
        }
    }
    if limits.swap_mib > MOST.swap_mib {
        let remedy = format!("Use at most {}.", MOST.swap_mib);
        problems.push(crate::problem("limits.swapMib", "No machine has so much swap.", remedy));
    }
    if limits.backups > MOST.backups {
        let (message, remedy) = (
            format!("No server keeps {} backups.", limits.backups),
            format!("Use at most {}, or 0 for none.", MOST.backups),
        );
        problems.push(crate::problem("limits.backups", message, remedy));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Whether a node can have so much: what [`MOST`] allows one server, a thousand times. It keeps sums within what the
/// database counts.
pub fn check_capacity(capacity: Capacity) -> Result<(), Vec<FieldProblem>> {
    let fields = [
        ("memoryMib", capacity.memory_mib, MOST.memory_mib),
        ("diskMib", capacity.disk_mib, MOST.disk_mib),
        ("cpuPercent", capacity.cpu_percent, MOST.cpu_percent),
    ];
    let problems: Vec<_> = fields
        .into_iter()
        .map(|(key, value, most)| (key, value, u64::from(most) * 1_000))
        .filter(|(_, value, most)| value > most)
        .map(|(key, _, most)| {
            crate::problem(key, "No machine has so much.", format!("Use at most {most}, or 0."))
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Whether a node can promise `asked` beside what it has promised already.
///
/// A node that bounds a resource cannot promise an unlimited amount of it: one such server could starve all others.
pub fn fits(asked: Limits, capacity: Capacity, promised: Promised) -> Result<(), Vec<FieldProblem>> {
    let fields = [
        ("limits.memoryMib", asked.memory_mib, capacity.memory_mib, promised.memory_mib, "MiB of memory"),
        ("limits.diskMib", asked.disk_mib, capacity.disk_mib, promised.disk_mib, "MiB of disk"),
        ("limits.cpuPercent", asked.cpu_percent, capacity.cpu_percent, promised.cpu_percent, "% of a core"),
    ];
    let mut problems = Vec::new();
    for (key, asked, capacity, promised, unit) in fields {
        let left = capacity.saturating_sub(promised);
        if capacity == 0 || (asked != 0 && u64::from(asked) <= left) {
            continue;
        }
        let message = if asked == 0 {
            format!("The node bounds this, so it cannot be unlimited; {left} {unit} are left.")
        } else {
            format!("This asks for {asked} {unit}, and the node has {left} left.")
        };
        problems.push(crate::problem(
            key,
            message,
            "Lower it, choose another node, or have an administrator raise what the node may promise.",
        ));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: Limits =
        Limits { memory_mib: 256, swap_mib: 0, cpu_percent: 50, disk_mib: 500, pids: 32, backups: 0 };
    const CAPACITY: Capacity = Capacity { memory_mib: 1024, disk_mib: 0, cpu_percent: 200 };

    fn keys(result: Result<(), Vec<FieldProblem>>) -> Vec<String> {
        result.err().unwrap_or_default().into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn less_than_the_game_needs_is_refused_and_zero_is_no_limit() {
        assert_eq!(keys(check(Limits { memory_mib: 100, ..LEAST }, LEAST)), ["limits.memoryMib"]);
        assert!(check(Limits::default(), LEAST).is_ok());
    }

    #[test]
    fn a_typing_error_is_no_promise() {
        assert_eq!(keys(check(Limits { disk_mib: u32::MAX, ..LEAST }, LEAST)), ["limits.diskMib"]);
        assert_eq!(keys(check(Limits { backups: 101, ..LEAST }, LEAST)), ["limits.backups"]);
        assert!(check(Limits { backups: 100, ..LEAST }, LEAST).is_ok());
    }

    #[test]
    fn a_node_has_no_more_than_a_machine_can() {
        assert!(check_capacity(CAPACITY).is_ok());
        assert_eq!(keys(check_capacity(Capacity { disk_mib: u64::MAX, ..CAPACITY })), ["diskMib"]);
    }

    #[test]
    fn a_node_promises_no_more_than_it_has() {
        let promised = Promised { servers: 1, memory_mib: 900, disk_mib: 9_000, cpu_percent: 150 };
        assert_eq!(keys(fits(LEAST, CAPACITY, promised)), ["limits.memoryMib"]);
        assert!(fits(LEAST, CAPACITY, Promised::default()).is_ok());
    }

    #[test]
    fn a_bounded_node_refuses_the_unlimited() {
        assert_eq!(
            keys(fits(Limits::default(), CAPACITY, Promised::default())),
            ["limits.memoryMib", "limits.cpuPercent"]
        );
    }
}
