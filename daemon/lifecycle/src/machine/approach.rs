//! One move at a time towards the goal.

use super::{
    Turn,
    words::{gone, not_installed},
};
use crate::{
    Effect, Ground, Outcome, Phase, Stage, Timer,
    goal::{Goal, Manner, goal},
};
use gantry_types::{OperationId, operation::OperationKind};

impl Turn {
    /// One move. True when the next one may follow at once.
    pub(super) fn advance(&mut self) -> bool {
        match goal(&self.state) {
            Goal::Gone => self.advance_to_gone(),
            Goal::Installed(operation) => self.advance_to_installed(operation),
            Goal::Restored(operation) => self.advance_to_restored(operation),
            Goal::Down(manner) => self.advance_down(manner),
            Goal::Up => self.advance_up(),
        }
    }

    pub(super) fn advance_to_gone(&mut self) -> bool {
        match self.state.phase {
            Phase::Uninstalled | Phase::Offline => {
                self.enter(Phase::Removing, None);
                self.push(Effect::Remove);
                false
            }
            Phase::Removing | Phase::Deleted => false,
            Phase::Installing(_)
            | Phase::AbortingInstall
            | Phase::Restoring { .. }
            | Phase::AbortingRestore { .. }
            | Phase::Preparing
            | Phase::AbortingStart
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Killing { .. }
            | Phase::BackingOff { .. }
            | Phase::GivenUp => self.lower(Manner::AtOnce),
        }
    }

    pub(super) fn advance_to_installed(&mut self, operation: OperationId) -> bool {
        match self.state.phase {
            Phase::Uninstalled | Phase::Offline => {
                self.enter(Phase::Installing(operation), None);
                self.push(Effect::Install(operation));
                false
            }
            Phase::Installing(at_work) if at_work == operation => false,
            Phase::Removing | Phase::Deleted => {
                self.finish(gone());
                true
            }
            Phase::Installing(_)
            | Phase::AbortingInstall
            | Phase::Restoring { .. }
            | Phase::AbortingRestore { .. }
            | Phase::Preparing
            | Phase::AbortingStart
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Killing { .. }
            | Phase::BackingOff { .. }
            | Phase::GivenUp => self.lower(Manner::Gently),
        }
    }

    pub(super) fn advance_to_restored(&mut self, operation: OperationId) -> bool {
        let before = match self.state.phase {
            Phase::Uninstalled => Ground::Bare,
            Phase::Offline => Ground::Installed,
            Phase::Restoring { operation: at_work, .. } if at_work == operation => return false,
            Phase::Removing | Phase::Deleted => {
                self.finish(gone());
                return true;
            }
            Phase::Installing(_)
            | Phase::AbortingInstall
            | Phase::Restoring { .. }
            | Phase::AbortingRestore { .. }
            | Phase::Preparing
            | Phase::AbortingStart
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Killing { .. }
            | Phase::BackingOff { .. }
            | Phase::GivenUp => return self.lower(Manner::Gently),
        };
        self.enter(Phase::Restoring { operation, before }, None);
        self.push(Effect::RestoreBackup(operation));
        false
    }

    pub(super) fn advance_down(&mut self, manner: Manner) -> bool {
        match self.state.phase {
            Phase::Uninstalled | Phase::Offline => self.reached_the_ground(),
            Phase::Removing | Phase::Deleted => {
                let at_work = self.state.operation.is_some();
                self.finish(gone());
                at_work
            }
            Phase::Installing(_)
            | Phase::AbortingInstall
            | Phase::Restoring { .. }
            | Phase::AbortingRestore { .. }
            | Phase::Preparing
            | Phase::AbortingStart
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Killing { .. }
            | Phase::BackingOff { .. }
            | Phase::GivenUp => self.lower(manner),
        }
    }

    /// There is no process: what only wanted that is done, what wanted it first goes on.
    pub(super) fn reached_the_ground(&mut self) -> bool {
        let Some(operation) = self.state.operation.as_mut() else { return false };
        match operation.kind {
            OperationKind::Install | OperationKind::Reinstall | OperationKind::Restore => {
                operation.stage = Stage::Work;
            }
            OperationKind::Restart if self.state.phase == Phase::Uninstalled => self.finish(not_installed()),
            OperationKind::Restart => operation.stage = Stage::Work,
            OperationKind::Stop | OperationKind::Kill => self.finish(Outcome::Succeeded),
            OperationKind::Start => self.finish(Outcome::Cancelled),
            OperationKind::Delete => return false,
        }
        true
    }

    /// One move towards no process and no work.
    pub(super) fn lower(&mut self, manner: Manner) -> bool {
        match (self.state.phase, manner) {
            (Phase::Installing(_), _) => {
                self.enter(Phase::AbortingInstall, None);
                self.push(Effect::CancelInstall);
                false
            }
            (Phase::Restoring { before, .. }, _) => {
                self.enter(Phase::AbortingRestore { before }, None);
                self.push(Effect::CancelRestore);
                false
            }
            (Phase::Preparing, _) => {
                self.enter(Phase::AbortingStart, None);
                self.push(Effect::CancelStart);
                false
            }
            (Phase::Starting | Phase::Running, Manner::Gently) => {
                self.push(Effect::ClearTimer(Timer::Ready));
                self.enter(Phase::Stopping { next_step: 0 }, None);
                self.say("The server is being stopped.");
                self.take_stop_steps(0);
                false
            }
            (Phase::Starting | Phase::Running, Manner::AtOnce) => {
                self.push(Effect::ClearTimer(Timer::Ready));
                self.kill(1);
                false
            }
            (Phase::Stopping { .. }, Manner::AtOnce) => {
                self.push(Effect::ClearTimer(Timer::StopStep));
                self.kill(1);
                false
            }
            (Phase::BackingOff { .. } | Phase::GivenUp, _) => {
                self.rest_from_crash();
                true
            }
            (Phase::Stopping { .. }, Manner::Gently) => false,
            (
                Phase::Uninstalled
                | Phase::AbortingInstall
                | Phase::AbortingRestore { .. }
                | Phase::Offline
                | Phase::AbortingStart
                | Phase::Killing { .. }
                | Phase::Removing
                | Phase::Deleted,
                _,
            ) => false,
        }
    }

    pub(super) fn advance_up(&mut self) -> bool {
        match self.state.phase {
            Phase::Offline => {
                self.enter(Phase::Preparing, None);
                self.push(Effect::Start);
                false
            }
            Phase::Running => {
                let at_work = self.state.operation.is_some();
                self.finish(Outcome::Succeeded);
                at_work
            }
            Phase::Uninstalled => {
                let at_work = self.state.operation.is_some();
                self.finish(not_installed());
                at_work
            }
            Phase::Installing(_) | Phase::Restoring { .. } => self.lower(Manner::Gently),
            Phase::Removing | Phase::Deleted => {
                let at_work = self.state.operation.is_some();
                self.finish(gone());
                at_work
            }
            Phase::AbortingInstall
            | Phase::AbortingRestore { .. }
            | Phase::Preparing
            | Phase::AbortingStart
            | Phase::Starting
            | Phase::Stopping { .. }
            | Phase::Killing { .. }
            | Phase::BackingOff { .. }
            | Phase::GivenUp => false,
        }
    }
}
