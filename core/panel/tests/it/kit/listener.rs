//! Plugins that listen to events and do nothing else, written as WebAssembly text: each says the same to every event.

use crate::uploads::with_manifest;
use serde_json::json;
use std::{fmt::Write as _, path::Path};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What a listener says to every event.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    /// That it heard it.
    Well,
    /// That it cannot now, and in how many milliseconds it can.
    Later(u32),
    /// Nothing: it traps.
    Nothing,
}

/// Where text begins in the guest's memory; below is the record of an answer.
const TEXTS: u32 = 1024;

/// A listener of that id and version for these kinds of events.
pub(crate) fn listener(id: &str, version: &str, wants: &[&str], says: Says) -> Vec<u8> {
    let manifest = json!({ "id": id, "name": id, "version": version, "contract": "0.2" });
    with_manifest(component(&module(wants, says)), &manifest.to_string())
}

fn module(wants: &[&str], says: Says) -> String {
    let (mut data, mut list, mut end) = (String::new(), String::new(), TEXTS);
    for kind in wants {
        write!(data, "(data (i32.const {end}) \"{kind}\")").unwrap();
        list.push_str(&bytes(end));
        list.push_str(&bytes(kind.len() as u32));
        end += kind.len() as u32;
    }
    let list_at = end.next_multiple_of(8);
    let list_of = format!("{}{}", bytes(list_at), bytes(wants.len() as u32));
    // A failure: code, message, and when to come again.
    let words = list_at + 8 * wants.len() as u32;
    let later = |milliseconds| {
        let text = format!("{}{}{}{}", bytes(words), bytes(4), bytes(words), bytes(4));
        format!("{}{text}{}{}", bytes(1), bytes(1), bytes(milliseconds))
    };
    let (answer, handle) = match says {
        Says::Well => (String::new(), "(i32.const 64)"),
        Says::Later(milliseconds) => (later(milliseconds), "(i32.const 64)"),
        Says::Nothing => (String::new(), "unreachable"),
    };
    format!(
        r#"(module
            (memory (export "memory") 2)
            (global $heap (mut i32) (i32.const 32768))
            (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
                (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
                (global.get $heap)
                (global.set $heap (i32.add (global.get $heap) (local.get $size))))
            (data (i32.const 16) "{list_of}") (data (i32.const 64) "{answer}")
            {data} (data (i32.const {list_at}) "{list}") (data (i32.const {words}) "busy")
            (func (export "gantry:plugin/hooks@0.2.0#wants") (result i32) (i32.const 16))
            (func (export "gantry:plugin/hooks@0.2.0#settings") (result i32) (i32.const 128))
            (func (export "gantry:plugin/hooks@0.2.0#handle") (param i32) (result i32) {handle}))"#
    )
}

/// A number as it stands in memory, escaped.
fn bytes(number: u32) -> String {
    number.to_le_bytes().iter().fold(String::new(), |text, byte| format!("{text}\\{byte:02x}"))
}

fn component(module: &str) -> Vec<u8> {
    let mut module = wat::parse_str(module).unwrap();
    let mut resolve = Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/wit/since-v0.2");
    resolve.push_dir(wit).unwrap();
    let world = "package test:guest; world guest { include gantry:plugin/listens@0.2.0; }";
    let package = resolve.push_str("guest.wit", world).unwrap();
    let world = resolve.select_world(&[package], Some("guest")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(&module).unwrap();
    encoder.encode().unwrap()
}
