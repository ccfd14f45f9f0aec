//! How plugins travel, from whoever made one to the panel that runs it.
//!
//! A plugin is one component. [`Artifact`] packs it in the layout that WebAssembly tools share, [`Registry`] pushes and pulls
//! it, [`Signature`] says who vouches for it, [`package`] is the same in one file for machines without a network, and
//! [`evaluate`] decides by a [`TrustPolicy`] whether it may come in. The crate has no opinion about HTTP servers or databases
//! and reads no clock: it is the same for the command line and for the control plane.
//!
//! In the control plane:
//!
//! ```ignore
//! let network = admit(&reference.repository, &policy)?;
//! let registry = Registry::open(reference.repository.host(), network, credentials, Limits::default())?;
//! let artifact = registry.pull(&reference).await?;
//! let signatures = registry.signatures(&reference.repository, artifact.digest()).await?;
//! let origin = Origin::Repository(reference.repository);
//! let trusted = evaluate(&artifact.candidate(&origin, &signatures), &policy, Utc::now())?;
//! ```
//!
//! On the command line, `publish` is [`Artifact::pack`], [`Registry::push`], [`Signature::make`] and [`Registry::attach`].
//!
//! Modules in reading order: `digest`, `host`, `reference`, `component`, `manifest`, `artifact`, `key`, `signature`, `once`,
//! [`policy`], `trust`, [`package`], `registry`, `error`.

mod artifact;
mod component;
mod digest;
mod error;
mod host;
mod key;
mod manifest;
mod once;
pub mod package;
pub mod policy;
mod reference;
mod registry;
mod signature;
mod trust;

pub use artifact::{Artifact, COMPONENT_BYTES};
pub use component::Facts;
pub use digest::{Digest, NotADigest};
pub use error::DistributionError;
pub use host::RegistryHost;
pub use key::{KeyError, KeyId, PrivateKey, PublicKey};
pub use once::Once;
pub use package::Package;
pub use policy::{Network, PolicyError, TrustPolicy};
pub use reference::{BadReference, Prefix, Reference, Repository, Tag, Target};
pub use registry::{Credentials, Existing, Limits, Registry};
pub use signature::{PAYLOAD_BYTES, SIGNATURES, Signature, Signatures, Statement};
pub use trust::{Candidate, Origin, Refusal, RefusalCode, Trusted, TrustedBy, admit, evaluate};
