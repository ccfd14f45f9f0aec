//! What is written down of one server.

use crate::clock;
use chrono::{DateTime, Utc};
use gantry_lifecycle::{Phase, State};
use gantry_protocol::{DesiredServer, ObservedServer, OperationReport};
use gantry_types::{
    OperationId, ServerId,
    operation::{OperationFailure, OperationState},
    plan::{InstallPlan, RunSpec},
    server::{ObservedState, SystemUser},
};
use serde::{Deserialize, Serialize};

/// Everything about one server. Settings and run spec may hold secrets, so that the ledger keeps it sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerRecord {
    pub desired: DesiredServer,
    pub state: State,
    /// Whom its process runs as and its files belong to.
    pub user: SystemUser,
    /// The latest operation.
    pub latest: Option<OperationReport>,
    /// What the present process was started from.
    pub run: Option<RunNote>,
    /// What schedules decided about it.
    #[serde(default)]
    pub decided: Decided,
    /// The latest operation that the node asked for itself: nobody else knows of it.
    #[serde(default)]
    pub own: Option<OperationId>,
}

/// What schedules decided about whether a server is to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// Counts up by one with each decision.
    pub number: u64,
    /// Whether the control plane may not have heard of the latest. Until it has, what it desires is what it desired before.
    pub unheard: bool,
}

/// What has to be known of a process that another daemon started.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunNote {
    pub spec: RunSpec,
    /// The first console line that may be the process's own.
    pub first_line: u64,
    /// The generation of what was wanted that it was started from; none if an older daemon wrote this.
    #[serde(default)]
    pub generation: Option<u64>,
}

impl ServerRecord {
    /// When its phase began.
    pub fn since(&self) -> DateTime<Utc> {
        clock::time(self.state.since)
    }

    pub fn is_deleted(&self) -> bool {
        self.state.phase == Phase::Deleted
    }

    /// Itself without what a deleted server needs no more, its secrets first.
    pub(super) fn tombstone(&self) -> Self {
        let desired = DesiredServer {
            settings: Vec::new(),
            secrets: Vec::new(),
            schedules: Vec::new(),
            ..self.desired.clone()
        };
        Self { desired, run: None, ..self.clone() }
    }

    /// What leaves the node of its state.
    pub fn observed(&self) -> ObservedState {
        ObservedState {
            state: self.state.phase.observed(),
            since: self.since(),
            reason: self.state.reason.clone(),
            crashes: self.state.crashes.streak,
            started_at: self.state.process.as_ref().map(|process| clock::time(process.started_at)),
            generation: self.started_from(),
        }
    }

    fn started_from(&self) -> Option<u64> {
        self.state.process.as_ref().and(self.run.as_ref()).and_then(|run| run.generation)
    }

    /// The whole of it, for reconciliation.
    pub fn report(&self) -> ObservedServer {
        ObservedServer {
            id: self.desired.id,
            generation: self.desired.generation,
            observed: self.observed(),
            operation: self.latest.clone(),
            drain: None,
        }
    }

    /// The latest operation in another state.
    pub fn told(
        &self,
        id: OperationId,
        state: OperationState,
        failure: Option<OperationFailure>,
    ) -> OperationReport {
        let progress =
            self.latest.as_ref().filter(|latest| latest.id == id).and_then(|latest| latest.progress.clone());
        OperationReport { id, state, progress, failure }
    }
}

/// How far an installation has come. It belongs to one operation; another one begins another journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    pub operation: OperationId,
    /// As the plugin gave it, so that a resumed installation does what was begun.
    pub plan: InstallPlan,
    /// Ids of the steps that are done.
    pub done: Vec<String>,
}

/// An operation's report with what is needed to forget it in time.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptOperation {
    pub(super) at: DateTime<Utc>,
    pub(super) server: ServerId,
    pub(super) report: OperationReport,
}
