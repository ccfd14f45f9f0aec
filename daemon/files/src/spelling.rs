//! How a path is written where only text goes: in JSON, in an address, in the audit log.
//!
//! Names on a disk are bytes. Nearly all are text and stand for themselves. One that is not UTF-8, that holds characters
//! which steer a terminal or turn the reading direction, or that begins like an escaped one, is written as `%%` and its
//! bytes with all that is doubtful as `%` and two hex digits. So every name has exactly one spelling, and none can forge
//! a line of a log.
//!
//! A game may call its files what it likes, and so they are listed, read and deleted. People who make one give it a name
//! that others can tell from its neighbours ([`names`]).

use crate::{error::FilesError, jail::Jail, path::JailPath};
use gantry_types::names;
use std::{ffi::OsStr, fmt::Write as _, os::unix::ffi::OsStrExt};

/// How an escaped name begins.
const ESCAPED: &str = "%%";

/// Characters that change how what is around them is shown.
fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The spelling of one name.
pub(crate) fn spell(name: &OsStr) -> String {
    match name.to_str() {
        Some(text) if !text.starts_with(ESCAPED) && !text.chars().any(steers) => text.to_owned(),
        _ => name.as_bytes().iter().fold(ESCAPED.to_owned(), |mut spelled, byte| {
            if byte.is_ascii_alphanumeric() || b"-_. ".contains(byte) {
                spelled.push(char::from(*byte));
            } else {
                // Writing to a string cannot fail.
                write!(spelled, "%{byte:02X}").ok();
            }
            spelled
        }),
    }
}

/// The name that a spelling stands for.
fn read(spelled: &str) -> Result<Vec<u8>, &'static str> {
    let Some(escaped) = spelled.strip_prefix(ESCAPED) else {
        let plain = !spelled.chars().any(steers);
        return plain.then(|| spelled.as_bytes().to_vec()).ok_or("it contains control characters");
    };
    let mut name = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        if *byte == b'%' {
            let digits = after.get(..2).and_then(|digits| hex::decode(digits).ok());
            let digits = digits.ok_or("two hex digits follow each percent sign of an escaped name")?;
            name.extend(digits);
            rest = &after[2..];
        } else {
            name.push(*byte);
            rest = after;
        }
    }
    if name.is_empty() || name.contains(&b'/') || name == b"." || name == b".." {
        return Err("an escaped name stands for no name");
    }
    Ok(name)
}

impl JailPath {
    /// A path from its spelling. A slash at its beginning means the server's directory, as people write it.
    pub fn from_spelling(text: &str) -> Result<Self, FilesError> {
        let refused = |why: &'static str| FilesError::InvalidPath {
            path: text.chars().filter(|letter| !steers(*letter)).take(200).collect(),
            why: why.into(),
        };
        let mut bytes = Vec::with_capacity(text.len());
        for part in text.split('/').filter(|part| !part.is_empty()) {
            if !bytes.is_empty() {
                bytes.push(b'/');
            }
            bytes.extend(read(part).map_err(refused)?);
        }
        Self::from_bytes(&bytes)?.for_people()
    }

    /// The spelling of the whole path; the server's directory is empty.
    pub fn spelling(&self) -> String {
        let parts: Vec<String> = self.parts().map(spell).collect();
        parts.join("/")
    }
}

impl Jail {
    /// Refuses a path to nothing yet whose last part no name may be. What is there may be written anew.
    pub fn check_name(&self, path: &JailPath) -> Result<(), FilesError> {
        let Some((_, name)) = path.split() else { return Ok(()) };
        match names::oddity(&name.to_string_lossy()) {
            Some(oddity) if self.stat(path)?.is_none() => Err(FilesError::InvalidPath {
                path: path.spelling(),
                why: format!("the name has {oddity}").into(),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_stands_for_itself_and_the_rest_is_escaped() {
        for plain in ["server.cfg", "100%.txt", "%41", "Übung", "a b"] {
            assert_eq!(spell(OsStr::new(plain)), plain);
        }
        for (name, spelled) in [
            (&b"\xff.txt"[..], "%%%FF.txt"),
            (b"a\nINFO forged", "%%a%0AINFO forged"),
            (b"%%41", "%%%25%2541"),
            ("gnp\u{202e}.exe".as_bytes(), "%%gnp%E2%80%AE.exe"),
        ] {
            assert_eq!(spell(OsStr::from_bytes(name)), spelled);
        }
    }

    #[test]
    fn escapes_do_not_smuggle_what_paths_may_not_hold() {
        for bad in [
            "%%%2F",
            "%%%2E%2E",
            "%%..",
            "%%",
            "%%%00",
            "%%%4",
            "%%%zz",
            "a\nb",
            "a/%%%2e%2e/b",
            "x/../y",
            "\u{202e}x",
        ] {
            assert!(JailPath::from_spelling(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn slashes_at_the_ends_mean_the_directory() {
        assert!(JailPath::from_spelling("/").unwrap().is_root());
        assert_eq!(JailPath::from_spelling("/etc/passwd/").unwrap(), JailPath::parse("etc/passwd").unwrap());
    }

    proptest! {
        #[test]
        fn every_name_reads_back_from_its_spelling(name in proptest::collection::vec(1_u8.., 1..40)) {
            if let Ok(path) = JailPath::from_bytes(&name) {
                let spelled = path.spelling();
                prop_assert!(!spelled.chars().any(steers));
                prop_assert_eq!(JailPath::from_spelling(&spelled).unwrap(), path);
            }
        }
    }
}
