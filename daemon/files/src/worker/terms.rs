//! The terms of work, which come before everything else: the directory, an archive where there is one, the limits, the user.
//!
//! They have a fixed form of seven numbers (little-endian `u64`), so that nothing has to be parsed before the walls stand.

use gantry_confine::Limits;
use gantry_types::server::SystemUser;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

const NUMBERS: usize = 7;
const BYTES: usize = NUMBERS * 8;
/// In place of a user: the child stays who it is.
const NOBODY_ELSE: u64 = u64::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) limits: Limits,
    pub(super) user: Option<SystemUser>,
}

/// What a child is given to begin with.
pub(super) struct Received {
    pub(super) terms: Terms,
    pub(super) directory: OwnedFd,
    pub(super) archive: Option<OwnedFd>,
}

impl Terms {
    fn encode(&self) -> [u8; BYTES] {
        let Limits { cpu_s, memory_bytes, file_bytes, open_files, niceness } = self.limits;
        let ids = self.user.map(|user| (user.uid.into(), user.gid.into()));
        let (uid, gid) = ids.unwrap_or((NOBODY_ELSE, NOBODY_ELSE));
        let niceness = u64::from(niceness.unsigned_abs());
        let mut bytes = [0; BYTES];
        let numbers = [cpu_s, memory_bytes, file_bytes, open_files, niceness, uid, gid];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8; BYTES]) -> io::Result<Self> {
        let mut numbers = [0; NUMBERS];
        for (number, place) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
            *number = place.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        }
        let [cpu_s, memory_bytes, file_bytes, open_files, niceness, uid, gid] = numbers;
        let id = |number: u64| u32::try_from(number).map_err(|_| io::Error::other("there is no such user"));
        let user = if uid == NOBODY_ELSE { None } else { Some(SystemUser { uid: id(uid)?, gid: id(gid)? }) };
        let niceness = i32::try_from(niceness).map_err(|_| io::Error::other("that is no niceness"))?;
        Ok(Self { limits: Limits { cpu_s, memory_bytes, file_bytes, open_files, niceness }, user })
    }

    /// Sends them with the directory, and with an archive if there is one, as the first message of a socket whose other end
    /// nobody reads yet.
    pub(super) fn send(
        &self,
        socket: impl AsFd,
        directory: BorrowedFd<'_>,
        archive: Option<BorrowedFd<'_>>,
    ) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors: Vec<_> = [Some(directory), archive].into_iter().flatten().collect();
        let fits = control.push(SendAncillaryMessage::ScmRights(&descriptors));
        let bytes = self.encode();
        let sent = rustix::net::sendmsg(socket, &[IoSlice::new(&bytes)], &mut control, SendFlags::empty())?;
        if fits && sent == BYTES { Ok(()) } else { Err(io::Error::other("the terms were cut")) }
    }

    pub(super) fn receive(socket: impl AsFd) -> io::Result<Received> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut bytes = [0; BYTES];
        let mut room = [IoSliceMut::new(&mut bytes)];
        let received = rustix::net::recvmsg(socket, &mut room, &mut control, RecvFlags::CMSG_CLOEXEC)?;
        let mut descriptors = control.drain().flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => descriptors.collect::<Vec<_>>(),
            _ => Vec::new(),
        });
        match descriptors.next() {
            Some(directory) if received.bytes == BYTES => {
                Ok(Received { terms: Self::decode(&bytes)?, directory, archive: descriptors.next() })
            }
            _ => Err(io::Error::other("there are no terms of work")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_arrive_as_they_were_sent_with_the_directory_and_the_archive() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let limits = Limits { cpu_s: 1, memory_bytes: 2, file_bytes: 3, open_files: 4, niceness: 5 };
        for user in [None, Some(SystemUser { uid: 6, gid: 7 })] {
            let terms = Terms { limits, user };
            let directory = std::fs::File::open("/").unwrap();
            let archive = tempfile::tempfile().unwrap();
            let inode = |of: BorrowedFd<'_>| rustix::fs::fstat(of).unwrap().st_ino;
            for sent in [None, Some(archive.as_fd())] {
                terms.send(&ours, directory.as_fd(), sent).unwrap();
                let received = Terms::receive(&theirs).unwrap();
                assert_eq!(received.terms, terms);
                assert_eq!(inode(received.directory.as_fd()), inode(directory.as_fd()));
                assert_eq!(received.archive.map(|same| inode(same.as_fd())), sent.map(inode));
            }
        }
    }

    #[test]
    fn a_message_without_a_directory_is_none() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        std::io::Write::write_all(&mut &ours, &[0; BYTES]).unwrap();
        assert!(Terms::receive(&theirs).is_err());
    }
}
