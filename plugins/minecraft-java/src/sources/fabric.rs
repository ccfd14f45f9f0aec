//! Fabric Meta, version 2: lists with the newest first.
//!
//! The server is a launcher that Meta puts together for a game, a loader and an installer, so that nobody publishes a digest
//! of it. At its first start it fetches Mojang's server and libraries, and checks those itself.

use super::{Found, no_build, wants_newest};
use crate::{software::Software, web};
use gantry_plugin::prelude::*;
use serde::Deserialize;

const VERSIONS: &str = "https://meta.fabricmc.net/v2/versions";

#[derive(Deserialize)]
struct Listed {
    version: String,
    stable: bool,
}

fn listed(what: &str) -> Result<Vec<Listed>, Failure> {
    web::get(&format!("{VERSIONS}/{what}"))
}

/// Those that are finished first.
pub(super) fn versions() -> Result<Vec<String>, Failure> {
    let (stable, other): (Vec<_>, Vec<_>) = listed("game")?.into_iter().partition(|each| each.stable);
    Ok(stable.into_iter().chain(other).map(|each| each.version).collect())
}

pub(super) fn loaders() -> Result<Vec<String>, Failure> {
    Ok(listed("loader")?.into_iter().map(|each| each.version).collect())
}

pub(super) fn find(version: &str, wanted: &str) -> Result<Found, Failure> {
    let known = listed("game")?.into_iter().any(|each| each.version == version);
    let loader = pick(listed("loader")?, wanted);
    let installer = pick(listed("installer")?, "");
    match (known, loader, installer) {
        (true, Some(loader), Some(installer)) => Ok(Found {
            version: version.to_owned(),
            url: format!("{VERSIONS}/loader/{version}/{loader}/{installer}/server/jar"),
            build: loader,
            digest: None,
        }),
        _ => Err(no_build(Software::Fabric, version, wanted)),
    }
}

fn pick(listed: Vec<Listed>, wanted: &str) -> Option<String> {
    let right = |each: &Listed| if wants_newest(wanted) { each.stable } else { each.version == wanted };
    listed.into_iter().find(right).map(|each| each.version)
}
