//! Answers, written one behind the other into the buffer that goes out.

use crate::limits::{HANDLES, MAX_DATA, MAX_PACKET, WRITE};
use chrono::{DateTime, TimeDelta, Utc};
use gantry_files::{Attributes, FilesError, Held, Kind};
use russh_sftp::protocol::StatusCode;
use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

const VERSION: u8 = 2;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const DATA: u8 = 103;
const NAME: u8 = 104;
const ATTRIBUTES: u8 = 105;
const EXTENDED: u8 = 201;
/// What an answer with data has before them: length, kind, number, their length.
const DATA_HEAD: usize = 4 + 1 + 4 + 4;
/// Longest sentence to a client.
const SENTENCE: usize = 400;

/// What of OpenSSH's extensions is understood.
const EXTENSIONS: [(&str, &str); 4] = [
    ("posix-rename@openssh.com", "1"),
    ("fsync@openssh.com", "1"),
    ("statvfs@openssh.com", "2"),
    ("limits@openssh.com", "1"),
];

/// Answers that are on their way together.
#[derive(Debug, Default)]
pub(crate) struct Replies(Vec<u8>);

/// How much a server may hold, and how much of it is left, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) whole: u64,
    pub(crate) free: u64,
}

fn number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_be_bytes());
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    number(out, u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(bytes);
}

impl Replies {
    /// With room for answers of so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_bytes(self) -> bytes::Bytes {
        self.0.into()
    }

    fn packet(&mut self, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
        let start = self.0.len();
        self.0.extend_from_slice(&[0, 0, 0, 0, kind]);
        body(&mut self.0);
        self.close(start);
    }

    /// Writes the length of the packet that began there.
    fn close(&mut self, start: usize) {
        let length = u32::try_from(self.0.len() - start - 4).unwrap_or(u32::MAX);
        self.0[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }

    pub(crate) fn version(&mut self) {
        self.packet(VERSION, |out| {
            number(out, russh_sftp::protocol::VERSION);
            for (name, version) in EXTENSIONS {
                string(out, name.as_bytes());
                string(out, version.as_bytes());
            }
        });
    }

    /// Control characters of a tenant's names do not pass.
    pub(crate) fn status(&mut self, id: u32, code: StatusCode, sentence: &str) {
        let plain = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
        let sentence: String = sentence.chars().take(SENTENCE).map(plain).collect();
        self.packet(STATUS, |out| {
            number(out, id);
            number(out, code as u32);
            string(out, sentence.as_bytes());
            string(out, b"en");
        });
    }

    pub(crate) fn done(&mut self, id: u32) {
        self.status(id, StatusCode::Ok, "");
    }

    pub(crate) fn handle(&mut self, id: u32, handle: u32) {
        self.packet(HANDLE, |out| {
            number(out, id);
            string(out, &handle.to_be_bytes());
        });
    }

    /// Reads from a file right into the answer. False, and no answer, at the file's end.
    pub(crate) fn data(
        &mut self,
        id: u32,
        file: &Held,
        position: u64,
        most: u32,
    ) -> Result<bool, FilesError> {
        let most = most.min(MAX_DATA) as usize;
        self.0.reserve(DATA_HEAD + most);
        let start = self.0.len();
        self.0.extend_from_slice(&[0, 0, 0, 0, DATA]);
        number(&mut self.0, id);
        number(&mut self.0, 0);
        let length = match file.read_at(&mut self.0, most, position) {
            Ok(0) => {
                self.0.truncate(start);
                return Ok(false);
            }
            Ok(length) => u32::try_from(length).unwrap_or(0),
            Err(error) => {
                self.0.truncate(start);
                return Err(error);
            }
        };
        self.0[start + DATA_HEAD - 4..start + DATA_HEAD].copy_from_slice(&length.to_be_bytes());
        self.close(start);
        Ok(true)
    }

    pub(crate) fn attributes(&mut self, id: u32, found: &Attributes) {
        self.packet(ATTRIBUTES, |out| {
            number(out, id);
            attributes(out, found);
        });
    }

    /// One name, with nothing known of it.
    pub(crate) fn name(&mut self, id: u32, name: &[u8]) {
        self.packet(NAME, |out| {
            number(out, id);
            number(out, 1);
            string(out, name);
            string(out, name);
            number(out, 0);
        });
    }

    pub(crate) fn names(&mut self, id: u32, entries: &[(std::ffi::OsString, Attributes)]) {
        self.packet(NAME, |out| {
            number(out, id);
            number(out, u32::try_from(entries.len()).unwrap_or(0));
            for (name, found) in entries {
                string(out, name.as_bytes());
                string(out, &line(name, found));
                attributes(out, found);
            }
        });
    }

    /// `limits@openssh.com`: the largest packet, what is best read and written at once, open handles.
    pub(crate) fn bounds(&mut self, id: u32) {
        self.packet(EXTENDED, |out| {
            number(out, id);
            for bound in [MAX_PACKET as u64, u64::from(MAX_DATA), u64::from(WRITE), HANDLES as u64] {
                out.extend_from_slice(&bound.to_be_bytes());
            }
        });
    }

    /// `statvfs@openssh.com`, as of a disk that is the server's own.
    pub(crate) fn room(&mut self, id: u32, room: Room) {
        const BLOCK: u64 = 4_096;
        let (whole, free) = (room.whole / BLOCK, room.free / BLOCK);
        // Block size twice; blocks: all, free, free for whom asks; the same of files, not counted; id, flags, name length.
        let fields = [BLOCK, BLOCK, whole, free, free, 0, 0, 0, 0, 0, 255];
        self.packet(EXTENDED, |out| {
            number(out, id);
            fields.iter().for_each(|field| out.extend_from_slice(&field.to_be_bytes()));
        });
    }
}

/// The permission bits with what the name stands for, as `stat` gives them.
const fn mode(found: &Attributes) -> u32 {
    let kind = match found.kind {
        Kind::File => 0o100_000,
        Kind::Directory => 0o040_000,
        Kind::Link => 0o120_000,
        Kind::Other => 0o010_000,
    };
    kind | found.mode
}

/// The protocol has 32 bits for a time, counted from 1970 on.
fn time(seconds: i64) -> u32 {
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}

fn attributes(out: &mut Vec<u8>, found: &Attributes) {
    // Size, owner, permissions, times.
    number(out, 1 | 2 | 4 | 8);
    out.extend_from_slice(&found.bytes.to_be_bytes());
    let rest = [found.uid, found.gid, mode(found), time(found.accessed), time(found.modified)];
    rest.into_iter().for_each(|field| number(out, field));
}

/// A line as `ls -l` writes it, which some programs show and few read.
fn line(name: &OsStr, found: &Attributes) -> Vec<u8> {
    let kind = match found.kind {
        Kind::File => '-',
        Kind::Directory => 'd',
        Kind::Link => 'l',
        Kind::Other => 'p',
    };
    let bits: String = (0..9)
        .map(|bit| {
            let held = found.mode & (0o400 >> bit) != 0;
            if held { ['r', 'w', 'x'][bit % 3] } else { '-' }
        })
        .collect();
    let modified = DateTime::from_timestamp(i64::from(time(found.modified)), 0).unwrap_or_default();
    // As `ls` does: the time of what is new, the year of what is half a year old or of the future.
    let age = Utc::now().signed_duration_since(modified);
    let is_new = age >= TimeDelta::zero() && age < TimeDelta::days(182);
    let modified = modified.format(if is_new { "%b %e %H:%M" } else { "%b %e  %Y" });
    let (uid, gid, bytes) = (found.uid, found.gid, found.bytes);
    let mut line = format!("{kind}{bits}    1 {uid:<8} {gid:<8} {bytes:>8} {modified} ").into_bytes();
    line.extend_from_slice(name.as_bytes());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Attributes {
        Attributes {
            kind: Kind::File,
            bytes: 5,
            mode: 0o640,
            uid: 20_000,
            gid: 20_000,
            accessed: -1,
            modified: 1_700_000_000,
        }
    }

    #[test]
    fn a_line_is_as_ls_writes_it_and_names_stay_bytes() {
        let line = line(OsStr::from_bytes(b"a\xff"), &found());
        assert_eq!(line, b"-rw-r-----    1 20000    20000           5 Nov 14  2023 a\xff");
    }

    #[test]
    fn what_is_new_shows_its_time() {
        let now = Utc::now() - TimeDelta::minutes(5);
        let found = Attributes { modified: now.timestamp(), ..found() };
        let line = String::from_utf8(line(OsStr::new("a"), &found)).unwrap();
        assert!(line.ends_with(&now.format(" %b %e %H:%M a").to_string()), "{line}");
    }

    #[test]
    fn lengths_are_those_of_the_packets() {
        let mut replies = Replies::default();
        replies.status(7, StatusCode::Failure, "no\n");
        replies.attributes(8, &found());
        let bytes = replies.into_bytes();
        let first = 4 + u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
        let second = 4 + u32::from_be_bytes(bytes[first..first + 4].try_into().unwrap()) as usize;
        assert_eq!(first + second, bytes.len());
        assert!(bytes[..first].windows(5).any(|part| part == "no\u{fffd}".as_bytes()));
    }
}
