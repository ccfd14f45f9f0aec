//! PaperMC's Fill, version 3: `{versions: {"1.21": ["1.21.4", …]}}` with the newest first, and builds with
//! `{id, channel, downloads: {"server:default": {url, checksums: {sha256}}}}`, the newest first as well.

use super::{Found, no_build, no_version, wants_newest};
use crate::{software::Software, web};
use gantry_plugin::prelude::*;
use serde::{Deserialize, Deserializer, de};
use std::{collections::BTreeMap, fmt};

const PROJECT: &str = "https://fill.papermc.io/v3/projects/paper";
/// What is downloaded where nobody asks for another file of the build.
const SERVER: &str = "server:default";
/// The channels of what is finished.
const FINISHED: [&str; 2] = ["STABLE", "RECOMMENDED"];

/// How many versions are looked at for a finished build.
const LOOK_BACK: usize = 4;

#[derive(Deserialize)]
struct Project {
    #[serde(deserialize_with = "in_their_order")]
    versions: Vec<Vec<String>>,
}

#[derive(Deserialize)]
struct Build {
    id: u32,
    channel: String,
    downloads: BTreeMap<String, File>,
}

#[derive(Deserialize)]
struct File {
    url: String,
    checksums: Checksums,
}

#[derive(Deserialize)]
struct Checksums {
    sha256: String,
}

/// The values of an object: a map of ours would sort what they have put in order.
fn in_their_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<String>>, D::Error> {
    struct Families;
    impl<'de> de::Visitor<'de> for Families {
        type Value = Vec<Vec<String>>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of lists of versions")
        }
        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut families = Vec::new();
            while let Some((_, versions)) = map.next_entry::<de::IgnoredAny, Vec<String>>()? {
                families.push(versions);
            }
            Ok(families)
        }
    }
    deserializer.deserialize_map(Families)
}

/// What is before a release has no server that people would want by default, and is found by its name.
pub(super) fn versions() -> Result<Vec<String>, Failure> {
    let project: Project = web::get(PROJECT)?;
    let (unfinished, released): (Vec<_>, Vec<_>) =
        project.versions.into_iter().flatten().partition(|version| version.contains('-'));
    Ok(released.into_iter().chain(unfinished).collect())
}

/// The newest version of which a build is finished: one that Mojang has just published has none for weeks.
pub(super) fn newest() -> Result<String, Failure> {
    let mut versions = versions()?;
    for version in versions.iter().take(LOOK_BACK) {
        if all(version)?.iter().any(is_finished) {
            return Ok(version.clone());
        }
    }
    (!versions.is_empty()).then(|| versions.swap_remove(0)).ok_or_else(|| no_version(Software::Paper))
}

fn is_finished(build: &Build) -> bool {
    FINISHED.contains(&build.channel.as_str())
}

fn all(version: &str) -> Result<Vec<Build>, Failure> {
    web::get(&format!("{PROJECT}/versions/{version}/builds"))
}

pub(super) fn builds(version: &str) -> Result<Vec<String>, Failure> {
    Ok(all(version)?.into_iter().map(|build| build.id.to_string()).collect())
}

pub(super) fn find(version: &str, wanted: &str) -> Result<Found, Failure> {
    pick(all(version)?, wanted)
        .and_then(|mut build| {
            let file = build.downloads.remove(SERVER)?;
            Some(Found {
                version: version.to_owned(),
                build: build.id.to_string(),
                url: file.url,
                digest: Some(("sha256", file.checksums.sha256)),
            })
        })
        .ok_or_else(|| no_build(Software::Paper, version, wanted))
}

/// The newest that is called stable; of a version that is not there yet, the newest.
fn pick(mut builds: Vec<Build>, wanted: &str) -> Option<Build> {
    builds.sort_by_key(|build| std::cmp::Reverse(build.id));
    if !wants_newest(wanted) {
        return builds.into_iter().find(|build| build.id.to_string() == wanted);
    }
    let stable = builds.iter().position(is_finished).unwrap_or(0);
    (stable < builds.len()).then(|| builds.swap_remove(stable))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builds(given: &[(u32, &str)]) -> Vec<Build> {
        given
            .iter()
            .map(|(id, channel)| Build {
                id: *id,
                channel: (*channel).to_owned(),
                downloads: BTreeMap::new(),
            })
            .collect()
    }

    #[test]
    fn the_newest_build_is_the_newest_stable_one() {
        let id = |given: &[(u32, &str)], wanted| pick(builds(given), wanted).map(|build| build.id);
        let mixed = [(9, "ALPHA"), (7, "STABLE"), (8, "STABLE")];
        assert_eq!(id(&mixed, "latest"), Some(8));
        assert_eq!(id(&mixed, "9"), Some(9));
        assert_eq!(id(&mixed, "6"), None);
        assert_eq!(id(&[(1, "ALPHA"), (2, "BETA")], ""), Some(2));
        assert_eq!(id(&[], ""), None);
    }

    #[test]
    fn families_keep_the_order_in_which_they_are_told() {
        let project: Project =
            serde_json::from_str(r#"{"versions": {"1.21": ["1.21.4"], "1.9": ["1.9.4"], "1.20": []}}"#)
                .expect("a project");
        assert_eq!(project.versions.concat(), ["1.21.4", "1.9.4"]);
    }
}
