//! One end of a line: frames with their length before them, on a socket.

use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recv, recvmsg, send, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::bounded;
use super::words::{FromGuest, ToGuest};
use crate::capability::LogLevel;
use crate::lend::{Answered, EmbedderFault, Question};

const LENGTH_BYTES: usize = size_of::<u32>();
/// Most of what is said is shorter.
const USUAL_BYTES: usize = 16 * 1024;
/// Kept by an end between two calls.
const KEPT_BYTES: usize = 256 * 1024;

/// The largest answer to a question: what all requests of one call of `http` bring, and room.
const ANSWER_BYTES: usize = 128 * 1024 * 1024;
/// More characters of a log line than are kept, so that cutting it is seen.
const LOG_CHARACTERS: usize = 8 * 1024;

/// Why nothing more comes.
#[derive(Debug)]
pub(crate) enum Lost {
    /// The other end is gone.
    Ended,
    /// What came is not what can come.
    Nonsense,
}

/// A frame to be sent: its parts stand behind one another.
pub(crate) struct Frame(Vec<u8>);

impl Frame {
    pub(crate) fn new(first: &impl Serialize) -> Result<Self, Lost> {
        Self(vec![0; LENGTH_BYTES]).with(first)
    }

    pub(crate) fn with(self, next: &impl Serialize) -> Result<Self, Lost> {
        postcard::to_extend(next, self.0).map(Self).map_err(|_| Lost::Nonsense)
    }

    pub(crate) fn raw(bytes: &[u8]) -> Self {
        let mut frame = Vec::with_capacity(LENGTH_BYTES + bytes.len());
        frame.resize(LENGTH_BYTES, 0);
        frame.extend_from_slice(bytes);
        Self(frame)
    }

    /// As it goes over the wire.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Lost> {
        let mut frame = self.0;
        let length = u32::try_from(frame.len() - LENGTH_BYTES).map_err(|_| Lost::Nonsense)?;
        frame[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
        Ok(frame)
    }
}

/// An end of a line.
pub(crate) struct Line {
    socket: UnixStream,
    buffer: Vec<u8>,
    /// What has come and was not taken yet.
    fresh: Range<usize>,
    sockets: VecDeque<OwnedFd>,
    takes_sockets: bool,
}

impl Line {
    pub(crate) fn new(socket: UnixStream) -> Self {
        Self { socket, buffer: Vec::new(), fresh: 0..0, sockets: VecDeque::new(), takes_sockets: false }
    }

    /// An end that sockets may come to.
    pub(crate) fn taking_sockets(socket: UnixStream) -> Self {
        Self { takes_sockets: true, ..Self::new(socket) }
    }

    pub(crate) fn socket(&self) -> &UnixStream {
        &self.socket
    }

    /// The socket that came with a frame.
    pub(crate) fn take_socket(&mut self) -> Option<UnixStream> {
        self.sockets.pop_front().map(UnixStream::from)
    }

    /// What stands in a frame.
    pub(crate) fn bytes(&self, frame: Range<usize>) -> &[u8] {
        &self.buffer[frame]
    }

    /// The first part of a frame, and where the rest of it is. For the child, which believes its embedder.
    pub(crate) fn read<T: DeserializeOwned>(&self, frame: Range<usize>) -> Result<(T, Range<usize>), Lost> {
        let bytes = self.bytes(frame.clone());
        let (part, rest) = postcard::take_from_bytes(bytes).map_err(|_| Lost::Nonsense)?;
        let at = frame.end - rest.len();
        Ok((part, at..frame.end))
    }

    /// The same of what may lie: what is read takes at most so many bytes of memory.
    pub(crate) fn read_bounded<T: DeserializeOwned>(
        &self,
        frame: Range<usize>,
        most: usize,
    ) -> Result<(T, Range<usize>), Lost> {
        let bytes = self.bytes(frame.clone());
        let (part, rest) = bounded::take(bytes, most).map_err(|_| Lost::Nonsense)?;
        let at = frame.end - rest.len();
        Ok((part, at..frame.end))
    }

    /// The next frame, if it has come whole.
    pub(crate) fn frame(&mut self, most: usize) -> Result<Option<Range<usize>>, Lost> {
        let Some((length, _)) = self.buffer[self.fresh.clone()].split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > most {
            return Err(Lost::Nonsense);
        }
        let begin = self.fresh.start + LENGTH_BYTES;
        if self.fresh.len() < LENGTH_BYTES + length {
            self.make_room(LENGTH_BYTES + length);
            return Ok(None);
        }
        self.fresh.start = begin + length;
        Ok(Some(begin..begin + length))
    }

    /// Makes the buffer hold so many bytes from the first that was not taken.
    fn make_room(&mut self, bytes: usize) {
        self.buffer.copy_within(self.fresh.clone(), 0);
        self.fresh = 0..self.fresh.len();
        if self.buffer.len() < bytes {
            self.buffer.resize(bytes, 0);
        }
    }

    /// Takes what has come, or waits for it if the flags let it. False: nothing has.
    pub(crate) fn receive(&mut self, flags: RecvFlags) -> Result<bool, Lost> {
        if self.fresh.is_empty() || self.fresh.end == self.buffer.len() {
            let room = if self.fresh.end == self.buffer.len() { self.fresh.len() + USUAL_BYTES } else { 0 };
            self.make_room(room.max(USUAL_BYTES));
        }
        loop {
            let free = &mut self.buffer[self.fresh.end..];
            let received = if self.takes_sockets {
                receive_with_sockets(&self.socket, free, flags, &mut self.sockets)
            } else {
                recv(&self.socket, free, flags).map(|(received, _)| received)
            };
            match received {
                Ok(0) => return Err(Lost::Ended),
                Ok(received) => {
                    self.fresh.end += received;
                    return Ok(true);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(false),
                Err(_) => return Err(Lost::Ended),
            }
        }
    }

    /// Waits on this thread for something to come.
    pub(crate) fn comes_within(&self, time: Duration) -> Result<bool, Lost> {
        let mut sockets = [PollFd::new(&self.socket, PollFlags::IN)];
        let time = Timespec::try_from(time).map_err(|_| Lost::Nonsense)?;
        match poll(&mut sockets, Some(&time)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(_) => Err(Lost::Ended),
        }
    }

    /// Waits for the next frame, for as long as the socket's own time-out lets it.
    pub(crate) fn wait(&mut self, most: usize) -> Result<Option<Range<usize>>, Lost> {
        loop {
            if let Some(frame) = self.frame(most)? {
                return Ok(Some(frame));
            }
            if !self.receive(RecvFlags::empty())? {
                return Ok(None);
            }
        }
    }

    /// Sends what the socket takes at once, and answers how much that was.
    pub(crate) fn send_some(&self, bytes: &[u8], flags: SendFlags) -> Result<usize, Lost> {
        loop {
            match send(&self.socket, bytes, flags | SendFlags::NOSIGNAL) {
                Ok(sent) => return Ok(sent),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(0),
                Err(_) => return Err(Lost::Ended),
            }
        }
    }

    /// Sends all of it, and waits where the socket is full.
    pub(crate) fn send(&self, frame: Result<Frame, Lost>) -> Result<(), Lost> {
        let frame = frame?.finish()?;
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            let sent = self.send_some(rest, SendFlags::empty())?;
            if sent == 0 {
                return Err(Lost::Ended);
            }
            rest = &rest[sent..];
        }
        Ok(())
    }

    /// Sends a short frame with a socket.
    pub(crate) fn send_socket(&self, frame: Frame, socket: BorrowedFd<'_>) -> Result<(), Lost> {
        let frame = frame.finish()?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let sockets = [socket];
        if !ancillary.push(SendAncillaryMessage::ScmRights(&sockets)) {
            return Err(Lost::Nonsense);
        }
        let sent = sendmsg(&self.socket, &[IoSlice::new(&frame)], &mut ancillary, SendFlags::NOSIGNAL);
        // Nothing else is on its way there, so that a few bytes fit at once.
        if sent == Ok(frame.len()) { Ok(()) } else { Err(Lost::Ended) }
    }

    /// Asks the embedder, and waits for the answer.
    pub(crate) fn ask(&mut self, question: Question) -> Result<Answered, EmbedderFault> {
        let answered = self.send(Frame::new(&FromGuest::Ask(question))).and_then(|()| {
            let frame = self.wait(ANSWER_BYTES)?.ok_or(Lost::Ended)?;
            match self.read(frame)? {
                (ToGuest::Answer(answer), _) => Ok(answer),
                (ToGuest::Call { .. }, _) => Err(Lost::Nonsense),
            }
        });
        answered.map_err(|_| EmbedderFault::new("nobody waits for the answer any more"))
    }

    /// Hands the embedder a line of the log, of which it keeps a bounded part.
    pub(crate) fn write(&self, level: LogLevel, line: &str) -> Result<(), EmbedderFault> {
        let line = line.chars().take(LOG_CHARACTERS).collect();
        let written = self.send(Frame::new(&FromGuest::Log { level, line }));
        written.map_err(|_| EmbedderFault::new("nobody reads the log any more"))
    }

    /// Whether the other end is gone or sends nothing more.
    pub(crate) fn is_left(&self) -> bool {
        let mut byte = [0];
        let peeked = recv(&self.socket, &mut byte[..], RecvFlags::PEEK | RecvFlags::DONTWAIT);
        !matches!(peeked, Ok((1.., _)) | Err(Errno::AGAIN | Errno::INTR))
    }

    /// Gives back the room of a large frame, if nothing has come that was not taken. Answers whether that is so.
    pub(crate) fn rest(&mut self) -> bool {
        let is_clean = self.fresh.is_empty();
        if is_clean {
            self.fresh = 0..0;
            if self.buffer.len() > KEPT_BYTES {
                self.buffer = Vec::new();
            }
        }
        is_clean
    }

    /// Leaves what has come.
    pub(crate) fn discard(&mut self) {
        self.fresh = 0..0;
    }
}

fn receive_with_sockets(
    socket: &UnixStream,
    free: &mut [u8],
    flags: RecvFlags,
    sockets: &mut VecDeque<OwnedFd>,
) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = flags | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket.as_fd(), &mut [IoSliceMut::new(free)], &mut ancillary, flags)?;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(came) = message {
            sockets.extend(came);
        }
    }
    Ok(received.bytes)
}
