//! The byte stream that HTTP/2 runs on, over frames.
//!
//! Latency decides a console line's worth, so a flush always sends at once; what is written between two flushes is put
//! into as few frames as fit. One frame is held each way and no more: the socket's own back-pressure reaches HTTP/2's flow
//! control.

use super::{
    MAX_FRAME,
    frame::{Frame, FrameSocket},
};
use bytes::{Buf, Bytes, BytesMut};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A [`FrameSocket`] after its handshake, as bytes.
#[derive(Debug)]
pub struct ByteStream<S> {
    socket: S,
    /// What is left of the last frame that came.
    incoming: Bytes,
    /// What the next frame will carry; at most [`MAX_FRAME`].
    outgoing: BytesMut,
    ended: bool,
}

impl<S: FrameSocket> ByteStream<S> {
    pub fn new(socket: S) -> Self {
        Self { socket, incoming: Bytes::new(), outgoing: BytesMut::new(), ended: false }
    }

    /// Hands the collected bytes to the socket as one frame.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.outgoing.is_empty() {
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(broken)?;
        let frame = Frame::Binary(self.outgoing.split().freeze());
        Poll::Ready(Pin::new(&mut self.socket).start_send(frame).map_err(broken))
    }

    /// Waits until something fits into the next frame; answers how much.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.outgoing.len() >= MAX_FRAME {
            ready!(self.poll_send(cx))?;
        }
        Poll::Ready(Ok(MAX_FRAME - self.outgoing.len()))
    }

    /// Waits until bytes are there or the peer is done.
    fn poll_incoming(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.incoming.is_empty() && !self.ended {
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Frame::Binary(bytes))) if bytes.len() <= MAX_FRAME => self.incoming = bytes,
                Some(Ok(Frame::Binary(_))) => return Poll::Ready(Err(invalid("a frame is too long"))),
                Some(Ok(Frame::Text(_))) => {
                    return Poll::Ready(Err(invalid("a text frame after the handshake")));
                }
                Some(Ok(Frame::Close)) | None => self.ended = true,
                Some(Err(error)) => return Poll::Ready(Err(broken(error))),
            }
        }
        Poll::Ready(Ok(()))
    }
}

fn broken(error: super::SocketError) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, error)
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl<S: FrameSocket> AsyncRead for ByteStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_incoming(cx))?;
        let length = self.incoming.len().min(buffer.remaining());
        buffer.put_slice(&self.incoming[..length]);
        self.incoming.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl<S: FrameSocket> AsyncWrite for ByteStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let room = ready!(self.poll_room(cx))?;
        let length = room.min(bytes.len());
        self.outgoing.extend_from_slice(&bytes[..length]);
        Poll::Ready(Ok(length))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let room = ready!(self.poll_room(cx))?;
        let mut written = 0;
        for slice in slices {
            let length = slice.len().min(room - written);
            self.outgoing.extend_from_slice(&slice[..length]);
            written += length;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.socket).poll_flush(cx).map_err(broken)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.socket).poll_close(cx).map_err(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tunnel::memory::pair;
    use futures_util::{SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn writes_between_two_flushes_leave_in_one_frame() {
        let (left, mut right) = pair(4);
        let mut stream = ByteStream::new(left);
        stream.write_all(b"console ").await.unwrap();
        let pieces = [IoSlice::new(b"li"), IoSlice::new(b"ne")];
        assert_eq!(stream.write_vectored(&pieces).await.unwrap(), 4);
        stream.flush().await.unwrap();
        assert_eq!(right.next().await.unwrap().unwrap(), Frame::Binary(Bytes::from_static(b"console line")));
    }

    #[tokio::test]
    async fn much_is_cut_into_frames_and_put_together_again() {
        let (left, right) = pair(2);
        let (mut writer, mut reader) = (ByteStream::new(left), ByteStream::new(right));
        let sent: Vec<u8> = (0..5 * MAX_FRAME + 7).map(|n| (n % 251) as u8).collect();
        let mut received = Vec::new();
        let write = async {
            writer.write_all(&sent).await.unwrap();
            writer.shutdown().await.unwrap();
        };
        tokio::join!(write, async { reader.read_to_end(&mut received).await.unwrap() });
        assert_eq!(received, sent);
    }

    #[tokio::test]
    async fn reader_that_stands_still_stops_the_writer() {
        let (left, _right) = pair(1);
        let mut writer = ByteStream::new(left);
        let mut written = 0;
        let filling = async {
            loop {
                written += writer.write(&[0; MAX_FRAME]).await.unwrap();
            }
        };
        let filled = futures_util::future::select(Box::pin(filling), std::future::ready(())).await;
        assert!(matches!(filled, futures_util::future::Either::Right(_)));
        drop(filled);
        assert!(written <= 3 * MAX_FRAME, "{written} bytes are held");
    }

    #[tokio::test]
    async fn text_and_overlong_frames_break_the_stream() {
        for frame in [Frame::Text("late".to_owned()), Frame::Binary(Bytes::from(vec![0; MAX_FRAME + 1]))] {
            let (left, mut right) = pair(1);
            right.send(frame).await.unwrap();
            let error = ByteStream::new(left).read_u8().await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        }
    }
}
