//! Keys as ssh-keygen writes them, and what hostile or confused people paste.

use super::*;
use proptest::prelude::*;

/// Written by ssh-keygen, with the fingerprints that it tells.
const KEYS: &[(&str, &str)] = &[
    (
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHz3rpTR4/5A6YqUz3vH5q+Mjv8vMrBzTfDmgFenAWNT ada@laptop",
        "SHA256:5x4JHBnJp8z9QbHAra5ikfIcHqDY/HMEPLfPesdjQ0k",
    ),
    (
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHeGRgHSyRlGSfjkybHf5o5CQgEWBBNkrnhXB4L8Y7vkEy86TBjvLlZDflxVfjK8ENODSEblWGmxB3aKsvcF9qY= ada@laptop",
        "SHA256:zXSp8h4ZHrmSlTL4attJkzQdY+nzkv/l2J22jimZVR0",
    ),
    (
        "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBFj8fRBKVdWZcqd+qcjjwW7ey64uwZqNOxjpaneahRvNTEjdNWbDXMWfOFpIY8CV2oN+HOzqAnyWYERHBPgEyBDq42CA5BvCuOwY4uIf+hghuqgIDVYxLUGp1wPuXjX/Kw== ada@laptop",
        "SHA256:IMrvupiFbkqA+osb0PI+rU0txqWbt0QVQuU2nTlquyk",
    ),
    (
        "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAE/c0T39krvNWj0zSuov/gYrt/1UQcgwM9dMlti/PctMW0cB+CAzPfcdEiQ/i2Dj8qZ2RY0gLlv9HXo0xPbzn9ymAGprLXTzrwY38CI/8PmxNUA7EV13ABTTIPS9x6cGNSoK9rq08jtuQ9egciNLCQredwAjOCTYNAG0tvKjdgiieDqdA== ada@laptop",
        "SHA256:peNPAFBKu3APbLdw22dBGDa1qU2dn8Hdy/VF531VKyE",
    ),
];
/// One that no node checks.
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC5cMTFqiZcleBzfhSw/IeApZd7SLWJtY8A0ezizf1USDVo7vxl/Y3lOZJ84OVjWierz9QtAyoWzo/vpNEiEJ5cel/fseuVEyLeyEzfLTjIAC7wM5u0MW+VsP5iCO7ftfPuyQtMc9VuIG5oivswNyA+PrZw0xM1468gOefLCoNqXBQXg4If/6UR0x3J7gI7iaiDyuMeKs04QtcWza73znKMBe3rEjOlTbQmGFyEdp00lbXGw4V4zydBSU/Y9rF0kUR8fBdhjOk925FWeHu9lfhnAfTItA12WAzlHhjYZEAQPE/Q+7U8GGfbAB6hyz12niK4NyobUpFfoyIy/hmZBGmr ada@laptop";

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&length, bytes].concat()
}

fn line(kind: &str, parts: &[&[u8]]) -> String {
    let mut blob = string(kind.as_bytes());
    parts.iter().for_each(|part| blob.extend(string(part)));
    format!("{kind} {}", STANDARD.encode(blob))
}

fn parse(text: &str) -> Result<PublicKey, FieldProblem> {
    PublicKey::parse("publicKey", text)
}

fn refusal(text: &str) -> String {
    parse(text).expect_err(text).message
}

#[test]
fn keys_of_ssh_keygen_are_taken_with_their_fingerprint_and_without_their_comment() {
    for (text, fingerprint) in KEYS {
        let key = parse(&format!("  {text}\n")).unwrap();
        assert_eq!(key.fingerprint, *fingerprint);
        assert_eq!(format!("{} ada@laptop", key.text), *text);
    }
}

#[test]
fn keys_that_no_node_checks_are_refused_by_their_kind() {
    assert!(refusal(RSA).starts_with("RSA keys"));
    let key = line("sk-ssh-ed25519@openssh.com", &[&[7; 32], b"ssh:"]);
    assert!(refusal(&key).contains("security keys"), "{}", refusal(&key));
}

#[test]
fn a_private_key_is_called_one() {
    for text in [
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----",
        "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none",
    ] {
        assert!(refusal(text).starts_with("This is a private key"), "{text}");
    }
}

#[test]
fn what_is_no_single_plain_key_is_refused_by_its_name() {
    let key = KEYS[0].0;
    let body = key.split(' ').nth(1).unwrap();
    for (text, says) in [
        (String::new(), "is needed"),
        (format!("{key}\n{key}"), "several lines"),
        (format!("command=\"rm -rf /\" {key}"), "Options"),
        (format!("no-pty {key}"), "Options"),
        (format!("ssh-ed25519-cert-v01@openssh.com {body}"), "certificate"),
        (format!("ssh-dss {body}"), "too weak"),
        ("---- BEGIN SSH2 PUBLIC KEY ----".to_owned(), "another format"),
        ("hunter2".to_owned(), "not a public key"),
        (format!("ssh-ed25519 {}", "A".repeat(9_000)), "too long"),
        (format!("ssh-ed25519\u{0} {body}"), "characters"),
    ] {
        assert!(refusal(&text).contains(says), "{text}: {}", refusal(&text));
    }
}

#[test]
fn a_key_that_says_one_type_and_is_another_is_refused() {
    let body = KEYS[0].0.split(' ').nth(1).unwrap();
    assert!(refusal(&format!("ecdsa-sha2-nistp256 {body}")).contains("not whole"));
    let point = [&[4][..], &[7; 64]].concat();
    assert!(parse(&line("ecdsa-sha2-nistp256", &[b"nistp384", &point])).is_err());
    let compressed = [&[2][..], &[7; 64]].concat();
    assert!(parse(&line("ecdsa-sha2-nistp256", &[b"nistp256", &compressed])).is_err());
}

#[test]
fn a_key_with_too_little_or_too_much_is_refused() {
    for parts in [&[&[7; 31][..]][..], &[&[7; 33]], &[], &[&[7; 32], b""]] {
        assert!(parse(&line("ssh-ed25519", parts)).is_err());
    }
    // A length that is longer than what is there.
    let mut blob = string(b"ssh-ed25519");
    blob.extend(u32::MAX.to_be_bytes());
    assert!(parse(&format!("ssh-ed25519 {}", STANDARD.encode(blob))).is_err());
    let (key, _) = KEYS[0];
    assert!(parse(key.split(' ').next().unwrap()).is_err());
    assert!(parse(&key.replace("IHz3", "IH z3")).is_err());
    assert!(parse(&key.replace(" ada", "= ada")).is_err());
}

proptest! {
    /// Whatever is taken is what was read, in the one spelling; nothing panics.
    #[test]
    fn any_text_is_refused_or_kept_in_one_spelling(
        which in 0..KEYS.len(), at in any::<prop::sample::Index>(), with in any::<char>(), extra in ".{0,40}",
    ) {
        let mut letters: Vec<char> = KEYS[which].0.chars().collect();
        let at = at.index(letters.len());
        letters[at] = with;
        let text: String = letters.into_iter().chain(extra.chars()).collect();
        if let Ok(key) = parse(&text) {
            prop_assert_eq!(parse(&key.text).unwrap(), key.clone());
            prop_assert_eq!(key.text.split(' ').count(), 2);
        }
    }

    #[test]
    fn any_bytes_in_a_key_are_refused_or_read_whole(kind in 0..KEYS.len(), blob in prop::collection::vec(any::<u8>(), 0..200)) {
        let kind = KEYS[kind].0.split(' ').next().unwrap();
        let parts = [string(kind.as_bytes()), blob].concat();
        let text = format!("{kind} {}", STANDARD.encode(parts));
        if let Ok(key) = parse(&text) {
            prop_assert_eq!(key.text, text);
        }
    }
}
