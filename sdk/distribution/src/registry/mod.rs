//! Plugins in a registry: pull, push, and the signatures beside them.
//!
//! The protocol is small, and the demands on it are ours: every byte counted while it comes, every address checked at the
//! socket, redirects and token services included, no proxy, one TLS stack. The crate `oci-client` (0.18) cannot be held to
//! that: it makes its own HTTP client and takes neither one of ours nor a resolver nor a redirect policy, follows ten redirects
//! to anywhere, asks whatever token service it is told, and reads manifests, tokens and refusals whole before it looks at
//! their length. It serves in the tests, as the peer that other tools are made of.
//!
//! A [`Registry`] is one host with the credentials for it and with how far its name may lead. Nothing here decides what is
//! trusted: ask [`admit`](crate::admit) before, and [`evaluate`](crate::evaluate) with what came.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>.
//! Modules in reading order: `credentials`, `reach`, `hearsay`, `transport`, `authorization`, `wire`.

mod authorization;
mod credentials;
mod hearsay;
mod reach;
mod transport;
mod wire;

pub use credentials::Credentials;

use crate::{
    artifact::{Artifact, Promise},
    digest::Digest,
    error::DistributionError,
    host::RegistryHost,
    policy::Network,
    reference::{Reference, Repository, Tag, Target},
    signature::{Signature, Signatures},
};
use authorization::Scope;
use gantry_outbound::Public;
use hearsay::Hearsay;
use reqwest::{Client, header::HeaderValue};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use transport::Transport;

/// How often a signature is added anew after somebody else's took its place.
const ATTEMPTS: u32 = 4;

/// How long a registry may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub connect: Duration,
    /// Longest silence within an answer.
    pub idle: Duration,
    /// For a whole pull or push.
    pub total: Duration,
    pub redirects: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(10 * 60),
            redirects: 5,
        }
    }
}

/// What to do where a tag stands already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Refuse, unless it is the same artifact: who pulled a version once gets the same again.
    Keep,
    /// Move the tag.
    Replace,
}

/// One registry, as somebody who may or may not do something there.
pub struct Registry {
    transport: Transport,
    credentials: Credentials,
    /// What the registry asked for the last time, for each scope.
    authorizations: Mutex<BTreeMap<Scope, HeaderValue>>,
}

impl Registry {
    /// Prepares to ask a registry; nothing is sent.
    ///
    /// # Errors
    /// The network does not allow that host, or this machine has no certificates.
    pub fn open(
        host: &RegistryHost,
        network: Network,
        credentials: Credentials,
        limits: Limits,
    ) -> Result<Self, DistributionError> {
        let elsewhere = Transport::client(Arc::new(Public), limits)?;
        Self::open_with(host, network, credentials, limits, elsewhere)
    }

    /// The same with another client for the places that the registry sends to. For tests, whose places are not on the internet;
    /// addresses that stand in a URL are held to the rule all the same.
    #[doc(hidden)]
    pub fn open_with(
        host: &RegistryHost,
        network: Network,
        credentials: Credentials,
        limits: Limits,
        elsewhere: Client,
    ) -> Result<Self, DistributionError> {
        let transport = Transport::new(host, network, limits, Hearsay::new(&credentials), elsewhere)?;
        Ok(Self { transport, credentials, authorizations: Mutex::default() })
    }

    /// Fetches a plugin. With a digest in the reference nothing else is taken.
    ///
    /// # Errors
    /// It is not there, not a plugin, not what was asked for, or the registry refuses or fails.
    pub async fn pull(&self, reference: &Reference) -> Result<Artifact, DistributionError> {
        let what = reference.to_string();
        self.in_time(&what, async {
            let repository = self.own(&reference.repository)?;
            let manifest = self.manifest(repository, &reference.target, &what).await?;
            let promise = Promise::parse(&what, manifest)?;
            let config = self.blob(repository, &promise.config, &what).await?;
            let component = self.blob(repository, &promise.component, &what).await?;
            promise.keep(&what, config, component)
        })
        .await
    }

    /// The signatures that stand beside a digest; none is no error. Nothing of them has been verified.
    ///
    /// # Errors
    /// There are too many or too large ones, or the registry refuses or fails.
    pub async fn signatures(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Signatures, DistributionError> {
        let what = format!("the signatures of {}", repository.at(*digest));
        self.in_time(&what, async { self.found(self.own(repository)?, digest, &what).await }).await
    }

    /// Puts a plugin into a repository under a tag. What is there already is not sent again.
    ///
    /// # Errors
    /// The tag names something else that is to be kept, or the registry refuses or fails.
    pub async fn push(
        &self,
        artifact: &Artifact,
        repository: &Repository,
        tag: &Tag,
        existing: Existing,
    ) -> Result<Reference, DistributionError> {
        let reference = repository.tagged(tag.clone());
        let what = reference.to_string();
        self.in_time(&what, async {
            self.own(repository)?;
            if existing == Existing::Keep {
                match self.manifest(repository, &reference.target, &what).await {
                    Ok(found) if Digest::of(&found) == *artifact.digest() => {}
                    Ok(found) => {
                        return Err(DistributionError::Exists {
                            reference: what.clone(),
                            digest: Digest::of(&found),
                        });
                    }
                    Err(DistributionError::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            self.offer(repository, artifact.config(), &what).await?;
            self.offer(repository, artifact.component(), &what).await?;
            self.put(repository, tag, artifact.manifest().clone(), &what).await
        })
        .await?;
        Ok(Reference { target: Target::Both(tag.clone(), *artifact.digest()), ..reference })
    }

    /// Adds a signature to those that stand beside a digest. The protocol has no way to add to a tag, so it is looked at again
    /// afterwards, and done again where somebody else's addition went over it.
    ///
    /// # Errors
    /// There are too many, or the registry refuses or fails.
    pub async fn attach(
        &self,
        repository: &Repository,
        digest: &Digest,
        signature: &Signature,
    ) -> Result<(), DistributionError> {
        let what = format!("the signatures of {}", repository.at(*digest));
        self.in_time(&what, async {
            self.own(repository)?;
            for _ in 0..ATTEMPTS {
                let mut signatures = self.found(repository, digest, &what).await?;
                if signatures.iter().any(|found| found == signature) {
                    return Ok(());
                }
                signatures.add(signature.clone())?;
                let parts = signatures.parts().expect("one was added");
                for blob in &parts.blobs {
                    self.offer(repository, blob, &what).await?;
                }
                self.put(repository, &Tag::of_signatures(digest), parts.manifest, &what).await?;
            }
            let signatures = self.found(repository, digest, &what).await?;
            let is_there = signatures.iter().any(|found| found == signature);
            is_there
                .then_some(())
                .ok_or_else(|| self.transport.fault(&what, "something else than was written there"))
        })
        .await
    }

    async fn in_time<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, DistributionError>>,
    ) -> Result<T, DistributionError> {
        let total = self.transport.limits.total;
        let done = tokio::time::timeout(total, work).await.unwrap_or_else(|_| {
            Err(DistributionError::TooSlow { what: what.to_owned(), seconds: total.as_secs() })
        });
        // Whoever reads a manifest and cannot may quote it.
        done.map_err(|error| match error {
            DistributionError::NotAPlugin { what, why } => {
                DistributionError::NotAPlugin { what, why: self.transport.hearsay.heard(&why) }
            }
            error => error,
        })
    }

    /// Credentials are for this host alone, and so is everything else.
    fn own<'a>(&self, repository: &'a Repository) -> Result<&'a Repository, DistributionError> {
        if repository.host() == self.transport.host() {
            return Ok(repository);
        }
        Err(DistributionError::NotAllowed {
            url: repository.to_string(),
            why: "it belongs to another registry than the one that was opened",
        })
    }

    async fn found(
        &self,
        repository: &Repository,
        digest: &Digest,
        what: &str,
    ) -> Result<Signatures, DistributionError> {
        let target = Target::Tag(Tag::of_signatures(digest));
        let manifest = match self.manifest(repository, &target, what).await {
            Err(DistributionError::NotFound { .. }) => return Ok(Signatures::default()),
            found => found?,
        };
        let mut signatures = Signatures::default();
        for promised in Signatures::promised(what, &manifest)? {
            let payload = self.blob(repository, &promised.descriptor, what).await?;
            signatures.add(promised.keep(payload))?;
        }
        Ok(signatures)
    }
}
