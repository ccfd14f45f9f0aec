//! Calls that answer for ever: one JSON value per line, each batch flushed as it comes.
//!
//! A stream ends with the node or with its reader. A reader that is slow is slow for itself alone.

use super::{
    Refused,
    routes::{Asked, Id, known},
};
use crate::{failure::chain, node::Node};
use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, stream};
use gantry_protocol::NodeSample;
use serde::{Deserialize, Serialize};
use std::{convert::Infallible, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// Events that are read at once.
const EVENTS: usize = 256;
/// Samples that are sent at once.
const SAMPLES: usize = 512;
/// A blank line after so long a silence shows a dead connection.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub(super) struct After {
    after: Option<u64>,
}

pub(super) async fn console(
    State(node): State<Node>,
    Id(id): Id,
    Asked(asked): Asked<After>,
) -> Result<Response, Refused> {
    let console = known(&node, id)?.console;
    Ok(lines(&node, console.follow(asked.after)))
}

pub(super) async fn events(State(node): State<Node>, Asked(asked): Asked<After>) -> Response {
    let ledger = node.shared().ledger.clone();
    let changes = ledger.watch_events();
    let cursor = asked.after.unwrap_or(0);
    let batches = stream::unfold((ledger, changes, cursor), |(ledger, mut changes, cursor)| async move {
        loop {
            changes.borrow_and_update();
            match ledger.events_after(cursor, EVENTS).await {
                Ok(events) => {
                    if let Some(last) = events.last() {
                        let next = last.seq;
                        return Some((events, (ledger, changes, next)));
                    }
                }
                Err(error) => {
                    tracing::error!(error = chain(&error), "events cannot be read");
                    return None;
                }
            }
            changes.changed().await.ok()?;
        }
    });
    lines(&node, batches)
}

pub(super) async fn samples(State(node): State<Node>) -> Response {
    let receiver = node.shared().samples.subscribe();
    let batches = stream::unfold(receiver, |mut receiver| async move {
        let mut batch = loop {
            match receiver.recv().await {
                Ok(sample) => break vec![sample],
                // What was missed is old by now.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        };
        while batch.len() < SAMPLES
            && let Ok(sample) = receiver.try_recv()
        {
            batch.push(sample);
        }
        Some((batch, receiver))
    });
    lines(&node, batches)
}

#[derive(Deserialize)]
pub(super) struct Watched {
    #[serde(default)]
    watched: bool,
}

pub(super) async fn machine(State(node): State<Node>, Asked(asked): Asked<Watched>) -> Response {
    let machine = &node.shared().machine;
    // Whoever begins to watch has the next sample made, and must be there to hear it.
    let samples = machine.samples();
    let watching = asked.watched.then(|| machine.watch());
    let batches = stream::unfold((samples, watching), |(mut samples, watching)| async move {
        loop {
            samples.changed().await.ok()?;
            let latest = samples.borrow_and_update().clone();
            if let Some(sample) = latest {
                return Some((vec![NodeSample::clone(&sample)], (samples, watching)));
            }
        }
    });
    lines(&node, batches)
}

fn lines<T: Serialize + Send + 'static>(
    node: &Node,
    batches: impl Stream<Item = Vec<T>> + Send + 'static,
) -> Response {
    let stopping = node.stopping();
    let bytes = Box::pin(batches.map(encode));
    let beating = stream::unfold(bytes, |mut bytes| async move {
        match tokio::time::timeout(HEARTBEAT, bytes.next()).await {
            Ok(Some(batch)) => Some((batch, bytes)),
            Ok(None) => None,
            Err(_) => Some((Bytes::from_static(b"\n"), bytes)),
        }
    });
    let ending = beating.take_until(async move { stopping.cancelled().await });
    let body = Body::from_stream(ending.map(Ok::<_, Infallible>));
    ([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}

fn encode<T: Serialize>(batch: Vec<T>) -> Bytes {
    let mut bytes = Vec::with_capacity(batch.len() * 128);
    for value in batch {
        // Writing our own plain data into memory cannot fail.
        if serde_json::to_writer(&mut bytes, &value).is_ok() {
            bytes.push(b'\n');
        }
    }
    bytes.into()
}
