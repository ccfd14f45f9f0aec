//! The web panel: installed and built only when its sources changed.

use crate::{
    environment, guests,
    shell::{Result, output, root, say},
};
use gantry_build::scripts;
use sha2::{Digest, Sha256};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// `npm` in the web folder, with a recent Node.js first in PATH.
pub fn npm() -> Result<Command> {
    Ok(scripts::npm(&environment::node()?, &root().join("web")))
}

/// `node` in the web folder.
pub fn node() -> Result<Command> {
    let mut command = Command::new(environment::node()?.join("node"));
    command.current_dir(root().join("web")).env("PATH", path()?);
    Ok(command)
}

fn path() -> Result<std::ffi::OsString> {
    let folders = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    Ok(env::join_paths(std::iter::once(environment::node()?).chain(folders))?)
}

/// Installs the packages of the web panel that the lock file names.
pub fn install() -> Result<()> {
    install_in(&root().join("web"), "the web panel's packages")
}

/// Installs the packages that a folder's lock file names.
pub fn install_in(folder: &Path, what: &str) -> Result<()> {
    let installed = scripts::install_node_packages(&environment::node()?, folder, what, &say);
    Ok(installed.map_err(|error| guests::told(&error))?)
}

/// Builds `web/dist`, which the control plane embeds.
pub fn build() -> Result<()> {
    let web = root().join("web");
    let stamp = web.join("dist/.gantry-sources");
    let sources = fingerprint(&web)?;
    if fs::read_to_string(&stamp).is_ok_and(|old| old == sources) {
        return Ok(());
    }
    install()?;
    say("building the web panel", "it is embedded into the control plane's binary");
    output(npm()?.args(["run", "--silent", "build"]))?;
    Ok(fs::write(stamp, sources)?)
}

fn fingerprint(web: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    let names = ["index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json"];
    let mut files: Vec<PathBuf> = names.map(|name| web.join(name)).to_vec();
    for folder in ["src", "public"] {
        collect(&web.join(folder), &mut files)?;
    }
    files.sort();
    for file in files.iter().filter(|file| file.is_file()) {
        hash.update(file.strip_prefix(web)?.as_os_str().as_encoded_bytes());
        hash.update(fs::read(file)?);
    }
    Ok(hex::encode(hash.finalize()))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
