//! A container's console: output with the time of each line, and an input.
//!
//! Output can be resumed after any line by its time, so that a daemon that comes back finds no gap and repeats nothing.
//! Reading slowly never slows the process: the engine keeps its bounded log between the two.

use crate::error::RuntimeError;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use std::pin::Pin;
use tokio::io::AsyncWrite;

/// Bytes that the process wrote to either of its streams: a line with its end, or a piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputChunk {
    /// When the line was written. Pieces of one line may share it.
    pub at: DateTime<Utc>,
    /// Raw and untrusted.
    pub bytes: Bytes,
}

/// Both directions of a console.
pub struct Attachment {
    /// Ends when the process has ended and all of its output was delivered.
    pub output: BoxStream<'static, Result<OutputChunk, RuntimeError>>,
    /// None if the process had ended before.
    pub input: Option<Pin<Box<dyn AsyncWrite + Send>>>,
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attachment").field("input", &self.input.is_some()).finish_non_exhaustive()
    }
}

/// One line of output, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: DateTime<Utc>,
    /// Invalid UTF-8 is replaced; escape sequences stay.
    pub text: String,
}

/// Puts chunks together to lines of bounded length. A longer line comes in several.
#[derive(Debug)]
pub struct Lines {
    max_bytes: usize,
    held: Vec<u8>,
    held_at: Option<DateTime<Utc>>,
}

impl Lines {
    /// Lines of at most `max_bytes` bytes each.
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes: max_bytes.max(1), held: Vec::new(), held_at: None }
    }

    /// The lines that the chunk completes.
    pub fn push(&mut self, chunk: &OutputChunk) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut rest = chunk.bytes.as_ref();
        while !rest.is_empty() {
            let room = self.max_bytes - self.held.len();
            let (text, ends, used) = match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) if end <= room => (&rest[..end], true, end + 1),
                _ => (&rest[..room.min(rest.len())], rest.len() >= room, room.min(rest.len())),
            };
            self.held_at.get_or_insert(chunk.at);
            self.held.extend_from_slice(text);
            rest = &rest[used..];
            if ends {
                lines.extend(self.finish());
            }
        }
        lines
    }

    /// What was written after the last end of line, once nothing follows.
    pub fn finish(&mut self) -> Option<Line> {
        let at = self.held_at.take()?;
        let held = std::mem::take(&mut self.held);
        let text = held.strip_suffix(b"\r").unwrap_or(&held);
        Some(Line { at, text: String::from_utf8_lossy(text).into_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(max: usize, chunks: &[&str]) -> Vec<String> {
        let mut lines = Lines::new(max);
        let at = DateTime::UNIX_EPOCH;
        let mut all: Vec<_> = chunks
            .iter()
            .flat_map(|text| lines.push(&OutputChunk { at, bytes: Bytes::copy_from_slice(text.as_bytes()) }))
            .collect();
        all.extend(lines.finish());
        all.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn pieces_become_one_line_and_its_end_is_removed() {
        assert_eq!(lines_of(80, &["one", " two\r\nthr", "ee\n", "rest"]), ["one two", "three", "rest"]);
    }

    #[test]
    fn empty_lines_are_lines() {
        assert_eq!(lines_of(80, &["\n\nx\n"]), ["", "", "x"]);
    }

    #[test]
    fn a_line_without_end_never_holds_more_than_the_limit() {
        assert_eq!(lines_of(4, &["abcdefghij\n"]), ["abcd", "efgh", "ij"]);
    }
}
