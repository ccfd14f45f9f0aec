//! Guests written as WebAssembly text, wrapped into components with the contract of `sdk/wit`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const PACKAGE: &str = "gantry:plugin";

/// A generation of the contract: its folder, its package's version, the least world, and the world of all there is.
struct Generation {
    contract: &'static str,
    folder: &'static str,
    least: &'static str,
    most: &'static str,
}

const OLD: Generation =
    Generation { contract: "0.1", folder: "since-v0.1", least: "blueprint-plugin", most: "full-plugin" };
const NEW: Generation =
    Generation { contract: "0.2", folder: "since-v0.2", least: "game", most: "everything" };

/// Where every function's answer stands unless its body says otherwise: zeros, which are empty lists and `ok`.
pub(crate) const ZEROS: &str = "(i32.const 16)";

/// Parameters and results of each export after lowering: a server has more than 16 flat values, so it is a pointer.
const EXPORTS: [(&str, &str, &str); 6] = [
    ("blueprints", "list", "(result i32)"),
    ("blueprints", "validate", "(param $server i32) (result i32)"),
    ("plans", "install", "(param $server i32) (result i32)"),
    ("plans", "run", "(param $server i32) (result i32)"),
    ("collector", "collect", "(param $server i32) (result i32)"),
    ("console-events", "parse", "(param $arguments i32) (result i32)"),
];

/// A guest in the making.
#[derive(Clone)]
pub(crate) struct Guest {
    generation: &'static Generation,
    is_least: bool,
    bodies: BTreeMap<&'static str, String>,
    prelude: String,
    queries: bool,
    pages: u32,
    manifest: Option<String>,
}

impl Guest {
    /// Exports all interfaces and imports the log alone.
    pub(crate) fn new() -> Self {
        Self {
            generation: &NEW,
            is_least: false,
            bodies: BTreeMap::new(),
            prelude: String::new(),
            queries: false,
            pages: 1,
            manifest: Some(manifest("sample", &[])),
        }
    }

    /// Exports what every plugin must, and no more.
    pub(crate) fn least() -> Self {
        Self { is_least: true, ..Self::new() }
    }

    /// The same for contract 0.1.
    pub(crate) fn old(self) -> Self {
        let manifest = self.manifest.map(|manifest| manifest.replace(NEW.contract, OLD.contract));
        Self { generation: &OLD, manifest, ..self }
    }

    /// Imports `query` and asks for it.
    pub(crate) fn querying() -> Self {
        Self { queries: true, manifest: Some(manifest("sample", &["query"])), ..Self::new() }
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
        let (package, _) =
            resolve.push_dir(Path::new(wit).join(self.generation.folder)).expect("the contract");
        let world = if self.is_least { self.generation.least } else { self.generation.most };
        let world = resolve.select_world(&[package], Some(world)).expect("the world");
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
        if self.queries {
            let parameters = "(param i32 i32 i32 i32 i32 i32 i32)";
            for name in ["datagram", "exchange"] {
                writeln!(
                    text,
                    r#"(import "{PACKAGE}/query@{version}" "{name}" (func ${name} {parameters}))"#
                )
                .unwrap();
            }
        }
        writeln!(text, "(memory (export \"memory\") {})\n{ALLOCATOR}\n{}", self.pages, self.prelude).unwrap();
        for (interface, function, signature) in EXPORTS {
            if self.is_least && !matches!(interface, "blueprints" | "plans") {
                continue;
            }
            let body = self.bodies.get(function).map_or(ZEROS, String::as_str);
            let export = format!("{PACKAGE}/{interface}@{version}#{function}");
            writeln!(text, "(func (export \"{export}\") {signature} {body})").unwrap();
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
