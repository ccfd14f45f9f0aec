//! Plugins as files, and files that try something.

use crate::kit::{component, game, key, repository, signed};
use gantry_distribution::{
    Artifact, DistributionError, Origin, Package, PrivateKey, Signatures,
    package::{self, FILE_BYTES},
};
use proptest::prelude::*;
use std::io::Read;
use tar::{Archive, Builder, EntryType, Header};

fn packed(artifact: &Artifact, signatures: &Signatures) -> Vec<u8> {
    let mut bytes = Vec::new();
    package::write(artifact, signatures, &mut bytes).unwrap();
    bytes
}

fn signed_game() -> (Artifact, Signatures) {
    let artifact = game();
    let signatures = signed(&[&key(), &key()], &repository("ghcr.io/acme/game"), artifact.digest());
    (artifact, signatures)
}

/// The entries of a good package, to be spoiled.
fn entries() -> Vec<(String, Vec<u8>)> {
    let (artifact, signatures) = signed_game();
    let bytes = packed(&artifact, &signatures);
    let mut archive = Archive::new(bytes.as_slice());
    let read = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (name, bytes)
    });
    read.collect()
}

fn tar(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, bytes) in entries {
        add(&mut tar, EntryType::Regular, name, bytes);
    }
    tar.into_inner().unwrap()
}

/// As the name stands, without the writer's own care.
fn add(tar: &mut Builder<Vec<u8>>, kind: EntryType, name: &str, bytes: &[u8]) {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    tar.append(&header, bytes).unwrap();
}

fn refusal(bytes: &[u8]) -> String {
    match package::read(bytes) {
        Err(error @ (DistributionError::Package { .. } | DistributionError::WrongDigest { .. })) => {
            error.to_string()
        }
        other => panic!("it was not refused as a package: {other:?}"),
    }
}

#[test]
fn a_package_comes_back_with_its_signatures() {
    let (artifact, signatures) = signed_game();
    let bytes = packed(&artifact, &signatures);
    assert_eq!(bytes, packed(&artifact, &signatures));
    assert_eq!(package::file_name(&artifact), "game-1.0.0.gantry.tar");
    let read = package::read(bytes.as_slice()).unwrap();
    assert_eq!(read.artifact.digest(), artifact.digest());
    assert_eq!(read.artifact.component(), artifact.component());
    assert_eq!(read.signatures, signatures);
    assert_eq!(read.origin, Origin::Package);
    let unsigned = package::read(packed(&artifact, &Signatures::default()).as_slice()).unwrap();
    assert!(unsigned.signatures.is_empty());
}

#[test]
fn a_bare_component_is_the_same_plugin() {
    let Package { artifact, signatures, origin } =
        package::read(component("game", "1.0.0").as_slice()).unwrap();
    assert_eq!(
        (artifact.digest(), signatures, origin),
        (game().digest(), Signatures::default(), Origin::Component)
    );
}

#[test]
fn what_tar_itself_writes_is_a_package() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in entries() {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let output = std::process::Command::new("tar")
        .args(["c", "oci-layout", "index.json", "blobs"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(package::read(output.stdout.as_slice()).unwrap().signatures.len(), 2);
}

#[test]
fn entries_that_do_not_belong_there_are_refused() {
    let with = |name: &str, bytes: &[u8]| {
        let mut entries = entries();
        entries.push((name.to_owned(), bytes.to_vec()));
        refusal(&tar(&entries))
    };
    let digest = |bytes: &[u8]| gantry_distribution::Digest::of(bytes).hex();
    assert!(with("readme.txt", b"x").contains("does not belong"));
    assert!(with(&format!("blobs/sha256/{}", digest(b"x")), b"x").contains("nothing refers"));
    assert!(with(&format!("blobs/sha256/{}", digest(b"y")), b"x").contains("digest"));
    assert!(with(&format!("blobs/sha512/{}", digest(b"x")), b"x").contains("does not belong"));
    assert!(with(&format!("blobs/sha256/{}", digest(b"x").to_uppercase()), b"x").contains("not named"));
    for path in
        ["../index.json", "/etc/passwd", "./index.json", "blobs/sha256/../../index.json", "blobs//sha256/x"]
    {
        let refused = with(path, b"x");
        assert!(refused.contains("does not belong") || refused.contains("not named"), "{path}: {refused}");
    }
}

#[test]
fn what_is_there_twice_is_refused() {
    for index in 0..entries().len() {
        let mut entries = entries();
        entries.push(entries[index].clone());
        assert!(refusal(&tar(&entries)).contains("twice"), "{}", entries[index].0);
    }
}

#[test]
fn what_lacks_a_part_is_refused() {
    for index in 0..entries().len() {
        let mut entries = entries();
        let (name, _) = entries.remove(index);
        let refused = refusal(&tar(&entries));
        assert!(refused.contains("has no") || refused.contains("lacks"), "{name}: {refused}");
    }
}

#[test]
fn no_byte_of_a_blob_can_be_changed() {
    for index in 2..entries().len() {
        let mut entries = entries();
        let middle = entries[index].1.len() / 2;
        entries[index].1[middle] ^= 1;
        assert!(refusal(&tar(&entries)).contains("digest"), "{}", entries[index].0);
    }
}

#[test]
fn links_and_extended_headers_are_refused() {
    for kind in [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Fifo,
        EntryType::Char,
        EntryType::Block,
        EntryType::Directory,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::GNUSparse,
        EntryType::Continuous,
        EntryType::new(b'?'),
    ] {
        let mut tar = Builder::new(Vec::new());
        add(&mut tar, kind, "index.json", b"");
        for (name, bytes) in entries() {
            add(&mut tar, EntryType::Regular, &name, &bytes);
        }
        let refused = refusal(&tar.into_inner().unwrap());
        assert!(refused.contains("not a plain file"), "{kind:?}: {refused}");
    }
}

#[test]
fn sizes_are_bounded_before_they_are_read() {
    let huge = |name: &str, size: u64| {
        let mut header = Header::new_ustar();
        header.set_path(name).unwrap();
        header.set_mode(0o644);
        header.set_size(size);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let blob = format!("blobs/sha256/{}", "0".repeat(64));
    assert!(refusal(&huge(&blob, u64::MAX / 2)).contains("more bytes"));
    assert!(refusal(&huge(&blob, FILE_BYTES)).contains("more bytes"));
    assert!(refusal(&huge("index.json", 65_537)).contains("larger than 65536"));
    assert!(refusal(&huge(&blob, 100)).contains("too early"));
    let many = (0..100).map(|number: u32| {
        let bytes = number.to_be_bytes().to_vec();
        (format!("blobs/sha256/{}", gantry_distribution::Digest::of(&bytes).hex()), bytes)
    });
    assert!(refusal(&tar(&many.collect::<Vec<_>>())).contains("more entries"));
}

#[test]
fn nothing_may_stand_behind_the_end() {
    let (artifact, signatures) = signed_game();
    let mut bytes = packed(&artifact, &signatures);
    bytes.extend([0; 10_240]);
    assert!(package::read(bytes.as_slice()).is_ok(), "tar fills its records with zeros");
    bytes.push(b'x');
    assert!(refusal(&bytes).contains("behind its end"));
    let endless = packed(&artifact, &signatures);
    let endless = endless.as_slice().chain(std::io::repeat(0));
    assert!(matches!(package::read(endless), Err(DistributionError::Package { .. })));
}

#[test]
fn two_plugins_in_one_file_are_refused() {
    let mut all = entries();
    let other = Artifact::pack(component("other", "1.0.0")).unwrap();
    let bytes = packed(&other, &Signatures::default());
    let mut archive = Archive::new(bytes.as_slice());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if name == "index.json" {
            let mut first: serde_json::Value = serde_json::from_slice(&all[1].1).unwrap();
            let second: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            first["manifests"].as_array_mut().unwrap().push(second["manifests"][0].clone());
            all[1].1 = first.to_string().into_bytes();
        } else if name != "oci-layout" {
            all.push((name, bytes));
        }
    }
    assert!(refusal(&tar(&all)).contains("more than one plugin"));
}

proptest! {
    /// Whatever is changed on the way, the plugin is the same or there is none.
    #[test]
    fn no_flipped_bit_makes_another_plugin(at in 0_usize..8_192, bit in 0_u32..8) {
        let artifact = game();
        let place = repository("ghcr.io/acme/game");
        let key = PrivateKey::from_pem(KEY, None).unwrap();
        let signatures = signed(&[&key], &place, artifact.digest());
        let mut bytes = packed(&artifact, &signatures);
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        if let Ok(read) = package::read(bytes.as_slice()) {
            prop_assert_eq!(read.artifact.digest(), artifact.digest());
            prop_assert_eq!(read.artifact.component(), artifact.component());
            for signature in read.signatures.iter() {
                if let Some(statement) = signature.verified_by(&key.public()) {
                    prop_assert_eq!(statement.digest, *artifact.digest());
                }
            }
        }
    }

    #[test]
    fn no_component_brings_the_reader_down(at in 0_usize..8_192, byte: u8, length in 0_usize..8_192) {
        let mut bytes = component("game", "1.0.0");
        let (at, length) = (at % bytes.len(), length % (bytes.len() + 1));
        bytes[at] = byte;
        bytes.truncate(length);
        Artifact::pack(bytes).ok();
    }
}

/// Of nobody, and always the same, so that what fails fails again.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n\
                   -----END PRIVATE KEY-----\n";

#[test]
fn other_files_are_refused() {
    assert!(refusal(b"").contains("has no oci-layout"));
    for bytes in [&b"hello"[..], &[0x1f, 0x8b, 8, 0], &[0xff; 2_000], b"PK\x03\x04"] {
        refusal(bytes);
    }
}
