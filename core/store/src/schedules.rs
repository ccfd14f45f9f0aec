//! Schedules and their runs. What a schedule does is sealed as a whole, for a form in it may have a password.

use crate::{
    Notice, StoreError, SystemTx, Tx, UserTx, codec, cursor, error,
    secrets::{Place, SecretKind},
    tx::Who,
};
use chrono::{DateTime, Utc};
use gantry_auth::{ServerGrant, rights};
use gantry_domain::{
    audit::AuditEntry,
    page::{Page, PageRequest},
    schedules::{PlannedStep, Schedule},
    users::Person,
};
use gantry_types::{
    NodeId, ScheduleId, ServerId, UserId,
    schedule::{MAX_SCHEDULES, ScheduleRun},
    server::Desired,
};
use sqlx::types::Json;
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// Runs of one schedule that are kept.
const RUNS_KEPT: i64 = 100;

struct ScheduleRow {
    id: Uuid,
    server_id: Uuid,
    name: String,
    cron: String,
    time_zone: String,
    enabled: bool,
    run_when: String,
    sealed: Vec<u8>,
    author_id: Uuid,
    author_name: String,
    version: i64,
    updated_at: DateTime<Utc>,
}

macro_rules! schedules {
    ($tail:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            ScheduleRow,
            "SELECT id, server_id, name, cron, time_zone, enabled, run_when, sealed, author_id, author_name, version, updated_at
             FROM schedules " + $tail
            $(, $argument)*
        )
    };
}

/// What a node wants of a server by itself.
#[derive(Clone, Copy, Debug)]
pub struct Decided {
    pub number: u64,
    pub desired: Desired,
    /// The generation that it had then.
    pub generation: u64,
}

impl<W: Who> Tx<W> {
    /// A server's schedules, by name; their number is bounded. Secrets in clear: what people see is for the use case.
    pub async fn schedules(&mut self, server: ServerId) -> Result<Vec<Schedule>, StoreError> {
        let mut found = self.schedules_of(&[server]).await?.remove(&server).unwrap_or_default();
        found.sort_by_key(|schedule| schedule.name.to_lowercase());
        Ok(found)
    }

    /// The same of several servers, in no order; those without any are left out.
    pub(crate) async fn schedules_of(
        &mut self,
        servers: &[ServerId],
    ) -> Result<HashMap<ServerId, Vec<Schedule>>, StoreError> {
        let ids: Vec<Uuid> = servers.iter().map(|id| id.uuid()).collect();
        let rows = schedules!("WHERE server_id = ANY ($1) ORDER BY id", &ids).fetch_all(self.db()).await?;
        let mut all: HashMap<ServerId, Vec<Schedule>> = HashMap::new();
        for row in rows {
            let schedule = self.opened(row).await?;
            all.entry(schedule.server_id).or_default().push(schedule);
        }
        Ok(all)
    }

    /// One schedule of a server.
    pub async fn schedule(&mut self, server: ServerId, id: ScheduleId) -> Result<Schedule, StoreError> {
        let row = schedules!("WHERE server_id = $1 AND id = $2", server.uuid(), id.uuid())
            .fetch_optional(self.db())
            .await?;
        self.opened(row.ok_or(StoreError::NotFound("schedule"))?).await
    }

    async fn opened(&mut self, row: ScheduleRow) -> Result<Schedule, StoreError> {
        let place = Place { kind: SecretKind::ScheduleSteps, row: row.id, tenant: row.server_id };
        let vault = Arc::clone(&self.vault);
        let steps = vault.unseal(self.db(), place, &row.sealed).await?;
        let steps: Vec<PlannedStep> =
            serde_json::from_slice(&steps).map_err(|_| StoreError::Unreadable("schedules"))?;
        Ok(Schedule {
            id: ScheduleId::new(row.id),
            server_id: ServerId::new(row.server_id),
            name: row.name,
            cron: row.cron,
            time_zone: row.time_zone,
            enabled: row.enabled,
            when: codec::to_availability(&row.run_when)?,
            steps,
            author: Person { id: UserId::new(row.author_id), name: row.author_name },
            version: codec::to_u64(row.version),
            updated_at: row.updated_at,
        })
    }

    /// The latest run of each of a server's schedules.
    pub async fn latest_runs(
        &mut self,
        server: ServerId,
    ) -> Result<HashMap<ScheduleId, ScheduleRun>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT latest.run AS "run: Json<ScheduleRun>" FROM schedules s
               CROSS JOIN LATERAL (SELECT r.run FROM schedule_runs r WHERE r.schedule_id = s.id
                                   ORDER BY r.started_at DESC, r.id DESC LIMIT 1) AS latest
               WHERE s.server_id = $1"#,
            server.uuid()
        )
        .fetch_all(self.db())
        .await?;
        Ok(rows.into_iter().map(|row| (row.run.0.schedule_id, row.run.0)).collect())
    }

    /// Runs of one schedule, latest first.
    pub async fn schedule_runs(
        &mut self,
        schedule: ScheduleId,
        page: &PageRequest,
    ) -> Result<Page<ScheduleRun>, StoreError> {
        let (before, id) = match page.cursor.as_deref() {
            Some(cursor) => {
                let (text, id) = cursor::parse_text(Some(cursor))?;
                (text.parse::<DateTime<Utc>>().map_err(|_| StoreError::InvalidCursor)?, id)
            }
            None => (DateTime::<Utc>::from_timestamp_nanos(i64::MAX), Uuid::max()),
        };
        let rows = sqlx::query!(
            r#"SELECT run AS "run: Json<ScheduleRun>" FROM schedule_runs
               WHERE schedule_id = $1 AND (started_at, id) < ($2, $3) ORDER BY started_at DESC, id DESC LIMIT $4"#,
            schedule.uuid(),
            before,
            id,
            i64::from(page.limit) + 1
        )
        .fetch_all(self.db())
        .await?;
        let all = rows.into_iter().map(|row| row.run.0).collect();
        Ok(Page::of(all, page.limit, |run: &ScheduleRun| {
            cursor::by_text(&run.started_at.to_rfc3339(), run.id.uuid())
        }))
    }

    fn sealed_steps(&self, schedule: &Schedule) -> Result<Vec<u8>, StoreError> {
        let place = Place {
            kind: SecretKind::ScheduleSteps,
            row: schedule.id.uuid(),
            tenant: schedule.server_id.uuid(),
        };
        let steps = zeroize::Zeroizing::new(
            serde_json::to_vec(&schedule.steps).map_err(|_| StoreError::Unreadable("schedules"))?,
        );
        Ok(self.vault.seal(place, &steps)?)
    }
}

impl UserTx {
    /// Adds a schedule.
    pub async fn create_schedule(
        &mut self,
        grant: &ServerGrant<rights::SchedulesCreate>,
        schedule: &Schedule,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let server = grant.server();
        self.schedules_changed(server).await?;
        let count = sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM schedules WHERE server_id = $1"#,
            server.uuid()
        )
        .fetch_one(self.db())
        .await?;
        if codec::to_u64(count) >= MAX_SCHEDULES as u64 {
            return Err(StoreError::InUse("last place among the server's schedules"));
        }
        let sealed = self.sealed_steps(schedule)?;
        sqlx::query!(
            "INSERT INTO schedules (id, server_id, name, cron, time_zone, enabled, run_when, sealed, author_id, author_name)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            schedule.id.uuid(),
            server.uuid(),
            schedule.name,
            schedule.cron,
            schedule.time_zone,
            schedule.enabled,
            codec::availability(schedule.when),
            sealed,
            schedule.author.id.uuid(),
            schedule.author.name
        )
        .execute(self.db())
        .await?;
        self.record(entry);
        Ok(())
    }

    /// Writes a schedule anew. The server's row is locked by whoever read it to change it.
    pub async fn update_schedule(
        &mut self,
        grant: &ServerGrant<rights::SchedulesUpdate>,
        schedule: &Schedule,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let sealed = self.sealed_steps(schedule)?;
        let done = sqlx::query!(
            "UPDATE schedules SET name = $3, cron = $4, time_zone = $5, enabled = $6, run_when = $7, sealed = $8, author_id = $9,
                    author_name = $10, version = version + 1, updated_at = now()
             WHERE server_id = $1 AND id = $2",
            grant.server().uuid(),
            schedule.id.uuid(),
            schedule.name,
            schedule.cron,
            schedule.time_zone,
            schedule.enabled,
            codec::availability(schedule.when),
            sealed,
            schedule.author.id.uuid(),
            schedule.author.name
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "schedule")?;
        self.schedules_changed(grant.server()).await?;
        self.record(entry);
        Ok(())
    }

    /// Deletes a schedule with its runs.
    pub async fn delete_schedule(
        &mut self,
        grant: &ServerGrant<rights::SchedulesDelete>,
        id: ScheduleId,
        entry: AuditEntry,
    ) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "DELETE FROM schedules WHERE server_id = $1 AND id = $2",
            grant.server().uuid(),
            id.uuid()
        )
        .execute(self.db())
        .await?;
        error::touched(done.rows_affected(), "schedule")?;
        self.schedules_changed(grant.server()).await?;
        self.record(entry);
        Ok(())
    }

    /// The node has to hear of it.
    async fn schedules_changed(&mut self, server: ServerId) -> Result<(), StoreError> {
        let node = self.raise(server).await?.ok_or(StoreError::NotFound("server"))?;
        self.tell(Notice::Schedules { server });
        self.tell(Notice::Server { server, node: NodeId::new(node), desired: true });
        Ok(())
    }
}

impl SystemTx {
    /// Keeps how a schedule of one of the node's servers is followed. False if it is none of those.
    pub async fn record_run(
        &mut self,
        node: NodeId,
        server: ServerId,
        run: &ScheduleRun,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "INSERT INTO schedule_runs (id, schedule_id, server_id, started_at, run)
             SELECT $1, c.id, c.server_id, $5, $6 FROM schedules c JOIN servers s ON s.id = c.server_id
             WHERE c.id = $2 AND c.server_id = $3 AND s.node_id = $4
             ON CONFLICT (id) DO UPDATE SET run = excluded.run
                 WHERE schedule_runs.schedule_id = excluded.schedule_id",
            run.id.uuid(),
            run.schedule_id.uuid(),
            server.uuid(),
            node.uuid(),
            run.started_at,
            Json(run) as _
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        if run.state.is_terminal() {
            self.forget_runs(run.schedule_id).await?;
        }
        self.tell(Notice::Schedules { server });
        Ok(true)
    }

    async fn forget_runs(&mut self, schedule: ScheduleId) -> Result<(), StoreError> {
        sqlx::query!(
            "DELETE FROM schedule_runs WHERE schedule_id = $1 AND (started_at, id) <=
                 (SELECT r.started_at, r.id FROM schedule_runs r WHERE r.schedule_id = $1
                  ORDER BY r.started_at DESC, r.id DESC OFFSET $2 LIMIT 1)",
            schedule.uuid(),
            RUNS_KEPT
        )
        .execute(self.db())
        .await?;
        Ok(())
    }

    /// Wants of a server what its node decided, unless somebody said something else after the generation that the node had.
    /// None if the server is not that node's; else whether it is wanted.
    pub async fn record_decision(
        &mut self,
        node: NodeId,
        server: ServerId,
        decided: Decided,
        entry: AuditEntry,
    ) -> Result<Option<bool>, StoreError> {
        let taken = sqlx::query_scalar!(
            r#"UPDATE servers SET heard_decision = $3, updated_at = now(),
                   desired = CASE WHEN desired_generation <= $4 AND desired <> 'deleted' THEN $5 ELSE desired END
               WHERE id = $1 AND node_id = $2
               RETURNING desired_generation <= $4 AND desired <> 'deleted' AS "taken!""#,
            server.uuid(),
            node.uuid(),
            codec::to_i64(decided.number),
            codec::to_i64(decided.generation),
            codec::desired(decided.desired)
        )
        .fetch_optional(self.db())
        .await?;
        if taken == Some(true) {
            self.record(entry);
            self.tell(Notice::Server { server, node, desired: false });
        }
        Ok(taken)
    }
}
