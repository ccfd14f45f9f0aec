//! What nodes do by themselves, taken in: how they follow schedules, what they want of a server because a schedule says so, and
//! which backups they keep.

use crate::error::Answer;
use chrono::{DateTime, Utc};
use gantry_domain::{
    audit::{AuditEntry, Origin},
    backups,
};
use gantry_protocol::Decision;
use gantry_store::{StoreError, SystemTx, backups::Kept, schedules::Decided};
use gantry_types::{
    NodeId, ServerId,
    backup::{Backup, BackupState},
    schedule::{MAX_STEPS, ScheduleRun},
    server::{Desired, PowerAction},
};
use serde_json::json;

/// The longest that a node says of a run, in bytes of JSON.
const MAX_RUN: usize = 64 * 1024;

/// Keeps a run, if it is of a schedule of the node's.
pub(super) async fn run(tx: &mut SystemTx, node: NodeId, server: ServerId, run: &ScheduleRun) -> Answer<()> {
    let length = serde_json::to_vec(run).map_or(usize::MAX, |run| run.len());
    if run.steps.len() > MAX_STEPS || length > MAX_RUN {
        tracing::warn!(server.id = %server, node.id = %node, length, "a node told more of a schedule than there can be");
        return Ok(());
    }
    // A schedule that was deleted meanwhile is nobody's any more.
    tx.record_run(node, server, run).await?;
    Ok(())
}

/// Wants what the node decided, and says so in the log.
pub(super) async fn decision(
    tx: &mut SystemTx,
    node: NodeId,
    server: ServerId,
    at: DateTime<Utc>,
    decision: &Decision,
) -> Answer<()> {
    if decision.desired == Desired::Deleted {
        tracing::warn!(server.id = %server, node.id = %node, "a node decided to delete a server, which it may not");
        return Ok(());
    }
    let name = match tx.schedule(server, decision.schedule).await {
        Ok(schedule) => Some(schedule.name),
        Err(StoreError::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let about = json!({ "schedule": name, "scheduleId": decision.schedule, "at": at });
    let entry = AuditEntry::server(action(decision.action), server, Origin::default()).after(about);
    let Decision { number, desired, generation, .. } = *decision;
    let decided = Decided { number, desired, generation };
    if tx.record_decision(node, server, decided, entry).await? == Some(false) {
        tracing::info!(server.id = %server, node.id = %node, "somebody wanted something else than a schedule meanwhile");
    }
    Ok(())
}

/// Keeps what a node tells of a backup of one of its servers, if it is news.
pub(crate) async fn backup(tx: &mut SystemTx, node: NodeId, server: ServerId, backup: &Backup) -> Answer<()> {
    let id = backup.id;
    if let Some(why) = backups::incredible(backup) {
        tracing::warn!(server.id = %server, node.id = %node, backup.id = %id, why, "a node told of a backup what is not kept");
        return Ok(());
    }
    match tx.record_backup(node, server, backup).await? {
        Kept::Changed { before } if before != Some(backup.state) => ended(backup.state),
        Kept::Changed { .. } | Kept::Known => {}
        Kept::NotTheirs => {
            tracing::warn!(server.id = %server, node.id = %node, backup.id = %id, "a node told of a backup that is not its own");
        }
        Kept::TooMany => {
            tracing::warn!(server.id = %server, node.id = %node, backup.id = %id, "a node told of more backups than there can be");
        }
    }
    Ok(())
}

fn ended(state: BackupState) {
    let state = match state {
        BackupState::Running => return,
        BackupState::Ready => "ready",
        BackupState::Failed => "failed",
        BackupState::Deleted => "deleted",
    };
    metrics::counter!("gantry_backups_total", "state" => state).increment(1);
}

const fn action(action: PowerAction) -> &'static str {
    match action {
        PowerAction::Start => "server.start",
        PowerAction::Stop => "server.stop",
        PowerAction::Restart => "server.restart",
        PowerAction::Kill => "server.kill",
    }
}
