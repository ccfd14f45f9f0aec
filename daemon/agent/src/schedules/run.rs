//! One time that a schedule is followed: its steps one after the other, each told before and after.

use super::{actor, step};
use crate::{
    failure::chain,
    ledger::{Change, LedgerError, RunChange},
    node::Shared,
    server::ServerHandle,
};
use chrono::{DateTime, Utc};
use gantry_protocol::Event;
use gantry_types::{
    ScheduleRunId, ServerId,
    schedule::{RunCause, RunState, Schedule, ScheduleRun, StepRun, StepState},
};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// No run takes longer, however long its steps wait.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// A run that has not begun.
pub(super) fn fresh(schedule: &Schedule, cause: RunCause, now: DateTime<Utc>) -> ScheduleRun {
    let waiting = |each| StepRun { title: step::title(each), state: StepState::Waiting, message: None };
    ScheduleRun {
        id: ScheduleRunId::new(Uuid::now_v7()),
        schedule_id: schedule.id,
        cause,
        state: RunState::Running,
        reason: None,
        started_at: now,
        ended_at: None,
        steps: schedule.steps.iter().map(|step| waiting(&step.deed)).collect(),
    }
}

/// One that does not take place.
pub(super) fn skipped(schedule: &Schedule, cause: RunCause, why: String, now: DateTime<Utc>) -> ScheduleRun {
    let mut run = fresh(schedule, cause, now);
    run.steps.iter_mut().for_each(|step| step.state = StepState::Skipped);
    ScheduleRun { state: RunState::Skipped, reason: Some(why), ended_at: Some(now), ..run }
}

/// What a run that ends leaves of its steps: the one at work failed, and what waited is not done.
pub(super) fn end_steps(run: &mut ScheduleRun) {
    for step in &mut run.steps {
        step.state = match step.state {
            StepState::Running => StepState::Failed,
            StepState::Waiting => StepState::Skipped,
            ended @ (StepState::Succeeded | StepState::Failed | StepState::Skipped) => ended,
        };
    }
}

pub(super) struct Following {
    pub(super) shared: Arc<Shared>,
    pub(super) handle: ServerHandle,
    pub(super) server: ServerId,
    pub(super) schedule: Arc<Schedule>,
    pub(super) run: ScheduleRun,
    pub(super) called_off: CallOff,
}

/// Ends a run where it is, and says why. Clones are of the same run.
#[derive(Clone, Default)]
pub(super) struct CallOff(Arc<Ending>);

#[derive(Default)]
struct Ending {
    cancel: CancellationToken,
    why: OnceLock<String>,
    over: AtomicBool,
}

impl CallOff {
    /// The first reason counts.
    pub(super) fn call_off(&self, why: &str) {
        self.0.why.get_or_init(|| why.to_owned());
        self.0.cancel.cancel();
    }

    /// Whether nothing more is done.
    pub(super) fn is_over(&self) -> bool {
        self.0.over.load(Ordering::Acquire)
    }
}

impl Following {
    /// Does it all. It was written down before.
    pub(super) async fn follow(mut self) {
        self.say(&format!("The {} began.", actor(&self.schedule)));
        let (called_off, longest) = (self.called_off.clone(), self.shared.clock.wait(LONGEST));
        let ended =
            called_off.0.cancel.run_until_cancelled(tokio::time::timeout(longest, self.steps())).await;
        let (state, reason) = match ended {
            Some(Ok(None)) => (RunState::Succeeded, None),
            Some(Ok(Some(reason))) => (RunState::Failed, Some(reason)),
            Some(Err(_)) => (RunState::Failed, Some("It took longer than a day.".to_owned())),
            None => (RunState::Cancelled, called_off.0.why.get().cloned()),
        };
        end_steps(&mut self.run);
        if let Some(reason) = &reason {
            self.say(&format!("The {} did not do all of its steps: {reason}", actor(&self.schedule)));
        }
        (self.run.state, self.run.reason, self.run.ended_at) = (state, reason, Some(self.shared.clock.now()));
        // Before it is told: whoever hears of it may have the next begin.
        called_off.0.over.store(true, Ordering::Release);
        self.tell().await;
    }

    /// Answers why the first that failed did, if one did.
    async fn steps(&mut self) -> Option<String> {
        let mut failed = None;
        let schedule = Arc::clone(&self.schedule);
        for (number, step) in schedule.steps.iter().enumerate() {
            self.run.steps[number].state = StepState::Running;
            self.tell().await;
            let doing = step::Doing {
                shared: &self.shared,
                handle: &self.handle,
                schedule: &schedule,
                run: self.run.id,
            };
            let done = doing.perform(&step.deed).await;
            let told = &mut self.run.steps[number];
            match done {
                Ok(message) => (told.state, told.message) = (StepState::Succeeded, message),
                Err(why) => {
                    (told.state, told.message) = (StepState::Failed, Some(why.clone()));
                    failed.get_or_insert_with(|| format!("{}: {why}", told.title));
                    if !step.go_on {
                        break;
                    }
                }
            }
        }
        failed
    }

    fn say(&self, text: &str) {
        self.handle.console.say(self.shared.clock.now(), text);
    }

    /// Writes the run down as it stands, and that it is open.
    pub(super) async fn write(&self) -> Result<(), LedgerError> {
        let open = (!self.run.state.is_terminal()).then(|| self.run.clone());
        let change = Change {
            run: Some(RunChange { id: self.run.id, open }),
            events: vec![Event::Schedule { run: self.run.clone() }],
            ..Change::default()
        };
        self.shared.ledger.commit(self.server, self.shared.clock.now(), change).await
    }

    async fn tell(&self) {
        if let Err(error) = self.write().await {
            let (server, schedule) = (self.server, self.schedule.id);
            tracing::error!(server.id = %server, schedule.id = %schedule, error = chain(&error), "a run of a schedule could not be written down");
        }
    }
}
