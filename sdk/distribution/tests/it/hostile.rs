//! Registries that lie, or never end.

use crate::kit::{
    edited, game, key,
    stage::{Reply, Stage, at, fails, honest},
};
use gantry_distribution::{Credentials, DistributionError, Limits, Signature};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// More than the buffers of a connection hold, and far less than a machine has.
const TAKEN_AT_MOST: u64 = 32 * 1024 * 1024;

async fn serving(manifest: Vec<u8>) -> DistributionError {
    fails(&Stage::play(move |_, _| Reply::ok(manifest.clone())).await).await
}

#[tokio::test]
async fn the_play_itself_works() {
    let artifact = game();
    let stage = Stage::play(move |asked, _| honest(&artifact, asked)).await;
    assert_eq!(stage.client().pull(&at(&stage)).await.unwrap().digest(), game().digest());
}

#[tokio::test]
async fn an_endless_manifest_is_cut() {
    let stage = Stage::play(|_, _| Reply::Endless(200)).await;
    assert!(matches!(fails(&stage).await, DistributionError::TooLarge { limit: 65_536, .. }));
    assert!(stage.sent() < TAKEN_AT_MOST, "{}", stage.sent());
}

#[tokio::test]
async fn a_manifest_that_says_its_length_is_not_begun() {
    assert!(matches!(serving(vec![b' '; 65_537]).await, DistributionError::TooLarge { limit: 65_536, .. }));
}

#[tokio::test]
async fn a_blob_that_goes_on_is_cut_at_its_promised_size() {
    for part in ["config", "component"] {
        let artifact = game();
        let digest = match part {
            "config" => gantry_distribution::Digest::of(artifact.config()),
            _ => *artifact.component_digest(),
        };
        let stage = Stage::play(move |asked, _| {
            if asked.line.ends_with(&digest.to_string()) {
                Reply::Endless(200)
            } else {
                honest(&artifact, asked)
            }
        })
        .await;
        let cut = fails(&stage).await;
        assert!(matches!(cut, DistributionError::TooLarge { limit, .. } if limit < 2_000), "{part}: {cut}");
        assert!(stage.sent() < TAKEN_AT_MOST, "{part}: {}", stage.sent());
    }
}

#[tokio::test]
async fn promises_that_are_too_large_are_refused_before_anything_is_fetched() {
    for place in ["/config", "/layers/0"] {
        let manifest = edited(|manifest| manifest.pointer_mut(place).unwrap()["size"] = (1_u64 << 40).into());
        let stage = Stage::play(move |_, _| Reply::ok(manifest.clone())).await;
        assert!(matches!(fails(&stage).await, DistributionError::TooLarge { .. }));
        assert_eq!(stage.asked().len(), 1, "{place}");
    }
}

#[tokio::test]
async fn endless_words_of_refusal_are_cut() {
    for status in [403, 404, 500] {
        let stage = Stage::play(move |_, _| Reply::Endless(status)).await;
        let refused = fails(&stage).await;
        let code = if status == 500 {
            "registry-fault"
        } else {
            ["unauthorized", "not-found"][usize::from(status - 403)]
        };
        assert_eq!(refused.code(), code, "{refused}");
        assert!(stage.sent() < TAKEN_AT_MOST, "{}", stage.sent());
    }
}

/// The configuration is of the artifact, and says what it is.
#[tokio::test]
async fn a_configuration_of_something_else_is_refused() {
    for (field, value) in [
        ("layerDigests", json!([gantry_distribution::Digest::of(b"another layer")])),
        ("layerDigests", json!([])),
        ("os", "wasip1".into()),
        ("architecture", "amd64".into()),
    ] {
        let artifact = game();
        let mut config: Value = serde_json::from_slice(artifact.config()).unwrap();
        config[field] = value;
        let config = config.to_string().into_bytes();
        let digest = gantry_distribution::Digest::of(&config);
        let manifest = edited(|manifest| {
            manifest["config"]["digest"] = json!(digest);
            manifest["config"]["size"] = config.len().into();
        });
        let stage = Stage::play(move |asked, _| match &asked.line {
            line if line.contains("/manifests/") => Reply::ok(manifest.clone()),
            line if line.ends_with(&digest.to_string()) => Reply::ok(config.clone()),
            _ => honest(&artifact, asked),
        })
        .await;
        let refused = fails(&stage).await;
        assert!(matches!(refused, DistributionError::NotAPlugin { .. }), "{field}: {refused}");
    }
}

#[tokio::test]
async fn a_blob_of_another_size_than_promised_is_refused() {
    let manifest = edited(|manifest| manifest["layers"][0]["size"] = 60_000.into());
    let artifact = game();
    let stage = Stage::play(move |asked, _| {
        if asked.line.contains("/manifests/") {
            Reply::ok(manifest.clone())
        } else {
            honest(&artifact, asked)
        }
    })
    .await;
    let refused = fails(&stage).await;
    assert!(refused.to_string().contains("fewer bytes"), "{refused}");
}

#[tokio::test]
async fn an_endless_token_is_cut() {
    let stage = Stage::play(|asked, port| {
        if asked.line.contains("/token") {
            return Reply::Endless(200);
        }
        Reply::status(401).with("www-authenticate", format!("Bearer realm=\"http://127.0.0.1:{port}/token\""))
    })
    .await;
    assert!(matches!(fails(&stage).await, DistributionError::TooLarge { .. }));
    assert!(stage.sent() < TAKEN_AT_MOST, "{}", stage.sent());
}

#[tokio::test]
async fn another_digest_than_asked_for_is_refused() {
    let artifact = game();
    let stage = Stage::play(move |asked, _| honest(&artifact, asked)).await;
    let wanted = gantry_distribution::Digest::of(b"something else");
    let reference = format!("{}/game:1@{wanted}", stage.host()).parse().unwrap();
    let refused = stage.client().pull(&reference).await.unwrap_err();
    assert!(
        matches!(refused, DistributionError::WrongDigest { expected, .. } if expected == wanted),
        "{refused}"
    );
}

#[tokio::test]
async fn a_registry_that_contradicts_itself_is_refused() {
    let artifact = game();
    let other = gantry_distribution::Digest::of(b"something else").to_string();
    let stage =
        Stage::play(move |asked, _| honest(&artifact, asked).with("docker-content-digest", other.clone()))
            .await;
    assert!(matches!(fails(&stage).await, DistributionError::WrongDigest { .. }));
}

#[tokio::test]
async fn what_is_no_plugin_is_refused_by_its_manifest() {
    let two_layers = |manifest: &mut Value| {
        let layer = manifest["layers"][0].clone();
        manifest["layers"].as_array_mut().unwrap().push(layer);
    };
    let image = |manifest: &mut Value| {
        manifest["config"]["mediaType"] = "application/vnd.oci.image.config.v1+json".into()
    };
    for (manifest, word) in [
        (b"<html>".to_vec(), "cannot be read"),
        (json!({ "schemaVersion": 2, "manifests": [] }).to_string().into_bytes(), "index"),
        (edited(|manifest| manifest["schemaVersion"] = 1.into()), "schema version"),
        (edited(|manifest| manifest["layers"] = json!([])), "exactly one layer"),
        (edited(two_layers), "exactly one layer"),
        (edited(image), "configuration"),
        (
            edited(|manifest| manifest["layers"][0]["mediaType"] = "application/gzip".into()),
            "exactly one layer",
        ),
        (edited(|manifest| manifest["layers"][0]["digest"] = "sha512:00".into()), "sha256"),
        (edited(|manifest| manifest["layers"][0]["digest"] = "sha256:../../x".into()), "sha256"),
        (edited(|manifest| manifest["layers"][0]["size"] = (-1).into()), "cannot be read"),
    ] {
        let refused = serving(manifest).await;
        assert!(matches!(refused, DistributionError::NotAPlugin { .. }), "{refused}");
        assert!(refused.to_string().contains(word), "{refused} does not say {word:?}");
    }
}

/// The registry's annotations name a plugin that people trust; the bytes are another.
#[tokio::test]
async fn annotations_are_not_believed() {
    let manifest = edited(|manifest| {
        manifest["annotations"]["org.opencontainers.image.title"] = "Luanti".into();
        manifest["layers"][0]["annotations"] =
            json!({ "org.opencontainers.image.title": "../../../etc/passwd" });
    });
    let artifact = game();
    let stage = Stage::play(move |asked, _| {
        if asked.line.contains("/manifests/") {
            Reply::ok(manifest.clone())
        } else {
            honest(&artifact, asked)
        }
    })
    .await;
    let pulled = stage.client().pull(&at(&stage)).await.unwrap();
    assert_eq!((pulled.facts().id.as_str(), pulled.facts().name.as_str()), ("game", "A game"));
}

#[tokio::test]
async fn too_many_signatures_are_refused() {
    let layer = |size: u64| {
        json!({
            "mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "size": size,
            "digest": gantry_distribution::Digest::of(b""), "annotations": {},
        })
    };
    let config = json!({ "mediaType": "application/vnd.oci.image.config.v1+json", "size": 2,
        "digest": gantry_distribution::Digest::of(b"{}") });
    for layers in [vec![layer(0); 33], vec![layer(16 * 1024 + 1)]] {
        let manifest = json!({ "schemaVersion": 2, "config": config, "layers": layers }).to_string();
        let stage = Stage::play(move |_, _| Reply::ok(manifest.clone())).await;
        let refused = stage.client().signatures(&at(&stage).repository, game().digest()).await.unwrap_err();
        assert!(matches!(refused, DistributionError::TooLarge { .. }), "{refused}");
        assert_eq!(stage.asked().len(), 1);
    }
}

/// Whoever adds a signature writes the list anew, and would lose what they cannot read.
#[tokio::test]
async fn a_list_with_something_else_in_it_is_left_alone() {
    let config = json!({ "mediaType": "application/vnd.oci.image.config.v1+json", "size": 2,
        "digest": gantry_distribution::Digest::of(b"{}") });
    let layer = json!({ "mediaType": "application/vnd.dsse.envelope.v1+json", "size": 0,
        "digest": gantry_distribution::Digest::of(b"") });
    let manifest = json!({ "schemaVersion": 2, "config": config, "layers": [layer] }).to_string();
    let stage = Stage::play(move |_, _| Reply::ok(manifest.clone())).await;
    let place = at(&stage).repository;
    let signature = Signature::make(&key(), &place, game().digest());
    let refused = stage.client().attach(&place, game().digest(), &signature).await.unwrap_err();
    assert!(matches!(refused, DistributionError::NotAPlugin { .. }), "{refused}");
    assert!(stage.asked().iter().all(|asked| asked.line.starts_with("GET ")));
}

#[tokio::test]
async fn silence_has_an_end() {
    let stage = Stage::play(|_, _| Reply::Silence).await;
    let within = |limits| stage.client_within(Credentials::Anonymous, limits);
    let short = Duration::from_millis(200);
    let began = Instant::now();
    let idle = within(Limits { idle: short, ..Limits::default() }).pull(&at(&stage)).await.unwrap_err();
    assert!(matches!(idle, DistributionError::Unreachable { .. }), "{idle}");
    let total = within(Limits { total: short, ..Limits::default() }).pull(&at(&stage)).await.unwrap_err();
    assert!(matches!(total, DistributionError::TooSlow { .. }), "{total}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn what_a_registry_says_of_its_refusal_is_harmless() {
    let body = json!({ "errors": [{ "code": "DENIED", "message": "a\u{1b}[2Jb\nc".to_owned() + &"x".repeat(5_000) }] });
    let body = body.to_string().into_bytes();
    let refusal = move || Reply::Whole { status: 403, headers: Vec::new(), body: body.clone() };
    let stage = Stage::play(move |_, _| refusal()).await;
    let refused = fails(&stage).await;
    assert!(matches!(refused, DistributionError::Unauthorized { .. }));
    let text = refused.to_string();
    assert!(text.contains("DENIED: a[2Jbc") && text.len() < 500 && !text.contains('\u{1b}'), "{text}");
}
