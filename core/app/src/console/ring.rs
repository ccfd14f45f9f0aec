//! The last lines of one console, and where a reader stands in them.
//!
//! The ring is the only queue between the node and all watchers of a server: bounded in lines and in bytes. A reader
//! keeps nothing but the number of the last line that it was given; one that is too slow, or was away, is told exactly
//! which numbers it missed.

use gantry_protocol::ConsoleLine;
use std::collections::VecDeque;

/// Lines that a ring keeps.
pub(super) const RING_LINES: usize = 2_000;
/// Bytes of text that a ring keeps.
pub(super) const RING_BYTES: usize = 1 << 20;
/// Lines that one frame carries.
pub(super) const FRAME_LINES: usize = 200;
/// Bytes of text that one frame carries, unless a single line is longer.
pub(super) const FRAME_BYTES: usize = 32 << 10;

/// What a reader gets next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Lines(Vec<ConsoleLine>),
    /// Numbers that nobody will deliver, both ends included.
    Gap {
        from: u64,
        to: u64,
    },
    /// The numbering began again: the node lost the console's history.
    Restarted,
    Nothing,
}

/// A reader's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The last line given; none starts with what the ring has.
    pub(super) after: Option<u64>,
    /// The numbering that `after` belongs to.
    pub(super) epoch: u64,
}

#[derive(Debug, Default)]
pub(super) struct Ring {
    lines: VecDeque<ConsoleLine>,
    bytes: usize,
    epoch: u64,
}

impl Ring {
    /// Numbers at or below the last are repetitions and change nothing.
    pub(super) fn push(&mut self, line: ConsoleLine) {
        if self.last().is_some_and(|last| line.seq <= last) {
            return;
        }
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > RING_LINES || self.bytes > RING_BYTES {
            let Some(old) = self.lines.pop_front() else { break };
            self.bytes -= old.text.len();
        }
    }

    pub(super) fn last(&self) -> Option<u64> {
        self.lines.back().map(|line| line.seq)
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Forgets all: the node counts from the beginning again.
    pub(super) fn restart(&mut self) {
        self.lines.clear();
        self.bytes = 0;
        self.epoch += 1;
    }

    /// What follows `place`, which moves on.
    pub(super) fn next(&self, place: &mut Place) -> Next {
        if place.epoch != self.epoch {
            *place = Place { after: None, epoch: self.epoch };
            return Next::Restarted;
        }
        let begin = match place.after {
            None => 0,
            Some(after) => self.lines.partition_point(|line| line.seq <= after),
        };
        let Some(first) = self.lines.get(begin) else { return Next::Nothing };
        if let Some(after) = place.after
            && first.seq > after + 1
        {
            place.after = Some(first.seq - 1);
            return Next::Gap { from: after + 1, to: first.seq - 1 };
        }
        let lines = self.run_from(begin);
        place.after = lines.last().map(|line| line.seq).or(place.after);
        Next::Lines(lines)
    }

    /// Lines without a hole between them, as many as a frame carries.
    fn run_from(&self, begin: usize) -> Vec<ConsoleLine> {
        let mut run: Vec<ConsoleLine> = Vec::new();
        let mut bytes = 0;
        for line in self.lines.range(begin..).take(FRAME_LINES) {
            let follows = run.last().is_none_or(|last| line.seq == last.seq + 1);
            bytes += line.text.len();
            if !follows || (bytes > FRAME_BYTES && !run.is_empty()) {
                break;
            }
            run.push(line.clone());
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_protocol::ConsoleSource;

    fn line(seq: u64) -> ConsoleLine {
        ConsoleLine {
            seq,
            at: chrono::DateTime::UNIX_EPOCH,
            source: ConsoleSource::Game,
            text: format!("line {seq}"),
        }
    }

    fn ring(seqs: impl IntoIterator<Item = u64>) -> Ring {
        let mut ring = Ring::default();
        seqs.into_iter().for_each(|seq| ring.push(line(seq)));
        ring
    }

    fn numbers(next: Next) -> Vec<u64> {
        match next {
            Next::Lines(lines) => lines.iter().map(|line| line.seq).collect(),
            other => panic!("no lines but {other:?}"),
        }
    }

    #[test]
    fn a_reader_that_resumes_gets_what_it_missed_and_nothing_twice() {
        let mut ring = ring(1..=5);
        ring.push(line(4));
        let mut place = Place { after: Some(3), epoch: 0 };
        assert_eq!(numbers(ring.next(&mut place)), [4, 5]);
        assert_eq!(ring.next(&mut place), Next::Nothing);
    }

    #[test]
    fn a_slow_reader_is_told_which_lines_it_lost() {
        let ring = ring(1..=RING_LINES as u64 + 10);
        let mut place = Place { after: Some(4), epoch: 0 };
        assert_eq!(ring.next(&mut place), Next::Gap { from: 5, to: 10 });
        assert_eq!(numbers(ring.next(&mut place))[0], 11);
    }

    #[test]
    fn a_hole_that_the_node_left_is_marked_where_it_is() {
        let ring = ring([1, 2, 7, 8]);
        let mut place = Place::default();
        assert_eq!(numbers(ring.next(&mut place)), [1, 2]);
        assert_eq!(ring.next(&mut place), Next::Gap { from: 3, to: 6 });
        assert_eq!(numbers(ring.next(&mut place)), [7, 8]);
    }

    #[test]
    fn the_ring_stays_within_its_bytes() {
        let mut ring = Ring::default();
        for seq in 1..=64 {
            ring.push(ConsoleLine { text: "x".repeat(RING_BYTES / 8), ..line(seq) });
        }
        assert!(ring.bytes <= RING_BYTES && ring.lines.len() == 8);
        let mut place = Place::default();
        assert_eq!(numbers(ring.next(&mut place)).len(), 1, "a line longer than a frame travels alone");
    }

    #[test]
    fn a_numbering_that_began_again_starts_every_reader_over() {
        let mut ring = ring(1..=5);
        let mut place = Place { after: Some(5), epoch: 0 };
        ring.restart();
        ring.push(line(1));
        assert_eq!(ring.next(&mut place), Next::Restarted);
        assert_eq!(numbers(ring.next(&mut place)), [1]);
    }
}
