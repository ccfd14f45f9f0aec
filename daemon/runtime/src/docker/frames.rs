//! The engine's log format, taken apart with bounded memory.
//!
//! With times asked for, each line begins with a time of fixed width, `2006-01-02T15:04:05.000000000Z`, and a space. A
//! line of more than 16 KiB comes in pieces, each with its own time. Without a terminal every piece is a frame with an
//! eight-byte header (stream, three zeros, length, big endian); with one, the pieces follow each other bare. What the
//! process wrote is passed on as it arrives and is never held, so a line without end costs nothing.
//!
//! Format: Docker Engine API, "Attach to a container", section "Stream format".

use crate::console::OutputChunk;
use bytes::{Buf, Bytes};
use chrono::{DateTime, Utc};

/// A time and the space behind it.
const STAMP: usize = 31;
const HEADER: usize = 8;
/// Where the engine cuts a long line.
const PIECE: usize = 16 * 1024;

/// Whether the container has a terminal decides between the two framings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Terminal,
    Multiplexed,
}

/// What comes before a place where a time may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    /// The end of a line, or nothing.
    Line,
    /// A whole piece of a line.
    Piece,
    /// A return so far into a piece of a line of several: the last one's end may be lost.
    Return { piece: usize },
}

#[derive(Debug)]
enum State {
    /// Gathering a frame's header.
    Header,
    /// Gathering a time; `left` bytes of the frame remain if there are frames.
    Stamp { left: usize, after: After },
    /// Passing text on, `piece` bytes of which have passed.
    Text { left: usize, piece: usize },
}

/// Takes the stream apart, in whatever portions it comes.
#[derive(Debug)]
pub(super) struct Frames {
    framing: Framing,
    state: State,
    /// At most a header or a time.
    held: Vec<u8>,
    at: DateTime<Utc>,
    /// Whether the line has had a whole piece.
    long: bool,
}

impl Frames {
    pub(super) fn new(framing: Framing) -> Self {
        let held = Vec::with_capacity(STAMP);
        let mut frames = Self { framing, state: State::Header, held, at: DateTime::UNIX_EPOCH, long: false };
        frames.next_message(After::Line);
        frames
    }

    /// What these bytes contain of the process' output.
    pub(super) fn push(&mut self, mut bytes: Bytes) -> Vec<OutputChunk> {
        let mut chunks = Vec::new();
        while !bytes.is_empty() {
            match self.state {
                State::Header => self.header(&mut bytes),
                State::Stamp { left, after } => self.stamp(&mut bytes, left, after, &mut chunks),
                State::Text { left, piece } => match self.framing {
                    Framing::Terminal => self.bare_text(&mut bytes, piece, &mut chunks),
                    Framing::Multiplexed => self.framed_text(&mut bytes, left, piece, &mut chunks),
                },
            }
        }
        chunks
    }

    fn next_message(&mut self, after: After) {
        self.held.clear();
        self.long = after != After::Line;
        self.state = match self.framing {
            Framing::Terminal => State::Stamp { left: STAMP, after },
            Framing::Multiplexed => State::Header,
        };
    }

    fn hold(&mut self, bytes: &mut Bytes, want: usize) -> bool {
        let take = (want - self.held.len()).min(bytes.len());
        self.held.extend_from_slice(&bytes.split_to(take));
        self.held.len() == want
    }

    fn header(&mut self, bytes: &mut Bytes) {
        if self.hold(bytes, HEADER) {
            let left = (&self.held[4..]).get_u32() as usize;
            self.held.clear();
            self.state = if left == 0 { State::Header } else { State::Stamp { left, after: After::Line } };
        }
    }

    /// What does not parse as a time is text: an engine that does not repeat it in front of a piece loses nothing.
    fn stamp(&mut self, bytes: &mut Bytes, left: usize, after: After, chunks: &mut Vec<OutputChunk>) {
        let whole = self.hold(bytes, STAMP.min(left));
        if !whole && self.held.first().is_none_or(u8::is_ascii_digit) {
            return;
        }
        let held = std::mem::take(&mut self.held);
        if let Some(at) = parse(&held) {
            self.at = at;
            self.long = after == After::Piece;
            self.state = State::Text { left: left - held.len(), piece: 0 };
            if self.framing == Framing::Multiplexed && left == held.len() {
                self.end_frame(true, chunks);
            }
            return;
        }
        let text = match (after, held.split_first()) {
            // The end of the line was not lost, and was told with the return.
            (After::Return { .. }, Some((b'\n', rest))) => {
                self.next_message(After::Line);
                rest.to_vec()
            }
            (After::Return { piece }, _) => {
                self.state = State::Text { left, piece };
                held
            }
            (After::Line | After::Piece, _) => {
                self.state = State::Text { left, piece: 0 };
                held
            }
        };
        *bytes = Bytes::from([text.as_slice(), bytes.as_ref()].concat());
    }

    fn framed_text(&mut self, bytes: &mut Bytes, left: usize, piece: usize, chunks: &mut Vec<OutputChunk>) {
        let text = bytes.split_to(left.min(bytes.len()));
        let (left, piece) = (left - text.len(), piece + text.len());
        let ended = text.ends_with(b"\n");
        self.state = State::Text { left, piece };
        chunks.push(OutputChunk { at: self.at, bytes: text });
        if left == 0 {
            // Docker 20.10 loses the end of a line that comes in several pieces.
            self.end_frame(!ended && piece != PIECE, chunks);
        }
    }

    fn end_frame(&mut self, add_line_end: bool, chunks: &mut Vec<OutputChunk>) {
        if add_line_end {
            chunks.push(OutputChunk { at: self.at, bytes: Bytes::from_static(b"\n") });
        }
        self.next_message(After::Line);
    }

    fn bare_text(&mut self, bytes: &mut Bytes, piece: usize, chunks: &mut Vec<OutputChunk>) {
        let seen = &bytes[..(PIECE - piece).min(bytes.len())];
        let ends = |byte: &u8| *byte == b'\n' || (self.long && *byte == b'\r');
        let end = seen.iter().position(ends);
        let take = end.map_or(seen.len(), |end| end + 1);
        let text = bytes.split_to(take);
        let lost = text.ends_with(b"\r") && end.is_some();
        chunks.push(OutputChunk { at: self.at, bytes: text });
        if lost {
            // Docker 20.10 loses the end of a line that comes in several pieces: what is left is the return.
            chunks.push(OutputChunk { at: self.at, bytes: Bytes::from_static(b"\n") });
            self.next_message(if piece + take == PIECE {
                After::Piece
            } else {
                After::Return { piece: piece + take }
            });
        } else if end.is_some() {
            self.next_message(After::Line);
        } else if piece + take == PIECE {
            // A line of exactly one piece is followed by its end, not by a time; `stamp` takes that for text.
            self.next_message(After::Piece);
        } else {
            self.state = State::Text { left: 0, piece: piece + take };
        }
    }
}

fn parse(held: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(held.strip_suffix(b" ")?).ok()?;
    let shaped = text.len() == STAMP - 1 && text.ends_with('Z') && text.as_bytes().get(10) == Some(&b'T');
    let at = shaped.then(|| DateTime::parse_from_rfc3339(text).ok()).flatten()?;
    Some(at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "2026-01-02T03:04:05.000000001Z ";
    const SECOND: &str = "2026-01-02T03:04:05.000000002Z ";

    fn frame(stream: u8, payload: &str) -> Vec<u8> {
        let mut bytes = vec![stream, 0, 0, 0];
        bytes.extend((payload.len() as u32).to_be_bytes());
        bytes.extend(payload.as_bytes());
        bytes
    }

    /// Text by its time's nanoseconds, whatever portions the bytes come in.
    fn taken_apart(framing: Framing, bytes: &[u8]) -> Vec<(u32, String)> {
        let whole = collect(framing, bytes, bytes.len());
        for portion in [1, 2, 7, 30, 31, 32, 4096] {
            assert_eq!(collect(framing, bytes, portion), whole, "in portions of {portion}");
        }
        whole
    }

    fn collect(framing: Framing, bytes: &[u8], portion: usize) -> Vec<(u32, String)> {
        let mut frames = Frames::new(framing);
        let mut all: Vec<(u32, String)> = Vec::new();
        for part in bytes.chunks(portion.max(1)) {
            for chunk in frames.push(Bytes::copy_from_slice(part)) {
                let nanos = chunk.at.timestamp_subsec_nanos();
                let text = String::from_utf8_lossy(&chunk.bytes).into_owned();
                match all.last_mut() {
                    Some((last, held)) if *last == nanos => held.push_str(&text),
                    _ => all.push((nanos, text)),
                }
            }
        }
        all
    }

    #[test]
    fn terminal_lines_lose_their_times() {
        let bytes = format!("{FIRST}one\r\n{SECOND}two\r\n");
        let taken = taken_apart(Framing::Terminal, bytes.as_bytes());
        assert_eq!(taken, [(1, "one\r\n".to_owned()), (2, "two\r\n".to_owned())]);
    }

    #[test]
    fn pieces_of_a_long_terminal_line_lose_theirs_too() {
        let piece = "x".repeat(PIECE);
        let bytes = format!("{FIRST}{piece}{SECOND}{piece}{SECOND}rest\n");
        let taken = taken_apart(Framing::Terminal, bytes.as_bytes());
        assert_eq!(taken, [(1, piece.clone()), (2, format!("{piece}rest\n"))]);
    }

    #[test]
    fn a_lost_end_of_a_long_line_is_restored() {
        let piece = "x".repeat(PIECE);
        let bytes = format!("{FIRST}{piece}{FIRST}rest\r{SECOND}two\r\n");
        let expected = [(1, format!("{piece}rest\r\n")), (2, "two\r\n".to_owned())];
        assert_eq!(taken_apart(Framing::Terminal, bytes.as_bytes()), expected);
        let frames = [format!("{FIRST}{piece}"), format!("{FIRST}rest"), format!("{SECOND}two\n")];
        let bytes = frames.map(|payload| frame(1, &payload)).concat();
        let expected = [(1, format!("{piece}rest\n")), (2, "two\n".to_owned())];
        assert_eq!(taken_apart(Framing::Multiplexed, &bytes), expected);
    }

    #[test]
    fn a_kept_end_of_a_long_line_is_not_doubled() {
        let piece = "x".repeat(PIECE);
        let bytes = format!("{FIRST}{piece}{FIRST}a\rb\r\n{SECOND}two\r\n");
        let expected = [(1, format!("{piece}a\r\nb\r\n")), (2, "two\r\n".to_owned())];
        assert_eq!(taken_apart(Framing::Terminal, bytes.as_bytes()), expected);
    }

    #[test]
    fn a_terminal_line_of_exactly_one_piece_keeps_its_end_and_its_successor() {
        let piece = "x".repeat(PIECE);
        let bytes = format!("{FIRST}{piece}\n{SECOND}two\n");
        let taken = taken_apart(Framing::Terminal, bytes.as_bytes());
        assert_eq!(taken, [(1, format!("{piece}\n")), (2, "two\n".to_owned())]);
    }

    #[test]
    fn both_streams_of_frames_are_passed_on() {
        let bytes = [frame(1, &format!("{FIRST}out\n")), frame(2, &format!("{SECOND}err\n"))].concat();
        let taken = taken_apart(Framing::Multiplexed, &bytes);
        assert_eq!(taken, [(1, "out\n".to_owned()), (2, "err\n".to_owned())]);
    }

    #[test]
    fn control_bytes_of_a_tenant_are_text() {
        let bytes = format!("{FIRST}\u{1}\u{0}\u{0}\u{0}7777\n");
        let taken = taken_apart(Framing::Terminal, bytes.as_bytes());
        assert_eq!(taken, [(1, "\u{1}\u{0}\u{0}\u{0}7777\n".to_owned())]);
    }

    #[test]
    fn empty_and_short_frames_are_harmless() {
        let bytes =
            [frame(1, ""), frame(1, "2026"), frame(1, FIRST), frame(1, &format!("{SECOND}x"))].concat();
        let taken = taken_apart(Framing::Multiplexed, &bytes);
        assert_eq!(taken, [(0, "2026\n".to_owned()), (1, "\n".to_owned()), (2, "x\n".to_owned())]);
    }

    #[test]
    fn an_endless_line_is_passed_on_and_not_held() {
        let mut frames = Frames::new(Framing::Terminal);
        frames.push(Bytes::from_static(FIRST.as_bytes()));
        let chunks = frames.push(Bytes::from(vec![b'x'; 1 << 20]));
        let passed: usize = chunks.iter().map(|chunk| chunk.bytes.len()).sum();
        assert!(passed + STAMP >= 1 << 20, "{passed}");
        assert!(frames.held.len() <= STAMP);
    }
}
