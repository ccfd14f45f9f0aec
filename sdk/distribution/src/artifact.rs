//! A plugin as OCI artifact, in the layout that all WebAssembly tools share.
//!
//! One layer with the component, and a configuration that lists its imports and exports. Packing is a pure function of the
//! component: no clock, no order by chance. So a component has one digest wherever it is packed, and signing a file and
//! signing what was pushed are the same. Reading takes every fact from the component's bytes; annotations and configuration
//! are written for others and not believed.
//!
//! Source: "Wasm OCI Artifact layout" of the CNCF's TAG Runtime,
//! <https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/>. Consumers are to refuse more than one layer.

use crate::{
    component::{self, Facts},
    digest::Digest,
    error::DistributionError,
    manifest::{Descriptor, MANIFEST_BYTES, Manifest},
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

const CONFIG_TYPE: &str = "application/vnd.wasm.config.v0+json";
const COMPONENT_TYPE: &str = "application/wasm";
/// Largest component; the host that runs plugins takes no larger one.
pub const COMPONENT_BYTES: u64 = 64 * 1024 * 1024;
/// What readers of the layout demand and what reproducible bytes cannot have.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// A plugin whose every part is there and fits.
#[derive(Clone, Debug)]
pub struct Artifact {
    manifest: Bytes,
    config: Bytes,
    component: Bytes,
    facts: Facts,
    digest: Digest,
    component_digest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    architecture: String,
    os: String,
    layer_digests: Vec<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    component: Option<Names>,
}

#[derive(Serialize, Deserialize)]
struct Names {
    #[serde(default)]
    exports: Vec<String>,
    #[serde(default)]
    imports: Vec<String>,
}

/// What a manifest promises, before anything else is fetched.
#[derive(Debug)]
pub(crate) struct Promise {
    manifest: Bytes,
    pub(crate) config: Descriptor,
    pub(crate) component: Descriptor,
}

impl Promise {
    /// Whether a manifest is that of a WebAssembly artifact, well-made or not.
    pub(crate) fn is_plugin(manifest: &[u8]) -> bool {
        Manifest::parse(manifest).is_ok_and(|manifest| manifest.config.media_type == CONFIG_TYPE)
    }

    /// Reads a manifest. `what` is for messages.
    pub(crate) fn parse(what: &str, bytes: Bytes) -> Result<Self, DistributionError> {
        let not = |why: String| DistributionError::NotAPlugin { what: what.to_owned(), why };
        let Manifest { config, mut layers, .. } = Manifest::parse(&bytes).map_err(not)?;
        if config.media_type != CONFIG_TYPE {
            return Err(not(format!("its configuration is not of the type {CONFIG_TYPE}")));
        }
        let component = layers.pop().filter(|layer| layers.is_empty() && layer.media_type == COMPONENT_TYPE);
        let component = component
            .ok_or_else(|| not(format!("it has not exactly one layer, of the type {COMPONENT_TYPE}")))?;
        let too_large =
            |part: &str, limit| DistributionError::TooLarge { what: format!("{part} of {what}"), limit };
        if config.size > MANIFEST_BYTES {
            return Err(too_large("the configuration", MANIFEST_BYTES));
        }
        if component.size > COMPONENT_BYTES {
            return Err(too_large("the component", COMPONENT_BYTES));
        }
        Ok(Self { manifest: bytes, config, component })
    }

    /// Puts the parts together. Their digests must have been checked.
    pub(crate) fn keep(
        self,
        what: &str,
        config: Bytes,
        component: Bytes,
    ) -> Result<Artifact, DistributionError> {
        let not = |why: String| DistributionError::NotAPlugin { what: what.to_owned(), why };
        let read: Config = serde_json::from_slice(&config)
            .map_err(|error| not(format!("its configuration cannot be read: {error}")))?;
        if (read.architecture.as_str(), read.os.as_str()) != ("wasm", "wasip2") {
            return Err(not(
                "its configuration is not that of a component (architecture wasm, os wasip2)".to_owned()
            ));
        }
        if read.layer_digests != [self.component.digest] {
            return Err(not("its configuration names another layer".to_owned()));
        }
        let facts = component::facts(&component).map_err(not)?;
        let digest = Digest::of(&self.manifest);
        let component_digest = self.component.digest;
        Ok(Artifact { manifest: self.manifest, config, component, facts, digest, component_digest })
    }
}

impl Artifact {
    /// Packs a component.
    ///
    /// # Errors
    /// It is too large, or no component with a manifest.
    pub fn pack(component: impl Into<Bytes>) -> Result<Self, DistributionError> {
        let component = component.into();
        let what = "the component";
        let not = |why| DistributionError::NotAPlugin { what: what.to_owned(), why };
        if component.len() as u64 > COMPONENT_BYTES {
            return Err(DistributionError::TooLarge { what: what.to_owned(), limit: COMPONENT_BYTES });
        }
        let facts = component::facts(&component).map_err(not)?;
        let mut layer = Descriptor::of(COMPONENT_TYPE, &component);
        // Tools that know no plugins name the file by this.
        let file = format!("{}-{}.wasm", facts.id, facts.version);
        layer.annotations.insert("org.opencontainers.image.title".to_owned(), file);
        let config = Config {
            created: Some(CREATED.to_owned()),
            author: Some(facts.author.clone()).filter(|author| !author.is_empty()),
            architecture: "wasm".to_owned(),
            os: "wasip2".to_owned(),
            layer_digests: vec![layer.digest],
            component: Some(Names { exports: facts.exports.clone(), imports: facts.imports.clone() }),
        };
        let config = serde_json::to_vec(&config).expect("texts become JSON");
        let mut manifest = Manifest::new(Descriptor::of(CONFIG_TYPE, &config), vec![layer]);
        manifest.annotations = annotations(&facts);
        let promise = Promise::parse(what, manifest.bytes().into())?;
        if promise.manifest.len() as u64 > MANIFEST_BYTES {
            return Err(not("its manifest says more than a registry keeps".to_owned()));
        }
        promise.keep(what, config.into(), component)
    }

    /// The digest of its manifest, by which registries and signatures know it.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The digest of the component alone, by which a bare file is known.
    #[must_use]
    pub fn component_digest(&self) -> &Digest {
        &self.component_digest
    }

    /// Its manifest, as registries keep it.
    #[must_use]
    pub fn manifest(&self) -> &Bytes {
        &self.manifest
    }

    /// Its configuration, as registries keep it.
    #[must_use]
    pub fn config(&self) -> &Bytes {
        &self.config
    }

    /// What the component says of itself.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The component, as the host takes it.
    #[must_use]
    pub fn component(&self) -> &Bytes {
        &self.component
    }
}

fn annotations(facts: &Facts) -> std::collections::BTreeMap<String, String> {
    let named = [
        ("title", &facts.name),
        ("version", &facts.version),
        ("licenses", &facts.licence),
        ("description", &facts.description),
        ("source", &facts.source),
        ("authors", &facts.author),
    ];
    let said = named.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(name, value)| (format!("org.opencontainers.image.{name}"), value.clone())).collect()
}
