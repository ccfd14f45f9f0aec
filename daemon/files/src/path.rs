//! Paths from outside, before and after they are believed.
//!
//! A [`JailPath`] is relative, has no `..` and a bounded length. That alone makes nothing safe, since any part may be a
//! link by the time it is used; it only means that what the kernel resolves beneath the jail is what the text says.

use crate::{error::FilesError, place};
use std::{
    ffi::{OsStr, OsString},
    fmt,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

/// Longest path, longest part and most parts, in bytes.
const MAX_BYTES: usize = 4000;
const MAX_PART: usize = 255;
const MAX_PARTS: usize = 128;

/// A path relative to a server's directory. Empty means the directory itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JailPath(PathBuf);

impl fmt::Display for JailPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_root() { f.write_str(".") } else { self.0.display().fmt(f) }
    }
}

impl JailPath {
    /// The server's directory.
    pub fn root() -> Self {
        Self::default()
    }

    /// A path from text: slashes separate, empty parts and `.` mean nothing.
    pub fn parse(text: &str) -> Result<Self, FilesError> {
        Self::from_bytes(text.as_bytes())
    }

    /// A path from bytes, since names need not be text.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FilesError> {
        let refuse = |why: &'static str| {
            let shown = &bytes[..bytes.len().min(200)];
            Err(FilesError::InvalidPath {
                path: String::from_utf8_lossy(shown).into_owned(),
                why: why.into(),
            })
        };
        if bytes.len() > MAX_BYTES {
            return refuse("it is too long");
        }
        if bytes.starts_with(b"/") {
            return refuse("it is absolute");
        }
        if bytes.contains(&0) {
            return refuse("it contains a zero byte");
        }
        let parts = || bytes.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
        if parts().any(|part| part == b"..") {
            return refuse("it contains '..'");
        }
        if parts().any(|part| part.len() > MAX_PART) || parts().count() > MAX_PARTS {
            return refuse("it is too long");
        }
        Ok(Self(parts().map(OsStr::from_bytes).collect()))
    }

    /// A path as file programs write it: from the server's directory on, whether it begins with a slash or not. `..` is
    /// taken as text and leads nowhere above.
    pub fn from_absolute(bytes: &[u8]) -> Result<Self, FilesError> {
        let mut kept: Vec<&[u8]> = Vec::new();
        for part in bytes.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".") {
            if part == b".." {
                kept.pop();
            } else {
                kept.push(part);
            }
        }
        Self::from_bytes(&kept.join(&b'/'))?.for_people()
    }

    /// The same path, if people may name it: what the daemon has not finished is nobody's to read, write or take away.
    pub(crate) fn for_people(self) -> Result<Self, FilesError> {
        if self.parts().any(place::is_temporary) {
            let why = format!("names that begin with {} are kept for what is not finished", place::TEMPORARY);
            return Err(FilesError::InvalidPath { path: self.spelling(), why: why.into() });
        }
        Ok(self)
    }

    /// The same, back: a slash and the path's bytes.
    pub fn to_absolute(&self) -> Vec<u8> {
        [b"/", self.0.as_os_str().as_bytes()].concat()
    }

    pub fn is_root(&self) -> bool {
        self.0.as_os_str().is_empty()
    }

    /// The parts from the root on.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &OsStr> {
        self.0.iter()
    }

    /// Everything but the last part, and the last part; none for the root.
    pub fn split(&self) -> Option<(Self, &OsStr)> {
        let name = self.0.file_name()?;
        Some((Self(self.0.parent()?.to_path_buf()), name))
    }

    /// This path continued by another.
    pub fn join(&self, rest: &Self) -> Result<Self, FilesError> {
        let joined = [self.0.as_os_str().as_bytes(), b"/", rest.0.as_os_str().as_bytes()].concat();
        let relative = joined.strip_prefix(b"/").unwrap_or(&joined);
        Self::from_bytes(relative)
    }

    /// Whether it is the other path or lies beneath it, as text.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Without its first parts; none if nothing is left.
    pub fn strip(&self, parts: u32) -> Option<Self> {
        let rest: PathBuf = self.0.iter().skip(parts as usize).collect();
        (!rest.as_os_str().is_empty()).then_some(Self(rest))
    }

    /// Where a relative link at this path points, if that is inside the server's directory.
    pub fn link_target(&self, target: &[u8]) -> Option<Self> {
        if target.is_empty() || target.starts_with(b"/") || target.contains(&0) {
            return None;
        }
        let mut at: Vec<OsString> = self.split()?.0.parts().map(OsStr::to_owned).collect();
        for part in target.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".") {
            if part == b".." {
                at.pop()?;
            } else {
                at.push(OsString::from_vec(part.to_vec()));
            }
        }
        Some(Self(at.iter().collect()))
    }

    /// Whether a link at this path to that target stays inside, whatever the names in it lead to: a way up that begins behind a
    /// name goes up from wherever that name leads.
    pub(crate) fn may_link_to(&self, target: &[u8]) -> bool {
        let goes_up_late =
            target.split(|byte| *byte == b'/').skip_while(|part| *part == b"..").any(|part| part == b"..");
        !goes_up_late && self.link_target(target).is_some()
    }

    /// For resolution beneath a directory that is held open; the root is `.`.
    pub(crate) fn as_path(&self) -> &Path {
        if self.is_root() { Path::new(".") } else { &self.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_that_leave_or_confuse_are_refused() {
        for bad in ["/etc", "..", "a/../b", "a/..", "a\0b", &"x/".repeat(200), &"x".repeat(256)] {
            assert!(JailPath::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn redundant_parts_disappear() {
        assert_eq!(JailPath::parse("./a//b/./c/").unwrap(), JailPath::parse("a/b/c").unwrap());
        assert!(JailPath::parse("").unwrap().is_root() && JailPath::parse("./.").unwrap().is_root());
    }

    #[test]
    fn people_do_not_name_what_the_daemon_has_not_finished() {
        for (own, theirs) in [(".gantry-tmp-1-2-3", ".gantry-tmp"), ("a/.gantry-tmp-1/b", "a/gantry-tmp-1/b")]
        {
            assert!(JailPath::parse(own).is_ok(), "the daemon itself does");
            assert!(
                JailPath::from_absolute(own.as_bytes()).is_err() && JailPath::from_spelling(own).is_err()
            );
            assert!(
                JailPath::from_absolute(theirs.as_bytes()).is_ok() && JailPath::from_spelling(theirs).is_ok()
            );
        }
        assert!(JailPath::from_spelling("%%.gantry-tmp-%31").is_err(), "however it is spelled");
    }

    #[test]
    fn names_with_dots_are_names() {
        assert!(JailPath::parse("...").is_ok() && JailPath::parse(".hidden/..x").is_ok());
    }

    #[test]
    fn link_targets_are_followed_as_text() {
        let link = JailPath::parse("a/b/link").unwrap();
        assert_eq!(link.link_target(b"../c").unwrap(), JailPath::parse("a/c").unwrap());
        assert!(link.link_target(b"../..").unwrap().is_root());
        for bad in [&b"../../.."[..], b"/etc/passwd", b"", b"x/../../../.."] {
            assert!(link.link_target(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn file_programs_see_the_server_s_directory_as_the_root() {
        for (asked, meant) in
            [("/", ""), (".", ""), ("/../..", ""), ("/a/../../b/./c/", "b/c"), ("a//b", "a/b")]
        {
            let path = JailPath::from_absolute(asked.as_bytes()).unwrap();
            assert_eq!(path, JailPath::parse(meant).unwrap(), "{asked}");
            assert_eq!(path.to_absolute(), format!("/{meant}").into_bytes());
        }
        assert!(JailPath::from_absolute(b"a\0b").is_err());
    }

    proptest! {
        #[test]
        fn whatever_a_file_program_asks_for_stays_inside(text in "[./a\\-]{0,40}") {
            if let Ok(path) = JailPath::from_absolute(text.as_bytes()) {
                prop_assert!(path.parts().all(|part| part != ".." && part != "."));
                prop_assert_eq!(JailPath::from_absolute(&path.to_absolute()).unwrap(), path);
            }
        }

        #[test]
        fn whatever_is_accepted_stays_inside(text in "[./a\\-]{0,40}") {
            if let Ok(path) = JailPath::parse(&text) {
                prop_assert!(path.parts().all(|part| part != ".." && part != "."));
                prop_assert!(!path.as_path().is_absolute());
            }
        }
    }
}
