//! The socket of one connection, with a brake and an end.
//!
//! `russh` answers its peer's window as soon as data has come and hands the data on; if whoever takes it makes it wait, it
//! can neither send answers nor hear that there is room for them. So requests are taken at once and counted, and the
//! brake is here: while too many wait, the socket is not read, and TCP makes the peer wait. The one exception is an answer
//! that is stuck, because what frees it (window, new keys) can only be read; then reading goes on up to a bound at which
//! the connection is closed. An answer that merely waits for its turn is no exception: a fast upload would be taken for
//! abuse.

use crate::limits::{HARD_BYTES, SOFT_BYTES, STUCK};
use futures_util::task::AtomicWaker;
use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// What of a connection waits to be done.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    waiting: AtomicUsize,
    sending: AtomicUsize,
    reader: AtomicWaker,
}

/// Held while an answer is stuck.
struct Sending<'a>(&'a Gate);

impl Gate {
    /// Counts a request that waits. False if it is beyond all patience.
    pub(crate) fn came(&self, bytes: usize) -> bool {
        self.waiting.fetch_add(bytes, Ordering::AcqRel).saturating_add(bytes) <= HARD_BYTES
    }

    /// Requests of so many bytes are done.
    pub(crate) fn done(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::AcqRel);
        self.reader.wake();
    }

    /// Waits until an answer is taken.
    pub(crate) async fn answering<F: Future>(&self, answer: F) -> F::Output {
        let mut answer = std::pin::pin!(answer);
        if let Ok(taken) = tokio::time::timeout(STUCK, answer.as_mut()).await {
            return taken;
        }
        self.sending.fetch_add(1, Ordering::AcqRel);
        let _sending = Sending(self);
        self.reader.wake();
        answer.await
    }

    fn is_shut(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > SOFT_BYTES && self.sending.load(Ordering::Acquire) == 0
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.0.sending.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A stream that stops being read while its gate is shut, and fails once it is cancelled.
pub(crate) struct Wire<S> {
    stream: S,
    gate: Arc<Gate>,
    ended: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S, gate: Arc<Gate>, end: CancellationToken) -> Self {
        Self { stream, gate, ended: Box::pin(end.cancelled_owned()) }
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.ended.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        if self.gate.is_shut() {
            self.gate.reader.register(context.waker());
            // It may have been opened between the two.
            if self.gate.is_shut() {
                return Poll::Pending;
            }
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn wire() -> (tokio::io::DuplexStream, Wire<tokio::io::DuplexStream>, Arc<Gate>, CancellationToken) {
        let (peer, own) = tokio::io::duplex(64);
        let (gate, end) = (Arc::new(Gate::default()), CancellationToken::new());
        (peer, Wire::new(own, Arc::clone(&gate), end.clone()), gate, end)
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_read_while_too_much_waits_unless_an_answer_is_stuck() {
        let (mut peer, mut wire, gate, _end) = wire();
        peer.write_all(b"ab").await.unwrap();
        assert!(gate.came(SOFT_BYTES + 1));
        let mut byte = [0];
        let mut reading = std::pin::pin!(wire.read_exact(&mut byte));
        assert!(futures_util::poll!(reading.as_mut()).is_pending());
        let (taken, takes) = tokio::sync::oneshot::channel::<()>();
        let mut answering = std::pin::pin!(gate.answering(takes));
        assert!(futures_util::poll!(answering.as_mut()).is_pending());
        tokio::time::advance(STUCK - Duration::from_millis(1)).await;
        assert!(futures_util::poll!(answering.as_mut()).is_pending());
        assert!(futures_util::poll!(reading.as_mut()).is_pending(), "it waits for its turn");
        tokio::time::advance(Duration::from_millis(2)).await;
        assert!(futures_util::poll!(answering.as_mut()).is_pending());
        reading.await.unwrap();
        taken.send(()).unwrap();
        answering.await.unwrap();
        let mut reading = std::pin::pin!(wire.read_exact(&mut byte));
        assert!(futures_util::poll!(reading.as_mut()).is_pending());
        gate.done(SOFT_BYTES);
        reading.await.unwrap();
        assert!(!gate.came(HARD_BYTES));
    }

    #[tokio::test]
    async fn a_cancelled_wire_neither_reads_nor_writes() {
        let (_peer, mut wire, _gate, end) = wire();
        let mut byte = [0];
        let reading = tokio::spawn(async move { (wire.read(&mut byte).await, wire.write(b"x").await) });
        end.cancel();
        let (read, written) = reading.await.unwrap();
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
        assert!(written.is_err());
    }
}
