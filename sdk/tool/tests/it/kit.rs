//! The program, with a cache that all tests share, and what it is tried on.

use serde_json::Value;
use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// The folder that `cargo xtask plugins --examples --out DIR` made.
pub(crate) fn plugins() -> PathBuf {
    std::env::var_os("GANTRY_TEST_PLUGINS")
        .map(PathBuf::from)
        .expect("GANTRY_TEST_PLUGINS names the folder that `cargo xtask plugins --examples --out DIR` made")
}

/// A component of an example.
pub(crate) fn example(name: &str) -> PathBuf {
    plugins().join("examples").join(name).with_extension("wasm")
}

/// A folder of this checkout.
pub(crate) fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The program in a folder.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gantry-tool"));
    command
        .current_dir(folder)
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env("GANTRY_PLUGINS_DIR", plugins())
        // Whatever the workspace was compiled with is here already.
        .env("CARGO_NET_OFFLINE", "true");
    command
}

/// How a command came out.
pub(crate) struct Ran {
    pub(crate) good: bool,
    pub(crate) out: String,
    pub(crate) errors: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            good: output.status.success(),
            out: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Its answer, which had to be good.
    pub(crate) fn expect(self) -> String {
        assert!(self.good, "{}{}", self.out, self.errors);
        self.out
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.errors))
    }

    /// The code of the first problem.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        assert!(!self.good && json["ok"] == false, "{json}");
        json["problems"][0]["code"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
    }
}

pub(crate) fn plugin<I: IntoIterator<Item: AsRef<OsStr>>>(folder: &Path, words: I) -> Ran {
    Ran::of(program(folder).arg("plugin").args(words).output().unwrap())
}

pub(crate) fn folder() -> TempDir {
    TempDir::new().unwrap()
}
