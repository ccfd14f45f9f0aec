//! What tests are made of: components, keys, a registry, and a server that says whatever a test wants.

pub(crate) mod registry;
pub(crate) mod stage;

use gantry_distribution::{
    Artifact, Credentials, Digest, PrivateKey, Repository, Signature, Signatures, TrustPolicy,
};

/// A component with this text in its manifest's section.
pub(crate) fn with_manifest(manifest: &str) -> Vec<u8> {
    let component = r#"(component
        (import "gantry:plugin/types@0.2.0" (instance))
        (instance $empty)
        (export "gantry:plugin/blueprints@0.2.0" (instance $empty))
        (export "gantry:plugin/plans@0.2.0" (instance $empty)))"#;
    with_section(wat::parse_str(component).unwrap(), "gantry:manifest", manifest.as_bytes())
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

pub(crate) fn manifest(id: &str, version: &str) -> String {
    serde_json::json!({
        "id": id, "name": "A game", "version": version, "author": "Acme", "description": "Made for tests.",
        "licence": "Apache-2.0", "contract": "0.2", "capabilities": [], "source": "https://example.org/game",
    })
    .to_string()
}

pub(crate) fn component(id: &str, version: &str) -> Vec<u8> {
    with_manifest(&manifest(id, version))
}

/// The plugin that most tests are about: `game` 1.0.0.
pub(crate) fn game() -> Artifact {
    Artifact::pack(component("game", "1.0.0")).unwrap()
}

/// Its manifest, altered.
pub(crate) fn edited(edit: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut manifest = serde_json::from_slice(game().manifest()).unwrap();
    edit(&mut manifest);
    manifest.to_string().into_bytes()
}

pub(crate) fn key() -> PrivateKey {
    PrivateKey::generate().unwrap()
}

/// For the registry itself and nobody else.
pub(crate) fn basic(username: &str, password: &str) -> Credentials {
    Credentials::Basic { username: username.to_owned(), password: password.into(), token_service: None }
}

pub(crate) fn repository(text: &str) -> Repository {
    text.parse().unwrap()
}

/// A set with one signature for each of the keys.
pub(crate) fn signed(keys: &[&PrivateKey], repository: &Repository, digest: &Digest) -> Signatures {
    let mut signatures = Signatures::default();
    for key in keys {
        signatures.add(Signature::make(key, repository, digest)).unwrap();
    }
    signatures
}

/// A policy from its JSON.
pub(crate) fn policy(rules: &serde_json::Value) -> TrustPolicy {
    TrustPolicy::from_json(rules.to_string().as_bytes()).unwrap()
}
