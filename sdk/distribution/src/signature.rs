//! Signatures as cosign lays them out.
//!
//! What is signed is a short JSON text, the payload, that names a repository and the digest of a manifest. Payload and signature
//! stand in the same repository under the tag `sha256-<hex>.sig`: a manifest with one layer for each payload, whose descriptor
//! carries the signature as annotation. The signature is pure Ed25519 over the payload's bytes, so that
//! `cosign verify --key KEY.pub --insecure-ignore-tlog=true` checks it; there is no transparency log here.
//!
//! A signature counts for nothing until a key has verified it, and then for what its payload says and not for the place where
//! it was found.
//!
//! Source: <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>.

use crate::{
    digest::Digest,
    error::DistributionError,
    key::{PrivateKey, PublicKey},
    manifest::{Descriptor, Manifest},
    reference::{Reference, Repository},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const PAYLOAD_TYPE: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const KIND: &str = "cosign container image signature";
const CREATOR: &str = "Gantry";
/// Signatures of one digest. Each costs a request and a comparison with each key.
pub const SIGNATURES: usize = 32;
/// Longest payload; ours has some 300 bytes.
pub const PAYLOAD_BYTES: u64 = 16 * 1024;

/// One signature, by whomever and of whatever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    payload: Bytes,
    /// With those of other tools, such as certificates, which are kept for them.
    annotations: BTreeMap<String, String>,
}

/// What a verified payload says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub repository: Repository,
    pub digest: Digest,
}

/// All signatures that were found for a digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures(Vec<Signature>);

#[derive(Serialize, Deserialize)]
struct Payload {
    critical: Critical,
    #[serde(default)]
    optional: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Identity {
    docker_reference: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Image {
    docker_manifest_digest: Digest,
}

impl Signature {
    /// Signs that a repository offers this digest. The same key, repository and digest make the same bytes.
    #[must_use]
    pub fn make(key: &PrivateKey, repository: &Repository, digest: &Digest) -> Self {
        let critical = Critical {
            identity: Identity { docker_reference: repository.to_string() },
            image: Image { docker_manifest_digest: *digest },
            kind: KIND.to_owned(),
        };
        let payload = Payload { critical, optional: serde_json::json!({ "creator": CREATOR }) };
        let payload = serde_json::to_vec(&payload).expect("texts become JSON");
        Self::over(key, payload.into())
    }

    /// Signs any text, as keys do that are used elsewhere too. Whether it says anything is seen when it is verified.
    #[must_use]
    pub fn over(key: &PrivateKey, payload: Bytes) -> Self {
        let signature = STANDARD.encode(key.sign(&payload));
        Self::from_parts(payload, &signature)
    }

    /// A payload with what is said to be its signature, in base64, as other tools write them into two files.
    #[must_use]
    pub fn from_parts(payload: Bytes, base64: &str) -> Self {
        Self { payload, annotations: [(SIGNATURE.to_owned(), base64.to_owned())].into() }
    }

    /// The bytes that were signed.
    #[must_use]
    pub fn payload(&self) -> &Bytes {
        &self.payload
    }

    /// The signature itself, if there is one.
    #[must_use]
    pub fn base64(&self) -> Option<&str> {
        self.annotations.get(SIGNATURE).map(String::as_str)
    }

    /// What it says, if this key made it and it says anything in the form that we know.
    #[must_use]
    pub fn verified_by(&self, key: &PublicKey) -> Option<Statement> {
        let signature = STANDARD.decode(self.base64()?).ok()?;
        if !key.verifies(&self.payload, signature.as_slice().try_into().ok()?) {
            return None;
        }
        let Payload { critical: Critical { identity, image, kind }, .. } =
            serde_json::from_slice(&self.payload).ok()?;
        if kind != KIND {
            return None;
        }
        // Some tools write the tag along.
        let name = &identity.docker_reference;
        let repository = name
            .parse()
            .ok()
            .or_else(|| name.parse().ok().map(|reference: Reference| reference.repository))?;
        Some(Statement { repository, digest: image.docker_manifest_digest })
    }
}

/// A payload that has yet to be fetched.
pub(crate) struct PromisedSignature {
    pub(crate) descriptor: Descriptor,
}

impl PromisedSignature {
    /// The bytes must have the descriptor's digest.
    pub(crate) fn keep(self, payload: Bytes) -> Signature {
        Signature { payload, annotations: self.descriptor.annotations }
    }
}

/// The blobs and the manifest of a set of signatures.
pub(crate) struct SignatureParts {
    pub(crate) manifest: Bytes,
    pub(crate) blobs: Vec<Bytes>,
}

impl Signatures {
    pub fn iter(&self) -> std::slice::Iter<'_, Signature> {
        self.0.iter()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one, unless it is there already.
    ///
    /// # Errors
    /// There are too many.
    pub fn add(&mut self, signature: Signature) -> Result<(), DistributionError> {
        if self.0.contains(&signature) {
            return Ok(());
        }
        if self.0.len() == SIGNATURES {
            let what = "the list of signatures".to_owned();
            return Err(DistributionError::TooLarge { what, limit: SIGNATURES as u64 });
        }
        self.0.push(signature);
        Ok(())
    }

    /// Reads the manifest of a set.
    pub(crate) fn promised(what: &str, manifest: &[u8]) -> Result<Vec<PromisedSignature>, DistributionError> {
        let not = |why| DistributionError::NotAPlugin { what: what.to_owned(), why };
        let too_large = |what: String, limit| DistributionError::TooLarge { what, limit };
        let manifest = Manifest::parse(manifest).map_err(not)?;
        if manifest.layers.len() > SIGNATURES {
            return Err(too_large(format!("the list of {what}"), SIGNATURES as u64));
        }
        // Whoever adds a signature writes the list anew, so a list with anything else in it is left alone.
        if manifest.layers.iter().any(|layer| layer.media_type != PAYLOAD_TYPE) {
            return Err(not("something else than signatures in cosign's layout stands there".to_owned()));
        }
        manifest
            .layers
            .into_iter()
            .map(|descriptor| match descriptor.size {
                0..=PAYLOAD_BYTES => Ok(PromisedSignature { descriptor }),
                _ => Err(too_large(format!("one of {what}"), PAYLOAD_BYTES)),
            })
            .collect()
    }

    /// As they are stored; nothing if there are none.
    pub(crate) fn parts(&self) -> Option<SignatureParts> {
        if self.is_empty() {
            return None;
        }
        let layer = |signature: &Signature| {
            let descriptor = Descriptor::of(PAYLOAD_TYPE, &signature.payload);
            Descriptor { annotations: signature.annotations.clone(), ..descriptor }
        };
        let layers: Vec<_> = self.iter().map(layer).collect();
        let digests: Vec<_> = layers.iter().map(|layer| layer.digest).collect();
        // An image's configuration, because that is what registries and cosign expect here.
        let config: Bytes = serde_json::json!({
            "architecture": "", "os": "", "config": {},
            "rootfs": { "type": "layers", "diff_ids": digests },
        })
        .to_string()
        .into();
        let manifest = Manifest::new(Descriptor::of(CONFIG_TYPE, &config), layers).bytes().into();
        // Signatures by several keys may share their payload.
        let mut blobs = vec![config];
        for signature in self.iter() {
            if !blobs.contains(&signature.payload) {
                blobs.push(signature.payload.clone());
            }
        }
        Some(SignatureParts { manifest, blobs })
    }
}
