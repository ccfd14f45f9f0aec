//! Mojang: which versions there are, and for each where its server is, its SHA-1 and the Java that it wants.
//!
//! The manifest lists `{id, type, url}` with the newest first; the address of each leads to its details with
//! `downloads.server.{sha1, url}` and `javaVersion.majorVersion`.

use super::{Found, NEWEST, NEWEST_SNAPSHOT, choice};
use crate::web;
use gantry_plugin::prelude::*;
use serde::Deserialize;

const MANIFEST: &str = "https://piston-meta.mojang.com/mc/game/version_manifest_v2.json";
/// What versions want that were published before anybody said so.
const OLDEST_JAVA: u32 = 8;

#[derive(Deserialize)]
pub(super) struct Manifest {
    latest: Latest,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Latest {
    release: String,
    snapshot: String,
}

#[derive(Deserialize)]
pub(super) struct Version {
    pub(super) id: String,
    #[serde(rename = "type")]
    kind: String,
    url: String,
}

#[derive(Deserialize)]
pub(super) struct Details {
    #[serde(default)]
    downloads: Downloads,
    #[serde(rename = "javaVersion")]
    java_version: Option<JavaVersion>,
}

#[derive(Default, Deserialize)]
struct Downloads {
    server: Option<File>,
}

#[derive(Deserialize)]
struct File {
    sha1: String,
    url: String,
}

#[derive(Deserialize)]
struct JavaVersion {
    #[serde(rename = "majorVersion")]
    major_version: u32,
}

pub(super) fn manifest() -> Result<Manifest, Failure> {
    web::get(MANIFEST)
}

/// Releases before snapshots, and nothing of the time when there was no server to download.
pub(super) fn choices() -> Result<Vec<Choice>, Failure> {
    let manifest = manifest()?;
    let mut choices = vec![
        choice(NEWEST, &format!("Newest release ({})", manifest.latest.release)),
        choice(NEWEST_SNAPSHOT, &format!("Newest snapshot ({})", manifest.latest.snapshot)),
    ];
    let of = |kind: &'static str| manifest.versions.iter().filter(move |each| each.kind == kind);
    choices.extend(of("release").map(|each| choice(&each.id, &each.id)));
    choices.extend(of("snapshot").map(|each| choice(&each.id, &format!("{} (snapshot)", each.id))));
    Ok(choices)
}

impl Manifest {
    /// The version that a form names.
    pub(super) fn named(&self, name: &str) -> Result<&Version, Failure> {
        let id = match name {
            "" | NEWEST => &self.latest.release,
            NEWEST_SNAPSHOT => &self.latest.snapshot,
            named => named,
        };
        self.versions.iter().find(|each| each.id == *id).ok_or_else(|| {
            Failure::new("unknown_version", format!("Mojang has never published a Minecraft {id}."))
        })
    }
}

impl Version {
    pub(super) fn details(&self) -> Result<Details, Failure> {
        web::get(&self.url)
    }
}

impl Details {
    /// The oldest Java that runs it.
    pub(super) fn java(&self) -> u32 {
        self.java_version.as_ref().map_or(OLDEST_JAVA, |java| java.major_version)
    }

    pub(super) fn server(self, version: &str) -> Result<Found, Failure> {
        let file = self.downloads.server.ok_or_else(|| {
            Failure::new("no_server", format!("Mojang has no server for Minecraft {version}."))
        })?;
        Ok(Found {
            version: version.to_owned(),
            build: String::new(),
            url: file.url,
            digest: Some(("sha1", file.sha1)),
        })
    }
}
