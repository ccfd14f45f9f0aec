//! Plugins from source to component, by the crate that authors' command line builds with: here is only which, and where to.
//!
//! The plugins of `plugins/` come with Gantry; those of `examples/` are built in the same way and come with nothing.

use crate::{
    environment, guests,
    shell::{Result, root, say},
};
use gantry_build::Language;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Builds every plugin below `plugins/` into `out` and answers the files.
pub fn build(out: &Path) -> Result<Vec<PathBuf>> {
    build_all("plugins", "games are plugins", out)
}

/// Builds every plugin below `examples/` into `out` and answers the files. Never into the folder of the bundled ones:
/// the control plane installs all that it finds there.
pub fn build_examples(out: &Path) -> Result<Vec<PathBuf>> {
    build_all("examples", "an example that does not build is none", out)
}

/// Builds the games of the fault bench into `out`.
pub fn build_faults(out: &Path) -> Result<Vec<PathBuf>> {
    build_all("xtask/faults", "the fault bench has games of its own", out)
}

fn build_all(folder: &str, why: &str, out: &Path) -> Result<Vec<PathBuf>> {
    let plugins = plugins_in(&root().join(folder))?;
    for language in plugins.iter().filter_map(|plugin| Language::of(plugin)) {
        environment::language(language)?;
    }
    let workshop = guests::workshop();
    say(&format!("building the plugins of {folder}/ as WebAssembly components"), why);
    let mut built = Vec::new();
    fs::create_dir_all(out)?;
    for plugin in plugins {
        let name = plugin.file_name().ok_or("a plugin without a folder")?;
        let file = out.join(name).with_extension("wasm");
        let component = gantry_build::build(&workshop, &plugin, &say);
        fs::write(&file, component.map_err(|error| guests::told(&error))?)?;
        built.push(file);
    }
    Ok(built)
}

/// The folders with a manifest, by name.
fn plugins_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut plugins = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.join("plugin.toml").is_file() {
            plugins.push(path);
        }
    }
    plugins.sort();
    Ok(plugins)
}
