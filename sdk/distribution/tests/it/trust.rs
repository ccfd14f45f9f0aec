//! What somebody may try to have a plugin let in, and why it is not.

use crate::kit::{component, game, key, policy, repository, signed};
use chrono::{DateTime, Utc};
use gantry_distribution::{
    Artifact, Origin, PrivateKey, Refusal, RefusalCode, Signature, Signatures, TrustPolicy, Trusted,
    TrustedBy, admit, evaluate,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const HOME: &str = "ghcr.io/acme/game";

fn now() -> DateTime<Utc> {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

/// Trusts `key` for what acme publishes, with `more` beside.
fn trusting(key: &PrivateKey, more: &Value) -> TrustPolicy {
    let mut rules = json!({
        "registries": [{ "prefix": "ghcr.io/acme" }, { "prefix": "ghcr.io/mirror" }],
        "keys": [{ "name": "acme", "public-key": key.public().to_pem(), "repositories": ["ghcr.io/acme"] }],
    });
    rules.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    policy(&rules)
}

fn from(place: &str) -> Origin {
    Origin::Repository(repository(place))
}

fn judge(
    artifact: &Artifact,
    origin: &Origin,
    signatures: &Signatures,
    policy: &TrustPolicy,
) -> Result<Trusted, Refusal> {
    evaluate(&artifact.candidate(origin, signatures), policy, now())
}

fn by_acme(key: &PrivateKey) -> Result<Trusted, Refusal> {
    Ok(Trusted { by: TrustedBy::Key { name: "acme".to_owned(), id: *key.public().id() } })
}

fn refused(judged: Result<Trusted, Refusal>) -> RefusalCode {
    judged.expect_err("it was let in").code
}

#[test]
fn what_a_trusted_key_signed_comes_in() {
    let (key, artifact) = (key(), game());
    let signatures = signed(&[&key], &repository(HOME), artifact.digest());
    assert_eq!(judge(&artifact, &from(HOME), &signatures, &trusting(&key, &json!({}))), by_acme(&key));
}

#[test]
fn one_good_signature_among_others_is_enough() {
    let (acme, stranger, artifact) = (key(), key(), game());
    let signatures = signed(&[&stranger, &acme], &repository(HOME), artifact.digest());
    assert_eq!(judge(&artifact, &from(HOME), &signatures, &trusting(&acme, &json!({}))), by_acme(&acme));
}

#[test]
fn unsigned_is_refused_unless_the_policy_says_otherwise() {
    let (key, artifact) = (key(), game());
    let none = Signatures::default();
    assert_eq!(
        refused(judge(&artifact, &from(HOME), &none, &trusting(&key, &json!({})))),
        RefusalCode::Unsigned
    );
    let lax = trusting(&key, &json!({ "require-signature": false }));
    assert_eq!(judge(&artifact, &from(HOME), &none, &lax), Ok(Trusted { by: TrustedBy::Unsigned }));
}

#[test]
fn another_key_is_nobody() {
    let (acme, stranger, artifact) = (key(), key(), game());
    let signatures = signed(&[&stranger], &repository(HOME), artifact.digest());
    let judged = judge(&artifact, &from(HOME), &signatures, &trusting(&acme, &json!({})));
    assert_eq!(refused(judged), RefusalCode::NoTrustedKey);
}

/// One byte of the payload changed under a good signature.
#[test]
fn a_tampered_payload_is_nobodys() {
    let (key, artifact) = (key(), game());
    let other = Artifact::pack(component("game", "6.6.6")).unwrap();
    let good = Signature::make(&key, &repository(HOME), artifact.digest());
    let wanted = Signature::make(&key, &repository(HOME), other.digest());
    let mut signatures = Signatures::default();
    signatures.add(Signature::from_parts(wanted.payload().clone(), good.base64().unwrap())).unwrap();
    for flipped in [0, good.payload().len() / 2, good.payload().len() - 1] {
        let mut payload = good.payload().to_vec();
        payload[flipped] ^= 1;
        signatures.add(Signature::from_parts(payload.into(), good.base64().unwrap())).unwrap();
    }
    for garbage in ["", "!", "AAAA", "////"] {
        signatures.add(Signature::from_parts(good.payload().clone(), garbage)).unwrap();
    }
    let policy = trusting(&key, &json!({}));
    assert_eq!(refused(judge(&other, &from(HOME), &signatures, &policy)), RefusalCode::NoTrustedKey);
    assert_eq!(refused(judge(&artifact, &from(HOME), &signatures, &policy)), RefusalCode::NoTrustedKey);
}

/// The key signs something else than an artifact, which an attacker offers as a signature.
#[test]
fn a_signed_text_of_another_kind_vouches_for_nothing() {
    let (key, artifact) = (key(), game());
    let good = Signature::make(&key, &repository(HOME), artifact.digest());
    let text = String::from_utf8(good.payload().to_vec()).unwrap();
    let sign = |text: &str| Signature::over(&key, text.as_bytes().to_vec().into());
    assert!(sign(&text).verified_by(&key.public()).is_some());
    let digest = artifact.digest().to_string();
    for other in [
        text.replace("cosign container image signature", "atomic container signature"),
        text.replace(&digest, &digest.to_uppercase()),
        text.replace("ghcr.io/acme/game", "ghcr.io/Acme/game"),
        text.replace("ghcr.io/acme/game", "ghcr.io/\u{430}cme/game"),
        text.replace("\"critical\"", "\"uncritical\""),
        text.replacen('{', "{\"critical\":{},", 1),
        "{}".to_owned(),
    ] {
        assert_ne!(other, text);
        assert!(sign(&other).verified_by(&key.public()).is_none(), "{other}");
    }
}

#[test]
fn a_signature_for_another_repository_is_not_taken() {
    let (key, artifact) = (key(), game());
    let signatures = signed(&[&key], &repository(HOME), artifact.digest());
    let policy = trusting(&key, &json!({}));
    for place in ["ghcr.io/mirror/game", "ghcr.io/acme/other", "ghcr.io/acme/game/game"] {
        assert_eq!(
            refused(judge(&artifact, &from(place), &signatures, &policy)),
            RefusalCode::OtherRepository
        );
    }
}

/// The tag names other bytes than those that were signed, and the old signatures were copied to the new digest.
#[test]
fn a_tag_that_was_moved_after_signing_is_noticed() {
    let (key, signed_one) = (key(), game());
    let moved_to = Artifact::pack(component("game", "1.0.1")).unwrap();
    let copied = signed(&[&key], &repository(HOME), signed_one.digest());
    let policy = trusting(&key, &json!({}));
    assert_eq!(refused(judge(&moved_to, &from(HOME), &copied, &policy)), RefusalCode::OtherDigest);
    assert_eq!(
        refused(judge(&moved_to, &from(HOME), &Signatures::default(), &policy)),
        RefusalCode::Unsigned
    );
}

#[test]
fn an_expired_key_counts_for_nothing() {
    let (key, artifact) = (key(), game());
    let signatures = signed(&[&key], &repository(HOME), artifact.digest());
    let until = |moment: &str| {
        let mut rules = serde_json::to_value(trusting(&key, &json!({}))).unwrap();
        rules["keys"][0]["expires"] = moment.into();
        judge(&artifact, &from(HOME), &signatures, &policy(&rules))
    };
    assert_eq!(until("2026-06-01T12:00:01Z"), by_acme(&key));
    assert_eq!(refused(until("2026-06-01T12:00:00Z")), RefusalCode::KeyExpired);
    assert_eq!(refused(until("2020-01-01T00:00:00Z")), RefusalCode::KeyExpired);
}

#[test]
fn a_key_counts_for_its_repositories_and_plugins_alone() {
    let (key, artifact) = (key(), game());
    let place = "ghcr.io/acme-evil/game";
    let signatures = signed(&[&key], &repository(place), artifact.digest());
    let with = |scope: Value| {
        let mut rules = serde_json::to_value(trusting(&key, &json!({}))).unwrap();
        rules["registries"] = json!([{ "prefix": "ghcr.io" }]);
        rules["keys"][0].as_object_mut().unwrap().extend(scope.as_object().unwrap().clone());
        judge(&artifact, &from(place), &signatures, &policy(&rules))
    };
    assert_eq!(refused(with(json!({}))), RefusalCode::KeyOutOfScope);
    assert_eq!(refused(with(json!({ "plugins": ["game2"] }))), RefusalCode::KeyOutOfScope);
    assert_eq!(with(json!({ "plugins": ["game"] })), by_acme(&key));
    assert_eq!(with(json!({ "repositories": ["ghcr.io/acme-evil"] })), by_acme(&key));
}

#[test]
fn a_repository_that_only_begins_like_an_allowed_one_is_refused() {
    let (key, artifact) = (key(), game());
    let policy = trusting(&key, &json!({ "require-signature": false }));
    for place in [
        "ghcr.io/acme-evil/game",
        "ghcr.io/acmegame",
        "ghcr.io.evil.example/acme/game",
        "ghcr.io:8443/acme/game",
    ] {
        let signatures = signed(&[&key], &repository(place), artifact.digest());
        assert_eq!(
            refused(judge(&artifact, &from(place), &signatures, &policy)),
            RefusalCode::RepositoryNotAllowed
        );
        assert_eq!(admit(&repository(place), &policy).unwrap_err().code, RefusalCode::RepositoryNotAllowed);
    }
    assert!(admit(&repository(HOME), &policy).is_ok());
}

#[test]
fn a_pin_allows_its_digest_and_no_other() {
    let (key, artifact) = (key(), game());
    let other = Artifact::pack(component("game", "1.0.1")).unwrap();
    let signatures = signed(&[&key], &repository(HOME), other.digest());
    for pin in [artifact.digest(), artifact.component_digest()] {
        let policy = trusting(&key, &json!({ "pins": { "game": [pin] } }));
        let by_pin = Ok(Trusted { by: TrustedBy::Pin });
        assert_eq!(judge(&artifact, &from(HOME), &Signatures::default(), &policy), by_pin);
        // Signed as it may be.
        assert_eq!(refused(judge(&other, &from(HOME), &signatures, &policy)), RefusalCode::PinMismatch);
    }
    let elsewhere = trusting(&key, &json!({ "pins": { "other": [other.digest()] } }));
    assert_eq!(
        refused(judge(&artifact, &from(HOME), &Signatures::default(), &elsewhere)),
        RefusalCode::Unsigned
    );
}

/// A pin says which bytes, and not that a place is allowed.
#[test]
fn a_pin_opens_no_other_door() {
    let (key, artifact) = (key(), game());
    let pins = json!({ "pins": { "game": [artifact.digest()] }, "offline": { "packages": "never", "components": "never" } });
    let policy = trusting(&key, &pins);
    let judged = |origin: &Origin| refused(judge(&artifact, origin, &Signatures::default(), &policy));
    assert_eq!(judged(&from("evil.example/game")), RefusalCode::RepositoryNotAllowed);
    assert_eq!(judged(&Origin::Package), RefusalCode::FileNotAllowed);
    assert_eq!(judged(&Origin::Component), RefusalCode::FileNotAllowed);
}

#[test]
fn a_package_is_judged_by_what_is_signed_inside() {
    let (key, stranger, artifact) = (key(), key(), game());
    let policy = trusting(&key, &json!({}));
    let judged = |signatures: &Signatures| judge(&artifact, &Origin::Package, signatures, &policy);
    assert_eq!(judged(&signed(&[&key], &repository(HOME), artifact.digest())), by_acme(&key));
    assert_eq!(refused(judged(&Signatures::default())), RefusalCode::Unsigned);
    let by_stranger = signed(&[&stranger], &repository(HOME), artifact.digest());
    assert_eq!(refused(judged(&by_stranger)), RefusalCode::NoTrustedKey);
    let elsewhere = signed(&[&key], &repository("ghcr.io/acme-evil/game"), artifact.digest());
    assert_eq!(refused(judged(&elsewhere)), RefusalCode::KeyOutOfScope);
    let any = trusting(&key, &json!({ "offline": { "packages": "any" } }));
    let judged = judge(&artifact, &Origin::Package, &Signatures::default(), &any);
    assert_eq!(judged, Ok(Trusted { by: TrustedBy::Unsigned }));
}

#[test]
fn a_bare_component_comes_in_by_a_pin_or_by_leave() {
    let (key, artifact) = (key(), game());
    let judged =
        |more: Value| judge(&artifact, &Origin::Component, &Signatures::default(), &trusting(&key, &more));
    assert_eq!(refused(judged(json!({}))), RefusalCode::FileNotAllowed);
    let pinned = json!({ "pins": { "game": [artifact.component_digest()] } });
    assert_eq!(judged(pinned), Ok(Trusted { by: TrustedBy::Pin }));
    let any = json!({ "offline": { "components": "any" } });
    assert_eq!(judged(any), Ok(Trusted { by: TrustedBy::Unsigned }));
}

/// Who publishes under a trusted name says who they are in the component, and nowhere else.
#[test]
fn the_components_own_id_decides_which_pin_and_which_key_count() {
    let key = key();
    let liar = Artifact::pack(component("liar", "1.0.0")).unwrap();
    let policy =
        trusting(&key, &json!({ "pins": { "game": [game().digest()] }, "require-signature": false }));
    let judged = judge(&liar, &from(HOME), &Signatures::default(), &policy);
    assert_eq!(judged, Ok(Trusted { by: TrustedBy::Unsigned }));
    assert_eq!(liar.candidate(&from(HOME), &Signatures::default()).plugin, "liar");
}

#[test]
fn every_refusal_says_what_to_do() {
    let remedies: BTreeSet<_> = RefusalCode::ALL.iter().map(|code| code.remedy()).collect();
    assert_eq!(remedies.len(), RefusalCode::ALL.len());
    assert_eq!(serde_json::to_value(RefusalCode::NoTrustedKey).unwrap(), "no-trusted-key");
}
