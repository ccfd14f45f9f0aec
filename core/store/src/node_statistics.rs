//! What the machines below nodes did over time: as [`crate::statistics`] for servers, and thinned out by the same job.

use crate::{StoreError, SystemTx, UserTx, codec};
use chrono::{DateTime, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::statistics::{self, NodeBucket, NodeMeasures, NodePoint, Resolution, Source};
use gantry_types::NodeId;
use uuid::Uuid;

struct PointRow {
    at: DateTime<Utc>,
    cpu_percent: Option<f64>,
    cpu_iowait_percent: Option<f64>,
    cpu_steal_percent: Option<f64>,
    memory_bytes: Option<i64>,
    memory_total_bytes: Option<i64>,
    swap_bytes: Option<i64>,
    swap_total_bytes: Option<i64>,
    load_one: Option<f64>,
    load_five: Option<f64>,
    load_fifteen: Option<f64>,
    disk_read_bytes: Option<i64>,
    disk_written_bytes: Option<i64>,
    disk_bytes: Option<i64>,
    disk_total_bytes: Option<i64>,
    network_rx_bytes: Option<i64>,
    network_tx_bytes: Option<i64>,
    tcp_established: Option<f64>,
    tcp_total: Option<f64>,
    temperature_celsius: Option<f64>,
}

impl From<PointRow> for NodePoint {
    fn from(row: PointRow) -> Self {
        let measures = NodeMeasures {
            cpu_percent: row.cpu_percent,
            cpu_iowait_percent: row.cpu_iowait_percent,
            cpu_steal_percent: row.cpu_steal_percent,
            memory_bytes: row.memory_bytes,
            memory_total_bytes: row.memory_total_bytes,
            swap_bytes: row.swap_bytes,
            swap_total_bytes: row.swap_total_bytes,
            load_one: row.load_one,
            load_five: row.load_five,
            load_fifteen: row.load_fifteen,
            disk_read_bytes: row.disk_read_bytes,
            disk_written_bytes: row.disk_written_bytes,
            disk_bytes: row.disk_bytes,
            disk_total_bytes: row.disk_total_bytes,
            network_rx_bytes: row.network_rx_bytes,
            network_tx_bytes: row.network_tx_bytes,
            tcp_established: row.tcp_established,
            tcp_total: row.tcp_total,
            temperature_celsius: row.temperature_celsius,
        };
        Self { at: row.at, measures }
    }
}

macro_rules! points {
    ($table:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            PointRow,
            r#"SELECT date_bin($1, at, 'epoch') AS "at!",
                      avg(cpu_percent) AS cpu_percent, avg(cpu_iowait_percent) AS cpu_iowait_percent,
                      avg(cpu_steal_percent) AS cpu_steal_percent, avg(memory_bytes)::bigint AS memory_bytes,
                      max(memory_total_bytes) AS memory_total_bytes, avg(swap_bytes)::bigint AS swap_bytes,
                      max(swap_total_bytes) AS swap_total_bytes, avg(load_one) AS load_one,
                      avg(load_five) AS load_five, avg(load_fifteen) AS load_fifteen,
                      avg(disk_read_bytes)::bigint AS disk_read_bytes,
                      avg(disk_written_bytes)::bigint AS disk_written_bytes, max(disk_bytes) AS disk_bytes,
                      max(disk_total_bytes) AS disk_total_bytes, avg(network_rx_bytes)::bigint AS network_rx_bytes,
                      avg(network_tx_bytes)::bigint AS network_tx_bytes, avg(tcp_established) AS tcp_established,
                      avg(tcp_total) AS tcp_total, max(temperature_celsius) AS temperature_celsius
               FROM "# + $table + r#"
               WHERE node_id = $2 AND at >= $3 AND at < $4 GROUP BY 1 ORDER BY 1"#,
            $($argument),*
        )
    };
}

impl UserTx {
    /// A chart of one node. Buckets without any sample are left out: a gap is a gap.
    pub async fn node_statistics(
        &mut self,
        _grant: &AdministratorGrant,
        node: NodeId,
        wanted: Resolution,
    ) -> Result<Vec<NodePoint>, StoreError> {
        let step = codec::seconds(wanted.step.num_seconds());
        let (node, from, to) = (node.uuid(), wanted.from, wanted.to);
        let rows = match wanted.source {
            Source::Fine => {
                points!("node_statistics_fine", step, node, from, to).fetch_all(self.db()).await?
            }
            Source::Coarse => {
                points!("node_statistics_coarse", step, node, from, to).fetch_all(self.db()).await?
            }
        };
        Ok(rows.into_iter().map(NodePoint::from).collect())
    }
}

/// Columns of a batch, as the insert takes them.
#[derive(Default)]
struct Columns {
    node: Vec<Uuid>,
    at: Vec<DateTime<Utc>>,
    cpu_percent: Vec<Option<f64>>,
    cpu_iowait_percent: Vec<Option<f64>>,
    cpu_steal_percent: Vec<Option<f64>>,
    memory_bytes: Vec<Option<i64>>,
    memory_total_bytes: Vec<Option<i64>>,
    swap_bytes: Vec<Option<i64>>,
    swap_total_bytes: Vec<Option<i64>>,
    load_one: Vec<Option<f64>>,
    load_five: Vec<Option<f64>>,
    load_fifteen: Vec<Option<f64>>,
    disk_read_bytes: Vec<Option<i64>>,
    disk_written_bytes: Vec<Option<i64>>,
    disk_bytes: Vec<Option<i64>>,
    disk_total_bytes: Vec<Option<i64>>,
    network_rx_bytes: Vec<Option<i64>>,
    network_tx_bytes: Vec<Option<i64>>,
    tcp_established: Vec<Option<f64>>,
    tcp_total: Vec<Option<f64>>,
    temperature_celsius: Vec<Option<f64>>,
}

impl Columns {
    fn of(buckets: &[NodeBucket]) -> Self {
        let mut columns = Self::default();
        for NodeBucket { node_id, at, measures, .. } in buckets {
            columns.node.push(NodeId::uuid(*node_id));
            columns.at.push(*at);
            columns.cpu_percent.push(measures.cpu_percent);
            columns.cpu_iowait_percent.push(measures.cpu_iowait_percent);
            columns.cpu_steal_percent.push(measures.cpu_steal_percent);
            columns.memory_bytes.push(measures.memory_bytes);
            columns.memory_total_bytes.push(measures.memory_total_bytes);
            columns.swap_bytes.push(measures.swap_bytes);
            columns.swap_total_bytes.push(measures.swap_total_bytes);
            columns.load_one.push(measures.load_one);
            columns.load_five.push(measures.load_five);
            columns.load_fifteen.push(measures.load_fifteen);
            columns.disk_read_bytes.push(measures.disk_read_bytes);
            columns.disk_written_bytes.push(measures.disk_written_bytes);
            columns.disk_bytes.push(measures.disk_bytes);
            columns.disk_total_bytes.push(measures.disk_total_bytes);
            columns.network_rx_bytes.push(measures.network_rx_bytes);
            columns.network_tx_bytes.push(measures.network_tx_bytes);
            columns.tcp_established.push(measures.tcp_established);
            columns.tcp_total.push(measures.tcp_total);
            columns.temperature_celsius.push(measures.temperature_celsius);
        }
        columns
    }
}

impl SystemTx {
    /// Keeps fine buckets. A bucket that is there already is replaced. A batch names each bucket once.
    pub async fn record_node_statistics(&mut self, buckets: &[NodeBucket]) -> Result<u64, StoreError> {
        let columns = Columns::of(buckets);
        let done = sqlx::query!(
            "INSERT INTO node_statistics_fine
             SELECT * FROM unnest($1::uuid[], $2::timestamptz[],
                                  $3::double precision[], $4::double precision[], $5::double precision[],
                                  $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::double precision[],
                                  $11::double precision[], $12::double precision[], $13::bigint[], $14::bigint[],
                                  $15::bigint[], $16::bigint[], $17::bigint[], $18::bigint[], $19::double precision[],
                                  $20::double precision[], $21::double precision[]) AS t (node_id, at)
             WHERE at > now() - interval '1 day' AND at < now() + interval '1 day'
             ON CONFLICT (node_id, at) DO UPDATE SET
                 cpu_percent = excluded.cpu_percent, cpu_iowait_percent = excluded.cpu_iowait_percent,
                 cpu_steal_percent = excluded.cpu_steal_percent, memory_bytes = excluded.memory_bytes,
                 memory_total_bytes = excluded.memory_total_bytes, swap_bytes = excluded.swap_bytes,
                 swap_total_bytes = excluded.swap_total_bytes, load_one = excluded.load_one,
                 load_five = excluded.load_five, load_fifteen = excluded.load_fifteen,
                 disk_read_bytes = excluded.disk_read_bytes, disk_written_bytes = excluded.disk_written_bytes,
                 disk_bytes = excluded.disk_bytes, disk_total_bytes = excluded.disk_total_bytes,
                 network_rx_bytes = excluded.network_rx_bytes, network_tx_bytes = excluded.network_tx_bytes,
                 tcp_established = excluded.tcp_established, tcp_total = excluded.tcp_total,
                 temperature_celsius = excluded.temperature_celsius",
            &columns.node,
            &columns.at,
            &columns.cpu_percent as _,
            &columns.cpu_iowait_percent as _,
            &columns.cpu_steal_percent as _,
            &columns.memory_bytes as _,
            &columns.memory_total_bytes as _,
            &columns.swap_bytes as _,
            &columns.swap_total_bytes as _,
            &columns.load_one as _,
            &columns.load_five as _,
            &columns.load_fifteen as _,
            &columns.disk_read_bytes as _,
            &columns.disk_written_bytes as _,
            &columns.disk_bytes as _,
            &columns.disk_total_bytes as _,
            &columns.network_rx_bytes as _,
            &columns.network_tx_bytes as _,
            &columns.tcp_established as _,
            &columns.tcp_total as _,
            &columns.temperature_celsius as _
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected())
    }

    /// Folds fine buckets from `from` on into coarse ones. Safe to repeat.
    pub async fn roll_up_node_statistics(
        &mut self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let step = codec::seconds(statistics::COARSE_SECONDS);
        let done = sqlx::query!(
            "INSERT INTO node_statistics_coarse
             SELECT node_id, date_bin($1, at, 'epoch') AS bucket,
                    avg(cpu_percent), avg(cpu_iowait_percent), avg(cpu_steal_percent), avg(memory_bytes)::bigint,
                    max(memory_total_bytes), avg(swap_bytes)::bigint, max(swap_total_bytes), avg(load_one),
                    avg(load_five), avg(load_fifteen), avg(disk_read_bytes)::bigint, avg(disk_written_bytes)::bigint,
                    max(disk_bytes), max(disk_total_bytes), avg(network_rx_bytes)::bigint,
                    avg(network_tx_bytes)::bigint, avg(tcp_established), avg(tcp_total), max(temperature_celsius)
             FROM node_statistics_fine WHERE at >= date_bin($1, $2, 'epoch') AND at < date_bin($1, $3, 'epoch')
             GROUP BY node_id, bucket
             ON CONFLICT (node_id, at) DO UPDATE SET
                 cpu_percent = excluded.cpu_percent, cpu_iowait_percent = excluded.cpu_iowait_percent,
                 cpu_steal_percent = excluded.cpu_steal_percent, memory_bytes = excluded.memory_bytes,
                 memory_total_bytes = excluded.memory_total_bytes, swap_bytes = excluded.swap_bytes,
                 swap_total_bytes = excluded.swap_total_bytes, load_one = excluded.load_one,
                 load_five = excluded.load_five, load_fifteen = excluded.load_fifteen,
                 disk_read_bytes = excluded.disk_read_bytes, disk_written_bytes = excluded.disk_written_bytes,
                 disk_bytes = excluded.disk_bytes, disk_total_bytes = excluded.disk_total_bytes,
                 network_rx_bytes = excluded.network_rx_bytes, network_tx_bytes = excluded.network_tx_bytes,
                 tcp_established = excluded.tcp_established, tcp_total = excluded.tcp_total,
                 temperature_celsius = excluded.temperature_celsius",
            step,
            from,
            to
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected())
    }
}
