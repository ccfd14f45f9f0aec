//! Manifests and descriptors as registries keep them.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/main/manifest.md>. What a manifest has beyond this is left alone:
//! it is covered by the digest and decides nothing.

use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX_TYPE: &str = "application/vnd.oci.image.index.v1+json";
/// Manifests and configurations are short texts.
pub(crate) const MANIFEST_BYTES: u64 = 64 * 1024;

/// Which bytes, of which kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Descriptor {
    pub(crate) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: Digest::of(bytes),
            size: bytes.len() as u64,
            annotations: BTreeMap::new(),
        }
    }
}

/// A manifest of one artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    pub(crate) schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Manifest {
    pub(crate) fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        let media_type = Some(MANIFEST_TYPE.to_owned());
        Self { schema_version: 2, media_type, config, layers, annotations: BTreeMap::new() }
    }

    /// Reads one. The error says why it is none.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Kind {
            media_type: Option<String>,
            manifests: Option<serde::de::IgnoredAny>,
        }
        let unreadable = |error| format!("its manifest cannot be read: {error}");
        let kind: Kind = serde_json::from_slice(bytes).map_err(unreadable)?;
        if kind.manifests.is_some() || kind.media_type.as_deref() == Some(INDEX_TYPE) {
            return Err("it is an index of several artifacts, as images for several machines are".to_owned());
        }
        if kind.media_type.is_some_and(|media_type| media_type != MANIFEST_TYPE) {
            return Err("its manifest is not an OCI image manifest".to_owned());
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        if manifest.schema_version != 2 {
            return Err(format!("its manifest has the schema version {}, not 2", manifest.schema_version));
        }
        Ok(manifest)
    }

    /// As it is stored; the digest is over these bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("maps of text become JSON")
    }
}
