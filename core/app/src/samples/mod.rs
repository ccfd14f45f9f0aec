//! Numbers of running servers and of the machines below nodes: the latest for pages, ten-second buckets for history, and
//! the thinning of that.

mod book;
mod machines;

pub(crate) use book::SampleBook;
pub(crate) use machines::{MachineBook, Watching};

use crate::{App, error::Answer};
use chrono::{DateTime, TimeDelta, Utc};
use gantry_domain::events::WORTH_TELLING;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often buckets are written.
const WRITE_EVERY: Duration = Duration::from_secs(10);
/// Buckets of one statement.
const BATCH: usize = 2_000;
/// How often fine buckets are folded into coarse ones, and how far back each time.
const FOLD_EVERY: Duration = Duration::from_secs(300);
const FOLD_SPAN: TimeDelta = TimeDelta::minutes(20);
/// How many foldings pass between two clearings.
const CLEAR_EVERY: u32 = 12;
/// How long events of servers are kept.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(30);
/// Who played and what is kept as long as how many did.
const PLAYED_KEPT: TimeDelta = TimeDelta::days(365);
/// How long the operations of servers that are gone are kept.
const OPERATIONS_KEPT: TimeDelta = TimeDelta::days(90);
/// How long it can be seen what plugins were told, and what they were not.
const TOLD_KEPT: TimeDelta = TimeDelta::days(7);
const UNTOLD_KEPT: TimeDelta = TimeDelta::days(30);
/// How long an answer is kept for a repeated request.
const ANSWERS_KEPT: TimeDelta = TimeDelta::hours(24);

/// Writes buckets as their time is over, and what is left when it is cancelled.
pub(crate) async fn write_history(app: &App, cancel: &CancellationToken) {
    let mut ticks = interval(WRITE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while cancel.run_until_cancelled(ticks.tick()).await.is_some() {
        write(app, Utc::now()).await;
        write_machines(app, Utc::now()).await;
    }
    // Those too whose time is not over.
    write(app, Utc::now() + book::SPAN).await;
    write_machines(app, Utc::now() + book::SPAN).await;
}

async fn write_machines(app: &App, until: DateTime<Utc>) {
    let mut buckets = app.machines().drain(until);
    while !buckets.is_empty() {
        let batch: Vec<_> = buckets.drain(..buckets.len().min(BATCH)).collect();
        if let Err(error) = store_machines(app, &batch).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "statistics of nodes could not be written; they wait"
            );
            app.machines().put_back(batch.into_iter().chain(buckets).collect());
            return;
        }
    }
}

async fn store_machines(app: &App, batch: &[gantry_domain::statistics::NodeBucket]) -> Answer<()> {
    let mut tx = app.db().as_system().await?;
    tx.record_node_statistics(batch).await?;
    tx.record_node_parts(batch).await?;
    Ok(tx.commit().await?)
}

async fn write(app: &App, until: DateTime<Utc>) {
    let mut buckets = app.samples().drain(until);
    while !buckets.is_empty() {
        let batch: Vec<_> = buckets.drain(..buckets.len().min(BATCH)).collect();
        if let Err(error) = store(app, &batch).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "statistics could not be written; they wait"
            );
            app.samples().put_back(batch.into_iter().chain(buckets).collect());
            return;
        }
        metrics::counter!("gantry_statistics_buckets_total").increment(batch.len() as u64);
    }
}

async fn store(app: &App, batch: &[gantry_domain::statistics::Bucket]) -> Answer<()> {
    let mut tx = app.db().as_system().await?;
    tx.record_statistics(batch).await?;
    Ok(tx.commit().await?)
}

/// Folds, drops and forgets what is old, until cancelled.
pub(crate) async fn retain(app: &App, cancel: &CancellationToken) {
    let mut ticks = interval(FOLD_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut round = 0;
    while cancel.run_until_cancelled(ticks.tick()).await.is_some() {
        let result = if round % CLEAR_EVERY == 0 { clear(app).await } else { Ok(()) };
        if let Err(error) = result.and(fold(app).await) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "old statistics could not be thinned out"
            );
        }
        round += 1;
    }
}

async fn fold(app: &App) -> Answer<()> {
    let now = Utc::now();
    let mut tx = app.db().as_system().await?;
    tx.roll_up_statistics(now - FOLD_SPAN, now).await?;
    tx.roll_up_node_statistics(now - FOLD_SPAN, now).await?;
    tx.roll_up_node_parts(now - FOLD_SPAN, now).await?;
    Ok(tx.commit().await?)
}

async fn clear(app: &App) -> Answer<()> {
    let now = Utc::now();
    let mut tx = app.db().as_system().await?;
    tx.maintain_statistics(now).await?;
    tx.sweep_sessions(now).await?;
    tx.sweep_idempotency(now - ANSWERS_KEPT).await?;
    tx.sweep_events(now - EVENTS_KEPT).await?;
    tx.sweep_player_sessions(now - PLAYED_KEPT).await?;
    tx.sweep_games(now - PLAYED_KEPT).await?;
    tx.sweep_operations(now - OPERATIONS_KEPT).await?;
    tx.give_up_overdue(WORTH_TELLING).await?;
    tx.sweep_deliveries(now - TOLD_KEPT, now - UNTOLD_KEPT).await?;
    Ok(tx.commit().await?)
}
