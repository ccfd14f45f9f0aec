//! What the guest SDKs know of the contract, made from its WIT: types for TypeScript, names for Python, for both
//! builders which interfaces there are; and a reference for people.
//!
//! The types are made here because they must be what the QuickJS backend hands over, and no tool says that: `null` for what
//! is absent, numbers for 64 bits, failures that are thrown. Python's own types come from componentize-py.

mod python;
mod reference;
mod shapes;
mod typescript;

use crate::{
    guests,
    shell::{Result, output, root},
};
use std::{collections::BTreeMap, fs};
use wit_parser::{
    Docs, Interface, InterfaceId, Package, Resolve, Type, TypeDef, TypeDefKind, TypeOwner, WorldItem,
    WorldKey,
};

/// The generation that the guest SDKs are for.
const FOLDER: &str = "since-v0.2";
const WORLD: &str = "everything";

/// Writes every file that is made from the contract alone.
pub fn generate() -> Result<()> {
    let contract = Contract::read()?;
    let outline = contract.outline()?;
    fs::write(root().join("sdk/wit/REFERENCE.md"), reference::page(&contract)?)?;
    let shapes = shapes::table(&contract)?;
    let js = root().join("sdk/js");
    fs::write(js.join("contract.json"), &outline)?;
    fs::write(js.join("src/contract.ts"), typescript::types(&contract)?)?;
    fs::write(js.join("src/shapes.json"), serde_json::to_string(&shapes)? + "\n")?;
    fs::write(js.join("src/imports.d.ts"), typescript::imports(&contract)?)?;
    fs::write(js.join("src/host.ts"), typescript::host(&contract)?)?;
    let python = root().join("sdk/python/src/gantry_plugin");
    fs::write(python.join("contract.json"), &outline)?;
    // An interface that is gone takes its module with it.
    for entry in fs::read_dir(&python)? {
        let path = entry?.path();
        if path.is_file() && fs::read(&path)?.starts_with(python::HEADER.as_bytes()) {
            fs::remove_file(path)?;
        }
    }
    for (name, module) in python::modules(&contract)? {
        fs::write(python.join(name), module)?;
    }
    fs::write(python.join("shapes.py"), python::shapes(&shapes)?)?;
    stubs()
}

/// Python's own types as a component of everything has them, for editors and for tests without a host.
fn stubs() -> Result<()> {
    let folder = root().join("sdk/python/stubs");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let script = "import sys; from componentize_py import script; sys.exit(script())";
    let wit = root().join("sdk/wit").join(FOLDER);
    output(
        guests::python()?.args(["-c", script, "-d"]).arg(wit).args(["-w", WORLD, "bindings"]).arg(&folder),
    )?;
    // The contract's own `Protocol` would be taken for Python's, which is imported and not used there.
    let types = folder.join("wit_world/imports/types.py");
    fs::write(&types, fs::read_to_string(&types)?.replace(" Protocol,", ""))?;
    // What the contract has no use for.
    for name in ["componentize_py_async_support", "componentize_py_runtime.pyi", "poll_loop.py"] {
        let unused = folder.join(name);
        if unused.is_dir() { fs::remove_dir_all(unused)? } else { fs::remove_file(unused)? }
    }
    Ok(())
}

/// The contract, and in which direction each interface goes.
struct Contract {
    resolve: Resolve,
    /// As in `gantry:plugin@0.2.0`.
    package: String,
    /// What the package says of itself.
    docs: Docs,
    imports: Vec<InterfaceId>,
    exports: Vec<InterfaceId>,
}

impl Contract {
    fn read() -> Result<Self> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(root().join("sdk/wit").join(FOLDER))?;
        let world =
            *resolve.packages[package].worlds.get(WORLD).ok_or("the contract has no world of everything")?;
        let interfaces = |items: &mut dyn Iterator<Item = (&WorldKey, &WorldItem)>| {
            let id = |(_, item): (&WorldKey, &WorldItem)| match item {
                WorldItem::Interface { id, .. } => Some(*id),
                WorldItem::Function(_) | WorldItem::Type { .. } => None,
            };
            items.filter_map(id).collect::<Vec<_>>()
        };
        let imports = interfaces(&mut resolve.worlds[world].imports.iter());
        let exports = interfaces(&mut resolve.worlds[world].exports.iter());
        let Package { name, docs, .. } = &resolve.packages[package];
        let (package, docs) = (name.to_string(), docs.clone());
        Ok(Self { resolve, package, docs, imports, exports })
    }

    fn interface(&self, id: InterfaceId) -> (&str, &Interface) {
        let interface = &self.resolve.interfaces[id];
        (interface.name.as_deref().unwrap_or_default(), interface)
    }

    /// All interfaces, those first that others take their words from.
    fn all(&self) -> impl Iterator<Item = (&str, &Interface)> {
        self.imports.iter().chain(&self.exports).map(|id| self.interface(*id))
    }

    /// The types that an interface defines itself.
    fn own_types<'a>(&'a self, interface: &'a Interface) -> impl Iterator<Item = (&'a str, &'a TypeDef)> {
        let types = interface.types.iter().map(|(name, id)| (name.as_str(), &self.resolve.types[*id]));
        types.filter(|(_, definition)| !matches!(definition.kind, TypeDefKind::Type(Type::Id(_))))
    }

    /// Which interfaces there are, with their functions, for the builders.
    fn outline(&self) -> Result<String> {
        let functions = |ids: &[InterfaceId]| {
            let each = |id: &InterfaceId| {
                let (name, interface) = self.interface(*id);
                (name.to_owned(), interface.functions.keys().cloned().collect::<Vec<_>>())
            };
            ids.iter().map(each).filter(|(_, functions)| !functions.is_empty()).collect::<BTreeMap<_, _>>()
        };
        let outline = serde_json::json!({
            "package": self.package,
            "wit": FOLDER,
            "imports": functions(&self.imports),
            "exports": functions(&self.exports),
        });
        Ok(serde_json::to_string_pretty(&outline)? + "\n")
    }

    /// The interface that defines a type.
    fn owner(&self, definition: &TypeDef) -> Option<&str> {
        match definition.owner {
            TypeOwner::Interface(id) => self.resolve.interfaces[id].name.as_deref(),
            TypeOwner::World(_) | TypeOwner::None => None,
        }
    }
}

/// `run-spec` as `RunSpec`.
fn upper(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(word).collect()
}

/// `run-spec` as `runSpec`.
fn camel(name: &str) -> String {
    let upper = upper(name);
    let (first, rest) = upper.split_at(upper.len().min(1));
    first.to_ascii_lowercase() + rest
}

/// `run-spec` as `run_spec`.
fn snake(name: &str) -> String {
    name.replace('-', "_")
}
