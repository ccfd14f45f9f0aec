//! What `cargo xtask fuzz sftp` throws bytes at: everything between the transport and the first look at a file.

use crate::{
    frames::{self, Abuse},
    limits::{MAX_DATA, MAX_PACKET},
    packet::{self, Request},
};
use std::sync::Arc;

/// Takes a client's bytes in pieces of this size, and reads what comes out of them. Panics where a bound does not hold.
pub fn hear(bytes: &[u8], piece: usize) {
    let (mut intake, mut frames) = frames::intake(Arc::default());
    for piece in bytes.chunks(piece.max(1)) {
        let taken = intake.take(piece);
        while let Ok(frame) = frames.try_recv() {
            assert!(frame.len() <= MAX_PACKET, "a frame of {} bytes", frame.len());
            let length = frame.len();
            let Ok(asked) = packet::read(frame) else { continue };
            let most = MAX_PACKET + MAX_DATA as usize;
            assert!(asked.request.cost() <= most, "{:?} costs {}", asked.request, asked.request.cost());
            if let Request::Write { data, .. } = &asked.request {
                assert!(data.len() < length, "more is written than came");
            }
            assert!(asked.request.changes() || !asked.request.changes_names(), "{:?}", asked.request);
        }
        match taken {
            Ok(()) => {}
            // The connection is over.
            Err(Abuse::TooLong | Abuse::TooMany | Abuse::Unreadable) => return,
        }
    }
}
