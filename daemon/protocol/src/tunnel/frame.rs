//! The few WebSocket messages that the link uses, and the mapping from a library's own.
//!
//! Ping and pong never get here: libraries answer them, and [`Mapped`] skips them.

use bytes::Bytes;
use futures_util::{Sink, Stream};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

/// Whatever the socket's library says went wrong.
pub type SocketError = Box<dyn std::error::Error + Send + Sync>;

/// One message of the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A message of the handshake.
    Text(String),
    /// A piece of the HTTP/2 connection.
    Binary(Bytes),
    /// The peer says goodbye.
    Close,
}

/// A socket of frames. Every fitting stream and sink is one.
pub trait FrameSocket:
    Stream<Item = Result<Frame, SocketError>> + Sink<Frame, Error = SocketError> + Send + Unpin
{
}

impl<S> FrameSocket for S where
    S: Stream<Item = Result<Frame, SocketError>> + Sink<Frame, Error = SocketError> + Send + Unpin
{
}

/// A library's socket of messages `M` as a socket of [`Frame`]s.
#[derive(Debug)]
pub struct Mapped<S, M> {
    socket: S,
    decode: fn(M) -> Option<Frame>,
    encode: fn(Frame) -> M,
}

impl<S, M> Mapped<S, M> {
    /// `decode` answers none for what the link does not care about, such as a ping.
    pub fn new(socket: S, decode: fn(M) -> Option<Frame>, encode: fn(Frame) -> M) -> Self {
        Self { socket, decode, encode }
    }
}

impl<S, M, E> Stream for Mapped<S, M>
where
    S: Stream<Item = Result<M, E>> + Unpin,
    E: Into<SocketError>,
{
    type Item = Result<Frame, SocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(message)) => {
                    if let Some(frame) = (self.decode)(message) {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<S, M> Sink<Frame> for Mapped<S, M>
where
    S: Sink<M> + Unpin,
    S::Error: Into<SocketError>,
{
    type Error = SocketError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.socket).poll_ready(cx).map_err(Into::into)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), SocketError> {
        let message = (self.encode)(frame);
        Pin::new(&mut self.socket).start_send(message).map_err(Into::into)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(Into::into)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        Pin::new(&mut self.socket).poll_close(cx).map_err(Into::into)
    }
}
