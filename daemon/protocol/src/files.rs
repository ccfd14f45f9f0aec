//! A server's files, as people see and change them.
//!
//! Paths are relative to the server's directory, with slashes. A name that is not plain text is spelled as `%%` followed
//! by its bytes, percent-encoded, so that every name can be shown, asked for and written into a log.

use crate::Refusal;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The largest file that can be put on a node, in bytes.
pub const MAX_UPLOAD: u64 = 1 << 30;
/// Files that may be on their way over one link as fast as people give or take them. When all of them stand still, their
/// windows hold half of what the link may have under way, and everything else has the other half.
pub const MAX_TRANSFERS: usize = 32;
/// Most entries of one listing.
pub const MAX_LISTED: usize = 5_000;
/// Among the headers of a file that is read: it is protected, and this is `1`.
pub const PROTECTED_HEADER: &str = "gantry-protected";
/// Most paths of one deletion.
pub const MAX_DELETED: usize = 100;

/// What a name stands for. A link is never followed to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    File,
    Directory,
    Link,
    /// A pipe, a socket or a device.
    Other,
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// As it stands in paths.
    pub name: String,
    pub kind: FileKind,
    /// The length of a file; of anything else it means nothing.
    pub bytes: u64,
    /// Permission bits, as a number.
    pub mode: u32,
    pub modified: DateTime<Utc>,
    /// Only the game and its plugin write it, and all that is in it. Where it is left out, people may.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
}

/// What is in a directory: directories first, then by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileListing {
    pub entries: Vec<FileEntry>,
    /// There are more than can be listed.
    pub truncated: bool,
}

/// A file that is in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileSaved {
    pub entry: FileEntry,
    /// Of this very state of the file.
    pub version: String,
}

/// What a writer takes to be in the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExpectedFile {
    Nothing,
    Anything,
    /// A file of this version.
    Version(String),
}

impl ExpectedFile {
    /// From a parameter: none, `*` or a version.
    pub fn from_text(text: Option<&str>) -> Self {
        match text {
            None | Some("") => Self::Nothing,
            Some("*") => Self::Anything,
            Some(version) => Self::Version(version.to_owned()),
        }
    }

    /// The parameter; none is left out.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Anything => Some("*"),
            Self::Version(version) => Some(version),
        }
    }
}

/// One change of a server's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum FileChange {
    MakeDirectory {
        path: String,
    },
    Rename {
        from: String,
        to: String,
        /// Whether a file that has the new name makes place.
        replace: bool,
    },
    /// To a name that is free.
    Copy {
        from: String,
        to: String,
    },
}

/// What a change came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileOutcome {
    /// Pipes, sockets, devices and mounts, which are not copied.
    pub skipped: u64,
}

/// Paths that are to go, with all that is in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileDeletion {
    pub paths: Vec<String>,
}

/// What a deletion came to: every path that is not named here is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileDeletionOutcome {
    /// In the order of the request.
    pub failed: Vec<FileFailure>,
}

/// Why one of several was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileFailure {
    /// Which of the request's, from nought.
    pub at: usize,
    pub refusal: Refusal,
}
