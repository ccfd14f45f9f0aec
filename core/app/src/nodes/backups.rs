//! Which backups a node has, taken in: each change as it is told, and from time to time all of them.
//!
//! Changes alone would do, if both sides remembered for ever. An older copy of the database does not know what was told after it was
//! taken, and a node may have lost what it had; so what is known here is compared with the whole, as everything else is.

use super::follow::Link;
use crate::error::Answer;
use chrono::Utc;
use gantry_domain::{
    backups::{self, MAX_KEPT},
    events,
};
use gantry_nodes::NodeError;
use gantry_protocol::KnownBackup;
use gantry_store::{SystemTx, backups::Kept};
use gantry_types::{
    BackupId, NodeId, ServerId,
    backup::{Backup, BackupState},
};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Backups that are stored in one transaction.
const BATCH: usize = 256;

/// Backups of each of a node's servers, with their revisions.
type Known = BTreeMap<ServerId, HashMap<BackupId, u64>>;

/// Compares all that the node has with what is known of it.
pub(super) async fn compare(link: &Link) -> Answer<()> {
    let node = link.node();
    // Read before the node is asked: what comes to be known meanwhile is not missed there.
    let known = link.app.db().as_system_for_nodes().await?.known_backups(node).await?;
    let there = match link.client.all_backups().await {
        // A daemon of a version that makes none.
        Err(NodeError::Unsupported) => return Ok(()),
        there => there?,
    };
    let gone = missing(&known, &there);
    let news = news(&known, there);
    if gone.is_empty() && news.is_empty() {
        return Ok(());
    }
    let _turn = link.writing.lock().await;
    for batch in news.chunks(BATCH) {
        let mut tx = link.app.db().as_system_for_nodes().await?;
        for KnownBackup { server_id, backup } in batch {
            keep(&mut tx, node, *server_id, backup).await?;
        }
        tx.commit().await?;
    }
    for batch in gone.chunks(BATCH) {
        let mut tx = link.app.db().as_system_for_nodes().await?;
        for (server, backup) in batch {
            tx.forget_backup(node, *server, *backup).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// What the node has of servers that are its own, and is not known in that revision.
fn news(known: &Known, there: Vec<KnownBackup>) -> Vec<KnownBackup> {
    let mut counts: HashMap<ServerId, u64> = HashMap::new();
    let is_news = |one: &KnownBackup| {
        let Some(of_server) = known.get(&one.server_id) else { return false };
        let count = counts.entry(one.server_id).or_default();
        *count += 1;
        let is_later = of_server.get(&one.backup.id).is_none_or(|known| *known < one.backup.revision);
        is_later && *count <= MAX_KEPT
    };
    there.into_iter().filter(is_news).collect()
}

/// What is known and not there.
fn missing(known: &Known, there: &[KnownBackup]) -> Vec<(ServerId, BackupId)> {
    let there: HashSet<_> = there.iter().map(|one| (one.server_id, one.backup.id)).collect();
    let known = known.iter().flat_map(|(server, backups)| backups.keys().map(|id| (*server, *id)));
    known.filter(|one| !there.contains(one)).collect()
}

/// Keeps what a node tells of a backup of one of its servers, if it is news.
pub(crate) async fn keep(tx: &mut SystemTx, node: NodeId, server: ServerId, backup: &Backup) -> Answer<()> {
    let id = backup.id;
    if let Some(why) = backups::incredible(backup) {
        tracing::warn!(server.id = %server, node.id = %node, backup.id = %id, why, "a node told of a backup what is not kept");
        return Ok(());
    }
    match tx.record_backup(node, server, backup).await? {
        Kept::Changed { before } if before != Some(backup.state) => {
            ended(backup.state);
            if let Some(happening) = events::of_backup(before, backup, Utc::now()) {
                tx.happened(happening.on(server));
            }
        }
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
