//! What a component is, read from its outermost layer before anything is compiled.
//!
//! Imports are decided here, because a message that names the import is worth more than a linker's, and because a
//! component that may not load should cost microseconds. The compiled form is linked against exactly the same names,
//! so this check is a courtesy and the linker is the wall.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wasmparser::{BinaryReader, Encoding, Parser, Payload};

use crate::budgets::Budgets;
use crate::capability::{Grants, IMPORTED, LARGE_COMPONENT};
use crate::generations::Generation;
use crate::manifest::{MANIFEST_SECTION, Manifest};

const PACKAGE: &str = "gantry:plugin/";
/// Sections with this prefix are files that the component finds in its bundle.
const FILE_SECTION: &str = "gantry:file/";
const BUNDLED_FILES: usize = 256;
/// Names that a message lists; a component may have thousands.
const NAMES_LISTED: usize = 8;
const NAME_CHARACTERS: usize = 128;

/// A component that may be compiled.
pub(crate) struct Outline {
    pub(crate) manifest: Manifest,
    pub(crate) generation: Generation,
    pub(crate) parts: Parts,
    /// Shared by all calls.
    pub(crate) bundle: Arc<Bundle>,
    /// Whether it needs what only some components are granted to be compiled.
    pub(crate) is_large: bool,
}

/// Files that were packed into a component, by name.
pub(crate) type Bundle = BTreeMap<String, Vec<u8>>;

/// An interface that a plugin may export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `blueprints`, and with it `plans`.
    Game,
    /// `collector`.
    Collector,
    /// `console-events`.
    ConsoleEvents,
    /// `actions`.
    Actions,
    /// `quiescing`.
    Quiescing,
    /// `commands`.
    Commands,
    /// `catalog`.
    Catalog,
    /// `facts`.
    Facts,
    /// `importer`.
    Importer,
    /// `config-files`.
    ConfigFiles,
    /// `tabs`.
    Tabs,
    /// `hooks`.
    Hooks,
}

impl Part {
    /// All.
    pub const ALL: [Self; 12] = [
        Self::Game,
        Self::Collector,
        Self::ConsoleEvents,
        Self::Actions,
        Self::Quiescing,
        Self::Commands,
        Self::Catalog,
        Self::Facts,
        Self::Importer,
        Self::ConfigFiles,
        Self::Tabs,
        Self::Hooks,
    ];

    /// The interface's name in the contract.
    #[must_use]
    pub const fn interface(self) -> &'static str {
        match self {
            Self::Game => "blueprints",
            Self::Collector => "collector",
            Self::ConsoleEvents => "console-events",
            Self::Actions => "actions",
            Self::Quiescing => "quiescing",
            Self::Commands => "commands",
            Self::Catalog => "catalog",
            Self::Facts => "facts",
            Self::Importer => "importer",
            Self::ConfigFiles => "config-files",
            Self::Tabs => "tabs",
            Self::Hooks => "hooks",
        }
    }

    /// Whether generation 0.1 had it.
    const fn is_old(self) -> bool {
        matches!(self, Self::Game | Self::Collector | Self::ConsoleEvents)
    }
}

/// Which of the parts a plugin has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts(u16);

impl Parts {
    /// Whether it has this one.
    #[must_use]
    pub const fn has(self, part: Part) -> bool {
        self.0 & (1 << part as u16) != 0
    }

    /// Those that it has, in the order of the contract.
    pub fn iter(self) -> impl Iterator<Item = Part> {
        Part::ALL.into_iter().filter(move |part| self.has(*part))
    }
}

impl FromIterator<Part> for Parts {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        Self(parts.into_iter().fold(0, |all, part| all | 1 << part as u16))
    }
}

#[derive(Default)]
struct Surface {
    manifests: Vec<Vec<u8>>,
    imports: Vec<String>,
    exports: Vec<String>,
    files: Bundle,
}

/// Reads manifest, imports and exports. The error says what is wrong, for the person who brought the component.
pub(crate) fn inspect(wasm: &[u8], budgets: &Budgets, grants: &Grants) -> Result<Outline, String> {
    let (ordinary, most) = (budgets.compile.component_bytes, budgets.compile_large.component_bytes);
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
    let is_large = wasm.len() > ordinary;
    if is_large {
        may_be_large(wasm.len(), ordinary, &manifest, grants)?;
    }
    let generation = manifest.generation()?;
    check_imports(&surface.imports, &manifest, generation, grants)?;
    let parts = parts(&surface.exports, generation)?;
    Ok(Outline { manifest, generation, parts, bundle: Arc::new(surface.files), is_large })
}

fn may_be_large(bytes: usize, ordinary: usize, manifest: &Manifest, grants: &Grants) -> Result<(), String> {
    let large =
        format!("it has {bytes} bytes; the limit is {ordinary} without the capability {LARGE_COMPONENT:?}");
    if !manifest.asks_for(LARGE_COMPONENT) {
        return Err(format!(
            "{large}, for which its manifest does not ask; make it smaller, or ask with a reason"
        ));
    }
    if !grants.contains(LARGE_COMPONENT) {
        return Err(format!("{large}, which is not granted to it; grant that, or use a smaller plugin"));
    }
    Ok(())
}

fn parts(exports: &[String], generation: Generation) -> Result<Parts, String> {
    let has = |name: &str| exports.iter().any(|export| interface(export, generation) == Some(name));
    let contract = generation.contract();
    let known = |part: &Part| generation != Generation::V0_1 || part.is_old();
    let parts: Parts = Part::ALL.into_iter().filter(known).filter(|part| has(part.interface())).collect();
    let is_game = parts.has(Part::Game);
    let missing: Vec<_> = match (is_game, has("plans")) {
        (true, true) => return Ok(parts),
        (false, false) if generation != Generation::V0_1 => {
            if parts.iter().next().is_some() {
                return Ok(parts);
            }
            return Err(format!(
                "it exports nothing of the contract {contract}; export at least one interface"
            ));
        }
        (game, plans) => [("blueprints", game), ("plans", plans)]
            .into_iter()
            .filter(|(_, there)| !there)
            .map(|(name, _)| format!("{PACKAGE}{name}@{contract}"))
            .collect(),
    };
    Err(format!("it does not export {}", missing.join(" and ")))
}

/// A component without its manifest and files: what has to be compiled. Only what was inspected comes here; of bytes
/// that are no sections nothing is left out.
pub(crate) fn code(wasm: &[u8]) -> Vec<u8> {
    const PREAMBLE: usize = 8;
    let mut kept = wasm.get(..PREAMBLE).unwrap_or(wasm).to_vec();
    let mut rest = wasm.get(PREAMBLE..).unwrap_or_default();
    while !rest.is_empty() {
        let Some((section, after)) = section(rest) else {
            kept.extend_from_slice(rest);
            break;
        };
        if !is_ours(section) {
            kept.extend_from_slice(section);
        }
        rest = after;
    }
    kept
}

/// The first section, from its id to its end, and what follows.
fn section(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = BinaryReader::new(bytes, 0);
    reader.read_u8().ok()?;
    let length = reader.read_var_u32().ok()? as usize;
    bytes.split_at_checked(reader.current_position().checked_add(length)?)
}

/// Whether a section is one of those that the host reads itself.
fn is_ours(section: &[u8]) -> bool {
    let mut reader = BinaryReader::new(section, 0);
    let is_custom = reader.read_u8().is_ok_and(|id| id == 0) && reader.read_var_u32().is_ok();
    let named = |name: &str| name == MANIFEST_SECTION || name.starts_with(FILE_SECTION);
    is_custom && reader.read_string().is_ok_and(named)
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
            Payload::CustomSection(section) if depth == 0 && section.name().starts_with(FILE_SECTION) => {
                let name = section.name().trim_start_matches(FILE_SECTION);
                if name.is_empty()
                    || name.chars().any(char::is_control)
                    || surface.files.len() == BUNDLED_FILES
                {
                    return Err(format!(
                        "a file in its bundle has no name, or there are more than {BUNDLED_FILES} of them"
                    ));
                }
                if surface.files.insert(name.to_owned(), section.data().to_vec()).is_some() {
                    return Err(format!("its bundle has two files {name:?}"));
                }
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
            // Types alone: there is nothing to call. A log and the component's own files are everybody's.
            Some("types" | "log") => false,
            Some("bundle") => generation == Generation::V0_1,
            Some(capability) => !generation.imports().contains(&capability),
            None => true,
        })
        .map(|import| format!("{:?}", import.chars().take(NAME_CHARACTERS).collect::<String>()))
        .collect();
    if !foreign.is_empty() {
        let more = foreign.len().saturating_sub(NAMES_LISTED);
        let names = foreign[..foreign.len() - more].join(", ");
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        return Err(format!("it imports {names}{more}, which no plugin may; plugins have no WASI"));
    }
    for capability in IMPORTED {
        if !imports.iter().any(|import| interface(import, generation) == Some(capability)) {
            continue;
        }
        if !manifest.asks_for(capability) {
            return Err(format!(
                "it imports \"{PACKAGE}{capability}\", but its manifest does not ask for the capability {capability:?}; \
                 add it there with a reason"
            ));
        }
        if !grants.contains(capability) {
            return Err(format!(
                "it imports \"{PACKAGE}{capability}\", and the capability {capability:?} is not granted to it; grant \
                 that, or use a plugin that does without"
            ));
        }
    }
    Ok(())
}

/// The name of an interface of our contract, of any release of this generation.
fn interface(name: &str, generation: Generation) -> Option<&str> {
    let (interface, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    (Generation::of_version(version)? == generation).then_some(interface)
}
