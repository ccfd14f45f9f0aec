//! Purpur's own interface, version 2: versions and builds as lists of text, oldest first.
//!
//! It publishes MD5 alone, which proves nothing against anybody and which plans do not know: what is downloaded is held to
//! https and to the host.

use super::{Found, no_build, wants_newest};
use crate::{software::Software, web};
use gantry_plugin::prelude::*;
use serde::Deserialize;

const PROJECT: &str = "https://api.purpurmc.org/v2/purpur";

#[derive(Deserialize)]
struct Project {
    versions: Vec<String>,
}

#[derive(Deserialize)]
struct Version {
    builds: Builds,
}

#[derive(Deserialize)]
struct Builds {
    latest: Option<String>,
    all: Vec<String>,
}

pub(super) fn versions() -> Result<Vec<String>, Failure> {
    let project: Project = web::get(PROJECT)?;
    Ok(project.versions.into_iter().rev().collect())
}

fn all(version: &str) -> Result<Builds, Failure> {
    web::get::<Version>(&format!("{PROJECT}/{version}")).map(|found| found.builds)
}

pub(super) fn builds(version: &str) -> Result<Vec<String>, Failure> {
    Ok(all(version)?.all.into_iter().rev().collect())
}

pub(super) fn find(version: &str, wanted: &str) -> Result<Found, Failure> {
    let builds = all(version)?;
    let found =
        if wants_newest(wanted) { builds.latest } else { builds.all.into_iter().find(|each| each == wanted) };
    let build = found.ok_or_else(|| no_build(Software::Purpur, version, wanted))?;
    let url = format!("{PROJECT}/{version}/{build}/download");
    Ok(Found { version: version.to_owned(), build, url, digest: None })
}
