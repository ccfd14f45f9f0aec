//! The one stream from the node that feeds a channel.
//!
//! It resumes after the last line that the ring has, so a broken link costs nothing that the node still remembers. What
//! the node forgot in the meantime shows as a hole in the numbers, which readers are told of.

use super::{channel::Channel, ring::RING_LINES};
use futures_util::StreamExt;
use gantry_nodes::{Links, NodeClient, NodeError};
use gantry_types::NodeId;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

/// Lines that a fresh channel asks the node for.
const HISTORY_LINES: u32 = 500;
/// Lines taken from the stream before watchers are woken.
const BATCH: usize = 256;
/// How long to wait before a stream that failed is opened again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long an unwatched channel stays, so that a page that reloads resumes.
const LINGER: Duration = Duration::from_secs(20);

const _: () = assert!(HISTORY_LINES as usize <= RING_LINES);

/// Feeds the channel until nobody has watched for a while or `cancel`.
pub(super) async fn follow(channel: &Channel, links: &Links, cancel: &CancellationToken) {
    tokio::select! {
        () = cancel.cancelled() => {}
        () = abandoned(channel) => {}
        () = feed(channel, links) => {}
    }
    channel.set_connected(false);
}

async fn abandoned(channel: &Channel) {
    let mut watchers = channel.watchers();
    loop {
        if watchers.wait_for(|watchers| *watchers == 0).await.is_err() {
            return;
        }
        let again = watchers.wait_for(|watchers| *watchers > 0);
        if tokio::time::timeout(LINGER, again).await.is_err() {
            return;
        }
    }
}

async fn feed(channel: &Channel, links: &Links) {
    loop {
        if links.client(channel.node_id).is_none() {
            channel.set_connected(false);
        }
        let client = connected(links, channel.node_id).await;
        let result = stream(channel, &client).await;
        channel.set_connected(false);
        match result {
            Ok(()) | Err(NodeError::Disconnected) => {}
            Err(error) => {
                tracing::warn!(server.id = %channel.server_id, node.id = %channel.node_id, %error, "console stream broke");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits for the node.
pub(crate) async fn connected(links: &Links, node: NodeId) -> NodeClient {
    let mut changes = links.subscribe();
    loop {
        if let Some(client) = links.client(node) {
            return client;
        }
        if let Err(RecvError::Closed) = changes.recv().await {
            std::future::pending::<()>().await;
        }
    }
}

async fn stream(channel: &Channel, client: &NodeClient) -> Result<(), NodeError> {
    let after = catch_up(channel, client).await?;
    let lines = client.console_live(channel.server_id, after).await?;
    channel.set_connected(true);
    let mut batches = lines.ready_chunks(BATCH);
    while let Some(batch) = batches.next().await {
        let mut failure = None;
        channel.push(batch.into_iter().map_while(|line| line.map_err(|error| failure = Some(error)).ok()));
        if let Some(error) = failure {
            return Err(error);
        }
    }
    Ok(())
}

/// Finds where the live stream must begin: after what the ring has, or after a first page of history.
async fn catch_up(channel: &Channel, client: &NodeClient) -> Result<Option<u64>, NodeError> {
    let page = client.console_history(channel.server_id, None, HISTORY_LINES).await?;
    let last = page.next_seq.checked_sub(1).filter(|seq| *seq > 0);
    if channel.last() > last {
        channel.restart();
    }
    match channel.last() {
        Some(after) => Ok(Some(after)),
        None => {
            channel.push(page.lines);
            // Zero is before the first line: what is written between the two calls is not missed.
            Ok(Some(last.unwrap_or(0)))
        }
    }
}
