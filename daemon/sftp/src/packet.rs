//! Requests, from their frames.
//!
//! `russh-sftp`'s deserializer reads the fields; names and handles stay bytes, because that is what they are on a disk,
//! and what is to be written stays where it came in.

use crate::limits::MAX_DATA;
use bytes::{Buf, Bytes};
use gantry_files::{Changes, Times};
use russh_sftp::{
    de,
    protocol::{FileAttributes, OpenFlags},
};
use serde::Deserialize;
use serde_bytes::ByteBuf;

/// What is asked, and under which number it is answered.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) id: u32,
    pub(crate) request: Request,
}

/// What every answer may take besides data.
const ANSWER: usize = 512;
/// A handle that no client was given, for those that are none.
const NO_HANDLE: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) enum Request {
    Init,
    Open {
        path: Vec<u8>,
        flags: OpenFlags,
        wishes: Wishes,
    },
    Close {
        handle: u32,
    },
    Read {
        handle: u32,
        position: u64,
        most: u32,
    },
    Write {
        handle: u32,
        position: u64,
        data: Bytes,
    },
    LinkStat {
        path: Vec<u8>,
    },
    HandleStat {
        handle: u32,
    },
    SetStat {
        path: Vec<u8>,
        wishes: Wishes,
    },
    HandleSetStat {
        handle: u32,
        wishes: Wishes,
    },
    OpenDirectory {
        path: Vec<u8>,
    },
    ReadDirectory {
        handle: u32,
    },
    Remove {
        path: Vec<u8>,
    },
    MakeDirectory {
        path: Vec<u8>,
        wishes: Wishes,
    },
    RemoveDirectory {
        path: Vec<u8>,
    },
    RealPath {
        path: Vec<u8>,
    },
    Stat {
        path: Vec<u8>,
    },
    Rename {
        from: Vec<u8>,
        to: Vec<u8>,
    },
    Replace {
        from: Vec<u8>,
        to: Vec<u8>,
    },
    ReadLink {
        path: Vec<u8>,
    },
    /// In OpenSSH's order, which all programs use.
    MakeLink {
        target: Vec<u8>,
        path: Vec<u8>,
    },
    Sync {
        handle: u32,
    },
    Room {
        path: Vec<u8>,
    },
    Bounds,
    /// An extension that is not known here.
    Other,
    /// A packet that is none, or that has no place where it came.
    Unreadable,
}

impl Request {
    /// Bytes that it reads from and writes to the disk, about.
    pub(crate) fn cost(&self) -> usize {
        ANSWER
            + match self {
                Self::Read { most, .. } => (*most).min(MAX_DATA) as usize,
                Self::Write { data, .. } => data.len(),
                Self::ReadDirectory { .. } => 32 << 10,
                _ => 0,
            }
    }

    /// Whether it changes anything.
    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::Open { flags, .. } => {
                flags.intersects(OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE)
            }
            Self::Write { .. } | Self::SetStat { .. } | Self::HandleSetStat { .. } => true,
            request => request.changes_names(),
        }
    }

    /// Whether it changes what names there are, but for a file that is made as it is opened.
    pub(crate) fn changes_names(&self) -> bool {
        match self {
            Self::Remove { .. }
            | Self::MakeDirectory { .. }
            | Self::RemoveDirectory { .. }
            | Self::Rename { .. }
            | Self::Replace { .. }
            | Self::MakeLink { .. } => true,
            Self::Init
            | Self::Open { .. }
            | Self::Close { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::LinkStat { .. }
            | Self::HandleStat { .. }
            | Self::SetStat { .. }
            | Self::HandleSetStat { .. }
            | Self::OpenDirectory { .. }
            | Self::ReadDirectory { .. }
            | Self::RealPath { .. }
            | Self::Stat { .. }
            | Self::ReadLink { .. }
            | Self::Sync { .. }
            | Self::Room { .. }
            | Self::Bounds
            | Self::Other
            | Self::Unreadable => false,
        }
    }
}

/// Attributes that somebody wants something to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    pub(crate) changes: Changes,
    pub(crate) owner: Option<(u32, u32)>,
}

impl From<FileAttributes> for Wishes {
    fn from(wanted: FileAttributes) -> Self {
        let times = wanted.atime.zip(wanted.mtime);
        let times = times.map(|(accessed, modified)| Times {
            accessed: i64::from(accessed),
            modified: i64::from(modified),
        });
        Self {
            changes: Changes { bytes: wanted.size, mode: wanted.permissions, times },
            owner: wanted.uid.zip(wanted.gid),
        }
    }
}

/// A packet that is none; with its number, if that could be read.
#[derive(Debug)]
pub(crate) struct Unreadable(pub(crate) Option<u32>);

fn fields<T: for<'a> Deserialize<'a>>(body: &mut Bytes) -> Option<T> {
    de::from_bytes(body).ok()
}

fn handle(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(NO_HANDLE, u32::from_be_bytes)
}

/// Reads a frame without its length.
pub(crate) fn read(mut frame: Bytes) -> Result<Asked, Unreadable> {
    let kind = frame.try_get_u8().map_err(|_| Unreadable(None))?;
    if kind == 1 {
        // The number of INIT is its version, and the answer has none.
        let _version: u32 = fields(&mut frame).ok_or(Unreadable(None))?;
        return Ok(Asked { id: 0, request: Request::Init });
    }
    let id = frame.try_get_u32().map_err(|_| Unreadable(None))?;
    let request = request(kind, &mut frame).ok_or(Unreadable(Some(id)))?;
    Ok(Asked { id, request })
}

fn request(kind: u8, body: &mut Bytes) -> Option<Request> {
    let path = |body: &mut Bytes| fields::<ByteBuf>(body).map(ByteBuf::into_vec);
    let held = |body: &mut Bytes| fields::<ByteBuf>(body).map(|bytes| handle(&bytes));
    let wishes = |body: &mut Bytes| fields::<FileAttributes>(body).map(Wishes::from);
    Some(match kind {
        3 => {
            let (path, flags): (ByteBuf, u32) = fields(body)?;
            let flags = OpenFlags::from_bits_truncate(flags);
            Request::Open { path: path.into_vec(), flags, wishes: wishes(body)? }
        }
        4 => Request::Close { handle: held(body)? },
        5 => {
            let (bytes, position, most): (ByteBuf, u64, u32) = fields(body)?;
            Request::Read { handle: handle(&bytes), position, most }
        }
        6 => {
            let (bytes, position, length): (ByteBuf, u64, u32) = fields(body)?;
            let length = usize::try_from(length).ok().filter(|length| *length <= body.len())?;
            Request::Write { handle: handle(&bytes), position, data: body.split_to(length) }
        }
        7 => Request::LinkStat { path: path(body)? },
        8 => Request::HandleStat { handle: held(body)? },
        9 => Request::SetStat { path: path(body)?, wishes: wishes(body)? },
        10 => Request::HandleSetStat { handle: held(body)?, wishes: wishes(body)? },
        11 => Request::OpenDirectory { path: path(body)? },
        12 => Request::ReadDirectory { handle: held(body)? },
        13 => Request::Remove { path: path(body)? },
        14 => Request::MakeDirectory { path: path(body)?, wishes: wishes(body)? },
        15 => Request::RemoveDirectory { path: path(body)? },
        16 => Request::RealPath { path: path(body)? },
        17 => Request::Stat { path: path(body)? },
        18 => Request::Rename { from: path(body)?, to: path(body)? },
        19 => Request::ReadLink { path: path(body)? },
        20 => Request::MakeLink { target: path(body)?, path: path(body)? },
        200 => match path(body)?.as_slice() {
            b"posix-rename@openssh.com" => Request::Replace { from: path(body)?, to: path(body)? },
            b"fsync@openssh.com" => Request::Sync { handle: held(body)? },
            b"statvfs@openssh.com" => Request::Room { path: path(body)? },
            b"limits@openssh.com" => Request::Bounds,
            _ => Request::Other,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(bytes: &[u8]) -> Vec<u8> {
        [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
    }

    fn frame(kind: u8, fields: &[&[u8]]) -> Bytes {
        Bytes::from([&[kind, 0, 0, 0, 7][..], &fields.concat()].concat())
    }

    #[test]
    fn names_are_bytes_and_what_is_written_is_not_copied() {
        let asked = read(frame(7, &[&string(b"/\xff\xfe")])).unwrap();
        assert!(matches!(asked.request, Request::LinkStat { path } if path == b"/\xff\xfe"));
        let packet = frame(6, &[&string(&[0, 0, 0, 9]), &5_u64.to_be_bytes(), &string(b"data")]);
        let within = packet.as_ptr_range();
        let Request::Write { handle: 9, position: 5, data } = read(packet.clone()).unwrap().request else {
            panic!("no write");
        };
        assert!(data == "data" && within.contains(&data.as_ptr()));
    }

    #[test]
    fn lengths_that_lie_and_kinds_that_are_none_cannot_be_read() {
        let lies: [&[u8]; 4] = [&[0xff; 4], &[0, 0, 0, 5, b'x'], &[], &[0, 0]];
        for kind in (3..=20).chain([200]) {
            for lie in lies {
                let read = read(frame(kind, &[lie]));
                assert!(matches!(read, Err(Unreadable(Some(7)))), "{kind} {lie:?} {read:?}");
            }
        }
        for kind in [0, 2, 21, 101, 105, 201, 255] {
            assert!(read(frame(kind, &[&string(b"x")])).is_err(), "{kind}");
        }
        for short in [&b""[..], &[3], &[3, 0, 0, 0], &[1]] {
            assert!(matches!(read(Bytes::from_static(short)), Err(Unreadable(None))));
        }
    }

    #[test]
    fn attributes_come_with_what_their_flags_say() {
        let flags: u32 = 1 | 4 | 8;
        let attributes = [
            &flags.to_be_bytes()[..],
            &9_u64.to_be_bytes(),
            &0o640_u32.to_be_bytes(),
            &3_u32.to_be_bytes(),
            &4_u32.to_be_bytes(),
        ]
        .concat();
        let asked = read(frame(9, &[&string(b"a"), &attributes])).unwrap();
        let times = Some(Times { accessed: 3, modified: 4 });
        let changes = Changes { bytes: Some(9), mode: Some(0o640), times };
        assert!(
            matches!(asked.request, Request::SetStat { wishes, .. } if wishes == Wishes { changes, owner: None })
        );
        assert!(read(frame(9, &[&string(b"a"), &attributes[..9]])).is_err());
    }
}
