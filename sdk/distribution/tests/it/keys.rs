//! Keys as files, and what other tools make of them.

use crate::kit::{basic, game, key, repository};
use base64::{Engine, engine::general_purpose::STANDARD};
use gantry_distribution::{KeyError, PrivateKey, PublicKey, Signature};
use std::{fs, process::Command};

#[test]
fn an_open_key_comes_back_from_its_file() {
    let key = key();
    let pem = key.to_pem(None).unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----"));
    let again = PrivateKey::from_pem(&pem, None).unwrap();
    assert_eq!(again.public(), key.public());
    let public = PublicKey::from_pem(&key.public().to_pem()).unwrap();
    assert_eq!(public, key.public());
}

#[test]
fn an_encrypted_key_opens_with_its_passphrase_alone() {
    let key = key();
    let pem = key.to_pem(Some(&"correct horse".into())).unwrap();
    assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let open = |passphrase: Option<&str>| PrivateKey::from_pem(&pem, passphrase.map(Into::into).as_ref());
    assert_eq!(open(Some("correct horse")).unwrap().public(), key.public());
    assert!(matches!(open(Some("wrong")), Err(KeyError::WrongPassphrase)));
    assert!(matches!(open(None), Err(KeyError::PassphraseNeeded)));
    assert!(matches!(key.to_pem(Some(&"".into())), Err(KeyError::EmptyPassphrase)));
}

#[test]
fn other_keys_are_refused() {
    let p256 = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhyQCx0E9wQWSFI9ULGwy3BuRklnt\n\
                IqozONbbdbqz11hlRJy9c7SG+hdcFl9jE9uE/dwtuwU2MqU9T/cN0YkWww==\n-----END PUBLIC KEY-----\n";
    assert!(matches!(PublicKey::from_pem(p256), Err(KeyError::NotPublic)));
    assert!(matches!(PublicKey::from_pem("ssh-ed25519 AAAA"), Err(KeyError::NotPublic)));
    assert!(matches!(PrivateKey::from_pem(&key().public().to_pem(), None), Err(KeyError::NotPrivate)));
    // The neutral element: it verifies signatures that nobody made.
    let mut weak = STANDARD.decode("MCowBQYDK2VwAyEA").unwrap();
    weak.push(1);
    weak.extend([0; 31]);
    let weak = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(weak));
    assert!(matches!(PublicKey::from_pem(&weak), Err(KeyError::Weak)));
}

#[test]
fn a_private_key_in_the_place_of_the_public_one_is_called_that() {
    let key = key();
    let passphrase = "a passphrase".into();
    for given in [key.to_pem(None).unwrap(), key.to_pem(Some(&passphrase)).unwrap()] {
        assert!(matches!(PublicKey::from_pem(&given), Err(KeyError::PrivateGiven)));
    }
}

#[test]
fn secrets_are_not_shown() {
    let key = key();
    let shown = format!("{key:?}");
    assert!(shown.contains(&key.public().id().short()) && shown.len() < 40, "{shown}");
    let credentials = basic("me", "hunter2");
    assert!(!format!("{credentials:?}").contains("hunter2"));
}

/// OpenSSL reads both halves, agrees on the key's id, and verifies what was signed.
#[test]
fn openssl_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let key = key();
    let signature = Signature::make(&key, &repository("ghcr.io/acme/game"), game().digest());
    let private = file("key.pem", key.to_pem(None).unwrap().as_bytes());
    let public = file("key.pub", key.public().to_pem().as_bytes());
    let payload = file("payload", signature.payload());
    let bytes = file("signature", &STANDARD.decode(signature.base64().unwrap()).unwrap());
    let openssl = |arguments: &[&std::ffi::OsStr]| {
        let output = Command::new("openssl").args(arguments).output().expect("these tests want openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let derived = openssl(&["pkey".as_ref(), "-pubout".as_ref(), "-in".as_ref(), private.as_ref()]);
    assert_eq!(String::from_utf8(derived).unwrap(), key.public().to_pem());
    let pubin = ["pkey", "-pubin", "-outform", "DER", "-in"].map(std::ffi::OsStr::new);
    let der = openssl(&[&pubin[..], &[public.as_ref()]].concat());
    assert_eq!(gantry_distribution::Digest::of(&der).to_string(), key.public().id().to_string());
    let verify = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey"].map(std::ffi::OsStr::new);
    let rest = [public.as_ref(), "-in".as_ref(), payload.as_ref(), "-sigfile".as_ref(), bytes.as_ref()];
    openssl(&[&verify[..], &rest[..]].concat());
}
