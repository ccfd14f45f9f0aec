//! Why a request was not done: a code of the protocol, and a sentence for people.

use gantry_files::FilesError;
use russh_sftp::protocol::StatusCode;

/// What a client is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) code: StatusCode,
    pub(crate) sentence: String,
    /// By an account that may be out of date.
    pub(crate) no_room: bool,
}

impl Failure {
    pub(crate) fn of(code: StatusCode, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into(), no_room: false }
    }

    /// The person may not do this.
    pub(crate) fn forbidden(sentence: &str) -> Self {
        Self::of(StatusCode::PermissionDenied, sentence)
    }

    pub(crate) fn no_handle() -> Self {
        Self::of(StatusCode::Failure, "There is no such handle.")
    }

    pub(crate) fn end() -> Self {
        Self::of(StatusCode::Eof, "")
    }
}

impl From<FilesError> for Failure {
    fn from(error: FilesError) -> Self {
        let no_room = matches!(error, FilesError::Quota { .. });
        let told = |code, sentence: String| Self { code, sentence, no_room };
        match error {
            FilesError::NotFound { path } => {
                told(StatusCode::NoSuchFile, format!("There is no {path} among the server's files."))
            }
            FilesError::Exists { path } => {
                told(StatusCode::Failure, format!("There is already something at {path}."))
            }
            FilesError::Escapes { path } => told(
                StatusCode::PermissionDenied,
                format!("The path {path} leads out of the server's directory."),
            ),
            FilesError::Protected(guarded) => told(StatusCode::PermissionDenied, format!("{guarded}.")),
            FilesError::WrongKind { path, expected } => {
                told(StatusCode::Failure, format!("What is at {path} is not {expected}."))
            }
            FilesError::InvalidPath { path, why } => {
                told(StatusCode::Failure, format!("The path {path} is not possible: {why}."))
            }
            FilesError::TooLarge { path, limit } => {
                told(StatusCode::Failure, format!("The limit of {limit} is exceeded by {path}."))
            }
            FilesError::Quota { limit } => told(
                StatusCode::Failure,
                format!("The server may hold {} MiB, which leaves no room for this.", limit >> 20),
            ),
            FilesError::Limit => {
                told(StatusCode::Failure, "The server's disk limit leaves no room for this.".to_owned())
            }
            FilesError::DiskFull => told(StatusCode::Failure, "The node's disk is full.".to_owned()),
            FilesError::Io { operation, path, source }
                if source.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                told(StatusCode::PermissionDenied, format!("The node may not {operation} {path}."))
            }
            error @ (FilesError::Stale { .. }
            | FilesError::Changed { .. }
            | FilesError::Edit { .. }
            | FilesError::Archive { .. }
            | FilesError::Outbound(_)
            | FilesError::Worker(_)
            | FilesError::Cancelled
            | FilesError::Io { .. }
            | FilesError::Root { .. }
            | FilesError::Interrupted) => {
                tracing::debug!(%error, "a request over SFTP was not done");
                told(StatusCode::Failure, "It was not done: the node could not do it.".to_owned())
            }
        }
    }
}
