//! How many connections the control plane has to PostgreSQL, looked at all along by a connection beside them.

use crate::row::Result;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

const LOOK: Duration = Duration::from_millis(50);

/// The most there were at a time: of the process that was there at first, and of those after it.
#[derive(Default)]
struct Most {
    before: AtomicI64,
    after: AtomicI64,
}

pub(super) struct Connections {
    most: Arc<Most>,
    looking: JoinSet<Result<()>>,
}

impl Connections {
    /// What is opened from here on is not the first process's.
    pub(super) async fn watch(database: &str) -> Result<Self> {
        let mut connection = PgConnection::connect(database).await?;
        let since: String = sqlx::query_scalar("SELECT now()::text").fetch_one(&mut connection).await?;
        let most = Arc::new(Most::default());
        let mut looking = JoinSet::new();
        let seen = Arc::clone(&most);
        looking.spawn(async move {
            loop {
                look(&mut connection, &since, &seen).await?;
                tokio::time::sleep(LOOK).await;
            }
        });
        Ok(Self { most, looking })
    }

    /// Until it can no longer look.
    pub(super) async fn failed(&mut self) -> Box<dyn std::error::Error + Send + Sync> {
        match self.looking.join_next().await {
            Some(Ok(Err(error))) => error,
            _ => "nobody looks at PostgreSQL's connections".into(),
        }
    }

    pub(super) fn end(&self) -> Value {
        let [before, after] = [&self.most.before, &self.most.after].map(|most| most.load(Ordering::SeqCst));
        json!({ "before": before, "after": after })
    }
}

async fn look(connection: &mut PgConnection, since: &str, most: &Most) -> Result<()> {
    let (before, after): (i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE backend_start < $1::timestamptz),
                count(*) FILTER (WHERE backend_start >= $1::timestamptz)
         FROM pg_stat_activity WHERE application_name = 'gantry' AND datname = current_database()",
    )
    .bind(since)
    .fetch_one(connection)
    .await?;
    most.before.fetch_max(before, Ordering::SeqCst);
    most.after.fetch_max(after, Ordering::SeqCst);
    Ok(())
}
