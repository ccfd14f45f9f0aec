//! What all axes together ask for.

use crate::{State, state::Stage};
use gantry_types::{OperationId, operation::OperationKind, server::Desired};

/// Where the server should be heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Off the node.
    Gone,
    /// Freshly installed, for this operation.
    Installed(OperationId),
    /// With the files of a backup, for this operation.
    Restored(OperationId),
    /// Without a process.
    Down(Manner),
    /// Ready for players.
    Up,
}

/// How a process is brought down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Gently,
    AtOnce,
}

/// An operation decides while there is one; what is desired decides otherwise. A hold turns every way up into down.
pub(crate) fn goal(state: &State) -> Goal {
    let up = if state.is_held() { Goal::Down(Manner::Gently) } else { Goal::Up };
    let settled = match state.desired {
        Desired::Deleted => return Goal::Gone,
        Desired::Stopped => Goal::Down(Manner::Gently),
        Desired::Running => up,
    };
    let Some(operation) = state.operation else { return settled };
    match (operation.kind, operation.stage) {
        (OperationKind::Delete, _) => Goal::Gone,
        (OperationKind::Install | OperationKind::Reinstall, Stage::Work) => Goal::Installed(operation.id),
        (OperationKind::Restore, Stage::Work) => Goal::Restored(operation.id),
        (
            OperationKind::Install
            | OperationKind::Reinstall
            | OperationKind::Restore
            | OperationKind::Restart,
            Stage::Lower,
        ) => Goal::Down(Manner::Gently),
        (OperationKind::Start, _) | (OperationKind::Restart, Stage::Work) => up,
        (OperationKind::Stop, _) => Goal::Down(Manner::Gently),
        (OperationKind::Kill, _) => Goal::Down(Manner::AtOnce),
    }
}
