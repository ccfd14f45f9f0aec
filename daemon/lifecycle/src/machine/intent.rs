//! What people want, taken in: which requests are refused, which supersede, which are called off.

use super::{
    Turn,
    words::{fail, gone, held},
};
use crate::{Asked, Effect, Operation, Outcome, Phase, Request, Stage};
use gantry_types::{
    OperationId,
    operation::{OperationFailure, OperationKind},
    problem::Code,
    server::{Desired, Hold},
};

impl Turn {
    pub(super) fn intend(&mut self, desired: Desired, holds: Vec<Hold>, asked: Asked) {
        if self.state.phase == Phase::Deleted {
            if let Asked::New(request) = asked {
                self.tell(request.id, request.kind, Outcome::Running);
                let outcome = if request.kind == OperationKind::Delete { Outcome::Succeeded } else { gone() };
                self.tell(request.id, request.kind, outcome);
            }
            return;
        }
        self.state.desired = desired;
        self.state.holds = holds;
        match asked {
            Asked::New(request) => self.accept(request),
            Asked::Known => {}
            Asked::Nothing => self.call_off_work_on_files(),
        }
        self.call_off_what_is_forbidden();
    }

    pub(super) fn accept(&mut self, request: Request) {
        if self.state.operation.is_some_and(|current| current.id == request.id) {
            return;
        }
        self.tell(request.id, request.kind, Outcome::Running);
        if let Some(failure) = self.refusal(&request) {
            self.tell(request.id, request.kind, Outcome::Failed(failure));
            return;
        }
        self.finish(Outcome::Cancelled);
        self.state.operation = Some(Operation { id: request.id, kind: request.kind, stage: Stage::Lower });
        if matches!(request.kind, OperationKind::Start | OperationKind::Restart) {
            self.state.crashes.forget();
            self.rest_from_crash();
        }
        if request.kind == OperationKind::Start && self.state.phase == Phase::Starting {
            self.allow_time_for_probes();
        }
    }

    /// Why a request cannot even begin.
    pub(super) fn refusal(&self, request: &Request) -> Option<OperationFailure> {
        if self.at > request.deadline {
            return Some(fail(Code::DeadlineExceeded, "the request arrived after its deadline"));
        }
        let wants_up = matches!(request.kind, OperationKind::Start | OperationKind::Restart);
        let wants_files = is_work_on_files(request.kind);
        if self.state.desired == Desired::Deleted && request.kind != OperationKind::Delete {
            return Some(fail(Code::Conflict, "the server is being deleted"));
        }
        if (wants_up || wants_files) && self.state.is_held() {
            return Some(held(&self.state.holds));
        }
        if wants_up && self.state.desired == Desired::Stopped {
            return Some(fail(Code::Conflict, "the server is meant to be stopped"));
        }
        if !wants_up {
            return None;
        }
        match self.state.phase {
            Phase::Uninstalled => Some(fail(Code::NotInstalled, "the server is not installed")),
            Phase::Installing(_) | Phase::AbortingInstall => {
                Some(fail(Code::OperationInProgress, "the server is being installed"))
            }
            Phase::Restoring { .. } | Phase::AbortingRestore { .. } => {
                Some(fail(Code::OperationInProgress, "a backup is being restored"))
            }
            Phase::Removing | Phase::Deleted => Some(fail(Code::Conflict, "the server is being deleted")),
            Phase::Offline
            | Phase::Preparing
            | Phase::AbortingStart
            | Phase::Starting
            | Phase::Running
            | Phase::Stopping { .. }
            | Phase::Killing { .. }
            | Phase::BackingOff { .. }
            | Phase::GivenUp => None,
        }
    }

    /// The installation or the restore ends where it is. Without an operation what is desired decides, and that never installs.
    pub(super) fn call_off_work_on_files(&mut self) {
        if self.state.operation.is_some_and(|operation| is_work_on_files(operation.kind)) {
            self.finish(Outcome::Cancelled);
        }
    }

    /// An operation that was accepted ends when a later wish forbids it.
    pub(super) fn call_off_what_is_forbidden(&mut self) {
        let Some(operation) = self.state.operation else { return };
        let wants_up = matches!(operation.kind, OperationKind::Start | OperationKind::Restart);
        if self.state.desired == Desired::Deleted && operation.kind != OperationKind::Delete {
            self.finish(Outcome::Cancelled);
        } else if wants_up && self.state.is_held() {
            let failure = held(&self.state.holds);
            self.finish(Outcome::Failed(failure));
        } else if wants_up && self.state.desired == Desired::Stopped {
            self.finish(Outcome::Cancelled);
        }
    }

    pub(super) fn tell(&mut self, id: OperationId, kind: OperationKind, outcome: Outcome) {
        self.push(Effect::Operation { id, kind, outcome });
    }

    /// Ends the operation at work, if there is one.
    pub(super) fn finish(&mut self, outcome: Outcome) {
        if let Some(operation) = self.state.operation.take() {
            self.tell(operation.id, operation.kind, outcome);
        }
    }

    /// Ends a start or restart that has come to its own work.
    pub(super) fn finish_start(&mut self, outcome: Outcome) {
        if self.is_starting_operation() {
            self.finish(outcome);
        }
    }

    pub(super) fn is_starting_operation(&self) -> bool {
        self.state.operation.is_some_and(|operation| match (operation.kind, operation.stage) {
            (OperationKind::Start, _) | (OperationKind::Restart, Stage::Work) => true,
            (OperationKind::Restart, Stage::Lower)
            | (
                OperationKind::Install
                | OperationKind::Reinstall
                | OperationKind::Restore
                | OperationKind::Stop
                | OperationKind::Kill
                | OperationKind::Delete,
                _,
            ) => false,
        })
    }
}

/// Whether a kind of operation has the files to itself and leaves alone whether the game is to run.
pub(super) const fn is_work_on_files(kind: OperationKind) -> bool {
    match kind {
        OperationKind::Install | OperationKind::Reinstall | OperationKind::Restore => true,
        OperationKind::Start
        | OperationKind::Stop
        | OperationKind::Restart
        | OperationKind::Kill
        | OperationKind::Delete => false,
    }
}
