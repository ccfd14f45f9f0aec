//! One component in, another out: the same code with another manifest and other files.
//!
//! A component carries what it says of itself and the files that it reads in custom sections at its outermost level
//! (`gantry:manifest`, `gantry:file/NAME`). Replacing them turns the interpreter of declarative blueprints and a document into a
//! plugin of its own. The panel, the API and the command line do so alike, so it stands here, beneath all of them; it
//! compiles nothing, runs nothing and looks into no code.
//!
//! Modules in reading order: `sections`.

mod sections;

use gantry_document::{Document, DocumentError, JSON_FILE};
use sections::{Section, sections, write_section};

/// What a component says of itself.
pub const MANIFEST_SECTION: &str = "gantry:manifest";
/// The plugin that a document is packed with to become one: `plugins/declarative`, by the id in its manifest.
pub const INTERPRETER: &str = "declarative";
/// What the name of a packed file's section begins with.
pub const FILE_SECTION: &str = "gantry:file/";

/// Why a component cannot be packed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    #[error("the file is no WebAssembly component")]
    NotAComponent,
    #[error("the component is cut off or damaged, at byte {0}")]
    Damaged(usize),
    #[error("{0:?} is no name for a packed file: 1 to 128 letters, digits and `._-/`, without `..`")]
    Name(String),
    #[error("the document cannot be used: {0}")]
    Document(#[from] DocumentError),
}

/// The component with this manifest and these files, and without those that it had.
///
/// # Errors
/// [`PackError`] where `component` is none, or a name is none.
pub fn pack(component: &[u8], manifest: &[u8], files: &[(&str, &[u8])]) -> Result<Vec<u8>, PackError> {
    if let Some((name, _)) = files.iter().find(|(name, _)| !is_name(name)) {
        return Err(PackError::Name((*name).to_owned()));
    }
    let added: usize = files.iter().map(|(_, content)| content.len()).sum();
    let mut packed = Vec::with_capacity(component.len() + manifest.len() + added + 1024);
    packed.extend_from_slice(sections::header(component)?);
    for section in sections(component)? {
        if !is_ours(&section) {
            packed.extend_from_slice(section.whole);
        }
    }
    write_section(&mut packed, MANIFEST_SECTION, manifest);
    for (name, content) in files {
        write_section(&mut packed, &format!("{FILE_SECTION}{name}"), content);
    }
    Ok(packed)
}

/// A plugin from the interpreter of declarative blueprints and a document in JSON.
///
/// # Errors
/// [`PackError`] where `interpreter` is no component or `document` is none.
pub fn document(interpreter: &[u8], document: &str) -> Result<Vec<u8>, PackError> {
    let document = Document::read(gantry_document::Format::Json, document)?;
    pack_document(interpreter, &document)
}

/// A plugin from the interpreter of declarative blueprints and a document.
///
/// # Errors
/// [`PackError`] where `interpreter` is no component.
///
/// # Panics
/// Never: every manifest can be written as JSON.
#[expect(clippy::expect_used, reason = "a manifest is texts in lists")]
pub fn pack_document(interpreter: &[u8], document: &Document) -> Result<Vec<u8>, PackError> {
    let manifest = serde_json::to_vec(&document.manifest()).expect("a manifest can be written as JSON");
    pack(interpreter, &manifest, &[(JSON_FILE, document.to_json().as_bytes())])
}

/// The bytes of a component's manifest.
///
/// # Errors
/// [`PackError`] where `component` is none.
pub fn manifest(component: &[u8]) -> Result<Option<&[u8]>, PackError> {
    let found = sections(component)?.into_iter().find(|section| section.name == Some(MANIFEST_SECTION));
    Ok(found.map(|section| section.content))
}

/// The files that are packed into a component, by name.
///
/// # Errors
/// [`PackError`] where `component` is none.
pub fn files(component: &[u8]) -> Result<Vec<(&str, &[u8])>, PackError> {
    let all = sections(component)?.into_iter();
    Ok(all.filter_map(|each| Some((each.name?.strip_prefix(FILE_SECTION)?, each.content))).collect())
}

fn is_ours(section: &Section<'_>) -> bool {
    section.name.is_some_and(|name| name == MANIFEST_SECTION || name.starts_with(FILE_SECTION))
}

fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests;
