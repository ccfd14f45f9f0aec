use super::*;
use proptest::prelude::*;

const DOCUMENT: &str = r#"{"plugin": {"id": "a-game", "version": "1.2.3"},
    "blueprint": {"id": "a", "name": "A game"}, "run": {"image": "debian"}}"#;

/// A component with a module inside, whose own custom sections are none of ours.
fn component() -> Vec<u8> {
    wat::parse_str(r#"(component (core module (func) (@custom "gantry:manifest" "inner")))"#).unwrap()
}

#[test]
fn manifest_and_files_are_replaced_and_the_code_stays() {
    let code = component();
    let first = pack(&code, b"{}", &[("a.txt", b"one"), ("b/c.txt", b"two")]).unwrap();
    let second = pack(&first, b"{\"id\":1}", &[("d", &[7; 300])]).unwrap();
    assert_eq!(files(&first).unwrap(), [("a.txt", &b"one"[..]), ("b/c.txt", b"two")]);
    assert_eq!(files(&second).unwrap(), [("d", &[7; 300][..])]);
    assert_eq!(manifest(&second).unwrap(), Some(&b"{\"id\":1}"[..]));
    assert_eq!(manifest(&code).unwrap(), None);
    assert!(second.starts_with(&code), "the code is copied as it is");
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all()).validate_all(&second).unwrap();
}

#[test]
fn a_document_becomes_a_plugin() {
    let packed = document(&component(), DOCUMENT).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(manifest(&packed).unwrap().unwrap()).unwrap();
    assert_eq!(manifest["id"], "a-game");
    assert_eq!(manifest["name"], "A game");
    assert_eq!(manifest["version"], "1.2.3");
    assert_eq!(manifest["contract"], "0.2");
    let files = files(&packed).unwrap();
    let (name, text) = files[0];
    assert_eq!(name, JSON_FILE);
    let read = Document::read(gantry_document::Format::Json, std::str::from_utf8(text).unwrap()).unwrap();
    assert_eq!(read.plugin.id, "a-game");
}

#[test]
fn what_is_no_component_is_refused() {
    assert_eq!(pack(b"\0asm\x01\0\0\0", b"", &[]), Err(PackError::NotAComponent), "a core module");
    assert_eq!(pack(b"", b"", &[]), Err(PackError::NotAComponent));
    let code = component();
    assert!(matches!(pack(&code[..code.len() - 1], b"", &[]), Err(PackError::Damaged(_))));
    assert!(matches!(pack(&code, b"", &[("../a", b"")]), Err(PackError::Name(_))));
    assert!(matches!(document(&code, "{}"), Err(PackError::Document(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut component = b"\0asm\x0d\0\x01\0".to_vec();
        component.extend(bytes);
        if let Ok(packed) = pack(&component, b"m", &[("f", b"x")]) {
            prop_assert_eq!(manifest(&packed).unwrap(), Some(&b"m"[..]));
            prop_assert_eq!(files(&packed).unwrap(), vec![("f", &b"x"[..])]);
        }
    }
}
