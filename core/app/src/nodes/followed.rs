//! How nodes follow schedules, taken in: runs for their page, and what a node wants of a server because a schedule says so.

use crate::error::Answer;
use chrono::{DateTime, Utc};
use gantry_domain::audit::{AuditEntry, Origin};
use gantry_protocol::Decision;
use gantry_store::{StoreError, SystemTx, schedules::Decided};
use gantry_types::{
    NodeId, ServerId,
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

const fn action(action: PowerAction) -> &'static str {
    match action {
        PowerAction::Start => "server.start",
        PowerAction::Stop => "server.stop",
        PowerAction::Restart => "server.restart",
        PowerAction::Kill => "server.kill",
    }
}
