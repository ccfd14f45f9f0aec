//! The standing work of the control plane, owned in one place.
//!
//! Each job runs for as long as the process does. One that ends or panics although nobody asked it to is reported and
//! begun again; on shutdown all are cancelled and joined, and only then does [`App::run`] return.

use crate::App;
use std::{collections::HashMap, time::Duration};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// How long a job that broke waits before it begins again.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Job {
    /// Converges every connected node and follows what it says.
    Nodes,
    /// Turns changed rows into news for pages.
    Live,
    /// Hears what other instances changed.
    Listener,
    /// Tells plugins what happened.
    Telling,
    /// Writes buckets of statistics.
    History,
    /// Ends operations whose time is over.
    Sweeper,
    /// Thins out old statistics and forgets what has expired.
    Retention,
    /// Writes into the audit log what plugins asked for and may not have.
    Denials,
}

const JOBS: [Job; 8] = [
    Job::Nodes,
    Job::Live,
    Job::Listener,
    Job::Telling,
    Job::History,
    Job::Sweeper,
    Job::Retention,
    Job::Denials,
];

impl App {
    /// Does the standing work until `cancel`, then ends it in order.
    pub async fn run(&self, cancel: CancellationToken) {
        let mut jobs = Jobs { app: self.clone(), cancel, set: JoinSet::new(), names: HashMap::new() };
        JOBS.into_iter().for_each(|job| jobs.begin(job, Duration::ZERO));
        while let Some(ended) = jobs.set.join_next_with_id().await {
            jobs.ended(ended);
        }
        self.consoles().close().await;
        tracing::info!("standing work has ended");
    }
}

struct Jobs {
    app: App,
    cancel: CancellationToken,
    set: JoinSet<()>,
    names: HashMap<Id, Job>,
}

impl Jobs {
    fn begin(&mut self, job: Job, pause: Duration) {
        let (app, cancel) = (self.app.clone(), self.cancel.clone());
        let handle = self.set.spawn(async move {
            if cancel.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
                perform(job, &app, &cancel).await;
            }
        });
        self.names.insert(handle.id(), job);
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        let Some(job) = self.names.remove(&id) else { return };
        if self.cancel.is_cancelled() {
            return;
        }
        match ended {
            Ok(_) => tracing::error!(?job, "a standing job ended by itself and begins again"),
            Err(error) => tracing::error!(?job, %error, "a standing job broke and begins again"),
        }
        metrics::counter!("gantry_job_restarts_total").increment(1);
        self.begin(job, PAUSE);
    }
}

async fn perform(job: Job, app: &App, cancel: &CancellationToken) {
    match job {
        Job::Nodes => crate::nodes::follow_all(app, cancel).await,
        Job::Live => crate::live::publish(app, cancel).await,
        Job::Listener => crate::live::listen(app, cancel).await,
        Job::Telling => crate::plugins::tell(app, cancel).await,
        Job::History => crate::samples::write_history(app, cancel).await,
        Job::Sweeper => crate::operations::sweep(app, cancel).await,
        Job::Retention => crate::samples::retain(app, cancel).await,
        Job::Denials => crate::lend::write_down(app, cancel).await,
    }
}
