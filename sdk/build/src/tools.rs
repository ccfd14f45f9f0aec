//! Finding the programs that languages are built with. What lacks is named with the words to type; nothing is installed
//! here, because whose machine it is decides that.

use crate::process::{output, succeeds};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The target of plugins in Rust.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// Node.js that the packages of the SDK ask for.
const NODE: (u32, u32) = (20, 19);

/// A tool that is not there, or too old.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Missing {
    /// What lacks, and what for.
    pub what: String,
    /// What to type.
    pub remedy: String,
}

impl Missing {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }
}

/// How plugins in Rust are compiled here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WasmToolchain {
    /// The toolchain at hand has the target.
    Stock,
    /// Debian's rustc, which brings the standard library's sources, driven by the toolchain's cargo and linker.
    BuildStd { rustc: PathBuf, linker: PathBuf },
}

/// The path of a program that the shell would find.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A compiler for plugins in Rust, as cargo run in `folder` would choose it.
///
/// # Errors
/// There is none.
pub fn wasm(folder: &Path) -> Result<WasmToolchain, Missing> {
    let lacks = |what: &str| {
        let remedy = format!(
            "Type `rustup target add {WASM_TARGET}`; where rustup cannot reach its server, Debian has a compiler for it: \
             `apt-get install rustc-web rust-web-src`."
        );
        Missing::new(what, remedy)
    };
    let no_rust = || {
        Missing::new(
            "plugins in Rust need a Rust toolchain, and there is none",
            "Install Rust 1.95 or newer from https://rustup.rs.",
        )
    };
    let rustc = |argument: &[&str]| {
        output(Command::new("rustc").current_dir(folder).args(argument)).map_err(|_| no_rust())
    };
    let sysroot = PathBuf::from(rustc(&["--print", "sysroot"])?.trim());
    if sysroot.join("lib/rustlib").join(WASM_TARGET).is_dir() {
        return Ok(WasmToolchain::Stock);
    }
    let debian = PathBuf::from("/usr/bin/rustc");
    let has_sources = succeeds(Command::new("dpkg").args(["-s", "rust-web-src"]));
    if !(debian.is_file() && has_sources) {
        return Err(lacks(
            "plugins in Rust are compiled to WebAssembly, and the toolchain lacks that target",
        ));
    }
    let version = rustc(&["-vV"])?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let linker = sysroot.join("lib/rustlib").join(host).join("bin/rust-lld");
    if !linker.is_file() {
        return Err(lacks("plugins in Rust need a WebAssembly linker, and the toolchain lacks it"));
    }
    Ok(WasmToolchain::BuildStd { rustc: debian, linker })
}

/// Node.js that is recent enough: the folder to put first into PATH.
///
/// # Errors
/// There is none.
pub fn node() -> Result<PathBuf, Missing> {
    let found = find("node").filter(|program| is_recent_node(program));
    let folder = found.as_deref().and_then(Path::parent).filter(|_| find("npm").is_some());
    folder.map(Path::to_owned).ok_or_else(|| {
        Missing::new(
            format!("plugins in TypeScript need Node.js {}.{} or newer, with npm", NODE.0, NODE.1),
            "Install it from https://nodejs.org, or where an older one is: `npm install --prefix tools node@22` and put \
             tools/node_modules/node/bin first into PATH.",
        )
    })
}

/// Whether this Node.js can run the SDK's tools.
#[must_use]
pub fn is_recent_node(program: &Path) -> bool {
    let Ok(version) = output(Command::new(program).arg("--version")) else { return false };
    let mut numbers = version.trim().trim_start_matches('v').split('.').map(|part| part.parse().ok());
    numbers.next().flatten().zip(numbers.next().flatten()).is_some_and(|version| version >= NODE)
}

/// A Python that is recent enough, and can make environments.
///
/// # Errors
/// There is none.
pub fn python() -> Result<PathBuf, Missing> {
    find("python3").filter(|program| is_recent_python(program)).ok_or_else(|| {
        Missing::new(
            "plugins in Python need Python 3.11 or newer, with venv",
            "Type `apt-get install python3 python3-venv`, or install it from https://www.python.org.",
        )
    })
}

/// Whether this Python can run the SDK's tools.
#[must_use]
pub fn is_recent_python(program: &Path) -> bool {
    let question = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
    succeeds(Command::new(program).args(["-c", question]))
}
