//! Where each software is published, and what an installation needs to know.
//!
//! Re-Logic answers a list of file names, the newest first: `["terraria-server-1449.zip"]`, the version without its dots, and no
//! digest. TShock's releases are GitHub's: `[{tag_name, prerelease, assets: [{name, browser_download_url, digest}]}]`, where the
//! digest is missing from what is older than mid-2025. Source for the latter: <https://docs.github.com/en/rest/releases>.

use crate::software::Software;
use gantry_plugin::prelude::*;
use gantry_wire::publishers;
use serde::{Deserialize, de::DeserializeOwned};

/// What stands in a form for the newest there is when the server is installed.
pub(crate) const NEWEST: &str = "latest";
const NAMES: &str = "https://terraria.org/api/get/dedicated-servers-names";
const DOWNLOADS: &str = "https://terraria.org/api/download/pc-dedicated-server";
const RELEASES: &str = "https://api.github.com/repos/Pryaxis/TShock/releases?per_page=30";
const AGENT: &str = concat!("Gantry/", env!("CARGO_PKG_VERSION"), " (plugin terraria)");
/// Thirty releases, each with what is new in it, have some 500 KiB.
const MAX_BYTES: u32 = 4 * 1024 * 1024;

#[derive(Deserialize)]
struct Release {
    tag_name: String,
    #[serde(default)]
    prerelease: bool,
    assets: Vec<Asset>,
}

#[derive(Deserialize)]
struct Asset {
    name: String,
    browser_download_url: String,
    digest: Option<String>,
}

/// What can be installed: how people call it, where it is, and its SHA-256 where that is published.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    version: String,
    finished: bool,
    url: String,
    sha256: Option<String>,
}

fn get<T: DeserializeOwned>(url: &str) -> Result<T, Failure> {
    let body = publishers::get(AGENT, "application/json", url, MAX_BYTES)?;
    serde_json::from_slice(&body).map_err(|error| publishers::strange(url, &error))
}

/// The newest first.
fn all(software: Software) -> Result<Vec<Found>, Failure> {
    Ok(match software {
        Software::Vanilla => get::<Vec<String>>(NAMES)?.iter().filter_map(|name| vanilla(name)).collect(),
        Software::TShock => get::<Vec<Release>>(RELEASES)?.into_iter().filter_map(tshock).collect(),
    })
}

/// Other servers than that for computers stand in the list under other names.
fn vanilla(file: &str) -> Option<Found> {
    let number = file.strip_prefix("terraria-server-")?.strip_suffix(".zip")?;
    let is_one = (3..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| Found {
        version: dotted(number),
        finished: true,
        url: format!("{DOWNLOADS}/{file}"),
        sha256: None,
    })
}

/// `1449` as `1.4.4.9`: each number has one digit, but for the last, which is what is left.
fn dotted(number: &str) -> String {
    let (head, tail) = number.split_at(number.len().min(3));
    let digits = head.chars().map(String::from);
    digits.chain(Some(tail.to_owned()).filter(|tail| !tail.is_empty())).collect::<Vec<_>>().join(".")
}

/// What was published before there was a build for Linux is left out.
fn tshock(release: Release) -> Option<Found> {
    let is_ours = |asset: &Asset| {
        let name = asset.name.to_ascii_lowercase();
        name.contains("linux") && (name.contains("x64") || name.contains("amd64")) && name.ends_with(".zip")
    };
    let asset = release.assets.into_iter().find(is_ours)?;
    Some(Found {
        version: release.tag_name.trim_start_matches('v').to_owned(),
        finished: !release.prerelease,
        url: asset.browser_download_url,
        sha256: asset.digest.and_then(|digest| Some(digest.strip_prefix("sha256:")?.to_owned())),
    })
}

pub(crate) fn choices(name: &str) -> Result<Vec<Choice>, Failure> {
    let software = crate::software::ALL.into_iter().find(|each| each.versions() == name);
    let software =
        software.ok_or_else(|| Failure::new("unknown_catalog", format!("There is no list {name}.")))?;
    let found = all(software)?;
    let newest = newest(&found)
        .map_or("Newest version".to_owned(), |each| format!("Newest version ({})", each.version));
    let choice = |value: &str, label: String| Choice { value: value.to_owned(), label, help: None };
    let each = found.iter().map(|each| {
        let more = if each.finished { "" } else { " (not finished)" };
        choice(&each.version, format!("{}{more}", each.version))
    });
    Ok(std::iter::once(choice(NEWEST, newest)).chain(each).collect())
}

fn newest(found: &[Found]) -> Option<&Found> {
    found.iter().find(|each| each.finished).or_else(|| found.first())
}

pub(crate) fn resolve(server: &Server) -> Result<Vec<Setting>, Failure> {
    let software = Software::of(server)?;
    let wanted = server.setting("version");
    let found = all(software)?;
    let release = match wanted {
        "" | NEWEST => newest(&found),
        named => found.iter().find(|each| each.version == named),
    };
    let release = release.ok_or_else(|| {
        let what =
            if wanted == NEWEST { "no version at all".to_owned() } else { format!("no version {wanted}") };
        Failure::new("unknown_version", format!("{} is published in {what}.", software.title()))
    })?;
    let mut facts = vec![("version", release.version.clone()), ("url", release.url.clone())];
    facts.extend(release.sha256.clone().map(|digest| ("digest", digest)));
    Ok(facts.into_iter().map(|(key, value)| Setting { key: key.to_owned(), value }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_versions() {
        let version = |file: &str| vanilla(file).map(|found| found.version);
        assert_eq!(version("terraria-server-1449.zip").as_deref(), Some("1.4.4.9"));
        assert_eq!(version("terraria-server-14410.zip").as_deref(), Some("1.4.4.10"));
        assert_eq!(version("terraria-server-145.zip").as_deref(), Some("1.4.5"));
        for other in ["MobileTerrariaServer-1449.zip", "terraria-server-../x.zip", "terraria-server-.zip"] {
            assert_eq!(version(other), None, "{other}");
        }
    }

    #[test]
    fn a_release_is_its_build_for_linux() {
        let asset = |name: &str, digest: Option<&str>| Asset {
            name: name.to_owned(),
            browser_download_url: format!("https://github.com/Pryaxis/TShock/releases/download/x/{name}"),
            digest: digest.map(str::to_owned),
        };
        let release = |assets| Release { tag_name: "v5.2.4".to_owned(), prerelease: false, assets };
        let found = tshock(release(vec![
            asset("TShock-5.2.4-for-Terraria-1.4.4.9-win-amd64-Release.zip", None),
            asset("TShock-5.2.4-for-Terraria-1.4.4.9-linux-arm64-Release.zip", None),
            asset("TShock-5.2.4-for-Terraria-1.4.4.9-linux-amd64-Release.zip", Some("sha256:ab")),
        ]));
        let found = found.expect("a build");
        assert_eq!((found.version.as_str(), found.sha256.as_deref()), ("5.2.4", Some("ab")));
        assert!(found.url.ends_with("linux-amd64-Release.zip"));
        assert_eq!(tshock(release(vec![asset("TShock4.5.17_Terraria1.4.3.6.zip", None)])), None);
    }

    #[test]
    fn what_is_not_finished_is_nobodys_newest() {
        let found = |version: &str, finished| Found {
            version: version.to_owned(),
            finished,
            url: String::new(),
            sha256: None,
        };
        let mixed = [found("6.0.0-pre1", false), found("5.2.4", true)];
        assert_eq!(newest(&mixed).map(|each| each.version.as_str()), Some("5.2.4"));
        assert_eq!(newest(&mixed[..1]).map(|each| each.version.as_str()), Some("6.0.0-pre1"));
        assert_eq!(newest(&[]), None);
    }
}
