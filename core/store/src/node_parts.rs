//! What each part of the machines below nodes did over time: as [`crate::node_statistics`] for the whole, with parts that come
//! and go.

use crate::{StoreError, SystemTx, UserTx, codec};
use chrono::{DateTime, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::statistics::{self, NodeBucket, PartKind, PartPoint, Resolution, Source};
use gantry_types::NodeId;
use sqlx::types::Json;
use std::collections::BTreeMap;
use uuid::Uuid;

struct PartRow {
    key: String,
    at: DateTime<Utc>,
    value: f64,
}

macro_rules! parts {
    ($table:tt, $($argument:expr),*) => {
        sqlx::query_as!(
            PartRow,
            r#"SELECT part.key AS "key!", date_bin($1, at, 'epoch') AS "at!", avg(part.value::double precision) AS "value!"
               FROM "# + $table + r#", jsonb_each_text(parts) AS part (key, value)
               WHERE node_id = $2 AND at >= $3 AND at < $4 AND starts_with(part.key, $5)
               GROUP BY 1, 2 ORDER BY 1, 2"#,
            $($argument),*
        )
    };
}

impl UserTx {
    /// Charts of one node's parts of one kind, by part, then by time.
    pub async fn node_parts(
        &mut self,
        _grant: &AdministratorGrant,
        node: NodeId,
        kind: PartKind,
        wanted: Resolution,
    ) -> Result<Vec<PartPoint>, StoreError> {
        let step = codec::seconds(wanted.step.num_seconds());
        let (node, from, to) = (node.uuid(), wanted.from, wanted.to);
        let prefix = format!("{}/", kind.as_str());
        let rows = match wanted.source {
            Source::Fine => {
                parts!("node_parts_fine", step, node, from, to, prefix).fetch_all(self.db()).await?
            }
            Source::Coarse => {
                parts!("node_parts_coarse", step, node, from, to, prefix).fetch_all(self.db()).await?
            }
        };
        let point = |row: PartRow| {
            let (_, measure, name) = statistics::part_of(&row.key)?;
            Some(PartPoint {
                measure: measure.to_owned(),
                name: name.to_owned(),
                at: row.at,
                value: row.value,
            })
        };
        Ok(rows.into_iter().filter_map(point).collect())
    }
}

impl SystemTx {
    /// Keeps fine buckets. A bucket that is there already is replaced. A batch names each bucket once.
    pub async fn record_node_parts(&mut self, buckets: &[NodeBucket]) -> Result<u64, StoreError> {
        let buckets = || buckets.iter().filter(|bucket| !bucket.parts.is_empty());
        let nodes: Vec<Uuid> = buckets().map(|bucket| bucket.node_id.uuid()).collect();
        let times: Vec<DateTime<Utc>> = buckets().map(|bucket| bucket.at).collect();
        let parts: Vec<Json<&BTreeMap<String, f64>>> = buckets().map(|bucket| Json(&bucket.parts)).collect();
        let done = sqlx::query!(
            "INSERT INTO node_parts_fine
             SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::jsonb[]) AS t (node_id, at)
             WHERE at > now() - interval '1 day' AND at < now() + interval '1 day'
             ON CONFLICT (node_id, at) DO UPDATE SET parts = excluded.parts",
            &nodes,
            &times,
            &parts as _
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected())
    }

    /// Folds fine buckets from `from` on into coarse ones. Safe to repeat.
    pub async fn roll_up_node_parts(
        &mut self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let step = codec::seconds(statistics::COARSE_SECONDS);
        let done = sqlx::query!(
            "INSERT INTO node_parts_coarse
             SELECT node_id, bucket, jsonb_object_agg(key, mean)
             FROM (SELECT node_id, date_bin($1, at, 'epoch') AS bucket, part.key,
                          round(avg(part.value::numeric), 2) AS mean
                   FROM node_parts_fine, jsonb_each_text(parts) AS part (key, value)
                   WHERE at >= date_bin($1, $2, 'epoch') AND at < date_bin($1, $3, 'epoch')
                   GROUP BY 1, 2, 3) AS means
             GROUP BY node_id, bucket
             ON CONFLICT (node_id, at) DO UPDATE SET parts = excluded.parts",
            step,
            from,
            to
        )
        .execute(self.db())
        .await?;
        Ok(done.rows_affected())
    }
}
