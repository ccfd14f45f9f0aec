//! Whether a plugin may come in: a pure function of where it came from, what it is, who signed it, and the policy.
//!
//! Only what was computed from bytes is looked at: the digests, the id that the component itself has, and statements that a
//! key of the policy verified. Tags, annotations and file names decide nothing. Trust says whose a plugin is and not that it
//! is the newest: an old version that was signed stays signed, so whoever updates compares versions and pins what it means.

use crate::{
    artifact::Artifact,
    digest::Digest,
    key::KeyId,
    policy::{ComponentRule, Network, PackageRule, Rules, TrustPolicy, TrustedKey},
    reference::Repository,
    signature::{Signatures, Statement},
};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Where a plugin came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This repository handed it out.
    Repository(Repository),
    /// A package file, with the signatures inside.
    Package,
    /// A bare component.
    Component,
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    pub origin: &'a Origin,
    /// The id that the component has of itself.
    pub plugin: &'a str,
    /// Of the artifact's manifest.
    pub digest: Digest,
    /// Of the component alone.
    pub component: Digest,
    pub signatures: &'a Signatures,
}

/// It may come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trusted {
    pub by: TrustedBy,
}

/// Why it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum TrustedBy {
    Key {
        name: String,
        id: KeyId,
    },
    /// The policy names these bytes.
    Pin,
    /// Nobody vouches for it, and the policy asks nobody.
    Unsigned,
}

/// It may not come in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("{detail}")]
pub struct Refusal {
    pub code: RefusalCode,
    /// What is so, and why that is refused.
    pub detail: String,
}

/// Why it may not. Of several reasons the last in this order is told, since it is nearest to being trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    RepositoryNotAllowed,
    FileNotAllowed,
    PinMismatch,
    Unsigned,
    /// No key of the policy made any of the signatures, or they were altered.
    NoTrustedKey,
    /// Signed was another digest: the tag was moved, or a signature was copied.
    OtherDigest,
    /// Signed was the same digest for another repository.
    OtherRepository,
    KeyOutOfScope,
    KeyExpired,
}

impl RefusalCode {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::RepositoryNotAllowed,
        Self::FileNotAllowed,
        Self::PinMismatch,
        Self::Unsigned,
        Self::NoTrustedKey,
        Self::OtherDigest,
        Self::OtherRepository,
        Self::KeyOutOfScope,
        Self::KeyExpired,
    ];

    /// What an administrator can do.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::RepositoryNotAllowed => {
                "Add the repository to the trust policy's registries, if it is to be trusted."
            }
            Self::FileNotAllowed => "Allow such files in the trust policy, or pin the digest.",
            Self::PinMismatch => "If the new version is meant, add its digest to the pins of this plugin.",
            Self::Unsigned => "Ask its publisher for a signature, or pin the digest.",
            Self::NoTrustedKey => {
                "If the publisher is to be trusted, add its public key to the trust policy."
            }
            Self::OtherDigest => {
                "Ask the publisher whether this version is theirs: what they signed is something else."
            }
            Self::OtherRepository => "Pull it from the repository that it was signed for.",
            Self::KeyOutOfScope => {
                "If that key may vouch for this plugin, add the repository or the id to the key."
            }
            Self::KeyExpired => "Ask the publisher for a signature by their present key, and add that key.",
        }
    }
}

impl Artifact {
    /// This artifact, for [`evaluate`].
    #[must_use]
    pub fn candidate<'a>(&'a self, origin: &'a Origin, signatures: &'a Signatures) -> Candidate<'a> {
        Candidate {
            origin,
            plugin: &self.facts().id,
            digest: *self.digest(),
            component: *self.component_digest(),
            signatures,
        }
    }
}

/// How a repository may be reached. To be asked before anything is fetched.
///
/// # Errors
/// The policy does not allow that repository.
pub fn admit(repository: &Repository, policy: &TrustPolicy) -> Result<Network, Refusal> {
    policy.network(repository).ok_or_else(|| Refusal {
        code: RefusalCode::RepositoryNotAllowed,
        detail: format!("the trust policy allows no plugins from {repository}"),
    })
}

/// Whether a plugin may come in. At worst each of 32 signatures is compared with each of 256 keys, which takes a part of a second:
/// a server does it beside its own work.
///
/// # Errors
/// It may not; the refusal says why.
pub fn evaluate(
    candidate: &Candidate<'_>,
    policy: &TrustPolicy,
    now: DateTime<Utc>,
) -> Result<Trusted, Refusal> {
    let rules = policy.rules();
    let by_rule = unsigned_by_rule(candidate, policy)?;
    let is_pinned = pinned(candidate, rules)?;
    let refusal = match vouched(candidate, &rules.keys, now) {
        Ok(by) => return Ok(Trusted { by }),
        Err(refusal) => refusal,
    };
    if is_pinned {
        return Ok(Trusted { by: TrustedBy::Pin });
    }
    match by_rule {
        Unvouched::Allowed => Ok(Trusted { by: TrustedBy::Unsigned }),
        Unvouched::Refused => Err(refusal),
        Unvouched::OnlyPinned => Err(Refusal {
            code: RefusalCode::FileNotAllowed,
            detail: format!(
                "the trust policy takes a bare component of {} only if it is pinned",
                candidate.plugin
            ),
        }),
    }
}

/// What the policy says of plugins for which nobody vouches.
enum Unvouched {
    Allowed,
    Refused,
    OnlyPinned,
}

fn unsigned_by_rule(candidate: &Candidate<'_>, policy: &TrustPolicy) -> Result<Unvouched, Refusal> {
    let rules = policy.rules();
    let never = |what: &str| {
        let detail = format!("the trust policy takes no {what} from files");
        Err(Refusal { code: RefusalCode::FileNotAllowed, detail })
    };
    match candidate.origin {
        Origin::Repository(repository) => {
            admit(repository, policy)?;
            Ok(if rules.require_signature { Unvouched::Refused } else { Unvouched::Allowed })
        }
        Origin::Package => match rules.offline.packages {
            PackageRule::Never => never("packages"),
            PackageRule::Signed => Ok(Unvouched::Refused),
            PackageRule::Any => Ok(Unvouched::Allowed),
        },
        Origin::Component => match rules.offline.components {
            ComponentRule::Never => never("bare components"),
            ComponentRule::Pinned => Ok(Unvouched::OnlyPinned),
            ComponentRule::Any => Ok(Unvouched::Allowed),
        },
    }
}

fn pinned(candidate: &Candidate<'_>, rules: &Rules) -> Result<bool, Refusal> {
    let Candidate { plugin, digest, component, .. } = candidate;
    match rules.pins.get(*plugin) {
        None => Ok(false),
        Some(pins) if pins.contains(digest) || pins.contains(component) => Ok(true),
        Some(_) => Err(Refusal {
            code: RefusalCode::PinMismatch,
            detail: format!(
                "the plugin {plugin} is pinned to other digests; this one is {digest}, its component {component}"
            ),
        }),
    }
}

fn vouched(candidate: &Candidate<'_>, keys: &[TrustedKey], now: DateTime<Utc>) -> Result<TrustedBy, Refusal> {
    let found = candidate.signatures.len();
    let mut nearest = if found == 0 {
        let detail = format!("the plugin {} is not signed", candidate.plugin);
        Refusal { code: RefusalCode::Unsigned, detail }
    } else {
        let signatures = match found {
            1 => "a signature, which no key of the trust policy made, or it was altered".to_owned(),
            _ => {
                format!("{found} signatures, none of them by a key of the trust policy, or they were altered")
            }
        };
        let detail = format!("the plugin {} has {signatures}", candidate.plugin);
        Refusal { code: RefusalCode::NoTrustedKey, detail }
    };
    for signature in candidate.signatures.iter() {
        for key in keys {
            let Some(statement) = signature.verified_by(&key.public_key) else { continue };
            match counts(candidate, key, &statement, now) {
                Ok(()) => {
                    return Ok(TrustedBy::Key { name: key.name.clone(), id: *key.public_key.id() });
                }
                Err(refusal) if refusal.code > nearest.code => nearest = refusal,
                Err(_) => {}
            }
        }
    }
    Err(nearest)
}

/// Whether a verified statement vouches for the candidate.
fn counts(
    candidate: &Candidate<'_>,
    key: &TrustedKey,
    statement: &Statement,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let Candidate { plugin, digest, .. } = candidate;
    let Statement { repository: signed, digest: signed_digest } = statement;
    let name = &key.name;
    let refuse = |code, detail| Err(Refusal { code, detail });
    if signed_digest != digest {
        let detail = format!("the key {name:?} signed {signed_digest}, and {plugin} is {digest}");
        return refuse(RefusalCode::OtherDigest, detail);
    }
    // A file names no repository, so there the statement alone says for which it was signed.
    if let Origin::Repository(origin) = candidate.origin
        && origin != signed
    {
        let detail = format!("the key {name:?} signed this plugin for {signed}, and it comes from {origin}");
        return refuse(RefusalCode::OtherRepository, detail);
    }
    let in_scope = key.repositories.iter().any(|prefix| prefix.covers(signed))
        || key.plugins.iter().any(|id| id == plugin);
    if !in_scope {
        let detail = format!("the key {name:?} signed it and counts neither for {signed} nor for {plugin}");
        return refuse(RefusalCode::KeyOutOfScope, detail);
    }
    match key.expires {
        Some(expires) if expires <= now => {
            refuse(RefusalCode::KeyExpired, format!("the key {name:?} expired at {}", expires.to_rfc3339()))
        }
        _ => Ok(()),
    }
}
