//! Where each software comes from: its versions, its builds, and what an installation needs to know.
//!
//! Sources, as their publishers describe them: Mojang's version manifest (`piston-meta.mojang.com`), PaperMC's Fill v3
//! (`fill.papermc.io`; the older v2 is being retired), Purpur's v2 and Fabric Meta's v2.

mod fabric;
mod mojang;
mod paper;
mod purpur;

use crate::software::{ALL, Software};
use gantry_plugin::prelude::*;

/// What stands in a form for the newest there is when the server is installed.
pub(crate) const NEWEST: &str = "latest";
/// The same, but of what is not finished yet. Mojang alone has it.
pub(crate) const NEWEST_SNAPSHOT: &str = "latest-snapshot";
/// Choices are for people, who look no further.
const MOST_CHOICES: usize = 400;

/// What an installation needs to know.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    version: String,
    /// Empty where there is but one for each version.
    build: String,
    url: String,
    /// Where they publish one that plans know.
    digest: Option<(&'static str, String)>,
}

pub(crate) fn choices(name: &str, settings: &[Setting]) -> Result<Vec<Choice>, Failure> {
    let chosen = settings.iter().find(|each| each.key == "version").map_or("", |each| &each.value);
    let of = |software: Software| ALL.iter().any(|each| *each == software && each.versions() == name);
    let mut choices = if of(Software::Vanilla) {
        mojang::choices()?
    } else if of(Software::Paper) {
        plain("Newest version", paper::versions()?)
    } else if of(Software::Purpur) {
        plain("Newest version", purpur::versions()?)
    } else if of(Software::Fabric) {
        plain("Newest version", fabric::versions()?)
    } else {
        match name {
            "paper-builds" => plain("Newest build", paper::builds(&version(Software::Paper, chosen)?)?),
            "purpur-builds" => plain("Newest build", purpur::builds(&version(Software::Purpur, chosen)?)?),
            "fabric-loaders" => plain("Newest loader", fabric::loaders()?),
            _ => return Err(Failure::new("unknown_catalog", format!("There is no list {name}."))),
        }
    };
    choices.truncate(MOST_CHOICES);
    Ok(choices)
}

fn plain(newest: &str, values: Vec<String>) -> Vec<Choice> {
    let each = values.into_iter().map(|value| Choice { label: value.clone(), value, help: None });
    std::iter::once(choice(NEWEST, newest)).chain(each).collect()
}

fn choice(value: &str, label: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), help: None }
}

/// The version that a form means. Others publish one days after Mojang does: their newest is their own.
fn version(software: Software, named: &str) -> Result<String, Failure> {
    if !wants_newest(named) && named != NEWEST_SNAPSHOT {
        return Ok(named.to_owned());
    }
    let versions = match software {
        Software::Vanilla => return Ok(mojang::manifest()?.named(named)?.id.clone()),
        Software::Paper => return paper::newest(),
        Software::Purpur => purpur::versions()?,
        Software::Fabric => fabric::versions()?,
    };
    versions.into_iter().next().ok_or_else(|| no_version(software))
}

fn no_version(software: Software) -> Failure {
    Failure::new("no_version", format!("{} publishes no version.", software.title()))
}

pub(crate) fn resolve(server: &Server) -> Result<Vec<Setting>, Failure> {
    let Some(software) = Software::of(&server.blueprint) else {
        return Err(Failure::new(
            "unknown_blueprint",
            format!("There is no blueprint {}.", server.blueprint),
        ));
    };
    let build = server.setting("build");
    let version = version(software, server.setting("version"))?;
    let details = mojang::manifest()?.named(&version)?.details()?;
    let java = details.java().to_string();
    let found = match software {
        Software::Vanilla => details.server(&version)?,
        Software::Paper => paper::find(&version, build)?,
        Software::Purpur => purpur::find(&version, build)?,
        Software::Fabric => fabric::find(&version, build)?,
    };
    let mut facts =
        vec![("version", found.version), ("build", found.build), ("url", found.url), ("java", java)];
    if let Some((algorithm, hex)) = found.digest {
        facts.extend([("digest-algorithm", algorithm.to_owned()), ("digest", hex)]);
    }
    Ok(facts.into_iter().map(|(key, value)| Setting { key: key.to_owned(), value }).collect())
}

fn wants_newest(named: &str) -> bool {
    named.is_empty() || named == NEWEST
}

fn no_build(software: Software, version: &str, build: &str) -> Failure {
    let what = if wants_newest(build) { "any build".to_owned() } else { format!("a build {build}") };
    Failure::new("no_build", format!("{} does not have {what} of Minecraft {version}.", software.title()))
}
