//! Plugins and the blueprints that they offer.
//!
//! A plugin is known by its manifest's id; each component that was ever installed under it is a release, known by its
//! digest. A server is pinned to one release, so installing another never changes what runs.

use chrono::{DateTime, Utc};
use gantry_types::{
    PluginId, ServerId,
    blueprint::{Blueprint, Variable},
};
use serde::{Deserialize, Serialize};
use std::{cmp::Ordering, fmt, str::FromStr};
use utoipa::ToSchema;

/// A capability that a component asks for, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CapabilityRequest {
    pub name: String,
    pub reason: String,
}

/// A plugin with its current release.
#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    pub id: PluginId,
    /// As its author named it: `gantry.openarena`.
    pub manifest_id: String,
    pub release: Release,
    /// A release that asks for more than was granted.
    pub waiting: Option<Release>,
    /// The latest release whose first plan failed.
    pub failed: Option<FailedRelease>,
    /// Since when nothing new is made of it.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Comes with Gantry.
    pub bundled: bool,
    /// Servers on any of its releases.
    pub servers: u32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// One component under a plugin's name. A grant binds the plugin, this digest and the set of capabilities.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Lower-case hex SHA-256 of the component.
    pub digest: String,
    pub name: String,
    pub version: String,
    /// The whole manifest, as the component carries it.
    pub manifest: serde_json::Value,
    pub requested: Vec<CapabilityRequest>,
    pub granted: Vec<String>,
    pub size: u64,
    pub installed_at: DateTime<Utc>,
    /// How it came here; none for what comes with Gantry, or came before this was kept.
    pub origin: Option<ReleaseOrigin>,
    /// When it was first made current.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it first planned something.
    pub proved_at: Option<DateTime<Utc>>,
    /// When and how its first plan failed.
    pub failure: Option<(DateTime<Utc>, ReleaseFailure)>,
    /// Servers that are pinned to it.
    pub servers: u32,
    /// None where it does not listen to events.
    pub listening: Option<Listening>,
    /// Whether there is anything in it that a server could be made of.
    pub has_games: bool,
}

/// What a release wants to hear of, and what an administrator may set for it as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Listening {
    /// Kinds of events; `server.*` is all of a family.
    pub wants: Vec<String>,
    pub settings: Vec<Variable>,
}

/// How a release came here, and why it was trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseOrigin {
    /// Where it was pulled from, and is looked for again; none for a file.
    pub reference: Option<String>,
    /// Digest of the artifact that it came as; none for a bare component.
    pub artifact: Option<String>,
    pub trust: Trust,
    /// Which writing of the trust policy let it in, counted from 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<i64>,
}

/// Who is behind a release, as far as anything proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Publisher {
    /// Whoever holds this key of the policy.
    Key(String),
    /// Whoever may write there.
    Repository(String),
}

impl fmt::Display for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(f, "is signed by {name}"),
            Self::Repository(repository) => write!(f, "came from {repository}"),
        }
    }
}

impl ReleaseOrigin {
    /// None of a file that nobody signed.
    #[must_use]
    pub fn publisher(&self) -> Option<Publisher> {
        match &self.trust {
            Trust::Key { name } => Some(Publisher::Key(name.clone())),
            Trust::Pin | Trust::Nobody => {
                let reference = self.reference.as_deref()?;
                let (repository, _) = reference.split_once('@').unwrap_or((reference, ""));
                // A colon before the last slash is a port's.
                let end = repository.rfind(':').filter(|colon| repository.rfind('/') < Some(*colon));
                Some(Publisher::Repository(repository[..end.unwrap_or(repository.len())].to_owned()))
            }
        }
    }
}

/// Why a release was let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Trust {
    /// A key of the policy signed it.
    Key { name: String },
    /// The policy names its digest.
    Pin,
    /// Nobody vouches for it, and the policy asks nobody.
    Nobody,
}

/// A release that was given up.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedRelease {
    pub digest: String,
    pub version: String,
    pub at: DateTime<Utc>,
    pub failure: ReleaseFailure,
}

/// How a plugin failed in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseFailure {
    /// The function as the contract names it: `plans.install`; `load` where the component did not become a plugin.
    pub call: String,
    /// Stable: of the host, or the plugin's own.
    pub code: String,
    /// What happened, which limit was hit, what to do.
    pub message: String,
    /// For which server it planned; none for one that was to be.
    pub server_id: Option<ServerId>,
    pub server_name: Option<String>,
    /// Where; none in the control plane.
    pub node_name: Option<String>,
}

/// A kind of failure of a plugin, with how often it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct SeenFailure {
    pub digest: String,
    pub version: String,
    pub failure: ReleaseFailure,
    pub times: u64,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
}

/// A blueprint together with the release that it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferedBlueprint {
    pub key: BlueprintKey,
    pub plugin_id: PluginId,
    pub plugin_name: String,
    pub plugin_version: String,
    pub digest: String,
    pub granted: Vec<String>,
    /// Whether nothing new is made of its plugin.
    pub disabled: bool,
    /// Whether its release has yet to plan something for the first time.
    pub unproved: bool,
    pub blueprint: Blueprint,
}

/// Which of two versions of a plugin is the later: by their three numbers, then by what follows a hyphen, without which
/// a version is later than with it. As Semantic Versioning orders them, but for suffixes, which compare as text.
pub fn compare_versions(one: &str, other: &str) -> Ordering {
    let parts = |version: &str| {
        let (numbers, suffix) = version.split_once('-').unwrap_or((version, ""));
        // Of any length, so compared without being read: by digits that count, then by these.
        let numbers: Vec<_> = numbers
            .split('.')
            .map(|number| number.trim_start_matches('0').to_owned())
            .map(|digits| (digits.len(), digits))
            .collect();
        (numbers, suffix.is_empty(), suffix.to_owned())
    };
    parts(one).cmp(&parts(other))
}

/// A blueprint's name in the API: `gantry.openarena:openarena`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlueprintKey {
    /// The plugin's manifest id.
    pub plugin: String,
    /// The blueprint's id within the plugin.
    pub blueprint: String,
}

impl fmt::Display for BlueprintKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.plugin, self.blueprint)
    }
}

impl FromStr for BlueprintKey {
    type Err = NotABlueprintKey;

    fn from_str(text: &str) -> Result<Self, NotABlueprintKey> {
        let (plugin, blueprint) = text.split_once(':').ok_or(NotABlueprintKey)?;
        let is_name =
            |part: &str| !part.is_empty() && !part.contains(|each: char| each.is_control() || each == ':');
        if !is_name(plugin) || !is_name(blueprint) || text.len() > 200 {
            return Err(NotABlueprintKey);
        }
        Ok(Self { plugin: plugin.to_owned(), blueprint: blueprint.to_owned() })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a blueprint is named as plugin:blueprint")]
pub struct NotABlueprintKey;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_behind_a_release_is_a_key_or_a_repository_whatever_its_tag() {
        let origin = |reference: Option<&str>, trust| ReleaseOrigin {
            reference: reference.map(str::to_owned),
            artifact: None,
            trust,
            policy: None,
        };
        for reference in ["acme:5000/games/one", "acme:5000/games/one:1.0", "acme:5000/games/one:1@sha256:0a"]
        {
            let publisher = origin(Some(reference), Trust::Nobody).publisher();
            assert_eq!(
                publisher,
                Some(Publisher::Repository("acme:5000/games/one".to_owned())),
                "{reference}"
            );
        }
        let key = Trust::Key { name: "acme".to_owned() };
        assert_eq!(origin(Some("b/c"), key).publisher(), Some(Publisher::Key("acme".to_owned())));
        assert_eq!(origin(None, Trust::Pin).publisher(), None);
    }

    #[test]
    fn versions_are_in_order() {
        let order = [
            "0.9.10",
            "1.0.0-alpha",
            "1.0.0-beta",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
            "99999999999999999999999.0.0",
        ];
        for (place, one) in order.iter().enumerate() {
            for (other_place, other) in order.iter().enumerate() {
                assert_eq!(compare_versions(one, other), place.cmp(&other_place), "{one} and {other}");
            }
        }
        assert_eq!(compare_versions("1.02.0", "1.2.0"), Ordering::Equal);
    }

    #[test]
    fn a_blueprint_key_reads_back() {
        let key: BlueprintKey = "gantry.openarena:openarena".parse().unwrap();
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in ["", "a", ":a", "a:", "a:b:c"] {
            assert_eq!(text.parse::<BlueprintKey>(), Err(NotABlueprintKey), "{text}");
        }
    }
}
