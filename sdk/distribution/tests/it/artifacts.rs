//! What a plugin looks like as artifact, and what is none.

use crate::kit::{component, game, manifest, with_manifest, with_section};
use gantry_distribution::{Artifact, COMPONENT_BYTES, DistributionError};
use serde_json::{Value, json};

#[test]
fn a_component_becomes_an_artifact_in_the_common_layout() {
    let artifact = game();
    let bytes = component("game", "1.0.0");
    let manifest: Value = serde_json::from_slice(artifact.manifest()).unwrap();
    let config: Value = serde_json::from_slice(artifact.config()).unwrap();
    let component = artifact.component_digest();
    assert_eq!(
        manifest,
        json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.wasm.config.v0+json",
                "digest": gantry_distribution::Digest::of(artifact.config()),
                "size": artifact.config().len(),
            },
            "layers": [{
                "mediaType": "application/wasm",
                "digest": component,
                "size": bytes.len(),
                "annotations": { "org.opencontainers.image.title": "game-1.0.0.wasm" },
            }],
            "annotations": {
                "org.opencontainers.image.title": "A game",
                "org.opencontainers.image.version": "1.0.0",
                "org.opencontainers.image.licenses": "Apache-2.0",
                "org.opencontainers.image.description": "Made for tests.",
                "org.opencontainers.image.source": "https://example.org/game",
                "org.opencontainers.image.authors": "Acme",
            },
        })
    );
    assert_eq!(
        config,
        json!({
            "created": "1970-01-01T00:00:00Z",
            "author": "Acme",
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [component],
            "component": {
                "exports": ["gantry:plugin/blueprints@0.2.0", "gantry:plugin/plans@0.2.0"],
                "imports": ["gantry:plugin/types@0.2.0"],
            },
        })
    );
}

/// Signatures and pins are of this digest: whatever changes it breaks those that exist.
#[test]
fn a_component_has_one_digest_for_ever() {
    let frozen = include_bytes!("../../../host/tests/frozen/v0.1.wasm").as_slice();
    let artifact = Artifact::pack(frozen).unwrap();
    assert_eq!(artifact.digest().to_string(), FROZEN);
}

const FROZEN: &str = "sha256:4b2be73da0ef2fcd7f7e9c98142e559c508365c5aced76fe2825944fc63d4101";

#[test]
fn real_plugins_can_be_packed() {
    let folder = std::env::var("GANTRY_TEST_PLUGINS")
        .expect("GANTRY_TEST_PLUGINS names the folder that `cargo xtask plugins --examples --out DIR` made");
    let luanti = Artifact::pack(std::fs::read(format!("{folder}/luanti.wasm")).unwrap()).unwrap();
    assert_eq!(luanti.facts().id, "luanti");
    assert!(luanti.facts().exports.iter().any(|name| name.starts_with("gantry:plugin/plans@")));
}

fn refusal(bytes: Vec<u8>) -> String {
    match Artifact::pack(bytes) {
        Err(DistributionError::NotAPlugin { why, .. }) => why,
        other => panic!("it was not refused as no plugin: {other:?}"),
    }
}

#[test]
fn what_is_no_plugin_is_refused_with_the_reason() {
    let empty = wat::parse_str("(component)").unwrap();
    let section = |text: &str| with_section(empty.clone(), "gantry:manifest", text.as_bytes());
    let field = |name: &str, value: &str| {
        let mut fields: Value = serde_json::from_str(&manifest("game", "1.0.0")).unwrap();
        fields[name] = value.into();
        refusal(with_manifest(&fields.to_string()))
    };
    assert!(refusal(b"hello".to_vec()).contains("well-formed"));
    assert!(refusal(Vec::new()).contains("well-formed"));
    assert!(refusal(wat::parse_str("(module)").unwrap()).contains("core module"));
    assert!(refusal(empty.clone()).contains("no custom section"));
    assert!(refusal(section("{")).contains("cannot be read"));
    let twice = with_section(section(&manifest("game", "1.0.0")), "gantry:manifest", b"{}");
    assert!(refusal(twice).contains("more than one"));
    assert!(field("id", "Game").contains("id"));
    assert!(field("id", "../game").contains("id"));
    assert!(field("version", "1.0").contains("version"));
    assert!(field("version", "1.0.0-../..").contains("version"));
    assert!(field("name", "").contains("name"));
    assert!(field("description", "a\u{1b}[2Jb").contains("control"));
    assert!(refusal(section(&" ".repeat(64 * 1024 + 1))).contains("limit"));
    let mut whole = component("game", "1.0.0");
    whole.truncate(whole.len() - 5);
    assert!(refusal(whole).contains("well-formed"));
    let names: String = (0..200).map(|index| format!("(import \"n{index}\" (instance))")).collect();
    let many = wat::parse_str(format!("(component {names})")).unwrap();
    assert!(refusal(many).contains("more than 128 names"));
}

/// The manifest of a component inside the component is not the component's own.
#[test]
fn a_manifest_inside_is_not_believed() {
    let inner = component("trusted", "1.0.0");
    let mut nested = wat::parse_str("(component)").unwrap();
    nested.push(4);
    let length = u32::try_from(inner.len()).unwrap();
    assert!((128..16_384).contains(&length));
    nested.extend([u8::try_from(length & 0x7f).unwrap() | 0x80, u8::try_from(length >> 7).unwrap()]);
    nested.extend(inner);
    assert!(refusal(nested.clone()).contains("no custom section"));
    let outer = with_section(nested, "gantry:manifest", manifest("other", "1.0.0").as_bytes());
    assert_eq!(Artifact::pack(outer).unwrap().facts().id, "other");
}

#[test]
fn too_large_a_component_is_refused_before_it_is_read() {
    let bytes = vec![0; usize::try_from(COMPONENT_BYTES).unwrap() + 1];
    let refused = Artifact::pack(bytes);
    assert!(matches!(refused, Err(DistributionError::TooLarge { limit: COMPONENT_BYTES, .. })));
}
