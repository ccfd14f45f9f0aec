//! What can be wrong on the way to a component. Each says what and why; [`BuildError::remedy`] says what to do.

use crate::tools::Missing;
use gantry_pack::PackError;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("{} holds no plugin", .0.display())]
    NoPlugin(PathBuf),
    /// A program, or a part of one, that this machine lacks.
    #[error(transparent)]
    Missing(#[from] Missing),
    #[error("`{command}` cannot be started")]
    Start {
        command: String,
        #[source]
        source: io::Error,
    },
    /// A tool said no. Its words are the author's to read.
    #[error("`{command}` ended with {status}:\n{said}")]
    Failed { command: String, status: String, said: String },
    #[error("{}: {message}", path.display())]
    Manifest { path: PathBuf, message: String },
    /// What was compiled is nothing that a host takes.
    #[error("{} does not become a component: {message}", path.display())]
    NotAPlugin { path: PathBuf, message: String },
    /// It calls what only programs have that run on an operating system.
    #[error("{} imports {import:?}, and plugins may import no WASI", path.display())]
    Wasi { path: PathBuf, import: String },
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error("{} cannot be read or written", path.display())]
    Files {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("the interpreter of documents is not there")]
    NoInterpreter,
}

impl BuildError {
    /// For `map_err`: what happened at this path.
    pub(crate) fn reading(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        |source| Self::Files { path, source }
    }

    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoPlugin(_) => "no-plugin",
            Self::Missing(_) => "missing-tool",
            Self::Start { .. } => "tool-not-started",
            Self::Failed { .. } => "build-failed",
            Self::Manifest { .. } => "manifest",
            Self::NotAPlugin { .. } => "not-a-component",
            Self::Wasi { .. } => "import",
            Self::Pack(_) => "not-packed",
            Self::Files { .. } => "unreadable",
            Self::NoInterpreter => "no-interpreter",
        }
    }

    /// What the author can do.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::NoPlugin(_) => {
                "Name a folder with blueprint.toml (a document), or with plugin.toml and Cargo.toml (Rust), package.json \
                 (TypeScript) or pyproject.toml (Python); `gantry plugin new` makes one."
            }
            Self::Missing(missing) => return missing.remedy.clone(),
            Self::Start { .. } => "Check that the program is installed and may be run.",
            Self::Failed { .. } => "Correct what it names, then build again.",
            Self::Manifest { path, .. } => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                return format!("Correct {name}; `gantry plugin new` writes a whole one to compare with.");
            }
            Self::Wasi { .. } => {
                "Remove the crate that brings it, such as `wasi` or one built for an operating system, or turn its feature off: there are no \
                 files, clocks, sockets and no environment. What a plugin may call are the modules of the SDK."
            }
            Self::NotAPlugin { .. } => {
                "Export a plugin with the SDK of this program's version: `gantry plugin sdk` puts it into the folder."
            }
            Self::Pack(PackError::Document(_)) => {
                "Correct the document at the place that is named; REFERENCE.md of documents, in .gantry/sdk/document, lists every field."
            }
            Self::Pack(_) => "Give the files of bundle/ plain names, and build again.",
            Self::Files { .. } => "Check that it is there, and that you may read and write there.",
            Self::NoInterpreter => {
                "Name the folder that has declarative.wasm by --plugins or GANTRY_PLUGINS_DIR; in a checkout `cargo xtask \
                 plugins` makes it."
            }
        }
        .to_owned()
    }
}
