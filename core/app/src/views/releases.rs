//! Releases of plugins: what waits and why, what was given up, what servers can be moved to.

use super::{
    ScopeView,
    plugins::{CapabilityView, capabilities},
};
use chrono::{DateTime, Utc};
use gantry_domain::{
    grants,
    plugins::{FailedRelease, Plugin, Release, ReleaseFailure, SeenFailure},
};
use gantry_types::{ServerId, problem::Code};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A release that waits for a grant, beside the current one.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingView {
    pub digest: String,
    pub version: String,
    pub size_bytes: u64,
    pub installed_at: DateTime<Utc>,
    /// What it asks for, beside what the current release has of it.
    pub asks: Vec<AskView>,
    /// What the current release has and this one does not ask for.
    pub no_longer: Vec<CapabilityView>,
}

/// A capability that an update asks for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskView {
    /// `granted` is what it inherits.
    #[serde(flatten)]
    pub capability: CapabilityView,
    pub change: AskChange,
    /// How far it goes for the current release, which asks for it too.
    pub had: Option<ScopeView>,
}

/// How a request compares with that of the current release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskChange {
    /// It goes no further.
    Same,
    /// It goes further.
    Wider,
    /// It was not asked for.
    New,
}

impl WaitingView {
    pub(super) fn of(waiting: Release, current: &Release) -> Self {
        let had = |name: &str| current.requested.iter().any(|request| request.name == name);
        let inherited = grants::inherit(current, &waiting.requested, &waiting.manifest);
        let ask = |capability: CapabilityView| {
            let name = &capability.name;
            let change = match (had(name), inherited.more.contains(name)) {
                (false, _) => AskChange::New,
                (true, true) => AskChange::Wider,
                (true, false) => AskChange::Same,
            };
            let had = had(name).then(|| ScopeView::of(&current.manifest, name));
            AskView { change, had, capability }
        };
        let asked = |name: &String| waiting.requested.iter().any(|request| request.name == *name);
        Self {
            asks: capabilities(&waiting).into_iter().map(ask).collect(),
            no_longer: capabilities(current).into_iter().filter(|one| !asked(&one.name)).collect(),
            digest: waiting.digest,
            version: waiting.version,
            size_bytes: waiting.size,
            installed_at: waiting.installed_at,
        }
    }
}

/// A release whose first plan failed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GivenUpView {
    pub digest: String,
    pub version: String,
    pub at: DateTime<Utc>,
    pub failure: ReleaseFailure,
}

impl From<FailedRelease> for GivenUpView {
    fn from(failed: FailedRelease) -> Self {
        Self { digest: failed.digest, version: failed.version, at: failed.at, failure: failed.failure }
    }
}

/// What a plugin's reference leads to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateView {
    pub reference: String,
    pub version: String,
    /// It is what is current.
    pub is_installed: bool,
    /// Its version is later than the current one's.
    pub is_later: bool,
}

/// One component that was installed under a plugin's name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseView {
    pub digest: String,
    pub version: String,
    pub size_bytes: u64,
    pub standing: ReleaseStanding,
    pub granted: Vec<String>,
    /// Servers that are pinned to it.
    pub server_count: u32,
    pub installed_at: DateTime<Utc>,
    /// When a node first installed or started a server with it.
    pub proved_at: Option<DateTime<Utc>>,
    /// When its first plan failed, and how.
    pub failed_at: Option<DateTime<Utc>>,
    pub failure: Option<ReleaseFailure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseStanding {
    /// What servers that are made get.
    Current,
    /// It waits for a grant.
    Waiting,
    /// Servers may be pinned to it; it can be gone back to.
    Former,
}

impl ReleaseView {
    pub(crate) fn of(release: Release, plugin: &Plugin) -> Self {
        let standing = if release.digest == plugin.release.digest {
            ReleaseStanding::Current
        } else if release.accepted_at.is_none() {
            ReleaseStanding::Waiting
        } else {
            ReleaseStanding::Former
        };
        let (failed_at, failure) = release.failure.unzip();
        Self {
            digest: release.digest,
            version: release.version,
            size_bytes: release.size,
            standing,
            granted: release.granted,
            server_count: release.servers,
            installed_at: release.installed_at,
            proved_at: release.proved_at,
            failed_at,
            failure,
        }
    }
}

/// A kind of failure of a plugin, and how often it was seen.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PluginFailureView {
    pub digest: String,
    pub version: String,
    #[serde(flatten)]
    pub failure: ReleaseFailure,
    pub times: u64,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
}

impl From<SeenFailure> for PluginFailureView {
    fn from(seen: SeenFailure) -> Self {
        let SeenFailure { digest, version, failure, times, first_at, last_at } = seen;
        Self { digest, version, failure, times, first_at, last_at }
    }
}

/// Which release runs a server.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerReleaseView {
    pub digest: String,
    pub version: String,
    /// Of the plugin's current release.
    pub current_version: String,
    /// The current release, where it is a later one and the server can be moved to it.
    pub later: Option<ReleaseName>,
    /// All that it can be moved to, latest first.
    pub choices: Vec<ReleaseName>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseName {
    pub digest: String,
    pub version: String,
    pub is_current: bool,
    pub installed_at: DateTime<Utc>,
}

/// What became of moving many servers.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MovedView {
    pub moved: u32,
    /// Those that stay where they are, and why.
    pub refused: Vec<NotMoved>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotMoved {
    pub server_id: ServerId,
    pub server_name: String,
    pub code: Code,
    pub detail: String,
}
