//! What a worker says, and how the daemon takes it.
//!
//! An error comes as a value, so that people read the very words that they would have read without the child. It is also
//! what a child that was taken over may choose freely: texts are bounded and lose their control characters, and a kind of
//! error decides over nothing but the advice that stands beside it.

use crate::{
    archive::{Extracted, Packed},
    config::EditError,
    error::FilesError,
    form::Filled,
};
use serde::{Deserialize, Serialize};
use std::io;

/// The longest line.
pub(super) const LINE_BYTES: u64 = 64 * 1024;
/// The same where a form is filled: all that it may show, however JSON spells it.
pub(super) const FORM_LINE_BYTES: u64 = 2 << 20;
/// The longest text of an error, in characters: a line of some of them must hold whatever JSON makes of them.
const TEXT: usize = 2_048;

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    Progress { done: u64, total: Option<u64> },
    Extracted(Extracted),
    Edited,
    Packed(Packed),
    Filled(Filled),
    Failed(Told),
}

/// A [`FilesError`] on its way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Told {
    InvalidPath {
        path: String,
        why: String,
    },
    NotFound {
        path: String,
    },
    Escapes {
        path: String,
    },
    WrongKind {
        path: String,
        expected: String,
    },
    TooLarge {
        path: String,
        limit: u64,
    },
    Exists {
        path: String,
    },
    Quota {
        limit: u64,
    },
    Limit,
    DiskFull,
    Changed {
        path: String,
    },
    Stale {
        path: String,
    },
    Edit {
        path: String,
        why: EditError,
    },
    Archive {
        path: String,
        message: String,
    },
    Cancelled,
    Io {
        operation: String,
        path: String,
        number: Option<i32>,
        text: String,
    },
    /// What is none of the worker's errors, in words.
    Other {
        text: String,
    },
}

impl From<FilesError> for Told {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::InvalidPath { path, why } => Self::InvalidPath { path, why: why.into_owned() },
            FilesError::NotFound { path } => Self::NotFound { path },
            FilesError::Escapes { path } => Self::Escapes { path },
            FilesError::WrongKind { path, expected } => {
                Self::WrongKind { path, expected: expected.into_owned() }
            }
            FilesError::TooLarge { path, limit } => Self::TooLarge { path, limit },
            FilesError::Exists { path } => Self::Exists { path },
            FilesError::Quota { limit } => Self::Quota { limit },
            FilesError::Limit => Self::Limit,
            FilesError::DiskFull => Self::DiskFull,
            FilesError::Changed { path } => Self::Changed { path },
            FilesError::Stale { path } => Self::Stale { path },
            FilesError::Edit { path, source } => Self::Edit { path, why: source },
            FilesError::Archive { path, message } => Self::Archive { path, message },
            FilesError::Cancelled => Self::Cancelled,
            FilesError::Io { operation, path, source } => Self::Io {
                operation: operation.into_owned(),
                path,
                number: source.raw_os_error(),
                text: source.to_string(),
            },
            // A worker has no guard to ask.
            other @ (FilesError::Protected(_)
            | FilesError::Outbound(_)
            | FilesError::Worker(_)
            | FilesError::Root { .. }
            | FilesError::Interrupted) => Self::Other { text: other.to_string() },
        }
        .cut(short)
    }
}

impl From<Told> for FilesError {
    fn from(told: Told) -> Self {
        match told.cut(plain) {
            Told::InvalidPath { path, why } => Self::InvalidPath { path, why: why.into() },
            Told::NotFound { path } => Self::NotFound { path },
            Told::Escapes { path } => Self::Escapes { path },
            Told::WrongKind { path, expected } => Self::WrongKind { path, expected: expected.into() },
            Told::TooLarge { path, limit } => Self::TooLarge { path, limit },
            Told::Exists { path } => Self::Exists { path },
            Told::Quota { limit } => Self::Quota { limit },
            Told::Limit => Self::Limit,
            Told::DiskFull => Self::DiskFull,
            Told::Changed { path } => Self::Changed { path },
            Told::Stale { path } => Self::Stale { path },
            Told::Edit { path, why } => Self::Edit { path, source: why },
            Told::Archive { path, message } => Self::Archive { path, message },
            Told::Cancelled => Self::Cancelled,
            Told::Io { operation, path, number, text } => {
                let source = number.map_or_else(|| io::Error::other(text), io::Error::from_raw_os_error);
                Self::Io { operation: operation.into(), path, source }
            }
            Told::Other { text } => Self::Io {
                operation: "work on".into(),
                path: "the server's files".to_owned(),
                source: io::Error::other(text),
            },
        }
    }
}

impl Told {
    /// With all its texts cut by this.
    fn cut(mut self, cut: fn(&mut String)) -> Self {
        match &mut self {
            Self::InvalidPath { path, why: text }
            | Self::WrongKind { path, expected: text }
            | Self::Archive { path, message: text } => {
                cut(path);
                cut(text);
            }
            Self::NotFound { path }
            | Self::Escapes { path }
            | Self::TooLarge { path, .. }
            | Self::Exists { path }
            | Self::Changed { path }
            | Self::Stale { path } => cut(path),
            Self::Edit { path, why } => {
                cut(path);
                match why {
                    EditError::Malformed(text) | EditError::Unrepresentable { at: text } => cut(text),
                    EditError::NoPlace { at, why } | EditError::Condition { at, why } => {
                        cut(at);
                        cut(why.to_mut());
                    }
                    EditError::NotText | EditError::TooLarge => {}
                }
            }
            Self::Io { operation, path, text, .. } => {
                cut(operation);
                cut(path);
                cut(text);
            }
            Self::Other { text } => cut(text),
            Self::Quota { .. } | Self::Limit | Self::DiskFull | Self::Cancelled => {}
        }
        self
    }
}

fn short(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(TEXT) {
        text.truncate(end);
        text.push('…');
    }
}

fn plain(text: &mut String) {
    short(text);
    if text.contains(|letter: char| letter.is_control() && letter != '\n') {
        let plain = |letter: char| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter };
        *text = text.chars().map(plain).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    fn through(error: FilesError) -> FilesError {
        let line = serde_json::to_vec(&Told::from(error)).unwrap();
        assert!((line.len() as u64) < LINE_BYTES);
        serde_json::from_slice::<Told>(&line).unwrap().into()
    }

    #[test]
    fn people_read_the_same_words_as_without_a_child() {
        let path = || "a/b".to_owned();
        let all = || {
            [
                FilesError::InvalidPath { path: path(), why: "it is absolute".into() },
                FilesError::NotFound { path: path() },
                FilesError::Escapes { path: path() },
                FilesError::WrongKind { path: path(), expected: "a file".into() },
                FilesError::TooLarge { path: path(), limit: 7 },
                FilesError::Exists { path: path() },
                FilesError::Quota { limit: 7 },
                FilesError::Limit,
                FilesError::DiskFull,
                FilesError::Changed { path: path() },
                FilesError::Stale { path: path() },
                FilesError::Edit { path: path(), source: EditError::Malformed("line 1\nline 2".to_owned()) },
                FilesError::Archive { path: path(), message: "it is damaged".to_owned() },
                FilesError::Cancelled,
                FilesError::io("write", "a/b", Errno::ACCESS),
                FilesError::io("write", "a/b", io::Error::other("something")),
            ]
        };
        for (told, meant) in all().into_iter().map(through).zip(all()) {
            assert_eq!(told.to_string(), meant.to_string());
            assert_eq!(std::mem::discriminant(&told), std::mem::discriminant(&meant), "{meant:?}");
        }
    }

    #[test]
    fn texts_are_bounded_and_lose_their_control_characters() {
        let long = "\u{7}".repeat(1 << 20);
        let FilesError::Archive { path, message } =
            through(FilesError::Archive { path: long.clone(), message: long })
        else {
            panic!("another error")
        };
        for text in [path, message] {
            assert!(text.chars().count() <= TEXT + 1 && !text.contains('\u{7}'), "{}", text.len());
        }
    }
}
