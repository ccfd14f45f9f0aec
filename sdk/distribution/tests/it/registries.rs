//! A real registry: what is pushed comes back, and what goes wrong is said.

use crate::kit::{
    basic, component, game, key, policy,
    registry::{PASSWORD, TestRegistry, USER},
};
use chrono::Utc;
use gantry_distribution::{
    Artifact, Credentials, DistributionError, Existing, Limits, Network, Origin, RefusalCode, Registry,
    RegistryHost, Signature, Tag, Target, TrustedBy, admit, evaluate,
};
use serde_json::json;

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

/// The way of the control plane, from the policy's word on the repository to its word on the plugin.
#[tokio::test]
async fn a_plugin_is_published_signed_and_trusted() {
    let server = TestRegistry::open();
    let (registry, repository) = (server.client(), server.repository("acme/game"));
    let (acme, artifact) = (key(), game());
    let pushed = registry.push(&artifact, &repository, &tag("1.0.0"), Existing::Keep).await.unwrap();
    let signature = Signature::make(&acme, &repository, artifact.digest());
    registry.attach(&repository, artifact.digest(), &signature).await.unwrap();

    let rules = json!({
        "registries": [{ "prefix": server.host(), "network": "loopback" }],
        "keys": [{ "name": "acme", "public-key": acme.public().to_pem(), "plugins": ["game"] }],
    });
    let policy = policy(&rules);
    assert_eq!(admit(&repository, &policy), Ok(Network::Loopback));
    for target in [Target::Tag(tag("1.0.0")), Target::Digest(*artifact.digest()), pushed.target] {
        let pulled = registry
            .pull(&gantry_distribution::Reference { repository: repository.clone(), target })
            .await
            .unwrap();
        assert_eq!((pulled.digest(), pulled.component()), (artifact.digest(), artifact.component()));
        let signatures = registry.signatures(&repository, pulled.digest()).await.unwrap();
        let origin = Origin::Repository(repository.clone());
        let trusted = evaluate(&pulled.candidate(&origin, &signatures), &policy, Utc::now()).unwrap();
        assert_eq!(trusted.by, TrustedBy::Key { name: "acme".to_owned(), id: *acme.public().id() });
    }
}

#[tokio::test]
async fn a_real_plugin_goes_through() {
    let server = TestRegistry::open();
    let folder =
        std::env::var("GANTRY_TEST_PLUGINS").expect("GANTRY_TEST_PLUGINS names the folder of built plugins");
    let artifact = Artifact::pack(std::fs::read(format!("{folder}/openarena.wasm")).unwrap()).unwrap();
    let (registry, repository) = (server.client(), server.repository("gantry/openarena"));
    let pushed = registry.push(&artifact, &repository, &tag("0.1.0"), Existing::Keep).await.unwrap();
    assert_eq!(registry.pull(&pushed).await.unwrap().component(), artifact.component());
}

#[tokio::test]
async fn a_version_that_is_there_is_kept_unless_it_is_to_be_moved() {
    let server = TestRegistry::open();
    let (registry, repository) = (server.client(), server.repository("game"));
    let (first, other) = (game(), Artifact::pack(component("game", "1.0.1")).unwrap());
    let push = async |artifact, existing| registry.push(artifact, &repository, &tag("1.0.0"), existing).await;
    push(&first, Existing::Keep).await.unwrap();
    push(&first, Existing::Keep).await.expect("the same again is no change");
    let refused = push(&other, Existing::Keep).await;
    assert!(matches!(refused, Err(DistributionError::Exists { digest, .. }) if digest == *game().digest()));
    assert_eq!(registry.pull(&repository.tagged(tag("1.0.0"))).await.unwrap().digest(), game().digest());
    push(&other, Existing::Replace).await.unwrap();
    assert_eq!(registry.pull(&repository.tagged(tag("1.0.0"))).await.unwrap().digest(), other.digest());
}

#[tokio::test]
async fn several_people_sign_one_digest() {
    let server = TestRegistry::open();
    let (registry, repository, artifact) = (server.client(), server.repository("game"), game());
    registry.push(&artifact, &repository, &tag("1"), Existing::Keep).await.unwrap();
    assert!(registry.signatures(&repository, artifact.digest()).await.unwrap().is_empty());
    let keys = [key(), key(), key()];
    for key in keys.iter().chain(&keys) {
        let signature = Signature::make(key, &repository, artifact.digest());
        registry.attach(&repository, artifact.digest(), &signature).await.unwrap();
    }
    let signatures = registry.signatures(&repository, artifact.digest()).await.unwrap();
    assert_eq!(signatures.len(), 3, "signing again adds nothing");
    for key in &keys {
        assert_eq!(signatures.iter().filter(|one| one.verified_by(&key.public()).is_some()).count(), 1);
    }
}

/// The tag is moved by somebody who may write and has no key, and who copies the signatures along.
#[tokio::test]
async fn a_moved_tag_is_not_trusted() {
    let server = TestRegistry::open();
    let (registry, repository, acme) = (server.client(), server.repository("game"), key());
    let evil = Artifact::pack(component("game", "6.6.6")).unwrap();
    let good = Signature::make(&acme, &repository, game().digest());
    registry.push(&game(), &repository, &tag("1"), Existing::Keep).await.unwrap();
    registry.attach(&repository, game().digest(), &good).await.unwrap();
    registry.push(&evil, &repository, &tag("1"), Existing::Replace).await.unwrap();
    registry.attach(&repository, evil.digest(), &good).await.unwrap();
    let policy = policy(&json!({
        "registries": [{ "prefix": server.host(), "network": "loopback" }],
        "keys": [{ "name": "acme", "public-key": acme.public().to_pem(), "repositories": [repository] }],
    }));
    let pulled = registry.pull(&repository.tagged(tag("1"))).await.unwrap();
    let signatures = registry.signatures(&repository, pulled.digest()).await.unwrap();
    let origin = Origin::Repository(repository);
    let refused = evaluate(&pulled.candidate(&origin, &signatures), &policy, Utc::now()).unwrap_err();
    assert_eq!(refused.code, RefusalCode::OtherDigest);
}

#[tokio::test]
async fn a_password_is_asked_for_and_given() {
    let server = TestRegistry::guarded();
    let (repository, artifact) = (server.repository("game"), game());
    let with = |password: &str| {
        let credentials = basic(USER, password);
        server.client_with(credentials)
    };
    let push =
        async |registry: Registry| registry.push(&artifact, &repository, &tag("1"), Existing::Keep).await;
    for registry in [server.client(), with("wrong")] {
        let refused = push(registry).await.unwrap_err();
        assert!(matches!(refused, DistributionError::Unauthorized { .. }), "{refused}");
        assert_eq!(refused.code(), "unauthorized");
    }
    push(with(PASSWORD)).await.unwrap();
    let config = json!({ "auths": { server.host().as_str(): {
        "auth": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{USER}:{PASSWORD}")),
    } } });
    let credentials = Credentials::from_docker_config(config.to_string().as_bytes(), &repository).unwrap();
    let pulled = server.client_with(credentials).pull(&repository.tagged(tag("1"))).await.unwrap();
    assert_eq!(pulled.digest(), artifact.digest());
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let server = TestRegistry::open();
    let (registry, repository) = (server.client(), server.repository("game"));
    let missing = registry.pull(&repository.tagged(tag("1"))).await.unwrap_err();
    assert!(
        matches!(&missing, DistributionError::NotFound { what } if what.contains("/game:1")),
        "{missing}"
    );
    registry.push(&game(), &repository, &tag("1"), Existing::Keep).await.unwrap();
    let other = Artifact::pack(component("other", "1.0.0")).unwrap();
    let missing = registry.pull(&repository.at(*other.digest())).await.unwrap_err();
    assert!(matches!(missing, DistributionError::NotFound { .. }), "{missing}");
}

/// The disk of the registry lost a bit, or somebody gave it another one.
#[tokio::test]
async fn bytes_that_changed_in_the_registry_are_noticed() {
    let server = TestRegistry::open();
    let (registry, repository, artifact) = (server.client(), server.repository("game"), game());
    let pushed = registry.push(&artifact, &repository, &tag("1"), Existing::Keep).await.unwrap();
    let file = server.blob_file(artifact.component_digest());
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let noticed = registry.pull(&pushed).await.unwrap_err();
    assert!(
        matches!(&noticed, DistributionError::WrongDigest { expected, .. } if expected == artifact.component_digest()),
        "{noticed}"
    );
}

/// By https with a certificate that this machine trusts, and with no other. Which it trusts is read from the environment, so the
/// test is its own child.
#[tokio::test]
async fn https_wants_a_good_certificate() {
    const HOST: &str = "GANTRY_TEST_HTTPS_REGISTRY";
    let push = async |host: &RegistryHost| {
        let registry = Registry::open(host, Network::Private, Credentials::Anonymous, Limits::default())?;
        let repository = format!("{host}/acme/game").parse()?;
        let pushed = registry.push(&game(), &repository, &tag("1"), Existing::Keep).await?;
        registry.pull(&pushed).await
    };
    if let Ok(host) = std::env::var(HOST) {
        let pulled = push(&host.parse().unwrap()).await.unwrap();
        assert_eq!(pulled.digest(), game().digest());
        return;
    }
    let server = TestRegistry::encrypted();
    let refused = push(&server.host()).await.unwrap_err();
    let is_certificate =
        matches!(&refused, DistributionError::Unreachable { message, .. } if message.contains("certificate"));
    assert!(is_certificate, "{refused}");
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "registries::https_wants_a_good_certificate"])
        .env("SSL_CERT_FILE", server.folder.path().join("certificate.pem"))
        .env(HOST, server.host().as_str())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn who_is_not_there_cannot_be_reached() {
    let server = TestRegistry::open();
    let (registry, repository) = (server.client(), server.repository("game"));
    drop(server);
    let error = registry.pull(&repository.tagged(tag("1"))).await.unwrap_err();
    assert!(matches!(error, DistributionError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn one_registrys_client_asks_no_other() {
    let server = TestRegistry::open();
    let other = "ghcr.io/acme/game:1".parse().unwrap();
    let error = server.client().pull(&other).await.unwrap_err();
    assert!(matches!(error, DistributionError::NotAllowed { .. }), "{error}");
}

#[test]
fn without_https_only_this_machine_is_asked() {
    let open = |host: &str, network| {
        Registry::open(&host.parse().unwrap(), network, Credentials::Anonymous, Limits::default()).map(drop)
    };
    open("ghcr.io", Network::Public).unwrap();
    open("10.0.0.1:5000", Network::Private).unwrap();
    open("localhost:5000", Network::Loopback).unwrap();
    open("[::1]:5000", Network::Loopback).unwrap();
    for (host, network) in [
        ("ghcr.io", Network::Loopback),
        ("127.1:5000", Network::Loopback),
        ("127.0.0.1:5000", Network::Public),
        ("10.0.0.1", Network::Public),
        ("169.254.169.254", Network::Private),
        ("[fe80::1]", Network::Private),
        ("0.0.0.0", Network::Private),
        ("2130706433:80", Network::Private),
        ("0x7f.1", Network::Private),
    ] {
        let error = open(host, network).unwrap_err();
        let is_refused =
            matches!(error, DistributionError::NotAllowed { .. } | DistributionError::NotPublic { .. });
        assert!(is_refused, "{host}: {error}");
    }
}
