//! What a component is, read from its outermost layer before anything is compiled.
//!
//! Imports are decided here, because a message that names the import is worth more than a linker's, and because a
//! component that may not load should cost microseconds. The compiled form is linked against exactly the same names,
//! so this check is a courtesy and the linker is the wall.

use wasmparser::{Encoding, Parser, Payload};

use crate::capability::{Grants, QUERY};
use crate::generations::Generation;
use crate::manifest::{MANIFEST_SECTION, Manifest};

const PACKAGE: &str = "gantry:plugin/";
/// What every plugin exports, of one generation of the contract.
const REQUIRED: [&str; 2] = ["blueprints", "plans"];
/// Names that a message lists; a component may have thousands.
const NAMES_LISTED: usize = 8;
const NAME_CHARACTERS: usize = 128;

/// A component that may be compiled.
pub(crate) struct Outline {
    pub(crate) manifest: Manifest,
    pub(crate) generation: Generation,
    pub(crate) collects: bool,
    pub(crate) parses_console: bool,
}

#[derive(Default)]
struct Surface {
    manifests: Vec<Vec<u8>>,
    imports: Vec<String>,
    exports: Vec<String>,
}

/// Reads manifest, imports and exports. The error says what is wrong, for the person who brought the component.
pub(crate) fn inspect(wasm: &[u8], most: usize, grants: &Grants) -> Result<Outline, String> {
    if wasm.len() > most {
        return Err(format!("it has {} bytes; the limit is {most}", wasm.len()));
    }
    let surface = surface(wasm)?;
    let manifest = match surface.manifests.as_slice() {
        [manifest] => Manifest::parse(manifest)?,
        [] => {
            return Err(format!(
                "it has no custom section {MANIFEST_SECTION:?}; build it with the Gantry SDK"
            ));
        }
        [_, _, ..] => return Err(format!("it has more than one custom section {MANIFEST_SECTION:?}")),
    };
    let generation = manifest.generation()?;
    check_imports(&surface.imports, &manifest, generation, grants)?;
    let exports =
        |name: &str| surface.exports.iter().any(|export| interface(export, generation) == Some(name));
    let missing: Vec<_> = REQUIRED.into_iter().filter(|name| !exports(name)).collect();
    if !missing.is_empty() {
        let contract = generation.contract();
        let missing: Vec<_> = missing.iter().map(|name| format!("{PACKAGE}{name}@{contract}")).collect();
        return Err(format!("it does not export {}", missing.join(" and ")));
    }
    Ok(Outline {
        manifest,
        generation,
        collects: exports("collector"),
        parses_console: exports("console-events"),
    })
}

fn surface(wasm: &[u8]) -> Result<Surface, String> {
    let malformed =
        |error: wasmparser::BinaryReaderError| format!("it is not a well-formed component: {error}");
    let mut surface = Surface::default();
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
                    surface.imports.push(import.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    surface.exports.push(export.map_err(malformed)?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if depth == 0 && section.name() == MANIFEST_SECTION => {
                surface.manifests.push(section.data().to_vec());
            }
            _ => {}
        }
    }
    Ok(surface)
}

fn check_imports(
    imports: &[String],
    manifest: &Manifest,
    generation: Generation,
    grants: &Grants,
) -> Result<(), String> {
    let other = imports.iter().find(|import| {
        let ours = import.strip_prefix(PACKAGE).and_then(|name| name.split_once('@'));
        ours.and_then(|(_, version)| Generation::of_version(version)).is_some_and(|found| found != generation)
    });
    if let Some(other) = other {
        return Err(format!(
            "its manifest says contract {}, and it imports \"{other}\"; build it anew for one of them",
            generation.contract()
        ));
    }
    let foreign: Vec<_> = imports
        .iter()
        .filter(|import| match interface(import, generation) {
            // Types alone: there is nothing to call.
            Some("types" | "log") => false,
            Some(capability) if capability == QUERY => false,
            Some(_) | None => true,
        })
        .map(|import| format!("{:?}", import.chars().take(NAME_CHARACTERS).collect::<String>()))
        .collect();
    if !foreign.is_empty() {
        let more = foreign.len().saturating_sub(NAMES_LISTED);
        let names = foreign[..foreign.len() - more].join(", ");
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        return Err(format!("it imports {names}{more}, which no plugin may; plugins have no WASI"));
    }
    let queries = imports.iter().any(|import| interface(import, generation) == Some(QUERY));
    if queries && !manifest.asks_for(QUERY) {
        return Err(format!(
            "it imports \"{PACKAGE}{QUERY}\", but its manifest does not ask for the capability {QUERY:?}; add it \
             there with a reason"
        ));
    }
    if queries && !grants.contains(QUERY) {
        return Err(format!(
            "it imports \"{PACKAGE}{QUERY}\", and the capability {QUERY:?} is not granted to it; grant that, or use a \
             plugin that does without"
        ));
    }
    Ok(())
}

/// The name of an interface of our contract, of any release of this generation.
fn interface(name: &str, generation: Generation) -> Option<&str> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    (Generation::of_version(version)? == generation).then_some(interface)
}
