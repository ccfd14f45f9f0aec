//! Other people's tools: what is written here they read, and the other way round.
//!
//! `skopeo` has its own implementation of cosign's layout and of image layouts in files. `oci-client` is what
//! `wkg` and wasmCloud speak to registries with; `oras` is the general tool for artifacts.

use crate::kit::{component, game, key, registry::TestRegistry};
use base64::{Engine, engine::general_purpose::STANDARD};
use gantry_distribution::{Artifact, Existing, Signature, Signatures, Tag, package};
use oci_client::{
    Client, Reference as PeerReference,
    client::{ClientConfig, ClientProtocol, Config, ImageLayer},
    secrets::RegistryAuth,
};
use serde_json::Value;
use std::{
    ffi::OsStr,
    fs,
    process::{Command, Output},
};

fn tag() -> Tag {
    "1.0.0".parse().unwrap()
}

async fn published(server: &TestRegistry) -> Artifact {
    let artifact = game();
    server.client().push(&artifact, &server.repository("acme/game"), &tag(), Existing::Keep).await.unwrap();
    artifact
}

fn python(script: &str, arguments: &[&OsStr]) {
    let python = std::env::var_os("GANTRY_TEST_ORAS").expect(
        "GANTRY_TEST_ORAS names a Python that has oras: type `python3 -m venv DIR && DIR/bin/pip install oras`, and set it \
         to DIR/bin/python; `cargo xtask test` does that",
    );
    let output = Command::new(python).arg("-c").arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
}

fn shown(output: &Output) -> String {
    let Output { stdout, stderr, .. } = output;
    format!("{}{}", String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr))
}

#[tokio::test]
async fn oras_pulls_what_is_pushed_here() {
    let server = TestRegistry::open();
    let artifact = published(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let script = "
import sys, oras.client
client = oras.client.OrasClient(insecure=True)
client.pull(target=sys.argv[1], outdir=sys.argv[2])
";
    let target = format!("{}:1.0.0", server.repository("acme/game"));
    python(script, &[target.as_ref(), folder.path().as_os_str()]);
    let pulled = fs::read(folder.path().join("game-1.0.0.wasm")).unwrap();
    assert_eq!(&pulled, artifact.component());
}

#[tokio::test]
async fn what_oras_pushes_is_pulled_here() {
    let server = TestRegistry::open();
    let artifact = game();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("game.wasm"), artifact.component()).unwrap();
    fs::write(folder.path().join("config.json"), artifact.config()).unwrap();
    let script = "
import os, sys, oras.client
os.chdir(sys.argv[2])
client = oras.client.OrasClient(insecure=True)
client.push(target=sys.argv[1], files=['game.wasm:application/wasm'],
            manifest_config='config.json:application/vnd.wasm.config.v0+json')
";
    let repository = server.repository("acme/game");
    python(script, &[format!("{repository}:1.0.0").as_ref(), folder.path().as_os_str()]);
    let pulled = server.client().pull(&repository.tagged(tag())).await.unwrap();
    assert_eq!(pulled.component(), artifact.component());
    assert_ne!(pulled.digest(), artifact.digest(), "its manifest is its own");
}

fn peer(server: &TestRegistry) -> (Client, PeerReference) {
    // That crate takes the provider of the process; who was first does not matter.
    rustls::crypto::ring::default_provider().install_default().ok();
    let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
    let reference = format!("{}:1.0.0", server.repository("acme/game")).parse().unwrap();
    (Client::new(config), reference)
}

#[tokio::test]
async fn oci_client_pulls_what_is_pushed_here() {
    let server = TestRegistry::open();
    let artifact = published(&server).await;
    let (client, reference) = peer(&server);
    let pulled = client.pull(&reference, &RegistryAuth::Anonymous, vec!["application/wasm"]).await.unwrap();
    assert_eq!(pulled.digest, Some(artifact.digest().to_string()));
    assert_eq!(&pulled.layers[0].data, artifact.component());
    assert_eq!(pulled.config.media_type, "application/vnd.wasm.config.v0+json");
}

#[tokio::test]
async fn what_oci_client_pushes_is_pulled_here() {
    let server = TestRegistry::open();
    let artifact = Artifact::pack(component("game", "2.0.0")).unwrap();
    let (client, reference) = peer(&server);
    let layer = ImageLayer::new(artifact.component().clone(), "application/wasm".to_owned(), None);
    let media_type = "application/vnd.wasm.config.v0+json".to_owned();
    let config = Config::new(artifact.config().clone(), media_type, None);
    client.push(&reference, &[layer], config, &RegistryAuth::Anonymous, None).await.unwrap();
    let pulled = server.client().pull(&server.repository("acme/game").tagged(tag())).await.unwrap();
    assert_eq!(pulled.facts().version, "2.0.0");
}

/// Copies the plugin with its signatures by skopeo.
fn skopeo(server: &TestRegistry, to: &str) {
    let folder = server.folder.path();
    fs::create_dir_all(folder.join("registries.d")).unwrap();
    fs::write(folder.join("policy.json"), r#"{"default":[{"type":"insecureAcceptAnything"}]}"#).unwrap();
    let host = server.host();
    let attachments = format!("docker:\n  {host}:\n    use-sigstore-attachments: true\n");
    fs::write(folder.join("registries.d/here.yaml"), attachments).unwrap();
    let output = Command::new("skopeo")
        .arg("--policy")
        .arg(folder.join("policy.json"))
        .arg("--registries.d")
        .arg(folder.join("registries.d"))
        .args(["copy", "--src-tls-verify=false", "--preserve-digests"])
        .arg(format!("docker://{host}/acme/game:1.0.0"))
        .arg(to)
        .output()
        .expect("these tests want skopeo: type `apt-get install skopeo`");
    assert!(output.status.success(), "{}", shown(&output));
}

/// An implementation of cosign's layout that is not ours finds the signatures and takes them along whole. (Debian's skopeo is
/// built without the check itself; the mathematics are compared with OpenSSL's in `keys`.)
#[tokio::test]
async fn skopeo_finds_what_is_signed_here() {
    let server = TestRegistry::open();
    let artifact = published(&server).await;
    let repository = server.repository("acme/game");
    let keys = [key(), key()];
    for key in &keys {
        let signature = Signature::make(key, &repository, artifact.digest());
        server.client().attach(&repository, artifact.digest(), &signature).await.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    skopeo(&server, &format!("dir:{}", folder.path().display()));
    let copied = fs::read(folder.path().join(artifact.component_digest().hex())).unwrap();
    assert_eq!(&copied, artifact.component());
    for (number, key) in keys.iter().enumerate() {
        let file = fs::read(folder.path().join(format!("signature-{}", number + 1))).unwrap();
        // A line that says which form follows, and JSON.
        let start = file.iter().position(|byte| *byte == b'{').unwrap();
        let found: Value = serde_json::from_slice(&file[start..]).unwrap();
        assert_eq!(found["mimeType"], "application/vnd.dev.cosign.simplesigning.v1+json");
        let payload = STANDARD.decode(found["payload"].as_str().unwrap()).unwrap();
        let base64 = found["annotations"]["dev.cosignproject.cosign/signature"].as_str().unwrap();
        let statement = Signature::from_parts(payload.into(), base64).verified_by(&key.public()).unwrap();
        assert_eq!((statement.repository, statement.digest), (repository.clone(), *artifact.digest()));
    }
}

#[tokio::test]
async fn skopeo_and_package_files_understand_each_other() {
    let server = TestRegistry::open();
    let artifact = published(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs.tar");
    skopeo(&server, &format!("oci-archive:{}:1.0.0", theirs.display()));
    let read = package::read(fs::File::open(&theirs).unwrap()).unwrap();
    assert_eq!(read.artifact.digest(), artifact.digest());

    let ours = folder.path().join(package::file_name(&artifact));
    package::write(&artifact, &Signatures::default(), fs::File::create(&ours).unwrap()).unwrap();
    let source = format!("oci-archive:{}:1.0.0", ours.display());
    let inspected = Command::new("skopeo").args(["inspect", "--raw"]).arg(source).output().unwrap();
    assert!(inspected.status.success(), "{}", shown(&inspected));
    assert_eq!(gantry_distribution::Digest::of(&inspected.stdout), *artifact.digest());
}
