//! Who is there, and when they came: the roll that is called after the storm.

use crate::row::{Result, Timings};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::Notify, time::timeout};

/// One line for each.
pub(super) struct Roll {
    name: &'static str,
    /// When each came, of those who are there.
    came: Mutex<Vec<Option<Instant>>>,
    changed: Notify,
}

impl Roll {
    pub(super) fn of(name: &'static str, count: usize) -> Self {
        Self { name, came: Mutex::new(vec![None; count]), changed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Instant>>> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn came(&self, number: usize) {
        self.put(number, Some(Instant::now()));
    }

    pub(super) fn went(&self, number: usize) {
        self.put(number, None);
    }

    fn put(&self, number: usize, came: Option<Instant>) {
        if let Some(line) = self.lock().get_mut(number) {
            *line = came;
        }
        self.changed.notify_one();
    }

    /// Until all are there at once.
    pub(super) async fn full(&self, patience: Duration) -> Result<()> {
        self.wait(patience, |came| came.is_some()).await
    }

    /// Until all are there at once who came after that.
    pub(super) async fn full_since(&self, since: Instant, patience: Duration) -> Result<()> {
        self.wait(patience, |came| came.is_some_and(|came| came > since)).await
    }

    async fn wait(&self, patience: Duration, is_there: impl Fn(&Option<Instant>) -> bool) -> Result<()> {
        let missing = || self.lock().iter().filter(|came| !is_there(came)).count();
        let waited = timeout(patience, async {
            while missing() > 0 {
                self.changed.notified().await;
            }
        });
        let all = self.lock().len();
        let late = |_| format!("{} of {all} {} were not there after {patience:?}", missing(), self.name);
        Ok(waited.await.map_err(late)?)
    }

    /// How those who came since are spread over time, in seconds.
    pub(super) fn told(&self, since: Instant) -> Value {
        let came: Vec<Duration> =
            self.lock().iter().flatten().filter_map(|came| came.checked_duration_since(since)).collect();
        let mut seconds: BTreeMap<u64, usize> = BTreeMap::new();
        let mut timings = Timings::default();
        for came in came {
            *seconds.entry(came.as_secs()).or_default() += 1;
            timings.push(came);
        }
        json!({
            "count": timings.len(),
            "p50": timings.quantile(0.5),
            "p99": timings.quantile(0.99),
            "last": timings.quantile(1.0),
            "bySecond": seconds,
        })
    }
}
