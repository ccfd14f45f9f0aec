//! Wishes go down: whatever the node has not written down is sent again, whole, until it has.
//!
//! Nothing here is told what changed. It reads what differs, sends the full desired server, and notes the generation
//! that the node answers with, so it may run at any time and any number of times.

use super::{backups, drains, follow::Link};
use crate::error::{Answer, AppError};
use chrono::Utc;
use gantry_domain::{operations::Operation, schedules::Schedule, servers::Server, variables};
use gantry_nodes::NodeError;
use gantry_protocol as wire;
use gantry_store::reconcile::{DesiredServer, Scope};
use gantry_types::{
    DrainId, ServerId,
    server::{Desired, Observed},
};
use std::collections::HashMap;

/// Servers that are read at once.
const PAGE: u32 = 100;

/// So far a node may be ahead of a database that was restored.
const FURTHEST: u64 = 1_000_000;

/// What the node has of a server.
#[derive(Clone, Copy)]
struct There {
    generation: u64,
    observed: Observed,
    /// Whether a drain of the node may be why it does not run.
    is_drained: bool,
}

type Known = HashMap<ServerId, There>;

/// Compares the whole node: what it is, what it has, what it should have.
pub(super) async fn everything(link: &Link) -> Answer<()> {
    let drain = report(link).await?;
    drains::tell(link, Some(drain)).await?;
    let observed = link.client.servers().await?;
    let there = |server: &wire::ObservedServer| There {
        generation: server.generation,
        observed: server.observed.state,
        is_drained: drain.is_some(),
    };
    let known: Known = observed.iter().map(|server| (server.id, there(server))).collect();
    // A node remembers for some days what it has deleted.
    let there = observed.iter().filter(|server| server.observed.state != Observed::Deleted);
    let there: Vec<ServerId> = there.map(|server| server.id).collect();
    super::events::apply_full(link, observed).await?;
    let wanted = send(link, Scope::All, &known).await?;
    for orphan in there.iter().filter(|id| !wanted.contains(id)) {
        // Never deleted: somebody's data may be in it, and the database may be a restored one.
        tracing::warn!(server.id = %orphan, node.id = %link.node(), "the node has a server that nobody knows of");
    }
    backups::compare(link).await
}

/// Sends what the node has not written down.
pub(super) async fn changes(link: &Link) -> Answer<()> {
    drains::tell(link, None).await?;
    send(link, Scope::Unacknowledged, &HashMap::new()).await.map(|_| ())
}

/// Keeps what the node says of itself. Answers the drain that it is in.
async fn report(link: &Link) -> Answer<Option<DrainId>> {
    let report = link.client.node().await?;
    let value =
        serde_json::to_value(&report).map_err(|_| AppError::Broken("a node's report cannot be written"))?;
    let mut tx = link.app.db().as_system_for_nodes().await?;
    tx.record_report(link.node(), &report.agent_version, &value, Utc::now()).await?;
    if report.last_event < tx.last_event(link.node()).await? {
        tracing::error!(node.id = %link.node(), "the node's ledger is older than what it told before");
        tx.forget_acknowledgements(link.node()).await?;
    }
    tx.commit().await?;
    Ok(report.drain)
}

/// Sends desired servers page by page, but those that the node has at their generation. Answers which there are.
async fn send(link: &Link, scope: Scope, known: &Known) -> Answer<Vec<ServerId>> {
    let mut seen = Vec::new();
    loop {
        let page = link.app.db().desired_servers(link.node(), scope, seen.last().copied(), PAGE).await?;
        if page.is_empty() {
            return Ok(seen);
        }
        link.owns(page.iter().map(|desired| desired.server.id));
        for desired in page {
            let (id, generation) = (desired.server.id, desired.server.generation);
            seen.push(id);
            match known.get(&id) {
                Some(there) if there.generation > generation.saturating_add(FURTHEST) => {
                    let there = there.generation;
                    tracing::error!(server.id = %id, there, generation, "the node claims a generation that cannot be");
                }
                Some(there) if there.generation > generation => {
                    catch_up(link, &desired.server, *there).await?
                }
                Some(there) if there.generation == generation => {
                    if desired.server.acknowledged_generation < generation {
                        acknowledge(link, id, generation).await?;
                    }
                }
                Some(_) | None => {
                    if let Err(error) = put(link, desired).await {
                        give_up_or_go_on(link, id, error)?;
                    }
                }
            }
        }
    }
}

/// The node was told more than this database knows: an older copy of it was put back. What runs goes on and what is
/// stopped stays so until somebody wants something else, which the node then takes again. Of what is held down nobody can see what is
/// wanted of it: there the database is right.
async fn catch_up(link: &Link, server: &Server, there: There) -> Answer<()> {
    let is_held = there.is_drained || !server.holds.is_empty();
    let desired = match there.observed {
        Observed::Starting | Observed::Running | Observed::Crashed => Some(Desired::Running),
        Observed::Stopping | Observed::Offline if is_held => None,
        Observed::Stopping => Some(Desired::Running),
        Observed::Uninstalled | Observed::Offline => Some(Desired::Stopped),
        Observed::Deleted => None,
    };
    let (server, generation) = (server.id, there.generation);
    tracing::warn!(
        server.id = %server, node.id = %link.node(), generation,
        "the node knows a later state of a server than the database, which was restored"
    );
    let mut tx = link.app.db().as_system_for_nodes().await?;
    tx.catch_up_generation(link.node(), server, generation, desired).await?;
    Ok(tx.commit().await?)
}

/// A node that is gone ends the round; a server that the node does not take must not keep the others from it.
fn give_up_or_go_on(link: &Link, server: ServerId, error: AppError) -> Answer<()> {
    match error {
        AppError::Node(NodeError::Refused(refusal)) => {
            tracing::warn!(
                server.id = %server, node.id = %link.node(), code = ?refusal.code, message = refusal.message,
                "the node refused a server"
            );
            metrics::counter!("gantry_reconcile_refusals_total").increment(1);
            Ok(())
        }
        error => Err(error),
    }
}

async fn put(link: &Link, desired: DesiredServer) -> Answer<()> {
    let (id, message) = (desired.server.id, message(&desired));
    let observed = match link.client.put_server(&message).await {
        Err(NodeError::Refused(refusal)) if refusal.code == wire::RefusalCode::MissingPlugin => {
            push_component(link, &message.blueprint.digest).await?;
            link.client.put_server(&message).await?
        }
        other => other?,
    };
    metrics::counter!("gantry_reconcile_puts_total").increment(1);
    acknowledge(link, id, observed.generation).await?;
    super::events::apply_full(link, vec![observed]).await
}

async fn push_component(link: &Link, digest: &str) -> Answer<()> {
    let component = link.app.db().as_system_for_nodes().await?.component(digest).await?;
    Ok(link.client.put_plugin(digest, component.into()).await?)
}

async fn acknowledge(link: &Link, server: ServerId, generation: u64) -> Answer<()> {
    let mut tx = link.app.db().as_system_for_nodes().await?;
    tx.acknowledge_generation(link.node(), server, generation).await?;
    Ok(tx.commit().await?)
}

/// The whole of what a server should be.
fn message(desired: &DesiredServer) -> wire::DesiredServer {
    let DesiredServer { server, blueprint, values, facts, operation, schedules, heard_decision } = desired;
    wire::DesiredServer {
        id: server.id,
        generation: server.generation,
        name: server.name.clone(),
        owner: Some(server.owner.id),
        desired: server.desired,
        holds: server.holds.clone(),
        blueprint: wire::BlueprintRef {
            plugin: format!("{} {}", blueprint.plugin_name, blueprint.plugin_version),
            digest: blueprint.digest.clone(),
            blueprint: blueprint.key.blueprint.clone(),
            collect_every_ms: blueprint.blueprint.collect_every_ms,
            commands: blueprint.blueprint.commands,
            capabilities: blueprint.granted.clone(),
            protected_files: blueprint.blueprint.protected_files.clone(),
        },
        settings: variables::settings(&blueprint.blueprint.variables, values),
        secrets: variables::secrets(&blueprint.blueprint.variables),
        endpoints: server.endpoints.iter().map(|one| one.endpoint.clone()).collect(),
        limits: server.limits,
        time_zone: server.time_zone.clone(),
        facts: facts.clone(),
        operation: operation.as_ref().and_then(request),
        schedules: schedules.iter().map(Schedule::to_follow).collect(),
        heard_decision: *heard_decision,
    }
}

/// What has ended is not asked for again.
fn request(operation: &Operation) -> Option<wire::OperationRequest> {
    (!operation.state.is_terminal()).then_some(wire::OperationRequest {
        id: operation.id,
        kind: operation.kind,
        backup: operation.backup,
        requested_at: operation.requested_at,
        deadline: operation.deadline,
        sent_at: Some(Utc::now()),
    })
}
