//! A plugin as one file, for machines without a network: `NAME-VERSION.gantry.tar`.
//!
//! An OCI image layout as tar: `oci-layout`, `index.json`, and blobs named by their digest. The index names the artifact and,
//! where there are any, its signatures. The reader takes exactly that and nothing beside it: every entry is a plain file with
//! an expected name, appears once, has the digest that its name says, and is referred to; there are no links, no extended
//! headers, nothing behind the end. Nothing is written to a disk, so a name cannot lead anywhere.
//!
//! A bare component is taken too. Source: <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>.

use crate::{
    artifact::{Artifact, COMPONENT_BYTES, Promise},
    component,
    digest::Digest,
    error::DistributionError,
    manifest::{Descriptor, INDEX_TYPE, MANIFEST_BYTES, MANIFEST_TYPE, Manifest},
    reference::Tag,
    signature::{PAYLOAD_BYTES, SIGNATURES, Signatures},
    trust::Origin,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read, Write},
};
use tar::{Archive, Builder, Entry, EntryType, Header};

const LAYOUT: &str = "oci-layout";
const INDEX: &str = "index.json";
const BLOBS: &str = "blobs/sha256/";
const LAYOUT_TEXT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;
/// By which an index names what it lists.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// By which cosign finds its way in a layout.
const KIND: &str = "kind";
const IS_IMAGE: &str = "dev.cosignproject.cosign/image";
const IS_SIGNATURES: &str = "dev.cosignproject.cosign/sigs";
/// The two texts, the folders, two manifests with their configurations, the component, and the payloads.
const ENTRIES: usize = 9 + SIGNATURES;
/// Everything of a package but its component.
const REST_BYTES: u64 = 6 * MANIFEST_BYTES + SIGNATURES as u64 * PAYLOAD_BYTES + ENTRIES as u64 * 1024;
/// Zeros that tools put behind the end to fill a record.
const PADDING_BYTES: u64 = 64 * 1024;
/// Largest file that is taken.
pub const FILE_BYTES: u64 = COMPONENT_BYTES + REST_BYTES + PADDING_BYTES;

/// What a file holds.
#[derive(Clone, Debug)]
pub struct Package {
    pub artifact: Artifact,
    /// Whoever says so: nothing of them has been verified.
    pub signatures: Signatures,
    /// [`Origin::Package`] or [`Origin::Component`].
    pub origin: Origin,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    image_layout_version: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
    manifests: Vec<Descriptor>,
}

/// The name that a package's file is given: `luanti-1.4.0.gantry.tar`.
#[must_use]
pub fn file_name(artifact: &Artifact) -> String {
    format!("{}-{}.gantry.tar", artifact.facts().id, artifact.facts().version)
}

/// Writes a package. The same parts make the same bytes.
///
/// # Errors
/// The file cannot be written.
pub fn write(artifact: &Artifact, signatures: &Signatures, file: impl Write) -> io::Result<()> {
    let mut tar = Builder::new(file);
    let mut main = Descriptor::of(MANIFEST_TYPE, artifact.manifest());
    main.annotations = annotations([(REF_NAME, artifact.facts().version.as_str()), (KIND, IS_IMAGE)]);
    let mut manifests = vec![main];
    let mut blobs =
        vec![artifact.manifest().clone(), artifact.config().clone(), artifact.component().clone()];
    if let Some(parts) = signatures.parts() {
        let tag = Tag::of_signatures(artifact.digest());
        let mut descriptor = Descriptor::of(MANIFEST_TYPE, &parts.manifest);
        descriptor.annotations = annotations([(REF_NAME, tag.as_str()), (KIND, IS_SIGNATURES)]);
        manifests.push(descriptor);
        blobs.push(parts.manifest);
        blobs.extend(parts.blobs);
    }
    let index = Index { schema_version: 2, media_type: Some(INDEX_TYPE.to_owned()), manifests };
    append(&mut tar, LAYOUT, LAYOUT_TEXT.as_bytes())?;
    append(&mut tar, INDEX, &serde_json::to_vec(&index)?)?;
    for blob in blobs {
        append(&mut tar, &format!("{BLOBS}{}", Digest::of(&blob).hex()), &blob)?;
    }
    tar.into_inner()?.flush()
}

fn annotations<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn append(tar: &mut Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_mode(0o644);
    header.set_size(bytes.len() as u64);
    tar.append_data(&mut header, name, bytes)
}

/// Reads a package, or a bare component. It does not matter what the file is called.
///
/// # Errors
/// It is neither, or not whole, or has anything beside what belongs there.
pub fn read(mut file: impl Read) -> Result<Package, DistributionError> {
    let mut start = Vec::new();
    file.by_ref().take(4).read_to_end(&mut start).map_err(DistributionError::Read)?;
    let is_component = component::is_wasm(&start);
    let whole = start.chain(file);
    if is_component { read_component(whole) } else { Parts::read(whole)?.package() }
}

fn read_component(file: impl Read) -> Result<Package, DistributionError> {
    let mut bytes = Vec::new();
    file.take(COMPONENT_BYTES + 1).read_to_end(&mut bytes).map_err(DistributionError::Read)?;
    let artifact = Artifact::pack(bytes)?;
    Ok(Package { artifact, signatures: Signatures::default(), origin: Origin::Component })
}

fn bad(why: impl Into<String>) -> DistributionError {
    DistributionError::Package { why: why.into() }
}

/// What the archive's entries hold, each checked by itself.
#[derive(Default)]
struct Parts {
    layout: Option<Bytes>,
    index: Option<Bytes>,
    blobs: BTreeMap<Digest, Bytes>,
    /// Blobs that something refers to.
    used: BTreeSet<Digest>,
}

impl Parts {
    fn read(file: impl Read) -> Result<Self, DistributionError> {
        let malformed = |error: io::Error| bad(error.to_string());
        let mut parts = Self::default();
        let mut archive = Archive::new(file);
        let mut left = COMPONENT_BYTES + REST_BYTES;
        // Raw, so that headers which rename or resize what follows are entries, and refused as such.
        for (number, entry) in archive.entries().map_err(malformed)?.raw(true).enumerate() {
            let entry = entry.map_err(malformed)?;
            let size = entry.size();
            if number == ENTRIES || size > left {
                return Err(bad("it has more entries, or more bytes, than a plugin has"));
            }
            left -= size;
            parts.take(entry)?;
        }
        let mut rest = Vec::new();
        archive.into_inner().take(PADDING_BYTES + 1).read_to_end(&mut rest).map_err(malformed)?;
        if rest.len() as u64 > PADDING_BYTES || rest.iter().any(|byte| *byte != 0) {
            return Err(bad("something stands behind its end"));
        }
        Ok(parts)
    }

    fn take(&mut self, mut entry: Entry<'_, impl Read>) -> Result<(), DistributionError> {
        let name = entry.header().path_bytes().into_owned();
        let name = String::from_utf8(name).map_err(|_| bad("an entry's name is not UTF-8"))?;
        let size = entry.size();
        match entry.header().entry_type() {
            EntryType::Regular => {}
            EntryType::Directory
                if size == 0 && matches!(name.trim_end_matches('/'), "blobs" | "blobs/sha256") =>
            {
                return Ok(());
            }
            _ => return Err(bad(format!("its entry {:?} is not a plain file", shown(&name)))),
        }
        let hex = name.strip_prefix(BLOBS);
        if hex.is_none() && size > MANIFEST_BYTES {
            return Err(bad(format!("its entry {:?} is larger than {MANIFEST_BYTES} bytes", shown(&name))));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| bad(error.to_string()))?;
        if bytes.len() as u64 != size {
            return Err(bad("it ends too early"));
        }
        let bytes = Bytes::from(bytes);
        let twice = match (hex, name.as_str()) {
            (Some(hex), _) => {
                let digest: Digest = format!("sha256:{hex}")
                    .parse()
                    .map_err(|_| bad(format!("its entry {:?} is not named by a digest", shown(&name))))?;
                let actual = Digest::of(&bytes);
                if actual != digest {
                    return Err(DistributionError::WrongDigest { what: name, expected: digest, actual });
                }
                self.blobs.insert(digest, bytes).is_some()
            }
            (None, LAYOUT) => self.layout.replace(bytes).is_some(),
            (None, INDEX) => self.index.replace(bytes).is_some(),
            (None, _) => return Err(bad(format!("its entry {:?} does not belong there", shown(&name)))),
        };
        if twice { Err(bad(format!("its entry {:?} is there twice", shown(&name)))) } else { Ok(()) }
    }

    /// The blob of a descriptor.
    fn blob(&mut self, descriptor: &Descriptor) -> Result<Bytes, DistributionError> {
        let Descriptor { digest, size, .. } = descriptor;
        let bytes = self.blobs.get(digest).ok_or_else(|| bad(format!("it lacks {digest}")))?;
        if bytes.len() as u64 != *size {
            return Err(bad(format!("{digest} has {} bytes, not {size}", bytes.len())));
        }
        self.used.insert(*digest);
        Ok(bytes.clone())
    }

    fn package(mut self) -> Result<Package, DistributionError> {
        let missing = |name| move || bad(format!("it has no {name}"));
        let layout = self.layout.take().ok_or_else(missing(LAYOUT))?;
        let index = self.index.take().ok_or_else(missing(INDEX))?;
        let unreadable = |error: serde_json::Error| bad(format!("its index cannot be read: {error}"));
        let layout: Layout = serde_json::from_slice(&layout).map_err(unreadable)?;
        let index: Index = serde_json::from_slice(&index).map_err(unreadable)?;
        if layout.image_layout_version != "1.0.0" || index.schema_version != 2 {
            return Err(bad("it is of another version of the image layout"));
        }
        // Which is which is seen in what they are and not in what the index calls them.
        let (mut artifact, mut signatures) = (None, None);
        for descriptor in &index.manifests {
            let manifest = self.blob(descriptor)?;
            let taken = if Promise::is_plugin(&manifest) {
                artifact.replace(self.artifact(manifest)?).is_some()
            } else {
                signatures.replace(self.signatures(&manifest)?).is_some()
            };
            if taken {
                return Err(bad("its index lists more than one plugin with its signatures"));
            }
        }
        if self.used.len() != self.blobs.len() {
            return Err(bad("it has blobs that nothing refers to"));
        }
        let artifact = artifact.ok_or_else(|| bad("its index lists no plugin"))?;
        Ok(Package { artifact, signatures: signatures.unwrap_or_default(), origin: Origin::Package })
    }

    fn artifact(&mut self, manifest: Bytes) -> Result<Artifact, DistributionError> {
        let what = "the package";
        let promise = Promise::parse(what, manifest)?;
        let (config, component) = (self.blob(&promise.config)?, self.blob(&promise.component)?);
        promise.keep(what, config, component)
    }

    fn signatures(&mut self, manifest: &[u8]) -> Result<Signatures, DistributionError> {
        let what = "the package's signatures";
        let not = |why| DistributionError::NotAPlugin { what: what.to_owned(), why };
        self.blob(&Manifest::parse(manifest).map_err(not)?.config)?;
        let mut signatures = Signatures::default();
        for promised in Signatures::promised(what, manifest)? {
            let payload = self.blob(&promised.descriptor)?;
            signatures.add(promised.keep(payload))?;
        }
        Ok(signatures)
    }
}

/// A stranger's name in a message.
fn shown(name: &str) -> String {
    name.chars().take(100).collect()
}
