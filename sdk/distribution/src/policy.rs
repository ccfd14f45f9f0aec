//! What an administrator trusts, as TOML in a file and as JSON in the API.
//!
//! Nothing is allowed that is not written here, and an empty policy allows nothing from the network. The names are the same in
//! both forms:
//!
//! ```toml
//! # Whether what comes from registries must be signed. The default.
//! require-signature = true
//!
//! # Where plugins may come from: a registry, or the repositories at and below a path of one.
//! [[registries]]
//! prefix = "ghcr.io/acme"
//!
//! # "public" (the default): https, and every address of the name is public. "private": https, and the registry's own name may
//! # have private addresses. "loopback": http, to this machine alone. Where a registry sends to is public, another port of its
//! # own host included.
//! [[registries]]
//! prefix = "registry.lan:5000"
//! network = "private"
//!
//! # Who may sign, for which repositories (prefixes as above) or for which plugins (ids), and until when.
//! [[keys]]
//! name = "acme-2026"
//! public-key = """
//! -----BEGIN PUBLIC KEY-----
//! MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
//! -----END PUBLIC KEY-----
//! """
//! repositories = ["ghcr.io/acme"]
//! plugins = ["acme-quake"]
//! expires = "2027-01-01T00:00:00Z"
//!
//! # The only digests that a plugin may have, of its artifact or of its component. What is pinned needs no signature.
//! [pins]
//! luanti = ["sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"]
//!
//! # Files that a person brings. Packages: "never", "signed" (the default), "any". Bare components, which cannot be signed:
//! # "never", "pinned" (the default), "any".
//! [offline]
//! packages = "signed"
//! components = "pinned"
//! ```

mod check;

use crate::{
    digest::Digest,
    key::PublicKey,
    once::Once,
    reference::{Prefix, Repository},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// Longest text of a policy.
const TEXT_BYTES: usize = 1024 * 1024;

/// A policy that means something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Rules", into = "Rules")]
pub struct TrustPolicy(Rules);

/// The parts of a policy, as they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Rules {
    pub require_signature: bool,
    pub registries: Vec<RegistryRule>,
    pub keys: Vec<TrustedKey>,
    pub pins: BTreeMap<String, Vec<Digest>>,
    pub offline: OfflineRules,
}

/// A place where plugins may come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RegistryRule {
    pub prefix: Prefix,
    #[serde(default)]
    pub network: Network,
}

/// How far a registry's name may lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// By https, to public addresses alone.
    #[default]
    Public,
    /// By https; the registry itself may have private addresses, and where it sends us, other ports of its host included, may not.
    Private,
    /// By http, to this machine alone.
    Loopback,
}

/// Somebody who may sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrustedKey {
    /// For people, and unique.
    pub name: String,
    pub public_key: PublicKey,
    /// It counts for plugins of these repositories,
    #[serde(default)]
    pub repositories: Vec<Prefix>,
    /// and for plugins with these ids.
    #[serde(default)]
    pub plugins: Vec<String>,
    /// From this moment on it counts for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
}

/// What is allowed of files that a person brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct OfflineRules {
    pub packages: PackageRule,
    pub components: ComponentRule,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackageRule {
    Never,
    #[default]
    Signed,
    Any,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentRule {
    Never,
    #[default]
    Pinned,
    Any,
}

/// Why a policy cannot be used, and where in it: `keys[0].expires`, as far as that is known.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("the trust policy cannot be read{}: {why}", place(.at))]
    Unreadable { at: String, why: String },
    #[error("the trust policy contradicts itself{}: {why}", place(.at))]
    Senseless { at: String, why: String },
}

fn place(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!(" at {at}") }
}

impl PolicyError {
    /// Where in the policy; empty where it is the whole of it.
    #[must_use]
    pub fn at(&self) -> &str {
        match self {
            Self::Unreadable { at, .. } | Self::Senseless { at, .. } => at,
        }
    }

    /// What is wrong there.
    #[must_use]
    pub fn why(&self) -> &str {
        match self {
            Self::Unreadable { why, .. } | Self::Senseless { why, .. } => why,
        }
    }

    fn unreadable(why: impl Into<String>) -> Self {
        Self::Unreadable { at: String::new(), why: why.into() }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            require_signature: true,
            registries: Vec::new(),
            keys: Vec::new(),
            pins: BTreeMap::new(),
            offline: OfflineRules::default(),
        }
    }
}

impl TrustPolicy {
    /// Reads a policy from a file's text.
    ///
    /// # Errors
    /// It is no policy, or one that means nothing; the message says where.
    pub fn from_toml(text: &str) -> Result<Self, PolicyError> {
        bounded(text.len())?;
        let rules: Rules =
            toml::from_str(text).map_err(|error| PolicyError::unreadable(error.to_string()))?;
        new(rules)
    }

    /// Reads a policy from an API's body.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml); or something is there twice, of which TOML has none.
    pub fn from_json(text: &[u8]) -> Result<Self, PolicyError> {
        bounded(text.len())?;
        let _: Once = json(text)?;
        new(json(text)?)
    }

    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.0
    }

    /// How a repository may be reached, if it is allowed at all: as the longest prefix says that covers it.
    #[must_use]
    pub fn network(&self, repository: &Repository) -> Option<Network> {
        let covering = self.0.registries.iter().filter(|rule| rule.prefix.covers(repository));
        covering.max_by_key(|rule| rule.prefix.segments()).map(|rule| rule.network)
    }
}

fn bounded(length: usize) -> Result<(), PolicyError> {
    if length > TEXT_BYTES {
        return Err(PolicyError::unreadable(format!("it is longer than {TEXT_BYTES} bytes")));
    }
    Ok(())
}

fn json<T: DeserializeOwned>(text: &[u8]) -> Result<T, PolicyError> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let why = error.inner().to_string();
        let twice = why.strip_prefix("duplicate field `").and_then(|rest| rest.split('`').next());
        let at = match (path.as_str(), twice) {
            // Then the line says where.
            ("." | "?", None) => return PolicyError::unreadable(why),
            ("." | "?", Some(name)) => name.to_owned(),
            (path, Some(name)) => format!("{path}.{name}"),
            (path, None) => path.to_owned(),
        };
        let why = why.split(" at line ").next().unwrap_or(&why).to_owned();
        PolicyError::Unreadable { at, why }
    })?;
    reader.end().map_err(|error| PolicyError::unreadable(error.to_string()))?;
    Ok(read)
}

/// A policy that somebody writes now. One that is kept from before is read whatever its keys are called, so that it can be mended.
fn new(rules: Rules) -> Result<TrustPolicy, PolicyError> {
    let policy = rules.try_into()?;
    check::names(&policy)?;
    Ok(policy)
}

impl TryFrom<Rules> for TrustPolicy {
    type Error = PolicyError;

    fn try_from(rules: Rules) -> Result<Self, PolicyError> {
        check::meaning(&rules)?;
        Ok(Self(rules))
    }
}

impl From<TrustPolicy> for Rules {
    fn from(policy: TrustPolicy) -> Self {
        policy.0
    }
}
