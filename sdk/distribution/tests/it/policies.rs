//! Policies as they are written.

use crate::kit::key;
use gantry_distribution::{Network, Once, TrustPolicy, policy::Rules};
use serde_json::{Value, json};

/// The example of the documentation is a policy.
#[test]
fn the_documented_policy_is_one() {
    let documented = include_str!("../../src/policy.rs");
    let text: String = documented
        .lines()
        .skip_while(|line| *line != "//! ```toml")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .map(|line| line.trim_start_matches("//!").trim_start().to_owned() + "\n")
        .collect();
    let policy = TrustPolicy::from_toml(&text).unwrap();
    let network = |repository: &str| policy.network(&repository.parse().unwrap());
    assert_eq!(network("ghcr.io/acme/luanti"), Some(Network::Public));
    assert_eq!(network("registry.lan:5000/games/luanti"), Some(Network::Private));
    assert_eq!(network("ghcr.io/other/luanti"), None);
    assert_eq!(policy.rules().keys.len(), 1);
}

#[test]
fn an_empty_policy_allows_nothing_from_the_network() {
    let policy = TrustPolicy::from_toml("").unwrap();
    assert_eq!(policy, TrustPolicy::default());
    assert!(policy.rules().require_signature);
    assert_eq!(policy.network(&"ghcr.io/acme/luanti".parse().unwrap()), None);
}

#[test]
fn toml_and_json_say_the_same() {
    let written = json!({
        "require-signature": false,
        "registries": [{ "prefix": "ghcr.io/acme", "network": "public" }],
        "keys": [{
            "name": "acme", "public-key": key().public().to_pem(), "repositories": ["ghcr.io/acme"],
            "plugins": ["luanti"], "expires": "2027-01-01T00:00:00Z",
        }],
        "pins": {},
        "offline": { "packages": "any", "components": "never" },
    });
    let policy = TrustPolicy::from_json(written.to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(&policy).unwrap(), written);
    let text = toml::to_string(&Rules::from(policy.clone())).unwrap();
    assert_eq!(TrustPolicy::from_toml(&text).unwrap(), policy);
}

#[test]
fn the_longest_prefix_decides_how_a_registry_is_reached() {
    let policy = TrustPolicy::from_toml(
        "[[registries]]\nprefix = 'r.example/inner'\nnetwork = 'private'\n[[registries]]\nprefix = 'r.example'\n",
    )
    .unwrap();
    let network = |repository: &str| policy.network(&repository.parse().unwrap());
    assert_eq!(network("r.example/inner/a"), Some(Network::Private));
    assert_eq!(network("r.example/inner-not/a"), Some(Network::Public));
}

#[test]
fn a_policy_that_means_nothing_is_refused_with_the_place() {
    let pem = key().public().to_pem();
    let refused = |rules: Value, word: &str| {
        let error = TrustPolicy::from_json(rules.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(word), "{error} does not say {word:?}");
        serde_json::from_value::<TrustPolicy>(rules).expect_err("nor by serde");
    };
    let with_key = |fields: Value| {
        let mut key = json!({ "name": "acme", "public-key": pem, "repositories": ["ghcr.io/acme"] });
        key.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({ "keys": [key] })
    };
    refused(json!({ "require-signatures": false }), "require-signatures");
    refused(json!({ "registries": [{ "prefix": "ghcr.io/Acme" }] }), "lower-case");
    refused(json!({ "registries": [{ "prefix": "ghcr.io/acme/*" }] }), "lower-case");
    refused(json!({ "registries": [{ "prefix": "ghcr.io" }, { "prefix": "ghcr.io" }] }), "twice");
    refused(json!({ "registries": [{ "prefix": "ghcr.io", "network": "loopback" }] }), "this machine");
    refused(json!({ "registries": [{ "prefix": "ghcr.io", "network": "any" }] }), "any");
    refused(json!({ "pins": { "luanti": [] } }), "luanti");
    refused(json!({ "pins": { "Luanti": [format!("sha256:{}", "0".repeat(64))] } }), "Luanti");
    refused(json!({ "pins": { "luanti": ["sha256:00"] } }), "64");
    refused(json!({ "offline": { "packages": "pinned" } }), "pinned");
    refused(with_key(json!({ "repositories": [] })), "counts for nothing");
    refused(with_key(json!({ "plugins": ["a b"] })), "not a plugin's id");
    refused(with_key(json!({ "name": "" })), "name");
    refused(with_key(json!({ "public-key": "x" })), "public key");
    refused(with_key(json!({ "expires": "tomorrow" })), "keys[0].expires");
    let mut twice = with_key(json!({}));
    let again = twice["keys"][0].clone();
    twice["keys"].as_array_mut().unwrap().push(again);
    refused(twice.clone(), "two keys");
    twice["keys"][1]["name"] = "other".into();
    refused(twice, "the same");
}

#[test]
fn the_place_of_a_fault_is_a_path_that_a_form_can_find() {
    let place =
        |rules: Value| TrustPolicy::from_json(rules.to_string().as_bytes()).unwrap_err().at().to_owned();
    let pem = key().public().to_pem();
    let second = |fields: Value| {
        let mut other = json!({ "name": "other", "public-key": pem, "repositories": ["ghcr.io/acme"] });
        other.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let first = json!({ "name": "acme", "public-key": key().public().to_pem(), "plugins": ["acme"] });
        json!({ "keys": [first, other] })
    };
    let registries = |second: Value| json!({ "registries": [{ "prefix": "ghcr.io/acme" }, second] });
    assert_eq!(place(registries(json!({ "prefix": "ghcr.io/acme" }))), "registries[1].prefix");
    assert_eq!(place(registries(json!({ "prefix": "Nowhere" }))), "registries[1].prefix");
    assert_eq!(
        place(registries(json!({ "prefix": "ghcr.io", "network": "loopback" }))),
        "registries[1].network"
    );
    assert_eq!(place(second(json!({ "name": "acme" }))), "keys[1].name");
    assert_eq!(place(second(json!({ "public-key": "x" }))), "keys[1].public-key");
    assert_eq!(place(second(json!({ "repositories": ["x y"] }))), "keys[1].repositories[0]");
    assert_eq!(place(second(json!({ "repositories": [] }))), "keys[1].repositories");
    assert_eq!(place(second(json!({ "plugins": ["fine", "No"] }))), "keys[1].plugins[1]");
    assert_eq!(place(second(json!({ "expires": "tomorrow" }))), "keys[1].expires");
    assert_eq!(place(json!({ "pins": { "luanti": [] } })), "pins.luanti");
    assert_eq!(place(json!({ "pins": { "luanti": ["sha256:00"] } })), "pins.luanti[0]");
    assert_eq!(place(json!(7)), "");
}

/// Of two, readers take the last, and people read the first.
#[test]
fn what_is_there_twice_is_refused_with_the_place() {
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    let pins = format!(r#"{{"luanti":["{}"],"luanti":["{}"]}}"#, digest("a"), digest("b"));
    for (text, place) in [
        (r#"{"require-signature":true,"require-signature":false}"#.to_owned(), "require-signature"),
        (r#"{"require-signature":false,"require-signature":false}"#.to_owned(), "require-signature"),
        (format!(r#"{{"pins":{pins}}}"#), "pins.luanti"),
        (r#"{"offline":{"packages":"signed","packages":"any"}}"#.to_owned(), "offline.packages"),
        (r#"{"offline":{},"offline":{}}"#.to_owned(), "offline"),
        (
            r#"{"registries":[{"prefix":"ghcr.io"},{"prefix":"quay.io","prefix":"ghcr.io/a"}]}"#.to_owned(),
            "registries[1].prefix",
        ),
        // Spelled otherwise, it is the same name.
        (r#"{"pins":{},"p\u0069ns":{}}"#.to_owned(), "pins"),
    ] {
        let error = TrustPolicy::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(error.at(), place, "{error}");
        assert!(error.why().starts_with("duplicate field `"), "{error}");
        // As a part of a body, where an API reads it.
        #[derive(Debug, serde::Deserialize)]
        struct Body {
            rules: Once,
        }
        let body = format!(r#"{{"rules":{text}}}"#);
        let error = serde_json::from_str::<Body>(&body).map(|body| body.rules).unwrap_err();
        assert!(error.to_string().starts_with("duplicate field `"), "{error}");
    }
    let twice = "require-signature = true\nrequire-signature = false\n";
    assert!(TrustPolicy::from_toml(twice).unwrap_err().to_string().contains("duplicate"));
}

#[test]
fn what_is_there_once_is_read_as_it_is() {
    let text = r#"{"a":[1,-2,0.5,null,true,"x",{"a":{"a":[]}}],"b":{"a":1},"c":18446744073709551615}"#;
    let read: Once = serde_json::from_str(text).unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), value);
    assert_eq!(read.to_string(), value.to_string());
}

/// A key's name stands beside others, and says on whose word a plugin came in.
#[test]
fn a_keys_name_is_seen_as_it_is_written() {
    let pem = key().public().to_pem();
    let rules =
        |name: &str| json!({ "keys": [{ "name": name, "public-key": pem, "plugins": ["acme-quake"] }] });
    for name in [
        "ac\u{202E}me",
        "ac\u{2066}me",
        "ac\u{200F}me",
        "ac\u{2028}me",
        "ac\u{2029}me",
        "ac\u{200B}me",
        "acme\u{FEFF}",
        "ac\u{AD}me",
        " ",
        "\u{3000}",
        &format!("a{}", "\u{30D}".repeat(20)),
    ] {
        let error = TrustPolicy::from_json(rules(name).to_string().as_bytes()).unwrap_err();
        assert_eq!(error.at(), "keys[0].name", "{name:?}: {error}");
        assert!(!error.to_string().contains(['\u{202E}', '\u{2028}']), "{error:?}");
        let toml = toml::to_string(&rules(name)).unwrap();
        assert!(TrustPolicy::from_toml(&toml).unwrap_err().to_string().contains("keys[0].name"));
        // What was kept from before can be read, and so be mended.
        serde_json::from_value::<TrustPolicy>(rules(name)).unwrap();
    }
    for name in ["Zoë’s key", "天空方块 2026", "می\u{200C}خواهم", "👩\u{200D}🚀"] {
        TrustPolicy::from_json(rules(name).to_string().as_bytes()).unwrap();
    }
}
