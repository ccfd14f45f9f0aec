//! History of a server's or a node's numbers: how finely it is kept, for how long, and what a chart gets.
//!
//! Ten-second buckets are kept for a week, five-minute buckets for a year. A chart never gets more points than it can
//! draw.

use chrono::{DateTime, Duration, Utc};
use gantry_types::{NodeId, ServerId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Seconds of a fine bucket.
pub const FINE_SECONDS: i64 = 10;
/// Seconds of a coarse bucket.
pub const COARSE_SECONDS: i64 = 300;
/// Days that fine buckets are kept.
pub const FINE_DAYS: i64 = 8;
/// Days that coarse buckets are kept.
pub const COARSE_DAYS: i64 = 400;
/// Most points that a chart gets.
pub const MAX_POINTS: i64 = 720;

/// What one bucket holds: averages, or the last value where an average says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measures {
    pub cpu_percent: Option<f64>,
    pub memory_bytes: Option<i64>,
    pub memory_limit_bytes: Option<i64>,
    pub disk_bytes: Option<i64>,
    /// Per second.
    pub network_rx_bytes: Option<i64>,
    /// Per second.
    pub network_tx_bytes: Option<i64>,
    pub players: Option<f64>,
    pub max_players: Option<i32>,
    pub latency_ms: Option<f64>,
}

/// One bucket of one server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    pub server_id: ServerId,
    pub at: DateTime<Utc>,
    pub measures: Measures,
}

/// One point of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub at: DateTime<Utc>,
    pub measures: Measures,
}

/// The same of a node. Percents are of the whole machine, bytes moved are per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeMeasures {
    /// All that was not idle.
    pub cpu_percent: Option<f64>,
    pub cpu_iowait_percent: Option<f64>,
    pub cpu_steal_percent: Option<f64>,
    pub memory_bytes: Option<i64>,
    pub memory_total_bytes: Option<i64>,
    pub swap_bytes: Option<i64>,
    pub swap_total_bytes: Option<i64>,
    pub load_one: Option<f64>,
    pub load_five: Option<f64>,
    pub load_fifteen: Option<f64>,
    pub disk_read_bytes: Option<i64>,
    pub disk_written_bytes: Option<i64>,
    /// Of the file system that holds the servers' files.
    pub disk_bytes: Option<i64>,
    pub disk_total_bytes: Option<i64>,
    pub network_rx_bytes: Option<i64>,
    pub network_tx_bytes: Option<i64>,
    pub tcp_established: Option<f64>,
    /// In all states together.
    pub tcp_total: Option<f64>,
    /// The hottest.
    pub temperature_celsius: Option<f64>,
}

/// One bucket of one node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeBucket {
    pub node_id: NodeId,
    pub at: DateTime<Utc>,
    pub measures: NodeMeasures,
    /// Means by [`part_key`].
    pub parts: BTreeMap<String, f64>,
}

/// What a part of a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// `busy`, in percent of the time.
    Core,
    /// `read` and `written`, in bytes per second, and `busy`, in percent of the time.
    Disk,
    /// `used` and `total`, in bytes.
    FileSystem,
    /// `received` and `sent`, in bytes per second.
    Interface,
    /// `celsius`.
    Temperature,
}

impl PartKind {
    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Disk => "disk",
            Self::FileSystem => "file_system",
            Self::Interface => "interface",
            Self::Temperature => "temperature",
        }
    }
}

/// One number of one part in a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct PartPoint {
    pub measure: String,
    pub name: String,
    pub at: DateTime<Utc>,
    pub value: f64,
}

/// Under which a part's number is kept. Its name may hold slashes itself.
pub fn part_key(kind: PartKind, measure: &str, name: &str) -> String {
    format!("{}/{measure}/{name}", kind.as_str())
}

/// Kind, measure and name of a key.
pub fn part_of(key: &str) -> Option<(&str, &str, &str)> {
    let (kind, rest) = key.split_once('/')?;
    let (measure, name) = rest.split_once('/')?;
    Some((kind, measure, name))
}

/// One point of a node's chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodePoint {
    pub at: DateTime<Utc>,
    pub measures: NodeMeasures,
}

/// Where a chart's points come from, and how far they are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub step: Duration,
    pub source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Fine,
    Coarse,
}

impl Resolution {
    /// Fewer points, for many charts at once.
    #[must_use]
    pub fn coarser(self, times: i32) -> Self {
        Self { step: self.step * times, ..self }
    }
}

/// The finest resolution that has data for the whole range and few enough points. The range is put in order.
pub fn resolution(from: DateTime<Utc>, to: DateTime<Utc>, now: DateTime<Utc>) -> Resolution {
    let (from, to) = (from.min(to).max(now - Duration::days(COARSE_DAYS)), to.max(from).min(now));
    let span = (to - from).num_seconds().max(0);
    let kept = from >= now - Duration::days(FINE_DAYS);
    let bucket = |seconds: i64| {
        span.div_euclid(seconds * MAX_POINTS) + i64::from(span.rem_euclid(seconds * MAX_POINTS) > 0)
    };
    let fine = bucket(FINE_SECONDS).max(1) * FINE_SECONDS;
    if kept && fine < COARSE_SECONDS {
        return Resolution { from, to, step: Duration::seconds(fine), source: Source::Fine };
    }
    let coarse = bucket(COARSE_SECONDS).max(1) * COARSE_SECONDS;
    Resolution { from, to, step: Duration::seconds(coarse), source: Source::Coarse }
}

/// The beginning of the fine bucket that `at` falls into.
pub fn fine_bucket(at: DateTime<Utc>) -> DateTime<Utc> {
    at - Duration::seconds(at.timestamp().rem_euclid(FINE_SECONDS))
        - Duration::nanoseconds(i64::from(at.timestamp_subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(days: i64, now: DateTime<Utc>) -> Resolution {
        resolution(now - Duration::days(days), now, now)
    }

    #[test]
    fn a_key_gives_back_its_parts_whatever_the_name() {
        let key = part_key(PartKind::FileSystem, "used", "/srv/a/b");
        assert_eq!(part_of(&key), Some(("file_system", "used", "/srv/a/b")));
        assert_eq!(part_of("disk"), None);
        assert_eq!(serde_json::to_value(PartKind::FileSystem).unwrap(), PartKind::FileSystem.as_str());
    }

    #[test]
    fn a_chart_never_gets_more_points_than_it_can_draw() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for days in [0, 1, 2, 3, 7, 8, 30, 365, 4000] {
            let chosen = over(days, now);
            assert!(
                (chosen.to - chosen.from).num_seconds() / chosen.step.num_seconds() <= MAX_POINTS,
                "{chosen:?}"
            );
        }
    }

    #[test]
    fn what_is_old_comes_from_the_coarse_table() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert_eq!((over(1, now).source, over(1, now).step.num_seconds()), (Source::Fine, 120));
        assert_eq!(over(30, now).source, Source::Coarse);
        let old = resolution(now - Duration::days(20), now - Duration::days(20) + Duration::hours(1), now);
        assert_eq!((old.source, old.step.num_seconds()), (Source::Coarse, 300));
    }

    #[test]
    fn a_bucket_begins_at_its_ten_seconds() {
        let at = DateTime::from_timestamp(1_800_000_017, 5).unwrap();
        assert_eq!(fine_bucket(at), DateTime::from_timestamp(1_800_000_010, 0).unwrap());
    }
}
