//! How references are written, and what only looks like one.

use gantry_distribution::{Digest, Prefix, Reference, RegistryHost, Repository, Tag};
use proptest::prelude::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn references_are_shown_as_they_are_written() {
    let digest = format!("ghcr.io/acme/luanti@{DIGEST}");
    let both = format!("ghcr.io/acme/luanti:1.4.0@{DIGEST}");
    for text in [
        "ghcr.io/acme/luanti:1.4.0",
        "127.0.0.1:5000/luanti:latest",
        "localhost/luanti:1",
        "[::1]:5000/a/b/c:X_y.Z-1",
        "registry:5000/some__thing/a.b_c---d:_",
        &digest,
        &both,
    ] {
        assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
    }
}

#[test]
fn what_only_looks_like_a_reference_is_refused() {
    let upper = format!("ghcr.io/acme/luanti@{}", DIGEST.to_uppercase().replace("SHA256", "sha256"));
    let long = format!("ghcr.io/{}:1", "a".repeat(256));
    for text in [
        "",
        "luanti",
        "luanti:1.0",
        "acme/luanti:1.0",
        "ghcr.io:1.0",
        "ghcr.io/acme/luanti",
        "ghcr.io/acme/luanti:",
        "ghcr.io/acme/luanti@",
        "GHCR.io/acme/luanti:1",
        "ghcr.io/Acme/luanti:1",
        // Letters that only look so: Cyrillic, full width, and a dotless i; and what cannot be seen.
        "ghcr.io/\u{430}cme/luanti:1",
        "ghcr.i\u{43e}/acme/luanti:1",
        "ghcr.io/\u{ff41}cme/luanti:1",
        "ghcr.io/acme/luant\u{131}:1",
        "ghcr.io/acme/lua\u{200b}nti:1",
        "ghcr.io/acme/luanti:1\u{202e}",
        "ghcr.io/acme/../luanti:1",
        "ghcr.io/acme//luanti:1",
        "ghcr.io//luanti:1",
        "/ghcr.io/acme:1",
        "ghcr.io/acme/:1",
        "ghcr.io/acme/luanti :1",
        " ghcr.io/acme/luanti:1",
        "ghcr.io/-acme/luanti:1",
        "ghcr.io/acme./luanti:1",
        "ghcr.io/a..b/luanti:1",
        "ghcr.io/a___b/luanti:1",
        "ghcr.io/acme%2f/luanti:1",
        "ghcr.io/acme?x=/luanti:1",
        "ghcr.io/acme/luanti:.1",
        "ghcr.io/acme/luanti:1/2",
        "ghcr.io./acme/luanti:1",
        "-ghcr.io/acme/luanti:1",
        "ghcr.io:0/acme/luanti:1",
        "ghcr.io:65536/acme/luanti:1",
        "ghcr.io:0443/acme/luanti:1",
        "ghcr.io:+443/acme/luanti:1",
        "user@ghcr.io/acme/luanti:1",
        "https://ghcr.io/acme/luanti:1",
        "[::1/acme:1",
        "[ghcr.io]/acme:1",
        "[FE80::1]/acme:1",
        "ghcr.io/acme/luanti@sha256:e3b0c442",
        "ghcr.io/acme/luanti@sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        &upper,
        &long,
    ] {
        assert!(text.parse::<Reference>().is_err(), "{text:?} is no reference");
    }
    assert!("a".repeat(129).parse::<Tag>().is_err());
}

#[test]
fn a_prefix_ends_where_a_segment_ends() {
    let covers = |prefix: &str, repository: &str| {
        prefix.parse::<Prefix>().unwrap().covers(&repository.parse::<Repository>().unwrap())
    };
    assert!(covers("ghcr.io", "ghcr.io/acme/luanti"));
    assert!(covers("ghcr.io/acme", "ghcr.io/acme/luanti"));
    assert!(covers("ghcr.io/acme/luanti", "ghcr.io/acme/luanti"));
    assert!(!covers("ghcr.io/acme", "ghcr.io/acme-evil/luanti"));
    assert!(!covers("ghcr.io/acme", "ghcr.io/acmeevil"));
    assert!(!covers("ghcr.io/acme/luanti", "ghcr.io/acme"));
    assert!(!covers("ghcr.io", "ghcr.io.evil.example/acme/luanti"));
    assert!(!covers("ghcr.io", "ghcr.io:444/acme/luanti"));
    assert!(!covers("ghcr.io/acme", "evil.example/ghcr.io/acme"));
    assert!("ghcr.io/acme/".parse::<Prefix>().is_err());
    assert!("ghcr.io/*".parse::<Prefix>().is_err());
}

#[test]
fn a_host_is_loopback_only_if_its_name_says_so_plainly() {
    let is_loopback = |host: &str| host.parse::<RegistryHost>().unwrap().is_loopback();
    assert!(is_loopback("127.0.0.1:5000") && is_loopback("localhost") && is_loopback("[::1]:80"));
    assert!(!is_loopback("127.1:5000") && !is_loopback("localhost.evil.example") && !is_loopback("10.0.0.1"));
}

proptest! {
    #[test]
    fn reading_is_the_reverse_of_writing(text in "[a-z0-9.:/@_\\-\\[\\]]{0,80}") {
        if let Ok(reference) = text.parse::<Reference>() {
            prop_assert_eq!(reference.to_string(), text);
        }
    }

    #[test]
    fn no_text_brings_a_reader_down(text in "\\PC{0,80}") {
        text.parse::<Reference>().ok();
        text.parse::<Prefix>().ok();
        text.parse::<Digest>().ok();
    }
}
