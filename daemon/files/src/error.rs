//! What can go wrong with a server's files, by what the caller does about it.

use crate::{config::EditError, outbound::OutboundError, protect::Guarded, worker::WorkerError};
use std::{borrow::Cow, fmt::Display, io, path::PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The text is no path inside a server's directory.
    #[error("the path {path:?} is not allowed: {why}")]
    InvalidPath { path: String, why: Cow<'static, str> },
    #[error("there is no {path}")]
    NotFound { path: String },
    /// A link or a mount leads out of the server's directory.
    #[error("{path} leads out of the server's directory")]
    Escapes { path: String },
    /// There is something, but not what the operation works on.
    #[error("{path} is not {expected}")]
    WrongKind { path: String, expected: Cow<'static, str> },
    #[error("{path} is larger than {limit} bytes")]
    TooLarge { path: String, limit: u64 },
    /// The name is taken, and nobody said that what is there may go.
    #[error("there is already something at {path}")]
    Exists { path: String },
    /// The file is not the one that the change was made from.
    #[error("{path} was changed since it was read")]
    Stale { path: String },
    /// People read it and do not change it.
    #[error("{0}")]
    Protected(Box<Guarded>),
    /// The server has no more room; the disk may have.
    #[error("the server's disk limit of {} MiB leaves no room for it", .limit >> 20)]
    Quota { limit: u64 },
    /// The same, as the file system says it.
    #[error("the server's disk limit leaves no room for it")]
    Limit,
    #[error("the node's disk is full")]
    DiskFull,
    /// The tree was rearranged during the work; it can be repeated.
    #[error("{path} was changed by somebody else meanwhile")]
    Changed { path: String },
    #[error("{path} cannot be edited: {source}")]
    Edit {
        path: String,
        #[source]
        source: EditError,
    },
    /// The archive is damaged, hostile or beyond a limit; what it had given so far stays.
    #[error("the archive {path} cannot be unpacked: {message}")]
    Archive { path: String, message: String },
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// The child that does the work did not get to its end.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    #[error("it was cancelled")]
    Cancelled,
    #[error("cannot {operation} {path}: {source}")]
    Io {
        operation: Cow<'static, str>,
        path: String,
        #[source]
        source: io::Error,
    },
    /// A trusted directory of the daemon is missing or cannot be used.
    #[error("the directory {path} cannot be used: {source}")]
    Root {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The work ended without an answer.
    #[error("work on files was interrupted")]
    Interrupted,
}

impl From<Guarded> for FilesError {
    fn from(guarded: Guarded) -> Self {
        Self::Protected(Box::new(guarded))
    }
}

impl FilesError {
    /// The error of a failed call, told apart as far as callers care.
    pub(crate) fn io(operation: &'static str, path: impl Display, error: impl Into<io::Error>) -> Self {
        let (path, source) = (path.to_string(), error.into());
        match source.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            Some(rustix::io::Errno::NOENT) => Self::NotFound { path },
            Some(rustix::io::Errno::EXIST) => Self::Exists { path },
            Some(rustix::io::Errno::NOSPC) => Self::DiskFull,
            Some(rustix::io::Errno::DQUOT) => Self::Limit,
            Some(rustix::io::Errno::XDEV) => Self::Escapes { path },
            Some(rustix::io::Errno::NOTDIR) => Self::WrongKind { path, expected: "a directory".into() },
            Some(rustix::io::Errno::LOOP) => Self::WrongKind {
                path,
                expected: "a way that comes to an end: its links lead in a circle".into(),
            },
            Some(rustix::io::Errno::NAMETOOLONG) => {
                Self::InvalidPath { path, why: "a name in it is too long".into() }
            }
            Some(rustix::io::Errno::ISDIR) => Self::WrongKind { path, expected: "a file".into() },
            // The user-space resolution says so without a number.
            None if source.kind() == io::ErrorKind::PermissionDenied => Self::Escapes { path },
            _ => Self::Io { operation: operation.into(), path, source },
        }
    }
}
