//! What a schedule wants of a server's process: asked for by the node itself, and told to nobody as an operation.
//!
//! People's wishes come down with a generation. What the node decides by itself is written down with its record and told as a
//! decision; until the control plane has heard of it, what comes down and does not know of it does not undo it. A person who asks for
//! power or for the server's end does: that is a later wish.

use super::{supervisor::Supervisor, terms::excluded};
use crate::clock;
use chrono::TimeDelta;
use gantry_lifecycle::{Asked, Event, Outcome, Phase, Request};
use gantry_protocol::{Decision, DesiredServer};
use gantry_types::{
    OperationId, ScheduleId, ScheduleRunId,
    action::Availability,
    operation::OperationKind,
    server::{Desired, PowerAction},
};
use tokio::sync::oneshot;
use uuid::Uuid;

/// It begins at once or not at all.
const TO_BEGIN: TimeDelta = TimeDelta::minutes(1);

/// What came of a wish: words for people, or why it did not come true.
pub(crate) type Told = oneshot::Sender<Result<Option<String>, String>>;

pub(crate) struct Wish {
    pub(crate) action: PowerAction,
    pub(crate) schedule: ScheduleId,
    pub(crate) run: ScheduleRunId,
    pub(crate) told: Told,
}

impl Supervisor {
    /// Takes a wish and tells what came of it once that has shown.
    pub(super) async fn take_wish(&mut self, wish: Wish) {
        let Wish { action, schedule, run, told } = wish;
        // Whoever follows the schedule may have been called off.
        if let Some(why) = excluded(&self.record, Availability::Always) {
            drop(told.send(Err(why.to_owned())));
            return;
        }
        if let Some(already) = self.is_so(action) {
            drop(told.send(Ok(Some(already.to_owned()))));
            return;
        }
        // What people or another schedule asked for comes to its end first.
        if self.state().operation.is_some() {
            drop(told.send(Err("Something else that was asked for is at work.".to_owned())));
            return;
        }
        let (kind, desired) = meant(action);
        let id = OperationId::new(Uuid::now_v7());
        let before = self.record.clone();
        self.record.own = Some(id);
        if self.record.desired.desired != desired {
            self.record.desired.desired = desired;
            self.record.decided.number += 1;
            self.record.decided.unheard = true;
            let (number, generation) = (self.record.decided.number, self.record.desired.generation);
            self.decision = Some(Decision { number, desired, generation, action, schedule, run });
        }
        self.waiter = Some((id, told));
        let deadline = clock::moment(self.shared.clock.now() + TO_BEGIN);
        let asked = Asked::New(Request { id, kind, deadline });
        let holds = self.shared.holds(&self.record, &asked);
        let taken = self.take(Event::Intent { desired, holds, operation: asked }).await;
        self.decision = None;
        if let Err(error) = taken {
            tracing::error!(server.id = %before.desired.id, error = crate::failure::chain(&error), "the ledger cannot be written");
            self.record = before;
            self.answer_wish(id, Err("The node's ledger cannot be written.".to_owned()));
        }
    }

    /// What need not be done.
    fn is_so(&self, action: PowerAction) -> Option<&'static str> {
        let wanted = self.record.desired.desired;
        match (action, &self.state().phase) {
            (PowerAction::Start, Phase::Running) if wanted == Desired::Running => Some("It ran already."),
            (PowerAction::Stop | PowerAction::Kill, Phase::Offline) if wanted == Desired::Stopped => {
                Some("It was stopped already.")
            }
            _ => None,
        }
    }

    /// Whether an operation is one that the node asked for itself.
    pub(super) fn is_own(&self, id: OperationId) -> bool {
        self.record.own == Some(id)
    }

    /// Tells whoever waits for one of the node's own operations how it ended.
    pub(super) fn own_ended(&mut self, id: OperationId, outcome: &Outcome) {
        let told = match outcome {
            Outcome::Running => return,
            Outcome::Succeeded => Ok(None),
            Outcome::Failed(failure) => Err(failure.message.clone()),
            Outcome::Cancelled => Err("It was called off by a later wish.".to_owned()),
        };
        self.answer_wish(id, told);
    }

    fn answer_wish(&mut self, id: OperationId, answer: Result<Option<String>, String>) {
        if let Some((_, told)) = self.waiter.take_if(|(of, _)| *of == id) {
            // A run that was called off waits no more.
            drop(told.send(answer));
        }
    }

    /// What is desired by a message, given what the node decided since the control plane last heard of it.
    pub(super) fn reconciled(&self, mut message: DesiredServer, asked: &Asked) -> DesiredServer {
        let decided = self.record.decided;
        let later_wish = message.desired == Desired::Deleted || is_a_later_wish(asked);
        if decided.unheard && message.heard_decision < decided.number && !later_wish {
            message.desired = self.record.desired.desired;
        }
        message
    }

    /// Whether a message, as it was, knew of what the node decided or made it void.
    pub(super) fn settles(&self, heard: u64, asked: &Asked) -> bool {
        heard >= self.record.decided.number || is_a_later_wish(asked)
    }
}

const fn meant(action: PowerAction) -> (OperationKind, Desired) {
    match action {
        PowerAction::Start => (OperationKind::Start, Desired::Running),
        PowerAction::Restart => (OperationKind::Restart, Desired::Running),
        PowerAction::Stop => (OperationKind::Stop, Desired::Stopped),
        PowerAction::Kill => (OperationKind::Kill, Desired::Stopped),
    }
}

/// Whether somebody asked for power. An installation says nothing of whether the game is to run.
const fn is_a_later_wish(asked: &Asked) -> bool {
    let Asked::New(request) = asked else { return false };
    match request.kind {
        OperationKind::Start
        | OperationKind::Stop
        | OperationKind::Restart
        | OperationKind::Kill
        | OperationKind::Delete => true,
        OperationKind::Install | OperationKind::Reinstall | OperationKind::Restore => false,
    }
}
