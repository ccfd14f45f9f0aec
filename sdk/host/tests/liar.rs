//! A process that plugins could run in and that lies: what a child that was taken over may try on its embedder.
//!
//! `gantry-liar LIE`. It begins and links as it should, and tells the lie when it is called, or dies when it is to link what
//! says `poison`. It knows the words of the embedder by their bytes: a frame is its length in four bytes, little end first,
//! and a value of `sdk/host/src/wall/words.rs` as postcard writes it.

#![expect(clippy::unwrap_used, reason = "a helper of tests")]

use std::collections::VecDeque;
use std::io::{IoSliceMut, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::thread;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

const DONE: &[u8] = &[0];
const LOADS: u8 = 1;
/// `FromGuest::Ended` that used nothing (seconds, nanoseconds, memory, calls, log), with an answer behind it.
const ANSWERED: [u8; 7] = [2, 0, 0, 0, 0, 0, 0];
/// The largest number of 64 bits.
const MOST: [u8; 10] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
/// The largest number of 32 bits.
const MANY: [u8; 5] = [0xff, 0xff, 0xff, 0xff, 0x0f];

fn main() {
    let lie = std::env::args().nth(1).unwrap();
    let stdin = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    let mut orders = Orders { socket: UnixStream::from(stdin), bytes: Vec::new(), sockets: VecDeque::new() };
    orders.next().unwrap();
    if lie == "begins" {
        say(&mut orders.socket, &[9]);
    }
    say(&mut orders.socket, DONE);
    while let Some(order) = orders.next() {
        let socket = UnixStream::from(orders.sockets.pop_front().unwrap());
        let lie = lie.clone();
        thread::spawn(move || if order[0] == LOADS { link(socket) } else { tell(&lie, socket) });
    }
}

fn link(mut line: UnixStream) {
    while let Some(order) = hear(&mut line) {
        if order.windows(6).any(|word| word == b"poison") {
            std::process::exit(3);
        }
        say(&mut line, DONE);
    }
}

fn tell(lie: &str, mut line: UnixStream) {
    while hear(&mut line).is_some() {
        match lie {
            // Zeros are empty texts, lists and options: few bytes each here, many each where they are read.
            "swells" => say(&mut line, &[&ANSWERED[..], &[0xff, 0xff, 0x0f], &vec![0; 8 << 20]].concat()),
            "counts" => say(&mut line, &[&ANSWERED[..], &[0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]].concat()),
            "is-long" => drop(line.write_all(&u32::MAX.to_le_bytes())),
            // Log lines without an end.
            "chatters" => (0..100_000).for_each(|_| say(&mut line, &[0, 0, 0])),
            "overcharges" => say(&mut line, &[&[2], &MOST[..], &[0], &MOST, &MANY, &MOST, &[0, 0]].concat()),
            "babbles" => say(&mut line, &[77, 77]),
            _ => say(&mut line, &[&ANSWERED[..], &[0]].concat()),
        }
    }
}

/// Says it, if anybody still listens.
fn say(line: &mut UnixStream, words: &[u8]) {
    let length = u32::try_from(words.len()).unwrap().to_le_bytes();
    drop(line.write_all(&[&length, words].concat()));
}

fn hear(line: &mut UnixStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    line.read_exact(&mut length).ok()?;
    let mut words = vec![0; u32::from_le_bytes(length) as usize];
    line.read_exact(&mut words).ok()?;
    Some(words)
}

/// The line that it is born with, on which sockets come.
struct Orders {
    socket: UnixStream,
    bytes: Vec<u8>,
    sockets: VecDeque<OwnedFd>,
}

impl Orders {
    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some((length, rest)) = self.bytes.split_first_chunk::<4>() {
                let length = u32::from_le_bytes(*length) as usize;
                if rest.len() >= length {
                    let order = rest[..length].to_vec();
                    self.bytes.drain(..4 + length);
                    return Some(order);
                }
            }
            let mut some = [0; 4096];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let into = &mut [IoSliceMut::new(&mut some)];
            let came = recvmsg(&self.socket, into, &mut ancillary, RecvFlags::empty()).ok()?;
            for message in ancillary.drain() {
                if let RecvAncillaryMessage::ScmRights(sockets) = message {
                    self.sockets.extend(sockets);
                }
            }
            if came.bytes == 0 {
                return None;
            }
            self.bytes.extend_from_slice(&some[..came.bytes]);
        }
    }
}
