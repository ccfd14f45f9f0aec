//! What came of the work: installed or not, started or not, ended as asked or by itself, removed or not.

use super::{
    KILL_PATIENCE_MS, LONGEST_STOP_WAIT_MS, REMOVE_PAUSE_MS, Turn,
    intent::is_work_on_files,
    words::{describe, fail, lament, remedy_for},
};
use crate::{
    Effect, Exit, Found, Ground, Outcome, Phase, Process, Stage, Timer, Verdict,
    goal::{Goal, goal},
};
use gantry_types::{operation::OperationFailure, plan::StopStep, problem::Code};

impl Turn {
    pub(super) fn restore(&mut self, found: Found) {
        match self.state.phase {
            Phase::Installing(_) | Phase::AbortingInstall => self.enter(Phase::Uninstalled, None),
            Phase::Restoring { before, .. } | Phase::AbortingRestore { before } => {
                self.enter(on(before), None);
            }
            Phase::Removing => self.push(Effect::Remove),
            Phase::Uninstalled | Phase::Deleted => {}
            Phase::Offline
            | Phase::Preparing
            | Phase::AbortingStart
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Killing { .. }
            | Phase::BackingOff { .. }
            | Phase::GivenUp => self.look_at(found),
        }
    }

    pub(super) fn look_at(&mut self, found: Found) {
        match found {
            Found::Running(process) => self.adopt(process),
            Found::Exited(exit) if self.state.phase.has_process() => {
                self.say(format!("The process ended while the daemon was away ({}).", describe(&exit)));
                self.enter(Phase::Offline, None);
            }
            Found::Nothing if self.state.phase.has_process() => {
                self.say("The container was gone when the daemon came up.");
                self.enter(Phase::Offline, None);
            }
            Found::Exited(_) | Found::Nothing => self.resume_without_process(),
        }
    }

    pub(super) fn resume_without_process(&mut self) {
        if let Phase::BackingOff { until } = self.state.phase {
            self.set(Timer::BackOff, until.saturating_sub(self.at));
        } else if matches!(self.state.phase, Phase::Preparing | Phase::AbortingStart) {
            self.enter(Phase::Offline, None);
        }
    }

    pub(super) fn adopt(&mut self, process: Process) {
        let ready = self.state.phase == Phase::Running;
        self.state.process = Some(process);
        self.push(Effect::Adopt);
        if ready {
            return;
        }
        self.enter(Phase::Starting, None);
        self.push(Effect::Probe);
        self.allow_time_for_probes();
    }

    pub(super) fn installed(&mut self) {
        if matches!(self.state.phase, Phase::Installing(_) | Phase::AbortingInstall) {
            self.enter(Phase::Offline, None);
            self.finish_work_on_files(Outcome::Succeeded);
        }
    }

    pub(super) fn install_ended(&mut self, outcome: Outcome) {
        if matches!(self.state.phase, Phase::Installing(_)) {
            let reason = match &outcome {
                Outcome::Failed(failure) => Some(failure.message.clone()),
                Outcome::Running | Outcome::Succeeded | Outcome::Cancelled => None,
            };
            self.enter(Phase::Uninstalled, reason);
            self.finish_work_on_files(outcome);
        } else if self.state.phase == Phase::AbortingInstall {
            self.enter(Phase::Uninstalled, None);
        }
    }

    pub(super) fn backup_restored(&mut self) {
        if matches!(self.state.phase, Phase::Restoring { .. } | Phase::AbortingRestore { .. }) {
            self.enter(Phase::Offline, None);
            self.finish_work_on_files(Outcome::Succeeded);
        }
    }

    pub(super) fn restore_ended(&mut self, outcome: Outcome) {
        if let Phase::Restoring { before, .. } = self.state.phase {
            self.enter(on(before), None);
            self.finish_work_on_files(outcome);
        } else if let Phase::AbortingRestore { before } = self.state.phase {
            self.enter(on(before), None);
        }
    }

    pub(super) fn finish_work_on_files(&mut self, outcome: Outcome) {
        let at_work = self
            .state
            .operation
            .is_some_and(|operation| is_work_on_files(operation.kind) && operation.stage == Stage::Work);
        if at_work {
            self.finish(outcome);
        }
    }

    pub(super) fn started(&mut self, process: Process) {
        match self.state.phase {
            Phase::Preparing => {
                self.state.process = Some(process);
                self.enter(Phase::Starting, None);
                self.push(Effect::Probe);
                self.allow_time_for_probes();
            }
            Phase::AbortingStart => {
                self.state.process = Some(process);
                self.kill(1);
            }
            Phase::Uninstalled
            | Phase::Installing(_)
            | Phase::AbortingInstall
            | Phase::Restoring { .. }
            | Phase::AbortingRestore { .. }
            | Phase::Offline
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Killing { .. }
            | Phase::BackingOff { .. }
            | Phase::GivenUp
            | Phase::Removing
            | Phase::Deleted => {}
        }
    }

    pub(super) fn allow_time_for_probes(&mut self) {
        let timeout = self.state.process.as_ref().map_or(0, |process| process.ready_timeout_ms);
        if timeout > 0 {
            self.set(Timer::Ready, u64::from(timeout));
        }
    }

    pub(super) fn start_failed(&mut self, failure: OperationFailure) {
        if self.state.phase == Phase::Preparing {
            let reason = in_words(&failure);
            self.finish_start(Outcome::Failed(failure));
            self.ended_by_itself(&format!("It did not start: {reason}"), None, 0);
        } else {
            self.start_cancelled();
        }
    }

    pub(super) fn start_cancelled(&mut self) {
        if matches!(self.state.phase, Phase::Preparing | Phase::AbortingStart) {
            self.enter(Phase::Offline, None);
        }
    }

    pub(super) fn ready(&mut self) {
        if self.state.phase == Phase::Starting {
            self.push(Effect::ClearTimer(Timer::Ready));
            self.enter(Phase::Running, None);
            self.say("The server is ready.");
        }
    }

    pub(super) fn exited(&mut self, exit: Exit) {
        match self.state.phase {
            Phase::Starting | Phase::Running => self.crashed(exit),
            Phase::Stopping { .. } => {
                self.push(Effect::ClearTimer(Timer::StopStep));
                self.enter(Phase::Offline, None);
                self.say(format!("The server stopped ({}).", describe(&exit)));
            }
            Phase::Killing { .. } => {
                self.push(Effect::ClearTimer(Timer::Kill));
                self.enter(Phase::Offline, None);
                self.say("The server was killed.");
            }
            Phase::Uninstalled
            | Phase::Installing(_)
            | Phase::AbortingInstall
            | Phase::Restoring { .. }
            | Phase::AbortingRestore { .. }
            | Phase::Offline
            | Phase::Preparing
            | Phase::AbortingStart
            | Phase::BackingOff { .. }
            | Phase::GivenUp
            | Phase::Removing
            | Phase::Deleted => {}
        }
    }

    pub(super) fn crashed(&mut self, exit: Exit) {
        let ran =
            if self.state.phase == Phase::Running { self.at.saturating_sub(self.state.since) } else { 0 };
        self.push(Effect::ClearTimer(Timer::Ready));
        let what = lament(&exit);
        let mut failure = fail(Code::Conflict, &what);
        failure.code = if exit.out_of_memory { "out_of_memory" } else { "process_ended" }.to_owned();
        failure.remedy = Some(remedy_for(&exit).to_owned());
        self.finish_start(Outcome::Failed(failure));
        let remedy = exit.cause.and_then(|cause| cause.remedy);
        self.ended_by_itself(&what, remedy.as_deref(), ran);
    }

    /// Waits before the next start, or gives up; nothing of that matters if nobody wants it to run.
    pub(super) fn ended_by_itself(&mut self, what: &str, remedy: Option<&str>, ran_ms: u64) {
        let with_remedy = |text: String| remedy.map(|remedy| format!("{text}. {remedy}")).unwrap_or(text);
        if goal(&self.state) != Goal::Up {
            let reason = with_remedy(what.to_owned());
            self.say(reason.clone());
            self.enter(Phase::Offline, Some(reason));
            return;
        }
        match self.state.crashes.record(self.at, ran_ms) {
            Verdict::RetryAfter(pause) => {
                let reason = with_remedy(format!("{what}; restarting in {} s", pause / 1_000));
                self.say(reason.clone());
                self.enter(Phase::BackingOff { until: self.at.saturating_add(pause) }, Some(reason));
                self.set(Timer::BackOff, pause);
            }
            Verdict::GiveUp => {
                let times = crate::GIVE_UP_AFTER;
                let reason = with_remedy(format!("{what}; given up after {times} times in 10 minutes"));
                self.say(reason.clone());
                self.enter(Phase::GivenUp, Some(reason));
            }
        }
    }

    pub(super) fn kill(&mut self, attempts: u32) {
        self.enter(Phase::Killing { attempts }, None);
        self.push(Effect::Kill);
        self.set(Timer::Kill, KILL_PATIENCE_MS);
    }

    /// Takes stop steps until one waits; kills when there are no more.
    pub(super) fn take_stop_steps(&mut self, from: u32) {
        let steps = self.state.process.as_ref().map(|process| process.stop.clone()).unwrap_or_default();
        let mut index = from;
        while let Some(step) = steps.get(index as usize) {
            index += 1;
            match step {
                StopStep::Console { command } => self.push(Effect::Type(command.clone())),
                StopStep::Signal { signal } => self.push(Effect::Signal(signal.clone())),
                StopStep::Interrupt => self.push(Effect::Interrupt),
                StopStep::Action { id } => self.push(Effect::Act(id.clone())),
                StopStep::Wait { ms } => {
                    self.state.phase = Phase::Stopping { next_step: index };
                    self.set(Timer::StopStep, u64::from((*ms).min(LONGEST_STOP_WAIT_MS)));
                    return;
                }
            }
        }
        self.say("The server did not stop in its time and is killed.");
        self.kill(1);
    }

    pub(super) fn rest_from_crash(&mut self) {
        match self.state.phase {
            Phase::BackingOff { .. } => {
                self.push(Effect::ClearTimer(Timer::BackOff));
                self.enter(Phase::Offline, None);
            }
            Phase::GivenUp => self.enter(Phase::Offline, None),
            Phase::Uninstalled
            | Phase::Installing(_)
            | Phase::AbortingInstall
            | Phase::Restoring { .. }
            | Phase::AbortingRestore { .. }
            | Phase::Offline
            | Phase::Preparing
            | Phase::AbortingStart
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Killing { .. }
            | Phase::Removing
            | Phase::Deleted => {}
        }
    }

    pub(super) fn removed(&mut self) {
        if self.state.phase == Phase::Removing {
            self.enter(Phase::Deleted, None);
            self.finish(Outcome::Succeeded);
        }
    }

    pub(super) fn remove_failed(&mut self, failure: OperationFailure) {
        if self.state.phase == Phase::Removing {
            self.state.reason = Some(format!("Deleting failed: {}; trying again", failure.message));
            self.finish(Outcome::Failed(failure));
            self.set(Timer::Remove, REMOVE_PAUSE_MS);
        }
    }
}

/// Where a server is whose restore did not come to its end.
const fn on(before: Ground) -> Phase {
    match before {
        Ground::Bare => Phase::Uninstalled,
        Ground::Installed => Phase::Offline,
    }
}

/// What failed and what to do, as the beginning of a sentence.
fn in_words(failure: &OperationFailure) -> String {
    let message = failure.message.trim_end_matches('.');
    match failure.remedy.as_deref() {
        Some(remedy) => format!("{message}. {}", remedy.trim_end_matches('.')),
        None => message.to_owned(),
    }
}
