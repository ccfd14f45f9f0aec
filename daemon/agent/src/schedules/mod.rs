//! Schedules, followed by the node itself: with its own clock, while nobody reaches it.
//!
//! One task knows the next time of every schedule and sleeps until the first. Supervisors tell it what their server is to have
//! done; it owns the runs, and each of them asks the supervisor for what it does, as people's requests do. What was followed
//! is written down before its first effect: a daemon that was killed does nothing twice, and what it was in the middle of it
//! tells as failed.
//!
//! Modules in reading order: `book`, `run`, `step`.

mod book;
mod run;
mod step;

use crate::{
    failure::chain,
    ledger::{Change, RunChange},
    node::Node,
    server::refusal,
};
use book::{Book, Due, Key, Note};
use chrono::{DateTime, TimeDelta, Utc};
use gantry_protocol::{Event, Refusal, RefusalCode};
use gantry_types::{
    ScheduleId, ScheduleRunId, ServerId,
    action::Availability,
    schedule::{RunCause, RunState, Schedule, ScheduleRun},
};
use run::{CallOff, Following, end_steps, fresh, skipped};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::{Id, JoinSet},
};
/// The longest that the clock is believed without a look at it.
const LONGEST_SLEEP: TimeDelta = TimeDelta::minutes(1);
/// Runs of one server at a time.
const RUNS: usize = 4;
/// Why a run ends whose schedule goes, or whose server.
const DELETED: &str = "The schedule or its server was deleted.";
/// People who may wait for a run to begin.
const ASKED: usize = 64;

/// Where supervisors say what their servers' schedules are, and people ask for a run.
pub(crate) struct Schedules {
    news: Mutex<HashMap<ServerId, Vec<Schedule>>>,
    bell: Notify,
    asked: mpsc::Sender<Asked>,
}

/// What somebody wants of a schedule now.
pub(crate) struct Asked {
    server: ServerId,
    schedule: ScheduleId,
    actor: String,
    wanted: Wanted,
}

enum Wanted {
    /// That it is followed; answered once that is written down.
    Run(oneshot::Sender<Result<ScheduleRunId, Refusal>>),
    /// That its run ends where it is.
    CallOff(oneshot::Sender<Result<(), Refusal>>),
}

impl Schedules {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Asked>) {
        let (asked, queue) = mpsc::channel(ASKED);
        (Self { news: Mutex::default(), bell: Notify::new(), asked }, queue)
    }

    /// All schedules that a server has from here on.
    pub(crate) fn tell(&self, server: ServerId, schedules: Vec<Schedule>) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).insert(server, schedules);
        self.bell.notify_one();
    }

    fn take(&self) -> HashMap<ServerId, Vec<Schedule>> {
        std::mem::take(&mut *self.news.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has a schedule followed now; answers once that is written down.
    pub(crate) async fn run(
        &self,
        server: ServerId,
        schedule: ScheduleId,
        actor: String,
    ) -> Result<ScheduleRunId, Refusal> {
        let (answer, answered) = oneshot::channel();
        let wanted = Wanted::Run(answer);
        self.asked.send(Asked { server, schedule, actor, wanted }).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// Has a run of a schedule end where it is.
    pub(crate) async fn call_off(
        &self,
        server: ServerId,
        schedule: ScheduleId,
        actor: String,
    ) -> Result<(), Refusal> {
        let (answer, answered) = oneshot::channel();
        let wanted = Wanted::CallOff(answer);
        self.asked.send(Asked { server, schedule, actor, wanted }).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

fn gone() -> Refusal {
    refusal(RefusalCode::Internal, "the daemon ends")
}

/// Follows schedules until the node stops.
pub(crate) async fn keep(node: Node, asked: mpsc::Receiver<Asked>) {
    let stopping = node.stopping();
    let mut keeper = Keeper::open(node).await;
    stopping.run_until_cancelled(keeper.serve(asked)).await;
    keeper.tasks.shutdown().await;
}

/// A run under way. It leaves this a moment after it was told as ended.
struct Running {
    task: Id,
    called_off: CallOff,
}

struct Keeper {
    node: Node,
    book: Book,
    tasks: JoinSet<()>,
    running: HashMap<Key, Running>,
    keys: HashMap<Id, Key>,
    /// Why a schedule was skipped last: the same is not told again and again.
    skips: HashMap<Key, String>,
}

impl Keeper {
    async fn open(node: Node) -> Self {
        let former = node.shared().ledger.dealt().await.unwrap_or_else(|error| {
            tracing::error!(error = chain(&error), "which schedules were missed is not known");
            Vec::new()
        });
        let keeper = Self {
            node,
            book: Book::new(former),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            keys: HashMap::new(),
            skips: HashMap::new(),
        };
        keeper.end_open_runs(|_| true).await;
        keeper
    }

    /// What the former daemon, or a run that failed, was in the middle of.
    async fn end_open_runs(&self, of: impl Fn(&Key) -> bool) {
        let open = self.node.shared().ledger.open_runs().await.unwrap_or_else(|error| {
            tracing::error!(error = chain(&error), "which schedules were being followed is not known");
            Vec::new()
        });
        for (server, mut run) in open.into_iter().filter(|(server, run)| of(&(*server, run.schedule_id))) {
            end_steps(&mut run);
            run.reason =
                Some("The node's daemon ended or failed while the schedule was followed.".to_owned());
            (run.state, run.ended_at) = (RunState::Failed, Some(self.now()));
            self.tell(server, run).await;
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.node.shared().clock.now()
    }

    async fn serve(&mut self, mut asked: mpsc::Receiver<Asked>) {
        loop {
            self.hear_news().await;
            self.follow_due().await;
            let shared = Arc::clone(self.node.shared());
            let sleep = tokio::time::sleep(shared.clock.wait(self.until_next()));
            tokio::select! {
                () = shared.schedules.bell.notified() => {}
                Some(asked) = asked.recv() => self.answer(asked).await,
                Some(ended) = self.tasks.join_next_with_id() => {
                    let (id, failed) = match ended {
                        Ok((id, ())) => (id, None),
                        Err(error) => (error.id(), Some(error)),
                    };
                    if let Some(key) = self.keys.remove(&id) {
                        if self.running.get(&key).is_some_and(|run| run.task == id) {
                            self.running.remove(&key);
                        }
                        if let Some(error) = failed {
                            tracing::error!(server.id = %key.0, schedule.id = %key.1, %error, "a run of a schedule failed");
                            self.end_open_runs(|open| *open == key).await;
                        }
                    }
                }
                () = sleep => {}
            }
        }
    }

    fn until_next(&self) -> Duration {
        let wait = self.book.next().map_or(LONGEST_SLEEP, |next| (next - self.now()).min(LONGEST_SLEEP));
        wait.to_std().unwrap_or_default()
    }

    async fn hear_news(&mut self) {
        let now = self.now();
        let mut notes = Vec::new();
        for (server, schedules) in self.node.shared().schedules.take() {
            let ids: Vec<ScheduleId> = schedules.iter().map(|schedule| schedule.id).collect();
            notes.extend(self.book.replace(server, schedules, now));
            let gone = |key: &Key| key.0 == server && !ids.contains(&key.1);
            self.running
                .iter()
                .filter(|(key, _)| gone(key))
                .for_each(|(_, run)| run.called_off.call_off(DELETED));
            self.skips.retain(|key, _| !gone(key));
        }
        self.write(notes).await;
    }

    async fn write(&self, notes: Vec<Note>) {
        if notes.is_empty() {
            return;
        }
        if let Err(error) = self.node.shared().ledger.write_dealt(notes).await {
            tracing::error!(
                error = chain(&error),
                "until when schedules were dealt with cannot be written down"
            );
        }
    }

    async fn follow_due(&mut self) {
        let (due, notes) = self.book.due(self.now());
        // Before anything is done: what is not written down would be done again.
        self.write(notes).await;
        for Due { server, schedule, at, missed } in due {
            let cause = RunCause::Clock { due_at: at };
            let why = if missed {
                Some("The node was not there when it was due.".to_owned())
            } else {
                self.hindrance(server, &schedule, schedule.when).await
            };
            match why {
                None => drop(self.begin(server, &schedule, cause).await),
                Some(why) => self.skip(server, &schedule, cause, why).await,
            }
        }
    }

    /// Why a schedule cannot be followed at this moment.
    async fn hindrance(
        &self,
        server: ServerId,
        schedule: &Schedule,
        available: Availability,
    ) -> Option<String> {
        let mut under_way =
            self.running.iter().filter(|((of, _), run)| *of == server && !run.called_off.is_over());
        if under_way.clone().any(|((_, id), _)| *id == schedule.id) {
            return Some("The run before it had not ended.".to_owned());
        }
        if under_way.nth(RUNS - 1).is_some() {
            return Some(format!("{RUNS} schedules of the server were being followed already."));
        }
        let Some(handle) = self.node.server(server) else {
            return Some("The server was not there.".to_owned());
        };
        match handle.excluded(available).await {
            Ok(why) => why.map(str::to_owned),
            Err(refusal) => Some(refusal.message),
        }
    }

    async fn skip(&mut self, server: ServerId, schedule: &Schedule, cause: RunCause, why: String) {
        let key = (server, schedule.id);
        if self.skips.get(&key) == Some(&why) {
            return;
        }
        self.tell(server, skipped(schedule, cause, why.clone(), self.now())).await;
        self.skips.insert(key, why);
    }

    async fn answer(&mut self, asked: Asked) {
        let Asked { server, schedule, actor, wanted } = asked;
        // Whoever asked may have gone; what was asked is done all the same.
        match wanted {
            Wanted::Run(answer) => drop(answer.send(self.begin_for(server, schedule, actor).await)),
            Wanted::CallOff(answer) => drop(answer.send(self.call_off(server, schedule, &actor))),
        }
    }

    fn call_off(&self, server: ServerId, schedule: ScheduleId, actor: &str) -> Result<(), Refusal> {
        let idle = || refusal(RefusalCode::NotRunning, "the schedule is not being followed");
        let run = self.running.get(&(server, schedule)).filter(|run| !run.called_off.is_over());
        run.ok_or_else(idle)?.called_off.call_off(&format!("{actor} called it off."));
        Ok(())
    }

    async fn begin_for(
        &mut self,
        server: ServerId,
        id: ScheduleId,
        actor: String,
    ) -> Result<ScheduleRunId, Refusal> {
        self.hear_news().await;
        let unknown = || refusal(RefusalCode::UnknownSchedule, "the server has no such schedule here");
        let schedule = self.book.find(server, id).ok_or_else(unknown)?;
        if let Some(why) = self.hindrance(server, &schedule, Availability::Always).await {
            return Err(refusal(RefusalCode::Busy, why));
        }
        self.begin(server, &schedule, RunCause::Person { name: actor }).await
    }

    /// Writes a run down and has it done.
    async fn begin(
        &mut self,
        server: ServerId,
        schedule: &Arc<Schedule>,
        cause: RunCause,
    ) -> Result<ScheduleRunId, Refusal> {
        let handle = self.node.server(server);
        let handle = handle.ok_or_else(|| refusal(RefusalCode::UnknownServer, "the server is not there"))?;
        let run = fresh(schedule, cause, self.now());
        let id = run.id;
        let called_off = CallOff::default();
        let shared = Arc::clone(self.node.shared());
        let schedule = Arc::clone(schedule);
        let key = (server, schedule.id);
        let following = Following { shared, handle, server, schedule, run, called_off: called_off.clone() };
        if let Err(error) = following.write().await {
            tracing::error!(server.id = %server, schedule.id = %key.1, error = chain(&error), "a schedule is not followed: the ledger cannot be written");
            return Err(refusal(RefusalCode::Internal, "the node's ledger cannot be written"));
        }
        self.skips.remove(&key);
        let task = self.tasks.spawn(following.follow()).id();
        self.running.insert(key, Running { task, called_off });
        self.keys.insert(task, key);
        Ok(id)
    }

    /// Tells a run that has ended.
    async fn tell(&self, server: ServerId, run: ScheduleRun) {
        let change = Change {
            run: Some(RunChange { id: run.id, open: None }),
            events: vec![Event::Schedule { run }],
            ..Change::default()
        };
        if let Err(error) = self.node.shared().ledger.commit(server, self.now(), change).await {
            tracing::error!(server.id = %server, error = chain(&error), "a run of a schedule could not be written down");
        }
    }
}

/// Who is said to have typed what a schedule types.
fn actor(schedule: &Schedule) -> String {
    format!("schedule \u{201C}{}\u{201D}", schedule.name)
}
