//! `plugin.toml`: what a plugin says of itself, as it travels in the component.
//!
//! The table `[build]` is for builders and stays at home; all else becomes JSON as it stands, because a host reads and
//! checks it anyway, with better words than a second reader would have.

use crate::BuildError;
use std::{fs, path::Path};

/// The file.
pub const FILE: &str = "plugin.toml";

/// The manifest of the plugin in a folder, as bytes of the section.
///
/// # Errors
/// It cannot be read, or is no TOML; the message says where.
pub fn read(folder: &Path) -> Result<Vec<u8>, BuildError> {
    let path = folder.join(FILE);
    let text = fs::read_to_string(&path).map_err(BuildError::reading(&path))?;
    let wrong = |message: String| BuildError::Manifest { path: path.clone(), message };
    let mut table: toml::Table = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    table.remove("build");
    serde_json::to_vec(&table).map_err(|error| wrong(error.to_string()))
}
