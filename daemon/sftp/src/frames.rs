//! Cutting a channel's bytes into frames, before anybody looks into them.
//!
//! A frame is a length of four bytes and what it announces. One that announces more than the protocol needs ends the
//! connection at its fourth byte, so that no length from outside ever becomes an allocation.

use crate::{
    limits::{MAX_PACKET, WAITING},
    wire::Gate,
};
use bytes::{Buf, Bytes, BytesMut};
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a waiting frame costs besides its bytes.
const OVERHEAD: usize = 64;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Abuse {
    #[error("a packet is longer than allowed")]
    TooLong,
    #[error("requests come and answers are not taken")]
    TooMany,
    #[error("packets cannot be read")]
    Unreadable,
}

/// What a frame that waits counts for.
pub(crate) fn weight(frame: &Bytes) -> usize {
    frame.len() + OVERHEAD
}

/// The end of a channel that bytes go into.
#[derive(Debug)]
pub(crate) struct Intake {
    partial: BytesMut,
    frames: mpsc::Sender<Bytes>,
    gate: Arc<Gate>,
}

/// An intake, and where its frames come out.
pub(crate) fn intake(gate: Arc<Gate>) -> (Intake, mpsc::Receiver<Bytes>) {
    let (frames, taken) = mpsc::channel(WAITING);
    (Intake { partial: BytesMut::new(), frames, gate }, taken)
}

impl Intake {
    /// Takes bytes as they come. Never waits.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), Abuse> {
        self.partial.extend_from_slice(bytes);
        while let Some(head) = self.partial.first_chunk::<4>() {
            let length = u32::from_be_bytes(*head) as usize;
            if length > MAX_PACKET {
                return Err(Abuse::TooLong);
            }
            if self.partial.len() < 4 + length {
                self.partial.reserve(4 + length - self.partial.len());
                break;
            }
            self.partial.advance(4);
            self.hand_on(length)?;
        }
        Ok(())
    }

    fn hand_on(&mut self, length: usize) -> Result<(), Abuse> {
        let frame = self.partial.split_to(length).freeze();
        let weight = weight(&frame);
        let patient = self.gate.came(weight);
        match self.frames.try_send(frame) {
            Ok(()) if patient => Ok(()),
            Ok(()) => Err(Abuse::TooMany),
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.gate.done(weight);
                Err(Abuse::TooMany)
            }
            // The session is over; what still comes goes nowhere.
            Err(mpsc::error::TrySendError::Closed(_)) => {
                self.gate.done(weight);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_however_the_bytes_come_in() {
        let bytes = [&[0, 0, 0, 3][..], b"abc", &[0, 0, 0, 0], &[0, 0, 0, 1], b"d"].concat();
        for size in 1..bytes.len() {
            let (mut intake, mut frames) = intake(Arc::default());
            for piece in bytes.chunks(size) {
                intake.take(piece).unwrap();
            }
            let came: Vec<_> = std::iter::from_fn(|| frames.try_recv().ok()).collect();
            assert_eq!(came, [&b"abc"[..], b"", b"d"]);
        }
    }

    #[test]
    fn a_length_beyond_the_bound_ends_it_before_anything_is_allocated() {
        let (mut taker, _frames) = intake(Arc::default());
        assert_eq!(taker.take(&[0xff; 4]), Err(Abuse::TooLong));
        assert!(taker.partial.capacity() < 1024);
        let (mut taker, _frames) = intake(Arc::default());
        let most = u32::try_from(MAX_PACKET).unwrap();
        taker.take(&most.to_be_bytes()).unwrap();
        let (mut taker, _frames) = intake(Arc::default());
        assert_eq!(taker.take(&(most + 1).to_be_bytes()), Err(Abuse::TooLong));
    }

    #[test]
    fn requests_that_nobody_waits_for_are_bounded_in_number_and_in_bytes() {
        let (mut taker, _frames) = intake(Arc::default());
        let empty = [0; 4];
        assert!((0..WAITING).all(|_| taker.take(&empty).is_ok()));
        assert_eq!(taker.take(&empty), Err(Abuse::TooMany));
        let (mut taker, _frames) = intake(Arc::default());
        let large = [&200_000_u32.to_be_bytes()[..], &[0; 200_000]].concat();
        let ended = (0..WAITING).find_map(|taken| taker.take(&large).err().map(|abuse| (taken, abuse)));
        assert!(matches!(ended, Some((..=42, Abuse::TooMany))), "{ended:?}");
    }
}
