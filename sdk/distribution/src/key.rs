//! Ed25519 keys as files.
//!
//! The private key is PKCS#8 in PEM, encrypted by a passphrase (scrypt, AES-256) or not; the public one is an X.509
//! `SubjectPublicKeyInfo` in PEM, as `openssl pkey` and `cosign` read it. A key is known by the SHA-256 of that structure.

use crate::digest::Digest;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding, spki};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use zeroize::Zeroizing;

const PLAIN: &str = "-----BEGIN PRIVATE KEY-----";
const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
/// Longest text of a key.
const TEXT_BYTES: usize = 4_096;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the private key is not an Ed25519 key in PKCS#8 PEM")]
    NotPrivate,
    #[error("the public key is not an Ed25519 key in PEM")]
    NotPublic,
    /// Somebody gave away what signs.
    #[error("this is a private key, where the public one is wanted")]
    PrivateGiven,
    /// With such a key a signature proves nothing.
    #[error("the public key is of small order")]
    Weak,
    #[error("the private key is encrypted, and no passphrase was given")]
    PassphraseNeeded,
    #[error("the passphrase does not open the private key")]
    WrongPassphrase,
    #[error("a passphrase must not be empty")]
    EmptyPassphrase,
    #[error("the operating system gave no randomness")]
    Random(#[source] getrandom::Error),
    #[error("the private key cannot be written as PEM")]
    Write,
}

/// What signs. Wiped from memory when it is dropped.
pub struct PrivateKey(SigningKey);

/// What checks signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    id: KeyId,
}

/// SHA-256 of a public key's `SubjectPublicKeyInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct KeyId(Digest);

impl PrivateKey {
    /// Makes a key.
    ///
    /// # Errors
    /// The operating system gave no randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(KeyError::Random)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads a key. A passphrase that an open key does not need is not looked at.
    ///
    /// # Errors
    /// It is another kind of text, or the passphrase is missing or wrong.
    pub fn from_pem(pem: &str, passphrase: Option<&SecretString>) -> Result<Self, KeyError> {
        let pem = pem.trim_start();
        if pem.len() > TEXT_BYTES {
            return Err(KeyError::NotPrivate);
        }
        if pem.starts_with(ENCRYPTED) {
            let passphrase = passphrase.ok_or(KeyError::PassphraseNeeded)?.expose_secret();
            let opened = SigningKey::from_pkcs8_encrypted_pem(pem, passphrase);
            return opened.map(Self).map_err(|_| KeyError::WrongPassphrase);
        }
        if !pem.starts_with(PLAIN) {
            return Err(KeyError::NotPrivate);
        }
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| KeyError::NotPrivate)
    }

    /// The key as text for a file that only its owner may read.
    ///
    /// # Errors
    /// The passphrase is empty, or the operating system gave no randomness.
    pub fn to_pem(&self, passphrase: Option<&SecretString>) -> Result<Zeroizing<String>, KeyError> {
        // Without the public half: OpenSSL reads the first version of the structure alone.
        let key = ed25519_dalek::pkcs8::KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        let text = match passphrase.map(ExposeSecret::expose_secret) {
            Some("") => return Err(KeyError::EmptyPassphrase),
            Some(passphrase) => key.to_pkcs8_encrypted_pem(passphrase, LineEnding::LF),
            None => key.to_pkcs8_pem(LineEnding::LF),
        };
        text.map_err(|_| KeyError::Write)
    }

    /// The half that others get.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::new(self.0.verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrivateKey({})", self.public().id().short())
    }
}

impl PublicKey {
    fn new(key: VerifyingKey) -> Self {
        let info = key.to_public_key_der().expect("32 bytes have a DER form");
        Self { key, id: KeyId(Digest::of(info.as_bytes())) }
    }

    /// Reads a key.
    ///
    /// # Errors
    /// It is another kind of text, or a key with which signatures prove nothing.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let pem = pem.trim();
        if pem.len() > TEXT_BYTES {
            return Err(KeyError::NotPublic);
        }
        if [PLAIN, ENCRYPTED].iter().any(|private| pem.starts_with(private)) {
            return Err(KeyError::PrivateGiven);
        }
        let key = VerifyingKey::from_public_key_pem(pem).map_err(|_| KeyError::NotPublic)?;
        if key.is_weak() { Err(KeyError::Weak) } else { Ok(Self::new(key)) }
    }

    /// The key as text.
    #[must_use]
    pub fn to_pem(&self) -> String {
        self.key.to_public_key_pem(spki::der::pem::LineEnding::LF).expect("32 bytes have a PEM form")
    }

    /// By what it is known.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl KeyId {
    /// 16 digits in fours, for people who compare.
    #[must_use]
    pub fn short(&self) -> String {
        let hex = self.0.hex();
        [&hex[..4], &hex[4..8], &hex[8..12], &hex[12..16]].join("-")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", self.id.short())
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_pem())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_pem(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
