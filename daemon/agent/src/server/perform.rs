//! Doing what the machine asks for.

use super::{
    Deed, Reading,
    follow::{Follower, Typed},
    hand::Hand,
    probe, refusal, start,
    supervisor::{Duty, Live, Report, Supervisor},
    telemetry::{self, Board, Hearing},
    terms::{closed, excluded},
    work::Work,
};
use crate::{
    backups,
    failure::{chain, internal, of_files, of_runtime},
    install,
};
use chrono::{DateTime, Utc};
use gantry_lifecycle::{Effect, Event, Exit, Phase};
use gantry_protocol::{ConsoleCommand, Refusal, RefusalCode};
use gantry_runtime::{ContainerId, RuntimeError};
use gantry_types::{action::Availability, operation::OperationFailure};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedRwLockReadGuard, OwnedSemaphorePermit, mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// Commands that may wait for the game to read them.
const INPUT_LINES: usize = 32;
/// What a terminal sends for Control-C.
const INTERRUPT: &str = "SIGINT";
/// Lines that may wait to be understood.
const MEANING_LINES: usize = 2_048;

impl Supervisor {
    pub(super) async fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Install(operation) => {
                let work = self.fresh_work();
                let hands = Arc::clone(&self.hands);
                self.begin(Duty::Install, async move {
                    let _alone = hands.write().await;
                    Report::Work(install::install(work, operation).await)
                });
            }
            Effect::RestoreBackup(operation) => {
                let work = self.fresh_work();
                let hands = Arc::clone(&self.hands);
                self.begin(Duty::Restore, async move {
                    let _alone = hands.write().await;
                    Report::Work(backups::restore(work, operation).await)
                });
            }
            Effect::Start => {
                let work = self.fresh_work();
                self.begin(Duty::Start, async move { Report::Start(Box::new(start::start(work).await)) });
            }
            Effect::Remove => {
                let work = self.fresh_work();
                let hands = Arc::clone(&self.hands);
                self.begin(Duty::Remove, async move {
                    // What is being done was told to end; a directory must not go while somebody writes into it.
                    let _alone = hands.write().await;
                    Report::Work(remove(work).await)
                });
            }
            Effect::CancelInstall | Effect::CancelRestore | Effect::CancelStart => self.calling_off.cancel(),
            Effect::Probe => self.probe(),
            Effect::Adopt => self.watch_process(self.console.last_output()),
            Effect::Type(command) => self.type_line(command),
            Effect::Signal(signal) => self.signal(signal),
            Effect::Interrupt => self.interrupt(),
            Effect::Act(action) => self.act(action),
            Effect::Kill => self.kill(),
            Effect::SetTimer { timer, after_ms } => {
                let wait = self.shared.clock.wait(Duration::from_millis(after_ms));
                self.timers.insert(timer, Instant::now() + wait);
            }
            Effect::ClearTimer(timer) => drop(self.timers.remove(&timer)),
            Effect::Say(text) => self.console.say(self.shared.clock.now(), &text),
            // Told to others with the step itself.
            Effect::Operation { .. } => {}
        }
    }

    fn fresh_work(&mut self) -> Work {
        self.calling_off = CancellationToken::new();
        self.work(self.calling_off.clone())
    }

    fn begin(&mut self, duty: Duty, task: impl Future<Output = Report> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.duties.insert(id, duty);
    }

    /// A handle on a container's process, with nobody watching it yet.
    pub(super) fn live_container(&self, container: ContainerId) -> Live {
        let (input, _) = mpsc::channel(1);
        let (ready, _) = watch::channel(self.state().phase == Phase::Running);
        Live { container, input, token: CancellationToken::new(), ready, said_ready: Arc::default() }
    }

    /// Spawns all that lives as long as the process.
    pub(super) fn watch_process(&mut self, after: Option<DateTime<Utc>>) {
        let Some(live) = self.live.as_mut() else { return };
        let (input, to_type) = mpsc::channel(INPUT_LINES);
        live.input = input;
        let (container, token, ready) = (live.container.clone(), live.token.clone(), live.ready.subscribe());
        let said_ready = Arc::clone(&live.said_ready);
        let work = self.work(token.clone());
        let hearing = if after.is_none() { Hearing::FromTheStart } else { Hearing::Midway };
        let board = Arc::new(Board::new(said_ready, self.players.clone(), hearing));
        let (meaning, lines) = mpsc::channel(MEANING_LINES);
        let follower =
            Follower { work: work.clone(), container: container.clone(), after, input: to_type, meaning };
        let last_words = Arc::clone(&board);
        self.begin(Duty::Follow, async move {
            let exit = follower.follow().await;
            Report::Exited(Exit { cause: last_words.cause().await, ..exit })
        });
        self.beside(&token, telemetry::statistics(work.clone(), container, Arc::clone(&board)));
        self.beside(&token, telemetry::disk(work.clone(), Arc::clone(&board)));
        self.beside(&token, telemetry::collect(work.clone(), Arc::clone(&board), ready));
        self.beside(&token, telemetry::meaning(work, board, lines));
    }

    fn beside(&mut self, token: &CancellationToken, task: impl Future<Output = ()> + Send + 'static) {
        let token = token.clone();
        self.tasks.spawn(async move {
            token.run_until_cancelled(task).await;
            Report::Nothing
        });
    }

    pub(super) fn probe(&mut self) {
        let (Some(live), Some(run)) = (&self.live, &self.record.run) else {
            self.tasks.spawn(async { Report::Ready });
            return;
        };
        let (probes, first_line, token) = (run.spec.ready.clone(), run.first_line, live.token.clone());
        let said_ready = Arc::clone(&live.said_ready);
        let work = self.work(token.clone());
        self.tasks.spawn(async move {
            let ready = async {
                tokio::select! {
                    () = probe::until_ready(work, probes, first_line) => {}
                    () = said_ready.notified() => {}
                }
            };
            let passed = token.run_until_cancelled(ready).await;
            passed.map_or(Report::Nothing, |()| Report::Ready)
        });
    }

    fn type_line(&self, command: String) {
        let Some(live) = &self.live else { return };
        self.console.command(self.shared.clock.now(), "gantry", &command, self.has_terminal());
        if live.input.try_send(Typed::Line(command)).is_err() {
            self.console.say(self.shared.clock.now(), "The command could not be given to the game.");
        }
    }

    /// Without a terminal no character means anything, and only the signal is left.
    fn interrupt(&mut self) {
        let Some(live) = self.live.as_ref().filter(|_| self.has_terminal()) else {
            return self.signal(INTERRUPT.to_owned());
        };
        if live.input.try_send(Typed::Interrupt).is_err() {
            self.signal(INTERRUPT.to_owned());
        }
    }

    /// What reaches the process that runs, if one does.
    pub(super) fn hand(&self) -> Hand {
        let live = self.live.as_ref().filter(|_| self.state().phase.has_process());
        // Ends with the process, and by itself.
        let token = live.map_or_else(CancellationToken::new, |live| live.token.child_token());
        let input = live.map(|live| live.input.clone());
        Hand::new(self.work(token), input, self.has_terminal())
    }

    /// Something that somebody does with the hand, unless the server's state excludes it or too much waits for the game
    /// already.
    pub(super) fn do_deed(&mut self, available: Availability, deed: Deed) {
        let admitted = self.admit(available);
        if let Ok((_, _, hand)) = &admitted {
            self.deeds.retain(|(_, ended)| !ended.is_cancelled());
            self.deeds.push((available, hand.ended()));
        }
        self.tasks.spawn(async move {
            match admitted {
                Ok((place, turn, hand)) => {
                    // Whatever becomes of it, nobody has to end it any more.
                    let _done = hand.ended().drop_guard();
                    deed(Ok(hand)).await;
                    drop((place, turn));
                }
                Err(refusal) => deed(Err(refusal)).await,
            }
            Report::Nothing
        });
    }

    fn admit(
        &self,
        available: Availability,
    ) -> Result<(OwnedSemaphorePermit, OwnedRwLockReadGuard<()>, Hand), Refusal> {
        if let Some(why) = excluded(&self.record, available) {
            return Err(refusal(RefusalCode::Busy, why));
        }
        let turn = Arc::clone(&self.hands).try_read_owned();
        let turn = turn.map_err(|_| refusal(RefusalCode::Busy, "The server's files are not free yet."))?;
        let place = Arc::clone(&self.places).try_acquire_owned();
        let busy = |_| refusal(RefusalCode::Busy, "too much waits for this game already; try again later");
        Ok((place.map_err(busy)?, turn, self.hand()))
    }

    /// Ends what the server's state excludes by now.
    pub(super) fn end_deeds(&mut self) {
        let Self { deeds, record, .. } = self;
        deeds.retain(|(available, ended)| {
            if excluded(record, *available).is_some() {
                ended.cancel();
            }
            !ended.is_cancelled()
        });
        let closed = closed(record).is_some();
        self.readings.retain(|ended| {
            if closed {
                ended.cancel();
            }
            !ended.is_cancelled()
        });
    }

    /// Lets somebody read all files, unless something has them to itself.
    pub(super) fn read(&mut self) -> Result<Reading, Refusal> {
        let busy = |why: &str| refusal(RefusalCode::Busy, why);
        if let Some(why) = closed(&self.record) {
            return Err(busy(why));
        }
        if self.record.state.phase == Phase::Uninstalled {
            return Err(busy("The game is not installed."));
        }
        let turn = Arc::clone(&self.hands).try_read_owned();
        let turn = turn.map_err(|_| busy("The server's files are not free yet."))?;
        let cancel = CancellationToken::new();
        // Those that have ended would pile up while the server takes no step.
        self.readings.retain(|ended| !ended.is_cancelled());
        self.readings.push(cancel.clone());
        let _done = cancel.clone().drop_guard();
        Ok(Reading { work: self.work(cancel), _turn: turn, _done })
    }

    /// An action that stops the game. What comes of it shows in the game; the next stop step does not wait for it.
    fn act(&mut self, action: String) {
        // Nothing has the server to itself while a game runs that could be stopped.
        let (hand, turn) = (self.hand(), Arc::clone(&self.hands).try_read_owned());
        self.tasks.spawn(async move {
            let Ok(_turn) = turn else { return Report::Nothing };
            if let Err(not) = hand.act(&action, &[], Vec::new(), "gantry").await {
                hand.say(&format!("The action {action:?} could not be done: {}", not.failure.message));
            }
            Report::Nothing
        });
    }

    /// A command by way of the plugin, whose answer is shown where it would be if the game read it itself.
    pub(super) fn hand_over(&mut self, command: ConsoleCommand) {
        self.console.command(self.shared.clock.now(), &command.actor, &command.command, false);
        let (hand, turn) = (self.hand(), Arc::clone(&self.hands).try_read_owned());
        self.tasks.spawn(async move {
            let Ok(_turn) = turn else { return Report::Nothing };
            hand.send_command(&command.command).await;
            Report::Nothing
        });
    }

    fn signal(&mut self, signal: String) {
        let Some(live) = &self.live else { return };
        let (container, work) = (live.container.clone(), self.work(live.token.clone()));
        self.tasks.spawn(async move {
            let sent = work.shared.runtime.signal(&container, &signal).await;
            note(&work, "a signal could not be sent", sent);
            Report::Nothing
        });
    }

    /// The limit of the disk holds at once; the others with the next start.
    pub(super) fn limit_disk(&mut self) {
        let work = self.work(CancellationToken::new());
        self.tasks.spawn(async move {
            work.limit_disk().await;
            Report::Nothing
        });
    }

    fn kill(&mut self) {
        let Some(live) = &self.live else { return };
        let (container, work) = (live.container.clone(), self.work(live.token.clone()));
        self.tasks.spawn(async move {
            let killed = work.shared.runtime.kill(&container).await;
            note(&work, "a process could not be killed", killed);
            Report::Nothing
        });
    }
}

/// A process that has ended meanwhile is what was wanted.
fn note(work: &Work, what: &str, result: Result<(), RuntimeError>) {
    match result {
        Ok(()) | Err(RuntimeError::NotRunning { .. } | RuntimeError::NoSuchContainer { .. }) => {}
        Err(error) => tracing::warn!(server.id = %work.id(), %error, "{what}"),
    }
}

async fn remove(work: Work) -> Event {
    match delete(&work).await {
        Ok(()) => Event::Removed,
        Err(failure) => Event::RemoveFailed(failure),
    }
}

async fn delete(work: &Work) -> Result<(), OperationFailure> {
    work.shared.runtime.remove_server(work.id()).await.map_err(|error| of_runtime(&error))?;
    work.shared.plugin_traces.forget(work.shared.plugins.host(), work.id()).await;
    let forgotten = work.shared.backups.forget(work.id()).await;
    forgotten.map_err(|error| internal(format!("its backups could not be removed: {}", chain(&error))))?;
    let data = &work.shared.data;
    let remains = work.shared.subvolumes.leave(work.id(), &data.server_files(work.id())).await;
    let (directory, cancel) = (data.server(work.id()), work.cancel.clone());
    let removed =
        tokio::task::spawn_blocking(move || gantry_files::remove_directory(&directory, &cancel)).await;
    removed
        .map_err(|_| internal("deleting the files was interrupted"))?
        .map_err(|error| of_files("remove_failed", &error))?;
    if let Some(remains) = remains {
        remains.tidy(&data.servers()).await;
    }
    Ok(())
}
