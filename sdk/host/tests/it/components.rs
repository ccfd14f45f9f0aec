//! Guests written as WebAssembly text, wrapped into components with the contract of `sdk/wit`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const PACKAGE: &str = "gantry:plugin";

/// A generation of the contract: its folder, its package's version, and the worlds that the parts of a guest are.
struct Generation {
    contract: &'static str,
    folder: &'static str,
    worlds: fn(&[&'static str]) -> Vec<&'static str>,
}

const OLD: Generation = Generation {
    contract: "0.1",
    folder: "since-v0.1",
    worlds: |parts| vec![if parts == [GAME] { "blueprint-plugin" } else { "full-plugin" }],
};
const NEW: Generation = Generation { contract: "0.2", folder: "since-v0.2", worlds: <[_]>::to_vec };

/// The part that a plugin of 0.1 cannot be without.
const GAME: &str = "game";
/// What both generations have.
const OBSERVES: [&str; 3] = [GAME, "collects", "reads-console"];

/// Where every function's answer stands unless its body says otherwise: zeros, which are empty lists and `ok`.
pub(crate) const ZEROS: &str = "(i32.const 16)";

/// The part, the interface, the function, and what it takes after lowering: a server has more than 16 flat values, so it
/// is a pointer, and with it all that comes beside it.
const EXPORTS: [(&str, &str, &str, &str); 21] = [
    (GAME, "blueprints", "list", ""),
    (GAME, "blueprints", "validate", SERVER),
    (GAME, "plans", "install", SERVER),
    (GAME, "plans", "run", SERVER),
    ("collects", "collector", "collect", SERVER),
    ("reads-console", "console-events", "parse", SERVER),
    ("acts", "actions", "offer", SERVER),
    ("acts", "actions", "perform", SERVER),
    ("quiets", "quiescing", "broadcast", SERVER),
    ("quiets", "quiescing", "quiesce", SERVER),
    ("quiets", "quiescing", "resume", SERVER),
    ("commands-games", "commands", "send", SERVER),
    ("lists", "catalog", "choices", TWO_LISTS),
    ("looks-up", "facts", "resolve", SERVER),
    ("imports-games", "importer", "convert", TWO_LISTS),
    ("describes-files", "config-files", "list", SERVER),
    ("shows-tabs", "tabs", "offer", SERVER),
    ("shows-tabs", "tabs", "render", SERVER),
    ("listens", "hooks", "wants", ""),
    ("listens", "hooks", "settings", ""),
    ("listens", "hooks", "handle", SERVER),
];
const SERVER: &str = "(param $arguments i32)";
const TWO_LISTS: &str = "(param i32 i32 i32 i32)";

/// A guest in the making.
#[derive(Clone)]
pub(crate) struct Guest {
    generation: &'static Generation,
    parts: Vec<&'static str>,
    /// By function, or by interface and function where several parts have one of the name.
    bodies: BTreeMap<&'static str, String>,
    prelude: String,
    allocator: String,
    imports: Vec<Import>,
    pages: u32,
    manifest: Option<String>,
}

/// A host function that a guest imports: its interface, its name, what it is called in the guest, and what it takes.
pub(crate) type Import = (&'static str, &'static str, &'static str, &'static str);

/// A query's parameters after lowering.
const QUERY: &str = "(param i32 i32 i32 i32 i32 i32 i32)";

impl Guest {
    /// Exports what both generations have and imports the log alone.
    pub(crate) fn new() -> Self {
        Self {
            generation: &NEW,
            parts: OBSERVES.to_vec(),
            bodies: BTreeMap::new(),
            prelude: String::new(),
            allocator: ALLOCATOR.to_owned(),
            imports: Vec::new(),
            pages: 1,
            manifest: Some(manifest("sample", &[])),
        }
    }

    /// Exports what every game must, and no more.
    pub(crate) fn least() -> Self {
        Self::of(&[GAME])
    }

    /// Exports these parts: worlds of the contract.
    pub(crate) fn of(parts: &[&'static str]) -> Self {
        Self { parts: parts.to_vec(), ..Self::new() }
    }

    /// Imports host functions.
    pub(crate) fn importing(mut self, imports: &[Import]) -> Self {
        self.imports.extend(imports);
        self
    }

    /// The same for contract 0.1.
    pub(crate) fn old(self) -> Self {
        let manifest = self.manifest.map(|manifest| manifest.replace(NEW.contract, OLD.contract));
        Self { generation: &OLD, manifest, ..self }
    }

    /// Imports `query` and asks for it.
    pub(crate) fn querying() -> Self {
        let imports = ["datagram", "exchange"].map(|name| ("query", name, name, QUERY));
        Self { manifest: Some(manifest("sample", &["query"])), ..Self::new().importing(&imports) }
    }

    /// Gives the export `function` a body: WebAssembly text that leaves a pointer.
    pub(crate) fn with(mut self, function: &'static str, body: impl Into<String>) -> Self {
        self.bodies.insert(function, body.into());
        self
    }

    /// Adds definitions at module level.
    pub(crate) fn prelude(mut self, definitions: impl Into<String>) -> Self {
        self.prelude = definitions.into();
        self
    }

    /// Has the host's allocations made by this: WebAssembly text that leaves a pointer.
    pub(crate) fn allocator(mut self, body: &str) -> Self {
        let parameters = "(param i32 i32) (param $align i32) (param $size i32) (result i32)";
        self.allocator = format!(r#"(func $allocate (export "cabi_realloc") {parameters} {body})"#);
        self
    }

    pub(crate) fn pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self
    }

    pub(crate) fn manifest(mut self, manifest: Option<String>) -> Self {
        self.manifest = manifest;
        self
    }

    pub(crate) fn build(self) -> Arc<[u8]> {
        let mut module = wat::parse_str(self.module()).expect("the module's text");
        let mut resolve = Resolve::default();
        let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");
        resolve.push_dir(Path::new(wit).join(self.generation.folder)).expect("the contract");
        let version = format!("{}.0", self.generation.contract);
        let includes = (self.generation.worlds)(&self.parts);
        let includes = includes.iter().map(|world| format!("include {PACKAGE}/{world}@{version};"));
        let world = format!("package test:guest; world guest {{ {} }}", includes.collect::<String>());
        let package = resolve.push_str("guest.wit", &world).expect("the guest's world");
        let world = resolve.select_world(&[package], Some("guest")).expect("the world");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("metadata");
        let mut encoder = ComponentEncoder::default();
        encoder.validate(true).module(&module).expect("the module");
        let component = encoder.encode().expect("a component");
        match self.manifest {
            Some(manifest) => with_section(component, "gantry:manifest", manifest.as_bytes()).into(),
            None => component.into(),
        }
    }

    fn module(&self) -> String {
        let mut text = String::from("(module\n");
        let version = format!("{}.0", self.generation.contract);
        writeln!(text, r#"(import "{PACKAGE}/log@{version}" "write" (func $log (param i32 i32 i32)))"#)
            .unwrap();
        for (interface, name, local, parameters) in &self.imports {
            let import = format!(r#""{PACKAGE}/{interface}@{version}" "{name}""#);
            writeln!(text, "(import {import} (func ${local} {parameters}))").unwrap();
        }
        writeln!(text, "(memory (export \"memory\") {})\n{}\n{}", self.pages, self.allocator, self.prelude)
            .unwrap();
        for (part, interface, function, parameters) in EXPORTS {
            if !self.parts.contains(&part) {
                continue;
            }
            let of_interface = format!("{interface}.{function}");
            let body = self.bodies.get(of_interface.as_str()).or_else(|| self.bodies.get(function));
            let body = body.map_or(ZEROS, String::as_str);
            let export = format!("{PACKAGE}/{interface}@{version}#{function}");
            writeln!(text, "(func (export \"{export}\") {parameters} (result i32) {body})").unwrap();
        }
        text + ")"
    }
}

/// Allocates upwards from 64 KiB and frees nothing; an instance lives for one call.
const ALLOCATOR: &str = r#"
(global $heap (mut i32) (i32.const 32768))
(func $allocate (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
  (local $at i32)
  (local.set $at (i32.and
    (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
    (i32.sub (i32.const 0) (local.get $align))))
  (global.set $heap (i32.add (local.get $at) (local.get $size)))
  (block $fits
    (loop $more
      (br_if $fits (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
      (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
      unreachable))
  (local.get $at))
"#;

/// A manifest that asks for `capabilities`.
pub(crate) fn manifest(id: &str, capabilities: &[&str]) -> String {
    let capabilities: Vec<_> = capabilities
        .iter()
        .map(|name| serde_json::json!({ "name": name, "reason": "to ask the game who plays" }))
        .collect();
    serde_json::json!({
        "id": id, "name": "Sample", "version": "1.0.0", "author": "Someone", "description": "A sample.",
        "licence": "Apache-2.0", "contract": NEW.contract, "capabilities": capabilities,
    })
    .to_string()
}

/// A component written as text, with a manifest.
pub(crate) fn component(text: &str, manifest: &str) -> Arc<[u8]> {
    with_section(wat::parse_str(text).expect("the component's text"), "gantry:manifest", manifest.as_bytes())
        .into()
}

/// Appends a custom section to a module or component.
pub(crate) fn with_section(mut wasm: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    let mut content = leb128(name.len());
    content.extend(name.as_bytes());
    content.extend(data);
    wasm.push(0);
    wasm.extend(leb128(content.len()));
    wasm.extend(content);
    wasm
}

fn leb128(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            bytes.push(byte);
            return bytes;
        }
        bytes.push(byte | 0x80);
    }
}
