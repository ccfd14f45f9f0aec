//! Two connected sockets of frames in memory, with a bounded queue each way.

use super::frame::{Frame, SocketError};
use futures_util::{Sink, Stream};
use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

/// One end. Dropping it ends the other's stream.
#[derive(Debug)]
pub struct MemorySocket {
    incoming: mpsc::Receiver<Frame>,
    outgoing: PollSender<Frame>,
}

/// Both ends; each holds at most `frames` that the other has not read.
pub fn pair(frames: usize) -> (MemorySocket, MemorySocket) {
    let (left, right) = (mpsc::channel(frames), mpsc::channel(frames));
    (
        MemorySocket { incoming: left.1, outgoing: PollSender::new(right.0) },
        MemorySocket { incoming: right.1, outgoing: PollSender::new(left.0) },
    )
}

impl Stream for MemorySocket {
    type Item = Result<Frame, SocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.incoming.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

impl Sink<Frame> for MemorySocket {
    type Error = SocketError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        self.outgoing.poll_reserve(cx).map_err(Into::into)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), SocketError> {
        self.outgoing.send_item(frame).map_err(Into::into)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        self.outgoing.close();
        Poll::Ready(Ok(()))
    }
}
