//! Answers of more than one datagram, put together.
//!
//! Source counts pieces in a byte each and says their size; GoldSrc has both numbers in one byte. Nothing in a piece says which
//! of the two it is, but the first of an answer: there the answer's own beginning shows where the head ends.

use gantry_plugin::{prelude::Failure, wire::Reader};

const WHOLE: [u8; 4] = [0xff; 4];
const PIECE: [u8; 4] = [0xfe, 0xff, 0xff, 0xff];
/// More players than any such game has fit into these.
const MOST_PIECES: usize = 32;
/// An identity with this bit says that the answer is compressed.
const COMPRESSED: u32 = 1 << 31;

/// What has come of an answer.
#[derive(Default)]
pub(super) struct Pieces(Vec<Vec<u8>>);

impl Pieces {
    /// How many datagrams are needed at least, as far as is known.
    pub(super) fn missing(&self) -> u32 {
        let total = self.total().unwrap_or(self.0.len() + 1);
        u32::try_from(total.saturating_sub(self.0.len()).max(1)).unwrap_or(1)
    }

    /// One more datagram; the whole answer once it is there.
    pub(super) fn take(&mut self, datagram: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        if datagram.starts_with(&WHOLE) {
            return Ok(Some(datagram.to_vec()));
        }
        if !datagram.starts_with(&PIECE) {
            return Err(super::unreadable());
        }
        // The same question asked twice is answered under two identities; that of which there is something is followed.
        if self.0.first().is_some_and(|first| identity(first) != identity(datagram)) {
            return Ok(None);
        }
        if identity(datagram).is_some_and(|identity| identity & COMPRESSED != 0) && self.is_source(datagram) {
            let message =
                "The game compresses its answer, as a few old games did, which is not understood here.";
            return Err(Failure::new("compressed_answer", message));
        }
        if self.0.len() == MOST_PIECES {
            return Err(super::unreadable());
        }
        if !self.0.iter().any(|piece| piece == datagram) {
            self.0.push(datagram.to_vec());
        }
        Ok(self.joined())
    }

    /// GoldSrc counts its answers from one on, so that only a Source identity has the topmost bit while its first piece
    /// does not show otherwise.
    fn is_source(&self, datagram: &[u8]) -> bool {
        !self.0.iter().map(Vec::as_slice).chain([datagram]).any(|piece| GoldSrc.begins_with(piece))
    }

    fn total(&self) -> Option<usize> {
        let of = |kind: &dyn Kind| {
            let first = self.0.iter().find(|piece| kind.begins_with(piece))?;
            kind.place(first).map(|place| place.total)
        };
        of(&Source).or_else(|| of(&GoldSrc))
    }

    fn joined(&self) -> Option<Vec<u8>> {
        [&Source as &dyn Kind, &GoldSrc].into_iter().find_map(|kind| self.joined_as(kind))
    }

    fn joined_as(&self, kind: &dyn Kind) -> Option<Vec<u8>> {
        let first = self.0.iter().find(|piece| kind.begins_with(piece))?;
        let total = kind.place(first)?.total;
        let mut whole = Vec::new();
        for number in 0..total {
            let piece = self.0.iter().filter_map(|piece| kind.place(piece));
            whole.extend_from_slice(piece.into_iter().find(|piece| piece.number == number)?.content);
        }
        Some(whole)
    }
}

fn identity(datagram: &[u8]) -> Option<u32> {
    datagram.get(4..8)?.try_into().map(u32::from_le_bytes).ok()
}

struct Place<'a> {
    number: usize,
    total: usize,
    content: &'a [u8],
}

trait Kind {
    fn place<'a>(&self, datagram: &'a [u8]) -> Option<Place<'a>>;

    /// Whether this is the first piece of an answer of this kind.
    fn begins_with(&self, datagram: &[u8]) -> bool {
        self.place(datagram).is_some_and(|place| place.number == 0 && place.content.starts_with(&WHOLE))
    }
}

/// Identity in four bytes, how many, which, and the size of pieces in two.
struct Source;

impl Kind for Source {
    fn place<'a>(&self, datagram: &'a [u8]) -> Option<Place<'a>> {
        let mut reader = Reader::new(datagram);
        reader.expect(&PIECE)?;
        let _identity = reader.take(4)?;
        let (total, number) = (reader.byte()?, reader.byte()?);
        let _size = reader.take(2)?;
        Some(Place { number: number.into(), total: total.into(), content: reader.rest() })
    }
}

/// Identity in four bytes, then one byte: which in its upper half, how many in its lower.
struct GoldSrc;

impl Kind for GoldSrc {
    fn place<'a>(&self, datagram: &'a [u8]) -> Option<Place<'a>> {
        let mut reader = Reader::new(datagram);
        reader.expect(&PIECE)?;
        let _identity = reader.take(4)?;
        let both = reader.byte()?;
        Some(Place { number: (both >> 4).into(), total: (both & 0x0f).into(), content: reader.rest() })
    }
}
