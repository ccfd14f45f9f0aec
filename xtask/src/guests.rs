//! Plugins in JavaScript and Python: their tools come from npm and PyPI as lock files say, and a component is kept by the
//! digest of all that it is made from, because making one takes seconds and rarely changes.

use crate::{
    environment,
    shell::{Result, output, root, run, say, target_directory},
    web,
};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const TOOLS: &str = "the tools for plugins in JavaScript";

/// A language other than Rust that plugins are written in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    JavaScript,
    Python,
}

impl Language {
    /// What the plugin in this folder is written in, by the file that packages of the language have.
    pub fn of(plugin: &Path) -> Option<Self> {
        let has = |name: &str| plugin.join(name).is_file();
        if has("package.json") {
            Some(Self::JavaScript)
        } else if has("pyproject.toml") {
            Some(Self::Python)
        } else {
            None
        }
    }

    fn sdk(self) -> PathBuf {
        root().join(match self {
            Self::JavaScript => "sdk/js",
            Self::Python => "sdk/python",
        })
    }

    /// The command of the SDK that makes components.
    fn builder(self) -> Result<Command> {
        self.script("build")
    }

    /// The command of the SDK that runs an author's tests.
    fn tester(self) -> Result<Command> {
        self.script("test")
    }

    fn script(self, name: &str) -> Result<Command> {
        let (mut command, ending) = match self {
            Self::JavaScript => {
                web::install_in(&self.sdk(), TOOLS)?;
                (Command::new(environment::node()?.join("node")), "mjs")
            }
            Self::Python => (python()?, "py"),
        };
        command.arg(self.sdk().join(name).with_extension(ending));
        Ok(command)
    }
}

/// Makes the plugin in a folder a component, or takes it from an earlier time.
pub fn build(language: Language, plugin: &Path, out: &Path) -> Result<()> {
    let folder = target_directory().join("guests");
    fs::create_dir_all(&folder)?;
    let kept = folder.join(digest(language, plugin)?).with_extension("wasm");
    if !kept.is_file() {
        // In one step, because others may build the same.
        let made = folder.join(format!("{}.part", std::process::id()));
        output(language.builder()?.arg(plugin).arg("-o").arg(&made))?;
        fs::rename(&made, &kept)?;
    }
    fs::copy(&kept, out)?;
    Ok(())
}

/// A Python that has the packages of the lock file, and writes nothing beside the sources.
pub fn python() -> Result<Command> {
    let lock = Language::Python.sdk().join("requirements.lock");
    let name = hex::encode(&Sha256::digest(fs::read(&lock)?)[..8]);
    let folder = target_directory().join("guests").join(format!("python-{name}"));
    let stamp = folder.join("whole");
    if !stamp.is_file() {
        say("installing the tools for plugins in Python", "pip, from the lock file");
        output(Command::new(environment::python()?).args(["-m", "venv", "--clear"]).arg(&folder))?;
        output(
            Command::new(folder.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement"])
                .arg(&lock),
        )?;
        fs::write(&stamp, "")?;
    }
    let mut command = Command::new(folder.join("bin/python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

/// The tests of the SDKs and of the examples that are written with them, without a host: each with its name.
pub fn tests() -> Result<Vec<(String, Command)>> {
    let mut tests = Vec::new();
    for language in [Language::JavaScript, Language::Python] {
        let mut folders = vec![language.sdk()];
        for entry in fs::read_dir(root().join("examples"))? {
            let folder = entry?.path();
            if Language::of(&folder) == Some(language) && folder.join("tests").is_dir() {
                folders.push(folder);
            }
        }
        folders.sort();
        for folder in folders {
            let name = folder.strip_prefix(root())?.display().to_string();
            let mut command = language.tester()?;
            command.arg(folder);
            tests.push((name, command));
        }
    }
    Ok(tests)
}

/// Whether everything in TypeScript has the types that it says.
pub fn check_types() -> Result<()> {
    let sdk = Language::JavaScript.sdk();
    web::install_in(&sdk, TOOLS)?;
    let mut folders = vec![sdk.clone()];
    for entry in fs::read_dir(root().join("examples"))? {
        folders.push(entry?.path());
    }
    for folder in folders.iter().filter(|folder| folder.join("tsconfig.json").is_file()) {
        let mut command = Command::new(environment::node()?.join("node"));
        run(command.arg(sdk.join("node_modules/typescript/bin/tsc")).arg("--project").arg(folder))?;
    }
    Ok(())
}

/// Of the plugin, the SDK with its lock file, and the contract.
fn digest(language: Language, plugin: &Path) -> Result<String> {
    let mut files = Vec::new();
    for folder in [plugin, &language.sdk(), &root().join("sdk/wit")] {
        collect(folder, &mut files)?;
    }
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let content = fs::read(&file)?;
        let name = file.strip_prefix(root())?.as_os_str().as_encoded_bytes();
        for part in [name, &content] {
            hash.update(u64::try_from(part.len())?.to_le_bytes());
            hash.update(part);
        }
    }
    Ok(hex::encode(hash.finalize()))
}

/// Every file below but what tools put there and what no component is made from.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let apart = ["node_modules", "__pycache__", "tests", "README.md"];
        if path.file_name().is_some_and(|name| apart.iter().any(|each| name == *each)) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
