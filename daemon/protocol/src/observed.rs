//! What the node saw, as it comes up: full state on request, events at least once, samples at most once.

use crate::SftpActivity;
use chrono::{DateTime, Utc};
use gantry_types::{
    OperationId, ScheduleId, ScheduleRunId, ServerId,
    backup::Backup,
    drain::ServerDrain,
    operation::{OperationFailure, OperationState, Progress},
    sample::{ConsoleEvent, LiveSample},
    schedule::ScheduleRun,
    server::{Desired, ObservedState, PowerAction},
};
use serde::{Deserialize, Serialize};

/// Full state of one server, for reconciliation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedServer {
    pub id: ServerId,
    /// The generation that the node has written down.
    pub generation: u64,
    pub observed: ObservedState,
    /// The latest operation that the node knows of, with its state.
    pub operation: Option<OperationReport>,
    /// How far the node's drain is with it, if it ran when that began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<ServerDrain>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationReport {
    pub id: OperationId,
    pub state: OperationState,
    pub progress: Option<Progress>,
    pub failure: Option<OperationFailure>,
}

/// An event with its place in the node's order. Repeated until acknowledged; the control plane drops what it has seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventEnvelope {
    /// Counts up by one from 1, for the life of the node's ledger.
    pub seq: u64,
    pub at: DateTime<Utc>,
    pub server_id: ServerId,
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The observed state changed.
    Observed { observed: ObservedState },
    /// An operation began, moved or ended.
    Operation { operation: OperationReport },
    /// The console meant something.
    Console { event: ConsoleEvent },
    /// These play now, and nobody else: told where the daemon did not see who came and left before. Older daemons tell nothing
    /// of it.
    Present { players: Vec<String> },
    /// What is played, as the game says: told as it begins and whenever it changes.
    Game { map: Option<String>, version: Option<String> },
    /// A plugin was stopped or failed: which, in which call, and why. The digest is that of the component that ran; daemons of a
    /// version before this one tell none.
    PluginFault {
        plugin: String,
        #[serde(default)]
        digest: Option<String>,
        call: String,
        code: String,
        message: String,
    },
    /// Somebody worked on the server's files over SFTP.
    Sftp { activity: SftpActivity },
    /// A schedule is followed: the whole run as it stands, again with each step.
    Schedule { run: ScheduleRun },
    /// A backup is being made, was made, changed or is no more: the whole of it as it stands.
    Backup { backup: Box<Backup> },
    /// How far the node's drain is with the server.
    Drain { drain: ServerDrain },
    /// What is desired of the server changed by a schedule.
    Decided { decision: Decision },
}

/// What a node wants of a server from here on because a schedule says so. People's wishes come with operations; this is told
/// to the control plane, which wants it too unless somebody asked for something else meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Counts up by one from 1 for each server, for the life of the node's ledger.
    pub number: u64,
    pub desired: Desired,
    /// The generation that the node had when it decided.
    pub generation: u64,
    pub action: PowerAction,
    pub schedule: ScheduleId,
    pub run: ScheduleRunId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledge {
    /// This event and all before it are stored.
    pub through: u64,
}

/// Live numbers of one server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SampleEnvelope {
    pub server_id: ServerId,
    pub sample: LiveSample,
}
