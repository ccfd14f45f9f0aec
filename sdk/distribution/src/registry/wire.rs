//! The requests of the distribution protocol: manifests and blobs, read and written, each with its digest.

use super::{
    Registry,
    authorization::{self, Action, Scope},
    transport::Ask,
};
use crate::{
    digest::Digest,
    error::DistributionError,
    manifest::{Descriptor, MANIFEST_BYTES, MANIFEST_TYPE},
    reference::{Repository, Tag, Target},
};
use bytes::Bytes;
use reqwest::{
    Method, Response, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};
use std::sync::PoisonError;

/// Manifests that are asked for; the second so that an index is told apart from nothing.
const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
const CONTENT_DIGEST: &str = "docker-content-digest";

impl Registry {
    /// The bytes of a manifest, whose digest was checked against the target and against what the registry says.
    pub(super) async fn manifest(
        &self,
        repository: &Repository,
        target: &Target,
        what: &str,
    ) -> Result<Bytes, DistributionError> {
        let url = self.transport.url(&format!("{}/manifests/{}", repository.path(), target.wanted()))?;
        let ask = Ask::new(Method::GET, url).with(ACCEPT, ACCEPTED);
        let mut answer = self.ask(repository, Action::Pull, &ask).await?;
        if answer.status() != StatusCode::OK {
            return Err(self.transport.refusal(answer, what).await);
        }
        let said = said_digest(&answer);
        let part = format!("the manifest of {what}");
        let bytes = self.transport.read(&mut answer, &part, MANIFEST_BYTES).await?;
        let actual = Digest::of(&bytes);
        for expected in [target.digest().copied(), said].into_iter().flatten() {
            if expected != actual {
                return Err(DistributionError::WrongDigest { what: part, expected, actual });
            }
        }
        Ok(bytes)
    }

    /// The bytes of a blob, of which not one more is taken than its descriptor says.
    pub(super) async fn blob(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
        what: &str,
    ) -> Result<Bytes, DistributionError> {
        let Descriptor { digest, size, .. } = descriptor;
        let part = format!("{digest} of {what}");
        let url = self.transport.url(&format!("{}/blobs/{digest}", repository.path()))?;
        let mut answer = self.ask(repository, Action::Pull, &Ask::new(Method::GET, url)).await?;
        if answer.status() != StatusCode::OK {
            return Err(self.transport.refusal(answer, &part).await);
        }
        let bytes = self.transport.read(&mut answer, &part, *size).await?;
        let actual = Digest::of(&bytes);
        if actual != *digest {
            return Err(DistributionError::WrongDigest { what: part, expected: *digest, actual });
        }
        if bytes.len() as u64 != *size {
            return Err(self.transport.fault(&part, "fewer bytes than its manifest promises"));
        }
        Ok(bytes)
    }

    /// Uploads a blob, unless it is there.
    pub(super) async fn offer(
        &self,
        repository: &Repository,
        bytes: &Bytes,
        what: &str,
    ) -> Result<(), DistributionError> {
        let digest = Digest::of(bytes);
        let path = repository.path();
        let there = Ask::new(Method::HEAD, self.transport.url(&format!("{path}/blobs/{digest}"))?);
        if self.ask(repository, Action::Push, &there).await?.status() == StatusCode::OK {
            return Ok(());
        }
        let begin = Ask::new(Method::POST, self.transport.url(&format!("{path}/blobs/uploads/"))?);
        let begun = self.ask(repository, Action::Push, &begin).await?;
        if begun.status() != StatusCode::ACCEPTED {
            return Err(self.transport.refusal(begun, what).await);
        }
        let place = begun.headers().get(LOCATION).and_then(|place| place.to_str().ok());
        let place = place.ok_or_else(|| self.transport.fault(what, "no place for an upload"))?;
        let mut place = self.transport.join(begun.url(), place)?;
        place.query_pairs_mut().append_pair("digest", &digest.to_string());
        let mut send = Ask::new(Method::PUT, place).with(CONTENT_TYPE, "application/octet-stream");
        send.body = bytes.clone();
        let sent = self.ask(repository, Action::Push, &send).await?;
        match sent.status() {
            StatusCode::CREATED => Ok(()),
            _ => Err(self.transport.refusal(sent, what).await),
        }
    }

    pub(super) async fn put(
        &self,
        repository: &Repository,
        tag: &Tag,
        manifest: Bytes,
        what: &str,
    ) -> Result<(), DistributionError> {
        let expected = Digest::of(&manifest);
        let url = self.transport.url(&format!("{}/manifests/{tag}", repository.path()))?;
        let mut ask = Ask::new(Method::PUT, url).with(CONTENT_TYPE, MANIFEST_TYPE);
        ask.body = manifest;
        let answer = self.ask(repository, Action::Push, &ask).await?;
        if answer.status() != StatusCode::CREATED {
            return Err(self.transport.refusal(answer, what).await);
        }
        match said_digest(&answer) {
            Some(actual) if actual != expected => {
                Err(DistributionError::WrongDigest { what: what.to_owned(), expected, actual })
            }
            _ => Ok(()),
        }
    }

    /// The answer to a request, made again with what a 401 asks for.
    async fn ask(
        &self,
        repository: &Repository,
        action: Action,
        ask: &Ask,
    ) -> Result<Response, DistributionError> {
        let scope = Scope { path: repository.path().to_owned(), action };
        let known = self.authorizations.lock().unwrap_or_else(PoisonError::into_inner).get(&scope).cloned();
        let answer = self.transport.send(ask, known.as_ref()).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let given = authorization::answer(&self.transport, &self.credentials, &scope, &answer).await?;
        let Some(given) = given else { return Ok(answer) };
        let answer = self.transport.send(ask, Some(&given)).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            self.authorizations.lock().unwrap_or_else(PoisonError::into_inner).insert(scope, given);
        }
        Ok(answer)
    }
}

fn said_digest(answer: &Response) -> Option<Digest> {
    answer.headers().get(CONTENT_DIGEST)?.to_str().ok()?.parse().ok()
}
