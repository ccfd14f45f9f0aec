//! Plugins from registries and package files, under the trust policy that administrators keep.

use super::intake::{Arrived, PluginFile, Takeover};
use crate::{
    App, OpCtx,
    error::{Answer, AppError},
    inputs::PullInput,
    views::{PluginView, UpdateView},
};
use bytes::Bytes;
use chrono::Utc;
use gantry_distribution::{
    Artifact, Limits, Origin, Reference, Registry, Signatures, TrustPolicy, TrustedBy, admit, evaluate,
    package, policy::ComponentRule,
};
use gantry_domain::plugins::{ReleaseOrigin, Trust, compare_versions};
use gantry_types::{PluginId, problem::Code};
use std::cmp::Ordering;

impl App {
    /// Pulls a plugin from its registry and takes it in.
    pub async fn pull_plugin(&self, ctx: &OpCtx, input: PullInput) -> Answer<PluginView> {
        ctx.actor.administrator()?;
        let (artifact, trust, policy) = self.pull(&input.reference).await?;
        let origin = ReleaseOrigin {
            reference: Some(input.reference),
            artifact: Some(artifact.digest().to_string()),
            trust,
            policy: Some(policy),
        };
        let takeover = if input.replace { Takeover::Meant } else { Takeover::Refused };
        let component = artifact.component().clone();
        self.take_in(ctx, Arrived { component, origin, grants: input.capabilities, takeover }).await
    }

    /// Looks whether a plugin's reference leads to another release than the current one. Nothing is installed.
    pub async fn check_plugin(&self, ctx: &OpCtx, id: PluginId) -> Answer<UpdateView> {
        ctx.actor.administrator()?;
        let plugin = self.db().as_user(&ctx.actor).await?.plugin(id).await?;
        let Some(reference) = plugin.release.origin.and_then(|origin| origin.reference) else {
            let detail = "It came as a file, so there is no place to look for a later one.";
            return Err(AppError::refused(Code::Conflict, detail));
        };
        let (artifact, ..) = self.pull(&reference).await?;
        let version = artifact.facts().version.clone();
        Ok(UpdateView {
            reference,
            is_installed: artifact.component_digest().hex() == plugin.release.digest,
            is_later: compare_versions(&version, &plugin.release.version) == Ordering::Greater,
            version,
        })
    }

    /// What it leads to, why that may come in, and by which writing of the policy.
    async fn pull(&self, reference: &str) -> Answer<(Artifact, Trust, i64)> {
        let (policy, version) = self.present_policy().await?;
        let parsed: Reference = reference.parse().map_err(|error: gantry_distribution::BadReference| {
            let remedy =
                "Write it as registry/repository:tag or registry/repository@sha256:…, in lower case.";
            AppError::from(gantry_domain::problem("reference", format!("{error}."), remedy))
        })?;
        let network = admit(&parsed.repository, &policy)?;
        let host = parsed.repository.host();
        let credentials = self.login_for(&parsed.repository).await?;
        let registry = Registry::open(host, network, credentials, Limits::default())?;
        let artifact = registry.pull(&parsed).await?;
        let signatures = registry.signatures(&parsed.repository, artifact.digest()).await?;
        let origin = Origin::Repository(parsed.repository);
        let (artifact, trust) = judged(artifact, signatures, origin, policy).await?;
        Ok((artifact, trust, version))
    }

    /// The component of a file that may come in.
    pub(super) async fn trusted_file(&self, file: PluginFile) -> Answer<(Bytes, ReleaseOrigin)> {
        let (policy, version) = self.present_policy().await?;
        let came =
            |artifact, trust| ReleaseOrigin { reference: None, artifact, trust, policy: Some(version) };
        let (artifact, signatures, origin) = match file {
            PluginFile::Component(component) => {
                let rules = policy.rules();
                if rules.offline.components == ComponentRule::Any && rules.pins.is_empty() {
                    return Ok((component, came(None, Trust::Nobody)));
                }
                let artifact = blocking(move || Artifact::pack(component)).await??;
                (artifact, Signatures::default(), Origin::Component)
            }
            PluginFile::Package(bytes) => {
                let package = blocking(move || package::read(bytes.as_ref())).await??;
                (package.artifact, package.signatures, package.origin)
            }
        };
        let came_as = (origin == Origin::Package).then(|| artifact.digest().to_string());
        let (artifact, trust) = judged(artifact, signatures, origin, policy).await?;
        Ok((artifact.component().clone(), came(came_as, trust)))
    }
}

/// Whether it may come in. Comparing signatures takes a while.
async fn judged(
    artifact: Artifact,
    signatures: Signatures,
    origin: Origin,
    policy: TrustPolicy,
) -> Answer<(Artifact, Trust)> {
    let (artifact, verdict) = blocking(move || {
        let verdict = evaluate(&artifact.candidate(&origin, &signatures), &policy, Utc::now());
        (artifact, verdict)
    })
    .await?;
    let trust = match verdict?.by {
        TrustedBy::Key { name, .. } => Trust::Key { name },
        TrustedBy::Pin => Trust::Pin,
        TrustedBy::Unsigned => Trust::Nobody,
    };
    Ok((artifact, trust))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Broken("reading a plugin broke off"))
}
