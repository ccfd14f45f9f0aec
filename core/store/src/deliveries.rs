//! What plugins are owed of events: claimed, told, told again, given up.
//!
//! The database's clock alone counts, because several control planes claim from the same table. A claim holds until its time is
//! over; what was claimed and not settled by then, because whoever told it fell over, is told by another.

use crate::{Notice, StoreError, SystemTx, UserTx, codec, events};
use chrono::{DateTime, TimeDelta, Utc};
use gantry_auth::AdministratorGrant;
use gantry_domain::{audit::AuditEntry, events::Happening};
use gantry_types::{PluginId, hook::HookEvent};
use sqlx::{postgres::types::PgInterval, types::Json};
use std::time::Duration;
use uuid::Uuid;

/// Deliveries that are shown of one plugin.
const SHOWN: i64 = 50;
/// Ended deliveries that are kept of one plugin.
const KEPT: i64 = 1_000;

/// A plugin that is owed something, by the release that hears it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    pub plugin: PluginId,
    pub name: String,
    pub digest: String,
    pub granted: Vec<String>,
    /// Until the first of it is due; zero is now.
    pub due_in: Duration,
}

/// A delivery that nobody else tells for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    pub plugin: PluginId,
    pub event: HookEvent,
    /// The number of this attempt, the first of which is 1.
    pub attempt: u32,
    claim: Uuid,
}

/// A delivery as administrators see it.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenDelivery {
    pub event: HookEvent,
    pub state: DeliveryState,
    pub attempts: u32,
    /// Why it was not told, the last time.
    pub reason: Option<String>,
    /// When it is told next, if it waits.
    pub due_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    Waiting,
    Told,
    GivenUp,
}

/// What became of the wish to have a plugin told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Waits,
    /// One like it waits already.
    Already,
    /// The plugin does not listen at the moment.
    Deaf,
}

/// How telling a plugin goes, as a whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deliveries {
    pub waiting: u32,
    pub given_up: u32,
    pub last_told_at: Option<DateTime<Utc>>,
    /// Those that were not told first, then the latest.
    pub latest: Vec<SeenDelivery>,
}

impl SystemTx {
    /// Plugins that listen and are owed something, now or later.
    pub async fn owed(&mut self) -> Result<Vec<Owed>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT l.plugin_id AS "plugin_id!", l.digest AS "digest!", r.name, r.granted,
                      extract(epoch FROM d.due_at - clock_timestamp())::double precision AS "due_in!"
               FROM app.listeners() l JOIN plugin_releases r ON r.digest = l.digest
               CROSS JOIN LATERAL (
                   SELECT min(greatest(due_at, claimed_until)) AS due_at FROM deliveries
                   WHERE plugin_id = l.plugin_id AND state = 'waiting') d
               WHERE d.due_at IS NOT NULL"#
        )
        .fetch_all(self.db())
        .await?;
        let owed = rows.into_iter().map(|row| Owed {
            plugin: PluginId::new(row.plugin_id),
            name: row.name,
            digest: row.digest,
            granted: row.granted,
            due_in: Duration::try_from_secs_f64(row.due_in.max(0.0)).unwrap_or_default(),
        });
        Ok(owed.collect())
    }

    /// Takes what a plugin is owed longest, for so long. None if nothing is due, others are at it, or another release than this
    /// one is to hear it.
    pub async fn claim_delivery(
        &mut self,
        plugin: PluginId,
        digest: &str,
        lease: Duration,
    ) -> Result<Option<Claimed>, StoreError> {
        let claim = crate::new_uuid();
        let row = sqlx::query!(
            r#"WITH next AS (
                   SELECT event_id FROM deliveries
                   WHERE plugin_id = $1 AND state = 'waiting' AND due_at <= clock_timestamp()
                     AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
                     AND EXISTS (SELECT FROM app.listeners() l WHERE l.plugin_id = $1 AND l.digest = $4)
                   ORDER BY due_at, event_id LIMIT 1 FOR UPDATE SKIP LOCKED)
               UPDATE deliveries d SET attempts = attempts + 1, claim = $2, claimed_until = clock_timestamp() + $3
               FROM next, events e
               WHERE d.plugin_id = $1 AND d.event_id = next.event_id AND e.id = next.event_id
               RETURNING e.body AS "body: Json<HookEvent>", d.attempts"#,
            plugin.uuid(),
            claim,
            interval(lease),
            digest
        )
        .fetch_optional(self.db())
        .await?;
        Ok(row.map(|row| Claimed {
            plugin,
            event: row.body.0,
            attempt: codec::to_u32(row.attempts.into()),
            claim,
        }))
    }

    /// The plugin has heard it.
    pub async fn told(&mut self, claimed: &Claimed) -> Result<(), StoreError> {
        self.end(claimed, "told", None).await
    }

    /// It is not told any more.
    pub async fn give_up_delivery(&mut self, claimed: &Claimed, reason: &str) -> Result<(), StoreError> {
        self.end(claimed, "given_up", Some(reason)).await?;
        self.tell(Notice::Plugin { plugin: claimed.plugin });
        Ok(())
    }

    /// A claim whose time was over may be somebody else's by now, who decides then.
    async fn end(&mut self, claimed: &Claimed, state: &str, reason: Option<&str>) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE deliveries SET state = $4, reason = $5, ended_at = clock_timestamp(), claim = NULL, claimed_until = NULL
             WHERE plugin_id = $1 AND event_id = $2 AND claim = $3",
            claimed.plugin.uuid(),
            events::id(&claimed.event)?,
            claimed.claim,
            state,
            reason
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// It is told again after a while. An attempt that does not count is given back.
    pub async fn tell_again(
        &mut self,
        claimed: &Claimed,
        after: Duration,
        counted: bool,
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE deliveries SET due_at = clock_timestamp() + $4, attempts = attempts - $5, reason = coalesce($6, reason),
                    claim = NULL, claimed_until = NULL
             WHERE plugin_id = $1 AND event_id = $2 AND claim = $3",
            claimed.plugin.uuid(),
            events::id(&claimed.event)?,
            claimed.claim,
            interval(after),
            i32::from(!counted),
            reason
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Nothing is told to a plugin for a while.
    pub async fn pause_deliveries(&mut self, plugin: PluginId, pause: Duration) -> Result<(), StoreError> {
        sqlx::query!(
            "UPDATE deliveries SET due_at = greatest(due_at, clock_timestamp() + $2)
             WHERE plugin_id = $1 AND state = 'waiting' AND due_at < clock_timestamp() + $2",
            plugin.uuid(),
            interval(pause)
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Gives up what waits for longer than it is worth. Answers how many that were.
    pub async fn give_up_overdue(&mut self, after: TimeDelta) -> Result<u64, StoreError> {
        let rows = sqlx::query_scalar!(
            "UPDATE deliveries SET state = 'given_up', ended_at = clock_timestamp(), claim = NULL, claimed_until = NULL,
                    reason = concat_ws(' ', 'It could not be told in time.', reason)
             WHERE state = 'waiting' AND made_at < clock_timestamp() - $1::interval
               AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())
             RETURNING plugin_id",
            interval(after.to_std().unwrap_or_default())
        )
        .fetch_all(self.db())
        .await?;
        let count = rows.len() as u64;
        for plugin in rows {
            self.tell(Notice::Plugin { plugin: PluginId::new(plugin) });
        }
        Ok(count)
    }

    /// Has a plugin told one event of its own, whatever it wants; one of a kind at a time.
    pub async fn tell_one(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        happening: Happening,
        entry: AuditEntry,
    ) -> Result<Asked, StoreError> {
        let actor = self.signature_name();
        let event = events::event(happening, None, actor.as_deref());
        let id = events::id(&event)?;
        let now = sqlx::query!(
            r#"SELECT EXISTS (SELECT FROM app.listeners() l WHERE l.plugin_id = $1) AS "listens!",
                      EXISTS (SELECT FROM deliveries d JOIN events e ON e.id = d.event_id
                              WHERE d.plugin_id = $1 AND d.state = 'waiting' AND e.kind = $2) AS "waits!""#,
            plugin.uuid(),
            event.kind
        )
        .fetch_one(self.db())
        .await?;
        match (now.listens, now.waits) {
            (false, _) => return Ok(Asked::Deaf),
            (true, true) => return Ok(Asked::Already),
            (true, false) => {}
        }
        sqlx::query!(
            "INSERT INTO events (id, at, kind, body) VALUES ($1, $2, $3, $4)",
            id,
            event.at,
            event.kind,
            Json(&event) as _
        )
        .execute(self.db())
        .await?;
        sqlx::query!("INSERT INTO deliveries (plugin_id, event_id) VALUES ($1, $2)", plugin.uuid(), id)
            .execute(self.db())
            .await?;
        self.record(entry);
        self.tell(Notice::Events);
        Ok(Asked::Waits)
    }

    /// Has everything told at once that waits for a plugin or was given up. Answers how many that are.
    pub async fn retry_deliveries(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
        entry: AuditEntry,
    ) -> Result<u64, StoreError> {
        let done = sqlx::query!(
            "UPDATE deliveries SET due_at = clock_timestamp(), state = 'waiting', ended_at = NULL,
                    attempts = CASE state WHEN 'given_up' THEN 0 ELSE attempts END,
                    made_at = CASE state WHEN 'given_up' THEN clock_timestamp() ELSE made_at END
             WHERE plugin_id = $1 AND state <> 'told'
               AND (claimed_until IS NULL OR claimed_until <= clock_timestamp())",
            plugin.uuid()
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        self.tell(Notice::Events);
        Ok(done.rows_affected())
    }

    /// Forgets what was told, and what was given up, before these times; the latest of each plugin stay even so, and no more of
    /// them.
    pub async fn sweep_deliveries(
        &mut self,
        told_before: DateTime<Utc>,
        given_up_before: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "DELETE FROM deliveries d USING (
                 SELECT plugin_id, event_id, row_number() OVER (PARTITION BY plugin_id ORDER BY ended_at DESC) AS place
                 FROM deliveries WHERE state <> 'waiting') ended
             WHERE d.plugin_id = ended.plugin_id AND d.event_id = ended.event_id
               AND (ended.place > $3 OR (d.state = 'told' AND d.ended_at < $1 AND ended.place > 1)
                    OR (d.state = 'given_up' AND d.ended_at < $2))",
            told_before,
            given_up_before,
            KEPT
        )
        .execute(self.db())
        .await?;
        sqlx::query!(
            "DELETE FROM events e WHERE NOT EXISTS (SELECT FROM deliveries d WHERE d.event_id = e.id)"
        )
        .execute(self.db())
        .await?;
        Ok(())
    }
}

impl UserTx {
    /// How telling a plugin goes.
    pub async fn deliveries(
        &mut self,
        _grant: &AdministratorGrant,
        plugin: PluginId,
    ) -> Result<Deliveries, StoreError> {
        let whole = sqlx::query!(
            r#"SELECT count(*) FILTER (WHERE state = 'waiting') AS "waiting!",
                      count(*) FILTER (WHERE state = 'given_up') AS "given_up!",
                      max(ended_at) FILTER (WHERE state = 'told') AS last_told_at
               FROM deliveries WHERE plugin_id = $1"#,
            plugin.uuid()
        )
        .fetch_one(self.db())
        .await?;
        let rows = sqlx::query!(
            r#"SELECT d.state, d.attempts, d.reason, d.due_at, d.ended_at, e.body AS "body: Json<HookEvent>"
               FROM deliveries d JOIN events e ON e.id = d.event_id
               WHERE d.plugin_id = $1 ORDER BY d.state = 'told', d.event_id DESC LIMIT $2"#,
            plugin.uuid(),
            SHOWN
        )
        .fetch_all(self.db())
        .await?;
        let mut latest = Vec::with_capacity(rows.len());
        for row in rows {
            let state = match row.state.as_str() {
                "waiting" => DeliveryState::Waiting,
                "told" => DeliveryState::Told,
                "given_up" => DeliveryState::GivenUp,
                _ => return Err(StoreError::Unreadable("deliveries")),
            };
            latest.push(SeenDelivery {
                event: row.body.0,
                state,
                attempts: codec::to_u32(row.attempts.into()),
                reason: row.reason,
                due_at: (state == DeliveryState::Waiting).then_some(row.due_at),
                ended_at: row.ended_at,
            });
        }
        Ok(Deliveries {
            waiting: codec::to_u32(whole.waiting),
            given_up: codec::to_u32(whole.given_up),
            last_told_at: whole.last_told_at,
            latest,
        })
    }
}

fn interval(duration: Duration) -> PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}
