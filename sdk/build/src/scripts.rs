//! Plugins in TypeScript and Python: the builder of their SDK runs with tools that npm and pip fetch as lock files say. A
//! component is kept by the digest of all that it is made from, because making one takes seconds, and because the engines
//! within begin with random numbers: made twice, it is never the same bytes.
//!
//! Modules in reading order: `absent`.

mod absent;

use crate::{BuildError, Language, Say, Workshop, process::output, tools};
use sha2::{Digest, Sha256};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What tools put into folders, and what no component is made from.
const APART: [&str; 7] = ["node_modules", "__pycache__", "tests", "README.md", ".gantry", ".git", "dist"];

/// What `pack` leaves beside the sources.
const PACKAGE: &str = ".gantry.tar";

/// Makes the plugin in a folder a component, or takes it from an earlier time.
pub(crate) fn build(
    workshop: &Workshop,
    language: Language,
    folder: &Path,
    say: Say<'_>,
) -> Result<Vec<u8>, BuildError> {
    let guests = workshop.scratch.join("guests");
    fs::create_dir_all(&guests).map_err(BuildError::reading(&guests))?;
    let kept = guests.join(digest(workshop, language, folder)?).with_extension("wasm");
    if !kept.is_file() {
        say("making the component", "with the language's own engine within, which takes some seconds");
        // In one step, because others may build the same.
        let made = guests.join(format!("{}.part", std::process::id()));
        output(command(workshop, language, "build", say)?.arg(folder).arg("-o").arg(&made))?;
        fs::rename(&made, &kept).map_err(BuildError::reading(&kept))?;
    }
    fs::read(&kept).map_err(BuildError::reading(&kept))
}

/// A script of a language's SDK, with the tools that it wants: `build`, or `test` for an author's own tests.
///
/// # Errors
/// A tool lacks, or cannot be fetched.
pub fn command(
    workshop: &Workshop,
    language: Language,
    script: &str,
    say: Say<'_>,
) -> Result<Command, BuildError> {
    let (mut command, ending) = match language {
        Language::JavaScript => {
            let sdk = sdk(workshop, language);
            let node = node(workshop)?;
            install_node_packages(&node, &sdk, "the tools for plugins in TypeScript", say)?;
            (Command::new(node.join("node")), "mjs")
        }
        Language::Python => (python(workshop, say)?, "py"),
        Language::Rust | Language::Declarative => return Err(BuildError::NoPlugin(workshop.sdk.clone())),
    };
    command.arg(sdk(workshop, language).join(script).with_extension(ending));
    Ok(command)
}

/// Whether what is in TypeScript has the types that it says. A folder without `tsconfig.json` has nothing to compare.
///
/// # Errors
/// The compiler's words, with file and line; or a tool lacks.
pub fn check_types(workshop: &Workshop, folder: &Path, say: Say<'_>) -> Result<(), BuildError> {
    const PROJECT: &str = "tsconfig.json";
    if !folder.join(PROJECT).is_file() {
        return Ok(());
    }
    let (node, sdk) = (node(workshop)?, sdk(workshop, Language::JavaScript));
    install_node_packages(&node, &sdk, "the tools for plugins in TypeScript", say)?;
    let compiler = sdk.join("node_modules/typescript/bin/tsc");
    let compared = output(
        Command::new(node.join("node")).current_dir(folder).arg(compiler).args(["--project", PROJECT]),
    );
    match compared {
        Err(BuildError::Failed { command, status, said }) => {
            Err(BuildError::Failed { command, status, said: absent::explained(&said, &sdk) })
        }
        compared => compared.map(drop),
    }
}

/// The folder of a language's SDK.
#[must_use]
pub fn sdk(workshop: &Workshop, language: Language) -> PathBuf {
    workshop.sdk.join(language.name())
}

/// Installs the packages that a folder's lock file names.
///
/// # Errors
/// npm fails.
pub fn install_node_packages(node: &Path, folder: &Path, what: &str, say: Say<'_>) -> Result<(), BuildError> {
    let (stamp, lock) = (folder.join("node_modules/.gantry-lock"), folder.join("package-lock.json"));
    let lock = hex::encode(Sha256::digest(fs::read(&lock).map_err(BuildError::reading(&lock))?));
    if fs::read_to_string(&stamp).is_ok_and(|old| old == lock) {
        return Ok(());
    }
    say(&format!("installing {what}"), "npm ci, from the lock file");
    output(npm(node, folder).args(["ci", "--no-fund", "--no-audit"]))?;
    fs::write(&stamp, lock).map_err(BuildError::reading(&stamp))
}

/// The folder of the Node.js to take.
fn node(workshop: &Workshop) -> Result<PathBuf, BuildError> {
    match &workshop.node {
        Some(folder) => Ok(folder.clone()),
        None => Ok(tools::node()?),
    }
}

/// `npm` in a folder, with the Node.js of `node` first in PATH.
#[must_use]
pub fn npm(node: &Path, folder: &Path) -> Command {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(node.to_owned()).chain(env::split_paths(&path));
    let mut command = Command::new("npm");
    command.current_dir(folder).env("PATH", env::join_paths(folders).unwrap_or(path));
    command
}

/// A Python that has the packages of the SDK's lock file, and writes nothing beside the sources.
///
/// # Errors
/// Python lacks, or pip fails.
pub fn python(workshop: &Workshop, say: Say<'_>) -> Result<Command, BuildError> {
    let lock = sdk(workshop, Language::Python).join("requirements.lock");
    let digest = Sha256::digest(fs::read(&lock).map_err(BuildError::reading(&lock))?);
    let folder = workshop.scratch.join("guests").join(format!("python-{}", hex::encode(&digest[..8])));
    let stamp = folder.join("whole");
    if !stamp.is_file() {
        say("installing the tools for plugins in Python", "pip, from the lock file");
        output(Command::new(tools::python()?).args(["-m", "venv", "--clear"]).arg(&folder))?;
        output(
            Command::new(folder.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement"])
                .arg(&lock),
        )?;
        fs::write(&stamp, "").map_err(BuildError::reading(&stamp))?;
    }
    let mut command = Command::new(folder.join("bin/python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

/// Of the plugin, the SDK with its lock file, and the contract.
fn digest(workshop: &Workshop, language: Language, plugin: &Path) -> Result<String, BuildError> {
    let mut hash = Sha256::new();
    for folder in [plugin, &sdk(workshop, language), &workshop.sdk.join("wit")] {
        let mut files = Vec::new();
        collect(folder, &mut files)?;
        files.sort();
        for file in files {
            let content = fs::read(&file).map_err(BuildError::reading(&file))?;
            let name = file.strip_prefix(folder).unwrap_or(&file).as_os_str().as_encoded_bytes();
            for part in [name, &content] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
    }
    Ok(hex::encode(hash.finalize()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), BuildError> {
    for entry in fs::read_dir(folder).map_err(BuildError::reading(folder))? {
        let path = entry.map_err(BuildError::reading(folder))?.path();
        let name = path.file_name().unwrap_or_default();
        if APART.iter().any(|apart| name == *apart) || name.as_encoded_bytes().ends_with(PACKAGE.as_bytes()) {
            continue;
        }
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
