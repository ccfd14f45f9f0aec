//! The supervisor: turns messages, timers and the ends of its tasks into events of the machine, writes down each step,
//! and only then acts on it.
//!
//! It owns all tasks of its server and ends with them. Exactly one long piece of work is out at a time, because the
//! machine asks for no other before that has answered; a task that panics answers as a failure.

use super::{
    FileTerms, Message,
    follow::Typed,
    refusal,
    start::{StartEnd, process},
    terms::excluded,
    wish::Told,
    work::Work,
};
use crate::{
    clock,
    console::Console,
    desk::Desk,
    failure::{chain, internal},
    ledger::{Change, ServerRecord},
    node::Shared,
};
use gantry_lifecycle::{
    Asked, Effect, Event, Exit, Found, Outcome, Phase, Process, Request, State, Timer, step,
};
use gantry_protocol::{
    ConsoleCommand, Decision, DesiredServer, Event as NodeEvent, ObservedServer, OperationReport, Refusal,
    RefusalCode,
};
use gantry_runtime::{ContainerId, Phase as ContainerPhase};
use gantry_types::{
    OperationId,
    action::Availability,
    blueprint::CommandDoor,
    operation::{OperationState, Progress},
    server::Desired,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, RwLock, Semaphore, mpsc, oneshot, watch},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Progress is told at most this often.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// Before a ledger that failed is tried again.
const LEDGER_RETRY: Duration = Duration::from_secs(1);
/// What is done with the hand on one game at a time: each may wait for the game for minutes.
const DEEDS: usize = 16;
/// Longest console command in bytes.
const COMMAND_BYTES: usize = 4_096;

/// What was found of a server's container when the daemon came up.
#[derive(Clone, Debug)]
pub(crate) struct FoundContainer {
    pub(crate) id: ContainerId,
    pub(crate) phase: ContainerPhase,
}

/// How a task of the server ended.
pub(super) enum Report {
    Work(Event),
    Start(Box<StartEnd>),
    Exited(Exit),
    Ready,
    Nothing,
}

/// Which tasks need an answer even if they panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duty {
    Install,
    Restore,
    Start,
    Remove,
    Follow,
}

/// The process that runs.
pub(super) struct Live {
    pub(super) container: ContainerId,
    pub(super) input: mpsc::Sender<Typed>,
    /// Ends all that watch it.
    pub(super) token: CancellationToken,
    pub(super) ready: watch::Sender<bool>,
    /// That the game itself said so, as its plugin reads it.
    pub(super) said_ready: Arc<Notify>,
}

pub(crate) struct Supervisor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) record: ServerRecord,
    pub(super) console: Arc<Console>,
    /// People's work on its files, whose account plugins and plans share.
    desk: Arc<Desk>,
    pub(super) tasks: JoinSet<Report>,
    /// Places for what is done with the hand.
    pub(super) places: Arc<Semaphore>,
    /// What is done with it, each for the states that it is for.
    pub(super) deeds: Vec<(Availability, CancellationToken)>,
    /// Who reads all files.
    pub(super) readings: Vec<CancellationToken>,
    /// Held for reading by all that reaches the server through its plugin, and for writing by what has it to itself.
    pub(super) hands: Arc<RwLock<()>>,
    pub(super) duties: HashMap<Id, Duty>,
    /// Calls off the work that is out.
    pub(super) calling_off: CancellationToken,
    pub(super) live: Option<Live>,
    pub(super) timers: HashMap<Timer, Instant>,
    pub(super) progress: watch::Sender<Option<Progress>>,
    terms: watch::Sender<FileTerms>,
    /// How many play, for as long as a process runs and that is known.
    pub(super) players: watch::Sender<Option<u32>>,
    /// Who waits until nothing runs.
    pub(crate) standing_down: Vec<oneshot::Sender<()>>,
    /// Whether anything was ever written down of it.
    known: bool,
    /// What is decided with the step that is being taken.
    pub(super) decision: Option<Decision>,
    /// Who waits for an operation that the node asked for itself.
    pub(super) waiter: Option<(OperationId, Told)>,
}

impl Supervisor {
    /// A server that the node has just heard of (`known` false), or one from its ledger.
    pub(crate) fn new(
        shared: Arc<Shared>,
        record: ServerRecord,
        console: Arc<Console>,
        desk: Arc<Desk>,
        known: bool,
    ) -> Self {
        let (progress, _) = watch::channel(None);
        let (terms, _) = watch::channel(FileTerms::of(&record));
        Self {
            shared,
            record,
            console,
            desk,
            tasks: JoinSet::new(),
            places: Arc::new(Semaphore::new(DEEDS)),
            deeds: Vec::new(),
            readings: Vec::new(),
            hands: Arc::default(),
            duties: HashMap::new(),
            calling_off: CancellationToken::new(),
            live: None,
            timers: HashMap::new(),
            progress,
            terms,
            players: watch::Sender::new(None),
            standing_down: Vec::new(),
            known,
            decision: None,
            waiter: None,
        }
    }

    /// On which terms people may work on the server's files, from now on.
    pub(crate) fn terms(&self) -> watch::Receiver<FileTerms> {
        self.terms.subscribe()
    }

    /// How many play, from now on.
    pub(crate) fn players(&self) -> watch::Receiver<Option<u32>> {
        self.players.subscribe()
    }

    /// Runs until `shutdown`. Containers are left as they are.
    pub(crate) async fn run(
        mut self,
        mut mailbox: mpsc::Receiver<Message>,
        found: Option<FoundContainer>,
        shutdown: CancellationToken,
    ) {
        self.tell_schedules();
        let work = self.serve(&mut mailbox, found);
        shutdown.run_until_cancelled(work).await;
        self.tasks.shutdown().await;
    }

    async fn serve(&mut self, mailbox: &mut mpsc::Receiver<Message>, found: Option<FoundContainer>) {
        if self.known {
            self.restore(found).await;
        }
        let mut progress = self.progress.subscribe();
        let mut not_before = Instant::now();
        loop {
            let (timer, due) = self.next_timer();
            tokio::select! {
                message = mailbox.recv() => match message {
                    Some(message) => self.answer(message).await,
                    None => return,
                },
                Some(ended) = self.tasks.join_next_with_id() => self.task_ended(ended).await,
                () = tokio::time::sleep_until(due), if timer.is_some() => self.rang(timer).await,
                true = news(&mut progress, not_before) => {
                    not_before = Instant::now() + PROGRESS_EVERY;
                    self.tell_progress(&mut progress).await;
                }
            }
            self.mind_drain().await;
        }
    }

    fn next_timer(&self) -> (Option<Timer>, Instant) {
        let next = self.timers.iter().min_by_key(|(_, due)| **due);
        next.map_or_else(|| (None, Instant::now()), |(timer, due)| (Some(*timer), *due))
    }

    async fn rang(&mut self, timer: Option<Timer>) {
        if let Some(timer) = timer {
            self.timers.remove(&timer);
            self.hear(Event::Timer(timer)).await;
        }
    }

    // ---- messages ----

    async fn answer(&mut self, message: Message) {
        // Whoever asked may have gone; what was asked is done all the same.
        match message {
            Message::Apply(desired, answer) => drop(answer.send(self.apply(*desired).await)),
            Message::Command(command, answer) => drop(answer.send(self.command(&command))),
            Message::Observe(answer) => drop(answer.send(self.report())),
            Message::Excluded(available, answer) => drop(answer.send(excluded(&self.record, available))),
            Message::CollectsEvery(answer) => drop(answer.send(self.collects_every())),
            Message::Reading(answer) => drop(answer.send(self.read())),
            Message::Wish(wish) => self.take_wish(wish).await,
            Message::Deed(available, deed) => self.do_deed(available, deed),
            Message::StandDown(answer) => self.stand_down(answer).await,
            Message::Rehold => self.rehold().await,
        }
    }

    async fn apply(&mut self, desired: DesiredServer) -> Result<ObservedServer, Refusal> {
        let present = self.record.desired.generation;
        if self.known && desired.generation < present {
            let message = format!("generation {} is older than {present}", desired.generation);
            return Err(refusal(RefusalCode::StaleGeneration, message));
        }
        if self.known && desired.generation == present {
            return Ok(self.report());
        }
        let asked = self.asked(&desired).await.map_err(|error| {
            tracing::error!(server.id = %desired.id, error = chain(&error), "the ledger cannot be read");
            refusal(RefusalCode::Internal, "the node's ledger cannot be read")
        })?;
        let before = self.record.clone();
        let heard = desired.heard_decision;
        self.record.desired = self.reconciled(desired, &asked);
        self.record.decided.unheard &= !self.settles(heard, &asked);
        let (desired, holds) = (self.record.desired.desired, self.shared.holds(&self.record, &asked));
        let intent = Event::Intent { desired, holds, operation: asked };
        if let Err(error) = self.take(intent).await {
            tracing::error!(server.id = %before.desired.id, error = chain(&error), "the ledger cannot be written");
            self.record = before;
            return Err(refusal(RefusalCode::Internal, "the node's ledger cannot be written"));
        }
        let was_known = std::mem::replace(&mut self.known, true);
        let (former, present) = (&before.desired, &self.record.desired);
        let (old, new) = (&former.blueprint.plugin, &present.blueprint.plugin);
        if was_known && old != new {
            self.console
                .say(self.shared.clock.now(), &format!("The server is now run by {new}; it was {old}."));
        }
        if former.schedules != present.schedules || former.desired != present.desired {
            self.tell_schedules();
        }
        if self.record.desired.limits.disk_mib != before.desired.limits.disk_mib {
            self.limit_disk();
        }
        Ok(self.report())
    }

    /// Whoever follows schedules follows these from here on.
    fn tell_schedules(&self) {
        let desired = &self.record.desired;
        let followed = match desired.desired {
            Desired::Running | Desired::Stopped => desired.schedules.clone(),
            Desired::Deleted => Vec::new(),
        };
        self.shared.schedules.tell(desired.id, followed);
    }

    /// What is asked that this node has not taken before.
    async fn asked(&self, desired: &DesiredServer) -> Result<Asked, crate::ledger::LedgerError> {
        let Some(operation) = &desired.operation else { return Ok(Asked::Nothing) };
        if self.shared.ledger.operation(operation.id).await?.is_some() {
            return Ok(Asked::Known);
        }
        // By this node's clock, which may differ from the one that made the deadline.
        let ahead = operation.sent_at.map(|sent| self.shared.clock.now() - sent).unwrap_or_default();
        let deadline = operation.deadline.checked_add_signed(ahead).unwrap_or(operation.deadline);
        let deadline = clock::moment(deadline);
        Ok(Asked::New(Request { id: operation.id, kind: operation.kind, deadline }))
    }

    fn command(&mut self, command: &ConsoleCommand) -> Result<(), Refusal> {
        let fits =
            |text: &str, most| text.len() <= most && !text.chars().any(gantry_types::names::leaves_line);
        if !fits(&command.command, COMMAND_BYTES) || !fits(&command.actor, 256) {
            let message =
                format!("a command is one line of at most {COMMAND_BYTES} bytes without control characters");
            return Err(refusal(RefusalCode::Invalid, message));
        }
        let live = self.live.as_ref().filter(|_| self.record.state.phase.has_process());
        let Some(live) = live else {
            return Err(refusal(RefusalCode::NotRunning, "nothing runs that could take a command"));
        };
        match self.record.desired.blueprint.commands {
            CommandDoor::Console => {}
            CommandDoor::Plugin => {
                self.hand_over(command.clone());
                return Ok(());
            }
            CommandDoor::None => {
                return Err(refusal(RefusalCode::NoCommands, "this game takes no commands on its console"));
            }
        }
        let Ok(place) = live.input.try_reserve() else {
            return Err(refusal(RefusalCode::Internal, "too many commands wait for the game"));
        };
        self.console.command(self.shared.clock.now(), &command.actor, &command.command, self.has_terminal());
        place.send(Typed::Line(command.command.clone()));
        Ok(())
    }

    fn collects_every(&self) -> Option<Duration> {
        self.record.desired.blueprint.collect_every_ms.map(|ms| Duration::from_millis(ms.into()))
    }

    pub(super) fn has_terminal(&self) -> bool {
        self.record.run.as_ref().is_some_and(|run| run.spec.terminal)
    }

    fn report(&self) -> ObservedServer {
        let mut report = self.record.report();
        if let Some(operation) = report.operation.as_mut().filter(|operation| !operation.state.is_terminal())
        {
            operation.progress.clone_from(&self.progress.borrow());
        }
        report.drain = self.shared.drains.of(self.record.desired.id);
        report
    }

    // ---- coming up ----

    async fn restore(&mut self, found: Option<FoundContainer>) {
        let found = match found {
            Some(FoundContainer { id, phase: ContainerPhase::Running { started_at } }) => {
                self.live = Some(self.live_container(id));
                Found::Running(self.process_found(clock::moment(started_at)))
            }
            Some(FoundContainer { phase: ContainerPhase::Ended(exit), .. }) => {
                Found::Exited(Exit { code: exit.code, out_of_memory: exit.oom_killed, cause: None })
            }
            Some(FoundContainer { phase: ContainerPhase::Unstarted, .. }) | None => Found::Nothing,
        };
        if !matches!(found, Found::Running(_)) && self.shared.drains.spares(self.record.desired.id) {
            self.shared.drains.ended(self.record.desired.id);
        }
        // The hold of a daemon that left has ended with it.
        self.record.state.holds = self.shared.holds(&self.record, &Asked::Known);
        self.hear(Event::Restored(found)).await;
    }

    /// The process as it was written down, or what can be said of one that was started in the very moment in which the
    /// daemon was killed.
    fn process_found(&self, started_at: gantry_lifecycle::Moment) -> Process {
        let noted = self.record.state.process.clone();
        noted.unwrap_or_else(|| match &self.record.run {
            Some(note) => process(&note.spec, started_at),
            None => Process { started_at, stop: Vec::new(), ready_timeout_ms: 0 },
        })
    }

    // ---- the machine ----

    /// One step that must not be lost: a ledger that fails is tried until it works.
    pub(crate) async fn hear(&mut self, event: Event) {
        while let Err(error) = self.take(event.clone()).await {
            tracing::error!(server.id = %self.record.desired.id, error = chain(&error), "the ledger cannot be written");
            tokio::time::sleep(LEDGER_RETRY).await;
        }
    }

    /// One step: computed, written down, done. If it cannot be written nothing has happened.
    pub(super) async fn take(&mut self, event: Event) -> Result<(), crate::ledger::LedgerError> {
        let now = self.shared.clock.now();
        let (state, effects) = step(&self.record.state, clock::moment(now), event);
        let mut next = self.record.clone();
        next.state = state;
        let mut change = Change::default();
        for effect in &effects {
            if let Effect::Operation { id, outcome, .. } = effect
                && !self.is_own(*id)
            {
                let report = self.reported(*id, outcome);
                next.latest = Some(report.clone());
                change.operations.push(report.clone());
                change.events.push(NodeEvent::Operation { operation: report });
            }
        }
        if next.observed() != self.record.observed() {
            change.events.push(NodeEvent::Observed { observed: next.observed() });
        }
        change.events.extend(self.decision.clone().map(|decision| NodeEvent::Decided { decision }));
        change.record = Some(next.clone());
        self.shared.ledger.commit(next.desired.id, now, change).await?;
        log_step(&self.record, &next);
        self.record = next;
        // Before the step is acted on: what has the files to itself begins after people were told to keep away.
        self.terms.send_modify(|terms| terms.follow(&self.record));
        self.end_deeds();
        for effect in &effects {
            if let Effect::Operation { id, outcome, .. } = effect
                && self.is_own(*id)
            {
                self.own_ended(*id, outcome);
            }
        }
        for effect in effects {
            self.perform(effect).await;
        }
        if self.record.is_deleted() {
            self.console.forget();
        }
        self.tell_down();
        Ok(())
    }

    fn reported(&self, id: gantry_types::OperationId, outcome: &Outcome) -> OperationReport {
        let progress = self.progress.borrow().clone();
        let (state, failure) = match outcome {
            Outcome::Running => {
                self.progress.send_replace(None);
                return OperationReport { id, state: OperationState::Running, progress: None, failure: None };
            }
            Outcome::Succeeded => (OperationState::Succeeded, None),
            Outcome::Failed(failure) => (OperationState::Failed, Some(failure.clone())),
            Outcome::Cancelled => (OperationState::Cancelled, None),
        };
        OperationReport { id, state, progress, failure }
    }

    async fn tell_progress(&mut self, news: &mut watch::Receiver<Option<Progress>>) {
        let progress = news.borrow_and_update().clone();
        let (Some(progress), Some(operation)) = (progress, self.record.state.operation) else { return };
        if self.is_own(operation.id) {
            return;
        }
        let report = OperationReport {
            id: operation.id,
            state: OperationState::Running,
            progress: Some(progress),
            failure: None,
        };
        self.shared.tell(self.record.desired.id, vec![NodeEvent::Operation { operation: report }]).await;
    }

    // ---- tasks ----

    async fn task_ended(&mut self, ended: Result<(Id, Report), JoinError>) {
        match ended {
            Ok((id, report)) => {
                self.duties.remove(&id);
                self.heard_from_task(report).await;
            }
            Err(error) => {
                let duty = self.duties.remove(&error.id());
                if error.is_panic() {
                    tracing::error!(server.id = %self.record.desired.id, ?duty, "a task of the server panicked");
                }
                self.task_lost(duty).await;
            }
        }
    }

    async fn heard_from_task(&mut self, report: Report) {
        match report {
            Report::Work(event) => self.hear(event).await,
            Report::Start(end) => match *end {
                StartEnd::Started { container, process, note } => {
                    self.record.run = Some(*note);
                    self.live = Some(self.live_container(container));
                    self.watch_process(None);
                    self.hear(Event::Started(process)).await;
                }
                StartEnd::Other(event) => self.hear(event).await,
            },
            Report::Exited(exit) => {
                // It wrote past the account.
                self.desk.forget();
                if let Some(live) = self.live.take() {
                    live.token.cancel();
                }
                self.players.send_replace(None);
                self.record.run = None;
                self.hear(Event::Exited(exit)).await;
            }
            Report::Ready => {
                if let Some(live) = &self.live {
                    live.ready.send_replace(true);
                }
                self.hear(Event::Ready).await;
            }
            Report::Nothing => {}
        }
    }

    /// A task that panicked owes an answer: the machine waits for it.
    async fn task_lost(&mut self, duty: Option<Duty>) {
        let failure = internal("a part of the daemon failed; its log says which");
        match duty {
            Some(Duty::Install) => self.hear(Event::InstallFailed(failure)).await,
            Some(Duty::Restore) => self.hear(Event::RestoreFailed(failure)).await,
            Some(Duty::Start) => self.hear(Event::StartFailed(failure)).await,
            Some(Duty::Remove) => self.hear(Event::RemoveFailed(failure)).await,
            Some(Duty::Follow) => {
                let Some(live) = self.live.take() else { return };
                live.token.cancel();
                self.live = Some(self.live_container(live.container));
                self.watch_process(self.console.last_output());
                if self.record.state.phase == Phase::Starting {
                    self.probe();
                }
            }
            None => {}
        }
    }

    /// What long work is given.
    pub(super) fn work(&self, cancel: CancellationToken) -> Work {
        Work {
            shared: Arc::clone(&self.shared),
            server: Arc::new(self.record.desired.clone()),
            user: self.record.user,
            console: Arc::clone(&self.console),
            desk: Arc::clone(&self.desk),
            progress: self.progress.clone(),
            cancel,
        }
    }

    /// The state, for those who act on it.
    pub(crate) const fn state(&self) -> &State {
        &self.record.state
    }
}

/// Waits for news, but not before this moment.
async fn news(progress: &mut watch::Receiver<Option<Progress>>, not_before: Instant) -> bool {
    tokio::time::sleep_until(not_before).await;
    progress.changed().await.is_ok()
}

fn log_step(before: &ServerRecord, after: &ServerRecord) {
    let (from, to) = (before.state.phase.name(), after.state.phase.name());
    if from != to {
        tracing::info!(server.id = %after.desired.id, from, to, "the server's phase changed");
    }
}
