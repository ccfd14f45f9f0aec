//! What can be seen without running anything: the manifest, the size, imports, exports, the contract's version.

use super::Findings;
use crate::{fault::Fault, standing};
use gantry_build::manifest::FILE;
use gantry_distribution::Artifact;
use gantry_host::{Budgets, CONTRACT, FILES, HTTP, KV, LARGE_COMPONENT, Manifest, QUERY, SECRETS};
use std::{fs, path::Path};

/// What may stand in `plugin.toml`.
const KEYS: [&str; 10] = [
    "id",
    "name",
    "version",
    "author",
    "description",
    "licence",
    "source",
    "contract",
    "capabilities",
    "build",
];
/// Capabilities that are interfaces to import.
const IMPORTED: [&str; 5] = [QUERY, HTTP, KV, SECRETS, FILES];

/// What the author's files say that no component would tell.
pub(super) fn folder(folder: &Path, findings: &mut Findings) {
    let path = folder.join(FILE);
    let Ok(text) = fs::read_to_string(&path) else { return };
    // What is no TOML is told by the builder, with its place.
    let Ok(table) = toml::from_str::<toml::Table>(&text) else { return };
    for key in table.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        let meant = if key == "license" { "licence" } else { "one of these" };
        let fault = Fault::new(
            "unknown-key",
            format!("there is no `{key}` in a manifest, so nobody reads it"),
            format!("Remove it, or write {meant}: {}.", KEYS.join(", ")),
        );
        findings.warning(fault.at(path.display()));
    }
}

/// What a component says and asks for.
pub(super) fn component(component: &[u8], findings: &mut Findings) -> Option<Manifest> {
    let manifest = match standing::manifest(component) {
        Ok(manifest) => manifest,
        Err(fault) => {
            findings.error(fault);
            return None;
        }
    };
    contract(&manifest, findings);
    size(component.len(), &manifest, findings);
    words(&manifest, findings);
    match Artifact::pack(component.to_vec()) {
        Ok(artifact) => imports(&artifact.facts().imports, &manifest, findings),
        Err(error) => findings.error(error.into()),
    }
    Some(manifest)
}

fn contract(manifest: &Manifest, findings: &mut Findings) {
    if manifest.contract != CONTRACT {
        findings.warning(Fault::new(
            "old-contract",
            format!("it is built for contract {}; the newest is {CONTRACT}", manifest.contract),
            format!("It goes on working. For what is new, write contract = \"{CONTRACT}\" and build with this SDK."),
        ));
    }
}

fn size(bytes: usize, manifest: &Manifest, findings: &mut Findings) {
    let budgets = Budgets::default();
    let (usual, most) = (budgets.compile.component_bytes, budgets.compile_large.component_bytes);
    let asks = manifest.asks_for(LARGE_COMPONENT);
    let has = format!("it has {bytes} bytes");
    if bytes > most {
        findings.error(Fault::new(
            "too-large",
            format!("{has}; no host takes more than {most}"),
            "Leave out dependencies or files; a component carries all that it needs.",
        ));
    } else if bytes > usual && !asks {
        findings.error(Fault::new(
            "too-large",
            format!("{has}; more than {usual} must be asked for"),
            format!(
                "Make it smaller, or ask for the capability {LARGE_COMPONENT:?} with a reason in {}.",
                findings.manifest
            ),
        ));
    } else if bytes <= usual && asks {
        findings.warning(Fault::new(
            "unused-capability",
            format!("{has} and asks for {LARGE_COMPONENT:?}, which it does not need"),
            format!("Remove it from {}: an administrator must grant it.", findings.manifest),
        ));
    }
}

/// What `gantry plugin new` writes where nobody else can know.
const PLACEHOLDERS: [&str; 2] = ["Your name", "Say here what your game is"];

fn words(manifest: &Manifest, findings: &mut Findings) {
    for (field, text) in
        [("author", &manifest.author), ("description", &manifest.description), ("licence", &manifest.licence)]
    {
        let is_template = PLACEHOLDERS.iter().any(|words| text.contains(words));
        if is_template || text.trim().is_empty() {
            let what = if is_template { "the template's words as" } else { "no" };
            findings.warning(Fault::new(
                "missing-words",
                format!("its manifest has {what} {field}"),
                format!("Write {field} in {}: whoever decides about the plugin reads it.", findings.manifest),
            ));
        }
    }
}

fn imports(imports: &[String], manifest: &Manifest, findings: &mut Findings) {
    let own = format!("@{}.", manifest.contract);
    let interface = |import: &str| {
        let (name, version) =
            import.strip_prefix("gantry:plugin/")?.split_at_checked(import.find('@')? - 14)?;
        version.starts_with(&own).then(|| name.to_owned())
    };
    let names: Vec<String> = imports.iter().filter_map(|import| interface(import)).collect();
    for import in imports.iter().filter(|import| interface(import).is_none()) {
        let remedy = if import.starts_with("wasi:") {
            "There is no WASI: do without files, clocks, sockets and the environment, or without the library that wants them."
        } else if import.starts_with("gantry:plugin/") {
            "It is of another contract than the manifest says: build with one SDK, and write its contract."
        } else {
            "Build it with the Gantry SDK, which imports only what a host has."
        };
        findings.error(Fault::new("import", format!("it imports {import:?}, which no host has"), remedy));
    }
    for capability in IMPORTED {
        let (is_used, is_asked) =
            (names.iter().any(|name| name == capability), manifest.asks_for(capability));
        if is_used && !is_asked {
            findings.error(Fault::new(
                "capability",
                format!("it calls the host's `{capability}` and its manifest does not ask for that"),
                format!(
                    "Add to {}: [[capabilities]] with name = {capability:?} and a reason.",
                    findings.manifest
                ),
            ));
        } else if is_asked && !is_used {
            findings.warning(Fault::new(
                "unused-capability",
                format!("it asks for {capability:?} and never calls it"),
                format!("Remove it from {}: an administrator must grant it.", findings.manifest),
            ));
        }
    }
}
