//! Numbers over time: written in batches, read as charts, thinned out and dropped by a job.

use crate::{StoreError, SystemTx, UserTx, codec};
use chrono::{DateTime, Utc};
use gantry_auth::{ServerGrant, rights};
use gantry_domain::statistics::{self, Bucket, Measures, Point, Resolution, Source};
use gantry_types::ServerId;
use uuid::Uuid;

struct PointRow {
    at: DateTime<Utc>,
    cpu_percent: Option<f64>,
    memory_bytes: Option<i64>,
    memory_limit_bytes: Option<i64>,
    disk_bytes: Option<i64>,
    network_rx_bytes: Option<i64>,
    network_tx_bytes: Option<i64>,
    players: Option<f64>,
    max_players: Option<i32>,
    latency_ms: Option<f64>,
}

impl From<PointRow> for Point {
    fn from(row: PointRow) -> Self {
        let measures = Measures {
            cpu_percent: row.cpu_percent,
            memory_bytes: row.memory_bytes,
            memory_limit_bytes: row.memory_limit_bytes,
            disk_bytes: row.disk_bytes,
            network_rx_bytes: row.network_rx_bytes,
            network_tx_bytes: row.network_tx_bytes,
            players: row.players,
            max_players: row.max_players,
            latency_ms: row.latency_ms,
        };
        Self { at: row.at, measures }
    }
}

macro_rules! points {
    ($table:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            PointRow,
            r#"SELECT date_bin($1, at, 'epoch') AS "at!", avg(cpu_percent) AS cpu_percent,
                      avg(memory_bytes)::bigint AS memory_bytes, max(memory_limit_bytes) AS memory_limit_bytes,
                      max(disk_bytes) AS disk_bytes, avg(network_rx_bytes)::bigint AS network_rx_bytes,
                      avg(network_tx_bytes)::bigint AS network_tx_bytes, avg(players) AS players,
                      max(max_players) AS max_players, avg(latency_ms) AS latency_ms
               FROM "# + $table + r#"
               WHERE server_id = $2 AND at >= $3 AND at < $4 GROUP BY 1 ORDER BY 1"#,
            $($argument),*
        )
    };
}

impl UserTx {
    /// A chart of one server. Buckets without any sample are left out: a gap is a gap.
    pub async fn statistics(
        &mut self,
        grant: &ServerGrant<rights::StatisticsRead>,
        wanted: Resolution,
    ) -> Result<Vec<Point>, StoreError> {
        let step = codec::seconds(wanted.step.num_seconds());
        let (server, from, to) = (grant.server().uuid(), wanted.from, wanted.to);
        let rows = match wanted.source {
            Source::Fine => points!("statistics_fine", step, server, from, to).fetch_all(self.db()).await?,
            Source::Coarse => {
                points!("statistics_coarse", step, server, from, to).fetch_all(self.db()).await?
            }
        };
        Ok(rows.into_iter().map(Point::from).collect())
    }
}

/// Columns of a batch, as the insert takes them.
#[derive(Default)]
struct Columns {
    server: Vec<Uuid>,
    at: Vec<DateTime<Utc>>,
    cpu: Vec<Option<f64>>,
    memory: Vec<Option<i64>>,
    memory_limit: Vec<Option<i64>>,
    disk: Vec<Option<i64>>,
    rx: Vec<Option<i64>>,
    tx: Vec<Option<i64>>,
    players: Vec<Option<f64>>,
    max_players: Vec<Option<i32>>,
    latency: Vec<Option<f64>>,
}

impl Columns {
    fn of(buckets: &[Bucket]) -> Self {
        let mut columns = Self::default();
        for Bucket { server_id, at, measures } in buckets {
            columns.server.push(ServerId::uuid(*server_id));
            columns.at.push(*at);
            columns.cpu.push(measures.cpu_percent);
            columns.memory.push(measures.memory_bytes);
            columns.memory_limit.push(measures.memory_limit_bytes);
            columns.disk.push(measures.disk_bytes);
            columns.rx.push(measures.network_rx_bytes);
            columns.tx.push(measures.network_tx_bytes);
            columns.players.push(measures.players);
            columns.max_players.push(measures.max_players);
            columns.latency.push(measures.latency_ms);
        }
        columns
    }
}

impl SystemTx {
    /// Keeps fine buckets. A bucket that is there already is replaced; one whose time is more than a day off, as a node
    /// with a wrong clock sends them, is dropped. A batch names each bucket once.
    pub async fn record_statistics(&mut self, buckets: &[Bucket]) -> Result<u64, StoreError> {
        let columns = Columns::of(buckets);
        let done = sqlx::query!(
            "INSERT INTO statistics_fine
             SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::double precision[], $4::bigint[], $5::bigint[],
                                  $6::bigint[], $7::bigint[], $8::bigint[], $9::double precision[], $10::integer[],
                                  $11::double precision[]) AS t (server_id, at)
             WHERE at > now() - interval '1 day' AND at < now() + interval '1 day'
             ON CONFLICT (server_id, at) DO UPDATE SET
                 cpu_percent = excluded.cpu_percent, memory_bytes = excluded.memory_bytes,
                 memory_limit_bytes = excluded.memory_limit_bytes, disk_bytes = excluded.disk_bytes,
                 network_rx_bytes = excluded.network_rx_bytes, network_tx_bytes = excluded.network_tx_bytes,
                 players = excluded.players, max_players = excluded.max_players, latency_ms = excluded.latency_ms",
            &columns.server,
            &columns.at,
            &columns.cpu as _,
            &columns.memory as _,
            &columns.memory_limit as _,
            &columns.disk as _,
            &columns.rx as _,
            &columns.tx as _,
            &columns.players as _,
            &columns.max_players as _,
            &columns.latency as _
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected())
    }

    /// Folds fine buckets from `from` on into coarse ones. Safe to repeat.
    pub async fn roll_up_statistics(
        &mut self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let step = codec::seconds(statistics::COARSE_SECONDS);
        let done = sqlx::query!(
            "INSERT INTO statistics_coarse
             SELECT server_id, date_bin($1, at, 'epoch') AS bucket, avg(cpu_percent), avg(memory_bytes)::bigint,
                    max(memory_limit_bytes), max(disk_bytes), avg(network_rx_bytes)::bigint,
                    avg(network_tx_bytes)::bigint, avg(players), max(max_players), avg(latency_ms)
             FROM statistics_fine WHERE at >= date_bin($1, $2, 'epoch') AND at < date_bin($1, $3, 'epoch')
             GROUP BY server_id, bucket
             ON CONFLICT (server_id, at) DO UPDATE SET
                 cpu_percent = excluded.cpu_percent, memory_bytes = excluded.memory_bytes,
                 memory_limit_bytes = excluded.memory_limit_bytes, disk_bytes = excluded.disk_bytes,
                 network_rx_bytes = excluded.network_rx_bytes, network_tx_bytes = excluded.network_tx_bytes,
                 players = excluded.players, max_players = excluded.max_players, latency_ms = excluded.latency_ms",
            step,
            from,
            to
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected())
    }

    /// Makes the partitions of the next days and drops those that are too old. Run it at the start and daily.
    pub async fn maintain_statistics(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let days = |days: i64| i32::try_from(days).unwrap_or(i32::MAX);
        sqlx::query!(
            r#"SELECT app.maintain_statistics($1, $2, $3) AS "done: ()""#,
            now,
            days(statistics::FINE_DAYS),
            days(statistics::COARSE_DAYS)
        )
        .fetch_one(self.db())
        .await?;
        Ok(())
    }
}
