//! One task per connected node, which ends with the link.
//!
//! It converges the node at once, at every ring of its bell and once a minute, and follows what the node tells: events
//! until they are stored, samples of servers and of its machine as they come. It keeps the node told who may come in by
//! SFTP. Each of the five repeats by itself after a failure; none waits for another.

use super::{events, grants, reconcile};
use crate::{
    App,
    error::{Answer, AppError},
};
use futures_util::StreamExt;
use gantry_nodes::{NodeClient, NodeError};
use gantry_protocol::NodeSample;
use gantry_types::{NodeId, ServerId};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError, atomic::AtomicBool},
    time::Duration,
};
use tokio::{
    sync::broadcast::error::RecvError,
    task::{self, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// How often a node is compared as a whole.
const FULL_EVERY: Duration = Duration::from_secs(60);
/// How long to wait before something that failed is tried again.
const PAUSE: Duration = Duration::from_secs(2);
/// Samples taken from the stream at once.
const SAMPLES: usize = 512;

/// What one link is about.
pub(super) struct Link {
    pub(super) app: App,
    pub(super) client: NodeClient,
    /// The node's own servers: it speaks for no others.
    own: Mutex<HashSet<ServerId>>,
    /// Held while what the node says is written, so that its events and its full state do not wait for each other's
    /// rows.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// Whether the daemon has said that it is too old to be drained.
    pub(super) knows_no_drains: AtomicBool,
}

impl Link {
    pub(super) fn node(&self) -> NodeId {
        self.client.node_id()
    }

    pub(super) fn owns(&self, servers: impl IntoIterator<Item = ServerId>) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).extend(servers);
    }
}

/// Follows every node that is connected, for as long as it is.
pub(crate) async fn follow_all(app: &App, cancel: &CancellationToken) {
    let mut changes = app.links().subscribe();
    let mut tasks = JoinSet::new();
    let mut followed: HashMap<task::Id, NodeClient> = HashMap::new();
    loop {
        for node in app.links().connected() {
            let known = followed.values().any(|client| client.node_id() == node && !client.is_closed());
            if let Some(client) = app.links().client(node).filter(|_| !known) {
                let task = tasks.spawn(follow(app.clone(), client.clone(), cancel.clone()));
                followed.insert(task.id(), client);
            }
        }
        metrics::gauge!("gantry_nodes_connected").set(followed.len() as f64);
        tokio::select! {
            () = cancel.cancelled() => break,
            change = changes.recv() => match change {
                Ok(change) => app.live_hub().link_changed(change.node_id),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
            Some(ended) = tasks.join_next_with_id() => {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(error) => {
                        tracing::error!(%error, "following a node broke and begins again");
                        error.id()
                    }
                };
                followed.remove(&id);
            }
        }
    }
    // Each task has the same token.
    while tasks.join_next().await.is_some() {}
    app.links().shutdown().await;
}

async fn follow(app: App, client: NodeClient, cancel: CancellationToken) {
    let link = Link {
        app,
        client,
        own: Mutex::default(),
        writing: tokio::sync::Mutex::default(),
        knows_no_drains: AtomicBool::new(false),
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = link.client.closed() => {}
        _ = async {
            tokio::join!(
                converge(&link),
                grants::keep_told(&link),
                follow_events(&link),
                follow_samples(&link),
                follow_machine(&link)
            )
        } => {}
    }
}

async fn converge(link: &Link) {
    let bell = link.app.doorbells().of(link.node());
    let mut full_at = Instant::now();
    loop {
        let full = Instant::now() >= full_at;
        let result = if full { reconcile::everything(link).await } else { reconcile::changes(link).await };
        match result {
            Ok(()) if full => full_at = Instant::now() + FULL_EVERY,
            Ok(()) => {}
            Err(error) => {
                report(link, "converging the node failed", &error);
                tokio::time::sleep(PAUSE).await;
                full_at = Instant::now();
                continue;
            }
        }
        tokio::select! {
            () = bell.notified() => {}
            () = tokio::time::sleep_until(full_at) => {}
        }
    }
}

async fn follow_events(link: &Link) {
    loop {
        if let Err(error) = events::follow(link).await {
            report(link, "following the node's events failed", &error);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn follow_samples(link: &Link) {
    loop {
        if let Err(error) = samples(link).await {
            report(link, "following the node's samples failed", &error);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn samples(link: &Link) -> Answer<()> {
    let mut batches = link.client.samples().await?.ready_chunks(SAMPLES);
    while let Some(batch) = batches.next().await {
        let now = chrono::Utc::now();
        for envelope in batch {
            let envelope = envelope?;
            let own = link.own.lock().unwrap_or_else(PoisonError::into_inner).contains(&envelope.server_id);
            if own {
                let latest = link.app.samples().record(envelope.server_id, &envelope.sample, now);
                link.app.live_hub().sampled(envelope.server_id, latest);
            }
        }
    }
    Ok(())
}

async fn follow_machine(link: &Link) {
    loop {
        match machine(link).await {
            Ok(()) => {}
            Err(AppError::Node(error @ (NodeError::Refused(_) | NodeError::Unsupported))) => {
                // A daemon that has no such stream will not get one while this link lasts.
                tracing::info!(node.id = %link.node(), %error, "the node's machine is not measured");
                return std::future::pending().await;
            }
            Err(error) => report(link, "following the node's machine failed", &error),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One stream at a time: every second while somebody watches, else seldom.
async fn machine(link: &Link) -> Answer<()> {
    let node = link.node();
    let mut watchers = link.app.machines().watchers();
    loop {
        let watched = watchers.borrow_and_update().contains_key(&node);
        let mut samples = link.client.node_samples(watched).await?;
        loop {
            let other = async { watchers.wait_for(|all| all.contains_key(&node) != watched).await.is_ok() };
            tokio::select! {
                sample = samples.next() => match sample {
                    Some(sample) => measured(link, sample?),
                    None => return Ok(()),
                },
                changed = other => if changed { break } else { return Ok(()) },
            }
        }
    }
}

fn measured(link: &Link, sample: NodeSample) {
    if let Some(sample) = link.app.machines().record(link.node(), sample, chrono::Utc::now()) {
        link.app.live_hub().node_sampled(link.node(), sample);
    }
}

pub(super) fn report(link: &Link, what: &'static str, error: &AppError) {
    if !matches!(error, AppError::Node(NodeError::Disconnected)) {
        tracing::warn!(node.id = %link.node(), error = error as &dyn std::error::Error, "{what}");
    }
}
