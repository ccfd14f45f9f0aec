//! A server's directory through the door that the agent uses, with a tenant who attacks from inside.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be set up is a test that fails")]

mod archives;
mod attacks;
mod by_hand;
mod downloads;
mod in_place;
mod jail;
mod packing;
mod protected;
mod worker;

use gantry_files::{Jail, JailPath};
use std::path::PathBuf;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A jail in a directory with a secret beside it.
pub(crate) struct Fixture {
    pub(crate) jail: Jail,
    pub(crate) root: PathBuf,
    outside: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "secret").unwrap();
        let root = outside.path().join("data");
        Self { jail: Jail::create(&root, None).unwrap(), root, outside }
    }

    pub(crate) fn secret(&self) -> PathBuf {
        self.outside.path().join("secret")
    }

    /// The secret is as it was, and nothing lies beside it.
    pub(crate) fn assert_untouched(&self) {
        assert_eq!(std::fs::read_to_string(self.secret()).unwrap(), "secret");
        assert_eq!(std::fs::read_dir(self.outside.path()).unwrap().count(), 2);
    }

    pub(crate) fn content(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).unwrap()
    }

    /// Names in the jail's root.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.root).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

pub(crate) fn path(text: &str) -> JailPath {
    JailPath::parse(text).unwrap()
}

pub(crate) fn never() -> CancellationToken {
    CancellationToken::new()
}
