//! Plugins without code: a document, packed into the interpreter's component.

use crate::{BuildError, Workshop};
use gantry_document::{Document, Format, JSON_FILE, TOML_FILE};
use gantry_pack::PackError;
use std::{fs, path::Path};

/// Packs the document in a folder.
pub(crate) fn pack(workshop: &Workshop, folder: &Path) -> Result<Vec<u8>, BuildError> {
    let document = read(folder)?;
    let interpreter = workshop.interpreter.as_ref().ok_or(BuildError::NoInterpreter)?;
    let component = fs::read(interpreter).map_err(BuildError::reading(interpreter))?;
    Ok(gantry_pack::pack_document(&component, &document)?)
}

/// Reads and checks the document in a folder.
///
/// # Errors
/// There is none, or it contradicts itself.
pub fn read(folder: &Path) -> Result<Document, BuildError> {
    let (name, format) =
        if folder.join(TOML_FILE).is_file() { (TOML_FILE, Format::Toml) } else { (JSON_FILE, Format::Json) };
    let path = folder.join(name);
    let text = fs::read_to_string(&path).map_err(BuildError::reading(&path))?;
    Ok(Document::read(format, &text).map_err(PackError::from)?)
}
