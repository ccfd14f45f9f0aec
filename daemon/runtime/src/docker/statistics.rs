//! What a container uses, from the engine's own measurements.
//!
//! The engine measures each second, on cgroup v1 and v2 alike, with differences that are settled here: the page cache
//! that the kernel could drop at once is not counted as used memory, whichever name the version gives it.

use super::{DockerRuntime, errors::missing};
use crate::{error::RuntimeError, runtime::ContainerId};
use bollard::{models::ContainerStatsResponse, query_parameters::StatsOptions};
use chrono::DateTime;
use futures_util::{StreamExt, stream::BoxStream};
use gantry_types::sample::Statistics;

/// One measurement, as counters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Reading {
    at_nanos: i64,
    cpu_nanos: u64,
    memory: u64,
    received: u64,
    sent: u64,
    pids: u64,
}

impl DockerRuntime {
    pub(super) async fn measure(
        &self,
        id: &ContainerId,
    ) -> Result<BoxStream<'static, Result<Statistics, RuntimeError>>, RuntimeError> {
        let host = self.inspect(id).await?.host_config.unwrap_or_default();
        let limit = host.memory.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        let options = StatsOptions { stream: true, one_shot: false };
        let docker = self.docker.clone();
        let name = id.clone();
        let stats = docker.stats(&id.0, Some(options)).boxed();
        // A reading of zero processes is the engine's way to say that the container has ended.
        let alive =
            stats.take_while(|one| std::future::ready(one.as_ref().is_ok_and(is_alive) || one.is_err()));
        let measured = alive.scan(None, move |before: &mut Option<Reading>, one| {
            std::future::ready(Some(match one {
                Ok(one) => {
                    let reading = read(&one);
                    before.replace(reading).map(|before| Ok(between(before, reading, limit)))
                }
                Err(error) => Some(Err(missing(&name, "statistics", error))),
            }))
        });
        Ok(measured.filter_map(std::future::ready).boxed())
    }
}

fn is_alive(stats: &ContainerStatsResponse) -> bool {
    stats.pids_stats.as_ref().and_then(|pids| pids.current).unwrap_or(0) > 0
}

fn read(stats: &ContainerStatsResponse) -> Reading {
    let at = stats.read.as_deref().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let memory = stats.memory_stats.as_ref();
    let detail = memory.and_then(|memory| memory.stats.as_ref());
    let cache =
        detail.and_then(|detail| detail.get("total_inactive_file").or_else(|| detail.get("inactive_file")));
    let usage = memory.and_then(|memory| memory.usage).unwrap_or(0);
    let cpu = stats.cpu_stats.as_ref().and_then(|cpu| cpu.cpu_usage.as_ref());
    let networks = stats.networks.iter().flatten().map(|(_, network)| network);
    let (received, sent) = networks.fold((0, 0), |(received, sent), one| {
        (received + one.rx_bytes.unwrap_or(0), sent + one.tx_bytes.unwrap_or(0))
    });
    Reading {
        at_nanos: at.and_then(|at| at.timestamp_nanos_opt()).unwrap_or(0),
        cpu_nanos: cpu.and_then(|cpu| cpu.total_usage).unwrap_or(0),
        memory: usage.saturating_sub(cache.copied().unwrap_or(0)),
        received,
        sent,
        pids: stats.pids_stats.as_ref().and_then(|pids| pids.current).unwrap_or(0),
    }
}

fn between(before: Reading, now: Reading, memory_limit_bytes: u64) -> Statistics {
    let nanos = (now.at_nanos - before.at_nanos).max(1) as f64;
    let rate = |before: u64, now: u64| (now.saturating_sub(before) as f64 / nanos * 1e9).round() as u64;
    Statistics {
        cpu_percent: now.cpu_nanos.saturating_sub(before.cpu_nanos) as f64 / nanos * 100.0,
        memory_bytes: now.memory,
        memory_limit_bytes,
        disk_bytes: 0,
        network_rx_bytes: rate(before.received, now.received),
        network_tx_bytes: rate(before.sent, now.sent),
        pids: now.pids,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(memory_detail: &str) -> Reading {
        let text = format!(
            r#"{{"read":"2026-01-01T00:00:01Z","memory_stats":{{"usage":1000,"stats":{{{memory_detail}}}}},
                "cpu_stats":{{"cpu_usage":{{"total_usage":5}}}},"pids_stats":{{"current":3}},
                "networks":{{"eth0":{{"rx_bytes":7,"tx_bytes":1}},"eth1":{{"rx_bytes":3,"tx_bytes":1}}}}}}"#
        );
        read(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn page_cache_is_not_used_memory_on_either_cgroup_version() {
        let version_1 = r#""total_inactive_file":400,"inactive_file":1,"cache":500"#;
        assert_eq!(parsed(version_1).memory, 600);
        assert_eq!(parsed(r#""inactive_file":300,"file":500"#).memory, 700);
    }

    #[test]
    fn counters_become_rates_over_the_time_that_passed() {
        let first = Reading { at_nanos: 0, cpu_nanos: 0, memory: 0, received: 10, sent: 0, pids: 1 };
        let second =
            Reading { at_nanos: 2_000_000_000, cpu_nanos: 3_000_000_000, received: 4010, sent: 20, ..first };
        let rates = between(first, second, 9);
        assert_eq!((rates.cpu_percent, rates.network_rx_bytes, rates.network_tx_bytes), (150.0, 2000, 10));
    }

    #[test]
    fn all_interfaces_are_added_up() {
        assert_eq!((parsed("").received, parsed("").sent), (10, 2));
    }
}
