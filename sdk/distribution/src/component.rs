//! What a component says of itself, read from its outermost layer.
//!
//! The bytes are the only source: annotations and configurations that travel beside them are for people and indexes, and
//! nothing here believes them. Whether a component may run is the host's question; this reader wants to know who it is, so
//! it looks at the manifest's custom section and at the names of imports and exports, and compiles nothing.

use serde::Deserialize;
use wasmparser::{Encoding, Parser, Payload};

/// Name of the component-level custom section that holds the manifest.
const SECTION: &str = "gantry:manifest";
const MANIFEST_BYTES: usize = 64 * 1024;
const ID_CHARACTERS: usize = 64;
const LINE_CHARACTERS: usize = 128;
const TEXT_CHARACTERS: usize = 4_096;
/// Imports and exports together, and the length of each; a plugin has a dozen short ones.
const NAMES: usize = 128;
const NAME_CHARACTERS: usize = 256;

/// Who a plugin is, in its author's words, and what it is linked by. Bounded, and without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Lower-case letters, digits and single hyphens, beginning with a letter.
    pub id: String,
    /// For people.
    pub name: String,
    /// Three numbers with an optional suffix.
    pub version: String,
    pub author: String,
    pub description: String,
    /// An SPDX expression.
    pub licence: String,
    /// Where its source is, if the manifest says that.
    pub source: String,
    /// Names of the component's imports, in their order.
    pub imports: Vec<String>,
    /// Names of the component's exports, in their order.
    pub exports: Vec<String>,
}

/// The part of the manifest that is of interest on the way; the host reads the rest.
#[derive(Deserialize)]
struct Manifest {
    id: String,
    name: String,
    version: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    licence: String,
    #[serde(default)]
    source: String,
}

/// Whether bytes begin as WebAssembly does.
pub(crate) fn is_wasm(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\0asm")
}

/// Reads what a component says of itself. The error says what is wrong with it.
pub(crate) fn facts(wasm: &[u8]) -> Result<Facts, String> {
    let surface = Surface::read(wasm)?;
    let manifest = match surface.manifests.as_slice() {
        [manifest] if manifest.len() <= MANIFEST_BYTES => *manifest,
        [manifest] => {
            return Err(format!("its manifest has {} bytes; the limit is {MANIFEST_BYTES}", manifest.len()));
        }
        [] => return Err(format!("it has no custom section {SECTION:?}; build it with the Gantry SDK")),
        [_, _, ..] => return Err(format!("it has more than one custom section {SECTION:?}")),
    };
    let manifest: Manifest =
        serde_json::from_slice(manifest).map_err(|error| format!("its manifest cannot be read: {error}"))?;
    if !is_plugin_id(&manifest.id) {
        return Err("its manifest's id is not lower-case letters, digits and single hyphens".to_owned());
    }
    if !is_version(&manifest.version) {
        return Err("its manifest's version is not three numbers such as 1.4.0".to_owned());
    }
    check("name", &manifest.name, 1, LINE_CHARACTERS)?;
    check("author", &manifest.author, 0, LINE_CHARACTERS)?;
    check("licence", &manifest.licence, 0, LINE_CHARACTERS)?;
    check("source", &manifest.source, 0, LINE_CHARACTERS)?;
    check("description", &manifest.description, 0, TEXT_CHARACTERS)?;
    let Manifest { id, name, version, author, description, licence, source } = manifest;
    let Surface { imports, exports, .. } = surface;
    Ok(Facts { id, name, version, author, description, licence, source, imports, exports })
}

#[derive(Default)]
struct Surface<'a> {
    manifests: Vec<&'a [u8]>,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl<'a> Surface<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self, String> {
        let malformed =
            |error: wasmparser::BinaryReaderError| format!("it is not a well-formed component: {error}");
        let mut surface = Self::default();
        let mut depth = 0_usize;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(malformed)? {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                    return Err("it is a core module; wrap it into a component".to_owned());
                }
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        surface.name(import.map_err(malformed)?.name.name, |surface| &mut surface.imports)?;
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        surface.name(export.map_err(malformed)?.name.name, |surface| &mut surface.exports)?;
                    }
                }
                Payload::CustomSection(section) if depth == 0 && section.name() == SECTION => {
                    surface.manifests.push(section.data());
                }
                _ => {}
            }
        }
        Ok(surface)
    }

    fn name(&mut self, name: &str, list: impl Fn(&mut Self) -> &mut Vec<String>) -> Result<(), String> {
        if self.imports.len() + self.exports.len() == NAMES || name.len() > NAME_CHARACTERS {
            return Err(format!(
                "it imports and exports more than {NAMES} names, or one that is longer than {NAME_CHARACTERS} bytes"
            ));
        }
        list(self).push(name.to_owned());
        Ok(())
    }
}

/// Lower-case letters, digits and single inner hyphens, beginning with a letter; as the host asks it.
pub(crate) fn is_plugin_id(text: &str) -> bool {
    text.len() <= ID_CHARACTERS
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == b'-')
}

fn is_version(text: &str) -> bool {
    let (numbers, suffix) =
        text.split_once('-').map_or((text, None), |(numbers, suffix)| (numbers, Some(suffix)));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|each| each.is_ascii_digit());
    let is_suffix = |suffix: &str| {
        !suffix.is_empty()
            && suffix.bytes().all(|each| each.is_ascii_alphanumeric() || matches!(each, b'.' | b'-'))
    };
    text.len() <= ID_CHARACTERS
        && numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && suffix.is_none_or(is_suffix)
}

fn check(field: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
    let length = text.chars().count();
    if length < least || length > most {
        return Err(format!(
            "its manifest's {field} must have {least} to {most} characters; it has {length}"
        ));
    }
    if text.chars().any(|each| each.is_control() && each != '\n') {
        return Err(format!("its manifest's {field} must not contain control characters"));
    }
    Ok(())
}
