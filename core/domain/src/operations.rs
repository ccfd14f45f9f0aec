//! Long work on a server: requested once, carried out once by its id, ended with a recorded outcome.
//!
//! ```text
//! pending ──► running ──► succeeded
//!    │           │  └───► failed
//!    └───────────┴──────► cancelled      (pending may also end at once, when the node reports only the end)
//! ```

use crate::users::Person;
use chrono::{DateTime, Duration, Utc};
use gantry_types::{
    BackupId, OperationId, ServerId,
    operation::{OperationFailure, OperationKind, OperationState, Progress},
};

#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    pub id: OperationId,
    pub server_id: ServerId,
    pub kind: OperationKind,
    /// What a restore puts back.
    pub backup: Option<BackupId>,
    pub state: OperationState,
    pub progress: Option<Progress>,
    pub failure: Option<OperationFailure>,
    /// None for the system itself.
    pub requested_by: Option<Person>,
    pub requested_at: DateTime<Utc>,
    /// After this the node refuses to begin it, and it counts as failed.
    pub deadline: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// How long an operation may take before it counts as failed.
pub fn time_allowed(kind: OperationKind) -> Duration {
    match kind {
        OperationKind::Install | OperationKind::Reinstall | OperationKind::Restore => Duration::hours(2),
        OperationKind::Start | OperationKind::Restart => Duration::minutes(20),
        OperationKind::Stop | OperationKind::Kill => Duration::minutes(10),
        OperationKind::Delete => Duration::hours(24),
    }
}

/// Whether an operation may go from one state to the other. What has ended stays as it ended.
pub fn may_move(from: OperationState, to: OperationState) -> bool {
    match (from, to) {
        (OperationState::Pending, OperationState::Pending) => false,
        (OperationState::Pending, _) => true,
        (OperationState::Running, OperationState::Pending) => false,
        (OperationState::Running, _) => true,
        (OperationState::Succeeded | OperationState::Failed | OperationState::Cancelled, _) => false,
    }
}

/// The failure of an operation whose time has run out.
pub fn deadline_exceeded(kind: OperationKind) -> OperationFailure {
    let code = gantry_types::problem::Code::DeadlineExceeded;
    let remedy = match kind {
        OperationKind::Install
        | OperationKind::Reinstall
        | OperationKind::Restore
        | OperationKind::Restart => "Check that the node is connected, then try again.",
        OperationKind::Start | OperationKind::Stop | OperationKind::Kill | OperationKind::Delete => {
            "Check that the node is connected. What is wanted of the server stands: the node sees to it once it hears."
        }
    };
    OperationFailure {
        code: code.as_str().to_owned(),
        message: format!("The node did not finish within {} minutes.", time_allowed(kind).num_minutes()),
        remedy: Some(remedy.to_owned()),
        call: None,
        step: None,
        log_tail: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_stays_as_it_ended() {
        use OperationState::{Cancelled, Failed, Pending, Running, Succeeded};
        for ended in [Succeeded, Failed, Cancelled] {
            for next in [Pending, Running, Succeeded, Failed, Cancelled] {
                assert!(!may_move(ended, next));
            }
        }
        assert!(may_move(Pending, Succeeded) && may_move(Running, Running) && !may_move(Running, Pending));
    }
}
