//! `step`: one event in, the next state and what to do out.
//!
//! Each step first takes in what happened ([`Turn::hear`]) and then moves towards the goal until nothing more can be
//! done at once ([`Turn::advance`]). Work that takes time (installing, starting, removing) holds its phase until its
//! own answer has come, even when it was called off: that is what makes a second container, or an installation under a
//! running game, impossible.
//!
//! The edges between phases, as `the_drawing_above_the_machine_is_the_machine` finds them by walking it:
//!
//! ```text
//! uninstalled      ┬─ install ─▶ installing
//!                  ├─ restore ─▶ restoring
//!                  └─ delete ─▶ removing
//! installing       ┬─ cancelled, failed ─▶ uninstalled
//!                  ├─ call-off, delete, install, kill, restore, stop ─▶ aborting-install
//!                  ├─ installed ─▶ offline
//!                  └─ installed ─▶ preparing
//! aborting-install ┬─ cancelled, failed ─▶ uninstalled
//!                  ├─ cancelled, failed, installed ─▶ installing
//!                  ├─ cancelled, failed, installed ─▶ restoring
//!                  ├─ installed ─▶ offline
//!                  ├─ installed ─▶ preparing
//!                  └─ cancelled, failed, installed ─▶ removing
//! restoring        ┬─ cancelled, failed ─▶ uninstalled
//!                  ├─ call-off, delete, install, kill, restore, stop ─▶ aborting-restore
//!                  ├─ cancelled, failed, restored ─▶ offline
//!                  └─ cancelled, failed, restored ─▶ preparing
//! aborting-restore ┬─ cancelled, failed ─▶ uninstalled
//!                  ├─ cancelled, failed, restored ─▶ installing
//!                  ├─ cancelled, failed, restored ─▶ restoring
//!                  ├─ cancelled, failed, restored ─▶ offline
//!                  ├─ cancelled, failed, restored ─▶ preparing
//!                  └─ cancelled, failed, restored ─▶ removing
//! offline          ┬─ install ─▶ installing
//!                  ├─ restore ─▶ restoring
//!                  ├─ restart, start ─▶ preparing
//!                  └─ delete ─▶ removing
//! preparing        ┬─ delete, hold, install, kill, restart, restore, stop ─▶ aborting-start
//!                  ├─ started ─▶ starting
//!                  ├─ failed ─▶ backing-off
//!                  └─ failed ─▶ given-up
//! aborting-start   ┬─ cancelled, failed ─▶ installing
//!                  ├─ cancelled, failed ─▶ restoring
//!                  ├─ cancelled, failed ─▶ offline
//!                  ├─ cancelled, failed ─▶ preparing
//!                  ├─ started ─▶ killing
//!                  └─ cancelled, failed ─▶ removing
//! starting         ┬─ ready ─▶ running
//!                  ├─ hold, install, restart, restore, stop ─▶ stopping
//!                  ├─ delete, kill ─▶ killing
//!                  ├─ exit ─▶ backing-off
//!                  └─ exit ─▶ given-up
//! running          ┬─ hold, install, restart, restore, stop ─▶ stopping
//!                  ├─ delete, kill ─▶ killing
//!                  ├─ exit ─▶ backing-off
//!                  └─ exit ─▶ given-up
//! stopping         ┬─ exit ─▶ installing
//!                  ├─ exit ─▶ restoring
//!                  ├─ exit ─▶ offline
//!                  ├─ exit ─▶ preparing
//!                  └─ delete, kill, time ─▶ killing
//! killing          ┬─ exit ─▶ installing
//!                  ├─ exit ─▶ restoring
//!                  ├─ exit ─▶ offline
//!                  ├─ exit ─▶ preparing
//!                  └─ exit ─▶ removing
//! backing-off      ┬─ install ─▶ installing
//!                  ├─ restore ─▶ restoring
//!                  ├─ hold, kill, stop ─▶ offline
//!                  ├─ restart, start, time ─▶ preparing
//!                  └─ delete ─▶ removing
//! given-up         ┬─ install ─▶ installing
//!                  ├─ restore ─▶ restoring
//!                  ├─ hold, kill, stop ─▶ offline
//!                  ├─ restart, start ─▶ preparing
//!                  └─ delete ─▶ removing
//! removing         ── removed ─▶ deleted
//! deleted          ■
//! ```

mod approach;
mod intent;
mod outcome;
mod words;

use crate::{Effect, Event, Moment, Outcome, Phase, State, Timer};
use gantry_types::problem::Code;
use words::fail;

/// After this a kill that did not show is repeated.
pub const KILL_PATIENCE_MS: u64 = 10_000;
/// After so many kills the operation fails; the kills go on.
pub const KILLS_PER_OPERATION: u32 = 3;
/// After this a failed removal is tried again.
pub const REMOVE_PAUSE_MS: u64 = 30_000;
/// The longest that one stop step may wait.
pub const LONGEST_STOP_WAIT_MS: u32 = 600_000;

/// The next state and what to do, in order.
pub fn step(state: &State, at: Moment, event: Event) -> (State, Vec<Effect>) {
    let mut turn = Turn { state: state.clone(), at, effects: Vec::new() };
    turn.hear(event);
    while turn.advance() {}
    (turn.state, turn.effects)
}

/// A state on its way to the next one, with what that takes.
struct Turn {
    state: State,
    at: Moment,
    effects: Vec<Effect>,
}

impl Turn {
    fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn say(&mut self, text: impl Into<String>) {
        self.push(Effect::Say(text.into()));
    }

    fn set(&mut self, timer: Timer, after_ms: u64) {
        self.push(Effect::SetTimer { timer, after_ms });
    }

    fn enter(&mut self, phase: Phase, reason: Option<String>) {
        self.state.phase = phase;
        self.state.since = self.at;
        self.state.reason = reason;
        if !phase.has_process() {
            self.state.process = None;
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Intent { desired, holds, operation } => self.intend(desired, holds, operation),
            Event::Restored(found) => self.restore(found),
            Event::Installed => self.installed(),
            Event::InstallFailed(failure) => self.install_ended(Outcome::Failed(failure)),
            Event::InstallCancelled => self.install_ended(Outcome::Cancelled),
            Event::BackupRestored => self.backup_restored(),
            Event::RestoreFailed(failure) => self.restore_ended(Outcome::Failed(failure)),
            Event::RestoreCancelled => self.restore_ended(Outcome::Cancelled),
            Event::Started(process) => self.started(process),
            Event::StartFailed(failure) => self.start_failed(failure),
            Event::StartCancelled => self.start_cancelled(),
            Event::Ready => self.ready(),
            Event::Exited(exit) => self.exited(exit),
            Event::Removed => self.removed(),
            Event::RemoveFailed(failure) => self.remove_failed(failure),
            Event::Timer(timer) => self.rang(timer),
        }
    }

    fn rang(&mut self, timer: Timer) {
        match (timer, self.state.phase) {
            (Timer::Ready, Phase::Starting) => self.probes_took_too_long(),
            (Timer::StopStep, Phase::Stopping { next_step }) => self.take_stop_steps(next_step),
            (Timer::Kill, Phase::Killing { attempts }) => self.kill_again(attempts),
            (Timer::BackOff, Phase::BackingOff { .. }) => self.enter(Phase::Offline, None),
            (Timer::Remove, Phase::Removing) => self.push(Effect::Remove),
            (Timer::Ready | Timer::StopStep | Timer::Kill | Timer::BackOff | Timer::Remove, _) => {}
        }
    }

    /// The process is left alone: a slow world generation is not helped by starting over. Probing goes on.
    fn probes_took_too_long(&mut self) {
        let timeout = self.state.process.as_ref().map_or(0, |process| process.ready_timeout_ms);
        let what = format!("It was not ready after {} s; it is left running and probed on", timeout / 1_000);
        self.say(what.clone());
        self.state.reason = Some(what.clone());
        self.finish_start(Outcome::Failed(fail(Code::DeadlineExceeded, &what)));
    }

    fn kill_again(&mut self, attempts: u32) {
        if attempts >= KILLS_PER_OPERATION {
            self.finish(Outcome::Failed(fail(
                Code::DeadlineExceeded,
                "the process did not end when it was killed",
            )));
        }
        self.kill(attempts.saturating_add(1));
    }
}
