//! What happened comes up: each event is stored once, then acknowledged, then told to whoever watches.
//!
//! A node repeats an event until it is acknowledged, and it is acknowledged after its effect was committed; the claim
//! on its number is part of that commit. So an event has its effect exactly once, whichever side falls over. Every
//! statement names the node: it moves its own servers and operations, along legal edges, and nothing else.

use super::{backups, follow::Link, followed};
use crate::{error::Answer, plugins};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use gantry_domain::{
    audit::{AuditEntry, Origin},
    events,
    players::{self, Game},
};
use gantry_protocol::{Event, EventEnvelope, ObservedServer, OperationReport};
use gantry_store::{StoreError, SystemTx, operations::OperationMove};
use gantry_types::{
    NodeId, ServerId,
    sample::ConsoleEvent,
    server::{Desired, Observed, ObservedState},
};

/// Events that are stored in one transaction.
const BATCH: usize = 256;

/// Follows the node's events until the stream ends.
pub(super) async fn follow(link: &Link) -> Answer<()> {
    let stored = link.app.db().as_system_for_nodes().await?.last_event(link.node()).await?;
    let mut batches = link.client.events(stored).await?.ready_chunks(BATCH);
    while let Some(batch) = batches.next().await {
        let (mut events, mut failure) = (Vec::with_capacity(batch.len()), None);
        for event in batch {
            match event {
                Ok(event) => events.push(event),
                Err(error) => failure = Some(error),
            }
        }
        if let Some(last) = events.last().map(|event| event.seq) {
            store(link, events).await?;
            link.client.acknowledge(last).await?;
        }
        if let Some(error) = failure {
            return Err(error.into());
        }
    }
    Ok(())
}

async fn store(link: &Link, events: Vec<EventEnvelope>) -> Answer<()> {
    let count = events.len() as u64;
    let _turn = link.writing.lock().await;
    let mut tx = link.app.db().as_system_for_nodes().await?;
    let mut quiet = Vec::new();
    for event in events {
        if tx.claim_event(link.node(), event.seq).await? {
            quiet.extend(apply(&mut tx, link.node(), event).await?);
        }
    }
    tx.commit().await?;
    metrics::counter!("gantry_node_events_total").increment(count);
    quiet.into_iter().for_each(|server| link.app.samples().forget(server));
    Ok(())
}

/// Gives an event its effect. Answers the server if it stopped running.
async fn apply(tx: &mut SystemTx, node: NodeId, envelope: EventEnvelope) -> Answer<Option<ServerId>> {
    let EventEnvelope { at, server_id, event, .. } = envelope;
    match event {
        Event::Observed { observed } => {
            keep(tx, node, server_id, at, "observed", &observed).await?;
            return observe(tx, node, server_id, &observed).await;
        }
        Event::Operation { operation } => {
            if operation.state.is_terminal() {
                keep(tx, node, server_id, at, "operation", &operation).await?;
            }
            move_operation(tx, node, operation, at).await?;
        }
        Event::Console { event } => {
            let is_known = keep(tx, node, server_id, at, "console", &event).await?;
            play(tx, node, server_id, &event, at).await?;
            // A node speaks of its own servers alone.
            if let Some(happening) = events::of_console(&event).filter(|_| is_known) {
                tx.happened(happening.on(server_id).at(at));
            }
        }
        Event::Present { players } => {
            let names: Vec<_> = players.iter().filter_map(|player| players::name(player)).collect();
            tx.players_present(node, server_id, &names, at).await?;
        }
        Event::Game { map, version } => {
            let said = |text: Option<String>| text.and_then(|text| players::name(&text));
            tx.game_is(node, server_id, &Game { at, map: said(map), version: said(version) }).await?;
        }
        Event::PluginFault { plugin, digest, call, code, message } => {
            metrics::counter!("gantry_plugin_faults_total", "plugin" => plugin.clone()).increment(1);
            tracing::warn!(server.id = %server_id, node.id = %node, plugin, call, code, message, "a plugin failed on a node");
            let fault =
                serde_json::json!({ "plugin": plugin, "call": call, "code": code, "message": message });
            keep(tx, node, server_id, at, "plugin_fault", &fault).await?;
            plugins::fault_on_node(tx, server_id, digest.as_deref(), at, (&call, &code, &message)).await?;
        }
        Event::Schedule { run } => followed::run(tx, node, server_id, &run).await?,
        Event::Backup { backup } => backups::keep(tx, node, server_id, &backup).await?,
        Event::Drain { drain } => drop(tx.record_drain(node, server_id, &drain).await?),
        Event::Decided { decision } => followed::decision(tx, node, server_id, at, &decision).await?,
        Event::Sftp { activity } => super::visits::record(tx, node, server_id, at, activity).await?,
    }
    Ok(None)
}

/// Who came and who left.
async fn play(
    tx: &mut SystemTx,
    node: NodeId,
    server: ServerId,
    event: &ConsoleEvent,
    at: DateTime<Utc>,
) -> Answer<()> {
    match event {
        ConsoleEvent::Joined { player } => {
            if let Some(name) = players::name(player) {
                tx.player_joined(node, server, &name, at).await?;
            }
        }
        ConsoleEvent::Left { player } => {
            if let Some(name) = players::name(player) {
                tx.player_left(node, server, &name, at).await?;
            }
        }
        ConsoleEvent::Ready
        | ConsoleEvent::Chat { .. }
        | ConsoleEvent::Warning { .. }
        | ConsoleEvent::CrashCause { .. } => {}
    }
    Ok(())
}

async fn keep(
    tx: &mut SystemTx,
    node: NodeId,
    server: ServerId,
    at: DateTime<Utc>,
    kind: &str,
    body: &impl serde::Serialize,
) -> Answer<bool> {
    let body = serde_json::to_value(body).unwrap_or_default();
    Ok(tx.record_event(node, server, at, kind, &body).await?)
}

/// Keeps what the node saw. A server that is gone from a node that was told to remove it is forgotten.
async fn observe(
    tx: &mut SystemTx,
    node: NodeId,
    server: ServerId,
    seen: &ObservedState,
) -> Answer<Option<ServerId>> {
    if seen.state == Observed::Deleted && is_to_be_deleted(tx, node, server).await? {
        let entry = AuditEntry::server("server.removed", server, Origin::default());
        tx.finish_deleted(node, server, entry).await?;
        return Ok(Some(server));
    }
    tx.record_observed(node, server, seen).await?;
    Ok(match seen.state {
        Observed::Starting | Observed::Running | Observed::Stopping => None,
        Observed::Uninstalled | Observed::Offline | Observed::Crashed | Observed::Deleted => {
            tx.players_gone(node, server, seen.since).await?;
            let none = Game { at: seen.since, map: None, version: None };
            tx.game_is(node, server, &none).await?;
            Some(server)
        }
    })
}

async fn is_to_be_deleted(tx: &mut SystemTx, node: NodeId, server: ServerId) -> Answer<bool> {
    match tx.server(server).await {
        Ok(row) => Ok(row.node.id == node && row.desired == Desired::Deleted),
        Err(StoreError::NotFound(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn move_operation(
    tx: &mut SystemTx,
    node: NodeId,
    report: OperationReport,
    at: DateTime<Utc>,
) -> Answer<()> {
    let OperationReport { id, state, progress, failure } = report;
    let moved = tx.move_operation(node, &OperationMove { id, state, progress, failure, at }).await?;
    if let Some(operation) = moved.filter(|operation| operation.state.is_terminal()) {
        metrics::counter!(
            "gantry_operations_total", "kind" => format!("{:?}", operation.kind), "state" => format!("{state:?}")
        )
        .increment(1);
        plugins::ended_on_node(tx, &operation, at).await?;
    }
    Ok(())
}

/// Takes in full states: what the node had of its servers a moment ago. An event that came in since is not undone.
pub(super) async fn apply_full(link: &Link, servers: Vec<ObservedServer>) -> Answer<()> {
    let (node, now) = (link.node(), Utc::now());
    let _turn = link.writing.lock().await;
    for batch in servers.chunks(BATCH) {
        let mut tx = link.app.db().as_system_for_nodes().await?;
        let mut quiet = Vec::new();
        for server in batch {
            if let Some(operation) = server.operation.clone() {
                move_operation(&mut tx, node, operation, now).await?;
            }
            if let Some(drain) = &server.drain {
                tx.record_drain(node, server.id, drain).await?;
            }
            if !is_overtaken(&mut tx, server).await? {
                quiet.extend(observe(&mut tx, node, server.id, &server.observed).await?);
            }
        }
        tx.commit().await?;
        quiet.into_iter().for_each(|server| link.app.samples().forget(server));
    }
    Ok(())
}

async fn is_overtaken(tx: &mut SystemTx, seen: &ObservedServer) -> Answer<bool> {
    match tx.server(seen.id).await {
        Ok(row) => Ok(row.observed.since > seen.observed.since),
        Err(StoreError::NotFound(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
