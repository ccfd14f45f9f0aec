//! From an author's folder to a component.
//!
//! The command line and `cargo xtask` build plugins by this one crate, so that a stranger's plugin and those that come with
//! Gantry are made in the same way. It finds the tools of each language and says what to type where one lacks; it installs
//! nothing but what lock files name into folders of its own, and leaves the author's folder alone.
//!
//! A folder's language is seen in its files. Whatever it is, the component gets the manifest of `plugin.toml` and the
//! files of `bundle/` in custom sections at the end: one file is a plugin.
//!
//! Modules in reading order: [`error`], [`language`], [`manifest`], [`process`], [`tools`], [`rust`], [`scripts`], [`document`].

pub mod document;
pub mod error;
pub mod language;
pub mod manifest;
pub mod process;
pub mod rust;
pub mod scripts;
pub mod tools;

pub use error::BuildError;
pub use language::Language;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where plugins are built and what with.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// A folder with `wit`, `plugin`, `js` and `python`: `sdk` of a checkout, or what `gantry plugin new` put down.
    pub sdk: PathBuf,
    /// For what tools make on the way. It can be deleted at any time.
    pub scratch: PathBuf,
    /// The component of `plugins/declarative`, which documents are packed into.
    pub interpreter: Option<PathBuf>,
    /// The folder that Node.js is in, where PATH does not lead to it.
    pub node: Option<PathBuf>,
}

/// Hears what takes time: what is done, and why.
pub type Say<'a> = &'a dyn Fn(&str, &str);

/// Makes the plugin in a folder a component.
///
/// # Errors
/// What is missing or wrong, and what to do about it.
pub fn build(workshop: &Workshop, folder: &Path, say: Say<'_>) -> Result<Vec<u8>, BuildError> {
    let language = Language::of(folder).ok_or_else(|| BuildError::NoPlugin(folder.to_owned()))?;
    let component = match language {
        Language::Declarative => return document::pack(workshop, folder),
        Language::Rust => rust::build(workshop, folder, say)?,
        Language::JavaScript | Language::Python => scripts::build(workshop, language, folder, say)?,
    };
    let manifest = manifest::read(folder)?;
    let files = bundle(folder)?;
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
    Ok(gantry_pack::pack(&component, &manifest, &files)?)
}

/// The files of `bundle/`, by their way below it.
fn bundle(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, BuildError> {
    let root = folder.join("bundle");
    let mut found = Vec::new();
    if root.is_dir() {
        collect(&root, &root, &mut found)?;
    }
    found.sort();
    Ok(found)
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<(String, Vec<u8>)>) -> Result<(), BuildError> {
    let unreadable = |path: &Path| BuildError::reading(path);
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.is_dir() {
            collect(root, &path, found)?;
            continue;
        }
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        found.push((name, fs::read(&path).map_err(unreadable(&path))?));
    }
    Ok(())
}
