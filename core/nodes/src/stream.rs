//! Answers that go on: one message per line (NDJSON) for ever, and the bytes of a file.

use crate::{NodeError, ProtocolFault, call};
use bytes::{Buf, Bytes, BytesMut};
use futures_util::Stream;
use hyper::body::{Body, Incoming};
use serde::de::DeserializeOwned;
use std::{
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// The most bytes of one line.
const MAX_LINE: usize = 1024 * 1024;

/// Messages of a node as they come. After an error there is no more; without one, an end means that the node ended it.
///
/// Dropping it tells the node to stop. Who reads slowly slows the node's writing of this stream down and nothing else.
pub struct NodeStream<T> {
    body: Incoming,
    closed: Pin<Box<WaitForCancellationFutureOwned>>,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no end of line.
    scanned: usize,
    ended: bool,
    _slot: OwnedSemaphorePermit,
    _message: PhantomData<fn() -> T>,
}

impl<T> std::fmt::Debug for NodeStream<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeStream").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl<T> NodeStream<T> {
    pub(crate) fn new(body: Incoming, slot: OwnedSemaphorePermit, closed: CancellationToken) -> Self {
        Self {
            body,
            closed: Box::pin(closed.cancelled_owned()),
            buffer: BytesMut::new(),
            scanned: 0,
            ended: false,
            _slot: slot,
            _message: PhantomData,
        }
    }

    /// Takes the next whole line that is not empty, without its end.
    fn line(&mut self) -> Result<Option<BytesMut>, ProtocolFault> {
        while let Some(at) = self.buffer[self.scanned..].iter().position(|byte| *byte == b'\n') {
            let line = self.buffer.split_to(self.scanned + at);
            self.buffer.advance(1);
            self.scanned = 0;
            if line.len() > MAX_LINE {
                return Err(ProtocolFault::TooLong { limit: MAX_LINE });
            }
            if !line.iter().all(u8::is_ascii_whitespace) {
                return Ok(Some(line));
            }
        }
        self.scanned = self.buffer.len();
        if self.scanned > MAX_LINE { Err(ProtocolFault::TooLong { limit: MAX_LINE }) } else { Ok(None) }
    }

    /// Waits for more bytes; false when there are none.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, NodeError>> {
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    self.buffer.extend_from_slice(&data);
                }
                Poll::Ready(Ok(true))
            }
            Some(Err(error)) => Poll::Ready(Err(call::failure(&error))),
            None if self.buffer.is_empty() => Poll::Ready(Ok(false)),
            None => Poll::Ready(Err(NodeError::Protocol(ProtocolFault::Truncated))),
        }
    }
}

/// A file's bytes as they come. Dropping it tells the node to stop.
pub struct NodeBytes {
    body: Incoming,
    closed: Pin<Box<WaitForCancellationFutureOwned>>,
    _slot: OwnedSemaphorePermit,
}

impl std::fmt::Debug for NodeBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeBytes").finish_non_exhaustive()
    }
}

impl NodeBytes {
    pub(crate) fn new(body: Incoming, slot: OwnedSemaphorePermit, closed: CancellationToken) -> Self {
        Self { body, closed: Box::pin(closed.cancelled_owned()), _slot: slot }
    }
}

impl Stream for NodeBytes {
    type Item = Result<Bytes, NodeError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.closed.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(NodeError::Disconnected)));
        }
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    // Trailers say nothing here.
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(call::failure(&error)))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T: DeserializeOwned> NodeStream<T> {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, NodeError>>> {
        if self.closed.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(NodeError::Disconnected)));
        }
        loop {
            if let Some(line) = self.line().map_err(NodeError::Protocol)? {
                let message = serde_json::from_slice(&line);
                return Poll::Ready(Some(
                    message.map_err(|error| NodeError::Protocol(ProtocolFault::Message(error))),
                ));
            }
            if !ready!(self.poll_more(cx))? {
                return Poll::Ready(None);
            }
        }
    }
}

impl<T: DeserializeOwned> Stream for NodeStream<T> {
    type Item = Result<T, NodeError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let message = ready!(self.poll_message(cx));
        self.ended = !matches!(message, Some(Ok(_)));
        Poll::Ready(message)
    }
}
