//! Both ends of a line with anything said to them, for `boundary`.

use std::io::Write as _;
use std::net::Shutdown;
use std::ops::Range;
use std::os::unix::net::UnixStream;

use rustix::net::RecvFlags;

use super::bounded;
use super::line::{Line, Lost};
use super::words::{FromGuest, Load, Order, Report, ToGuest};
use crate::budgets::Budgets;
use crate::calls::{ForKind, Request};
use crate::kind::Kind;

/// What an embedder makes of the answer to a call, with all the room that it has for one of that kind.
pub(crate) fn answer<R: Request>(bytes: &[u8]) -> Option<R::Answer> {
    let most = R::KIND.budget(&Budgets::default()).output_bytes;
    bounded::take::<R::Answer>(bytes, most).ok().map(|(answer, _)| answer)
}

/// Has an embedder hear these bytes, in pieces, from a child that may lie. Answers how many frames came whole.
pub fn lies(bytes: &[u8], piece: usize) -> usize {
    let most = 256 * 1024;
    hear(bytes, piece, most, |line, frame| {
        drop(line.read_bounded::<Report>(frame.clone(), most));
        match line.read_bounded::<FromGuest>(frame, most) {
            Ok((FromGuest::Log { line, .. }, _)) => assert!(line.len() <= most),
            Ok((FromGuest::Ended { why: None, .. }, rest)) => {
                let kind = line
                    .bytes(rest.clone())
                    .first()
                    .map_or(Kind::Handle, |byte| if byte % 2 == 0 { Kind::Collect } else { Kind::Render });
                kind.with(Read { line, part: rest, most: Some(most) });
            }
            Ok((FromGuest::Ended { .. } | FromGuest::Ask(_), _)) | Err(_) => {}
        }
    })
}

/// Has a child hear these bytes, in pieces, on each of its lines. Answers how many frames came whole.
pub fn orders(bytes: &[u8], piece: usize) -> usize {
    hear(bytes, piece, bytes.len(), |line, frame| {
        drop(line.read::<Order>(frame.clone()));
        drop(line.read::<Load>(frame.clone()));
        if let Ok((ToGuest::Call { kind, .. }, rest)) = line.read(frame) {
            kind.with(Read { line, part: rest, most: None });
        }
    })
}

/// Reads what belongs to a call: its request as the child does, or its answer as the embedder does.
struct Read<'a> {
    line: &'a Line,
    part: Range<usize>,
    most: Option<usize>,
}

impl ForKind for Read<'_> {
    type Outcome = ();

    fn with<R: Request>(self) {
        match self.most {
            Some(most) => drop(self.line.read_bounded::<R::Answer>(self.part, most)),
            None => drop(self.line.read::<R>(self.part)),
        }
    }
}

/// Says the bytes to one end of a line, and has the other take frames of them.
fn hear(bytes: &[u8], piece: usize, most: usize, read: impl Fn(&Line, Range<usize>)) -> usize {
    let (mut here, there) = UnixStream::pair().expect("a pair of sockets");
    let (mut line, mut frames) = (Line::new(there), 0);
    for piece in bytes.chunks(piece.max(1)) {
        here.write_all(piece).expect("somebody listens");
        while line.receive(RecvFlags::DONTWAIT).expect("somebody speaks") {}
        loop {
            match line.frame(most) {
                Ok(Some(frame)) => read(&line, frame),
                Ok(None) => break,
                // The line is given up.
                Err(Lost::Nonsense | Lost::Ended) => return frames,
            }
            frames += 1;
        }
    }
    here.shutdown(Shutdown::Write).expect("the line is there");
    assert!(matches!(line.receive(RecvFlags::DONTWAIT), Err(Lost::Ended)), "an end is heard");
    frames
}
