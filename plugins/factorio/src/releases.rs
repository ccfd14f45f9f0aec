//! Where Wube publishes the server: which versions are the newest, and the SHA-256 of everything that can be downloaded.
//!
//! `api/latest-releases` is `{stable: {headless}, experimental: {headless}}`; `download/sha256sums` has a line
//! `DIGEST  FILE` for each file, of which the server's is `factorio-headless_linux_VERSION.tar.xz`, and
//! `factorio_headless_x64_VERSION.tar.xz` before 2.0. Source: <https://wiki.factorio.com/Download_API>.

use gantry_plugin::prelude::*;
use gantry_wire::publishers;
use serde::Deserialize;
use std::cmp::Reverse;

pub(crate) const CATALOG: &str = "versions";
pub(crate) const STABLE: &str = "stable";
const EXPERIMENTAL: &str = "experimental";

const LATEST: &str = "https://www.factorio.com/api/latest-releases";
const DIGESTS: &str = "https://www.factorio.com/download/sha256sums/";
const DOWNLOADS: &str = "https://www.factorio.com/get-download";
const AGENT: &str = concat!("Gantry/", env!("CARGO_PKG_VERSION"), " (plugin factorio)");
/// The list has a line of some hundred bytes for each file of each version.
const MAX_BYTES: u32 = 4 * 1024 * 1024;
/// What stands around a version in the name of the server's file.
const FILES: [&str; 2] = ["factorio-headless_linux_", "factorio_headless_x64_"];
const ENDING: &str = ".tar.xz";

#[derive(Deserialize)]
struct Latest {
    stable: Channel,
    experimental: Channel,
}

#[derive(Deserialize)]
struct Channel {
    headless: String,
}

struct Release {
    version: String,
    sha256: String,
}

fn latest() -> Result<Latest, Failure> {
    let body = publishers::get(AGENT, "application/json", LATEST, MAX_BYTES)?;
    serde_json::from_slice(&body).map_err(|error| publishers::strange(LATEST, &error))
}

fn releases() -> Result<Vec<Release>, Failure> {
    let body = publishers::get(AGENT, "text/plain", DIGESTS, MAX_BYTES)?;
    let text = std::str::from_utf8(&body).map_err(|error| publishers::strange(DIGESTS, &error))?;
    let mut found: Vec<Release> = text.lines().filter_map(release).collect();
    found.sort_by_key(|each| Reverse(numbers(&each.version)));
    Ok(found)
}

fn release(line: &str) -> Option<Release> {
    let (sha256, file) = line.split_once(' ')?;
    let file = file.trim().trim_start_matches('*').strip_suffix(ENDING)?;
    let version = FILES.iter().find_map(|begin| file.strip_prefix(begin))?;
    let is_digest = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_digest && is_version(version))
        .then(|| Release { version: version.to_owned(), sha256: sha256.to_ascii_lowercase() })
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|part| part.parse().ok()).collect()
}

pub(crate) fn choices(name: &str) -> Result<Vec<Choice>, Failure> {
    if name != CATALOG {
        return Err(Failure::new("unknown_catalog", format!("There is no list {name}.")));
    }
    let latest = latest()?;
    let choice = |value: &str, label: String| Choice { value: value.to_owned(), label, help: None };
    let mut choices = vec![
        choice(STABLE, format!("Newest stable ({})", latest.stable.headless)),
        choice(EXPERIMENTAL, format!("Newest experimental ({})", latest.experimental.headless)),
    ];
    choices.extend(releases()?.iter().map(|each| choice(&each.version, each.version.clone())));
    Ok(choices)
}

pub(crate) fn resolve(server: &Server) -> Result<Vec<Setting>, Failure> {
    let wanted = server.setting("version");
    let version = match wanted {
        STABLE | "" => latest()?.stable.headless,
        EXPERIMENTAL => latest()?.experimental.headless,
        version => version.to_owned(),
    };
    let unknown =
        || Failure::new("unknown_version", format!("Wube publishes no server of version {version}."));
    if !is_version(&version) {
        return Err(unknown());
    }
    let release = releases()?.into_iter().find(|each| each.version == version).ok_or_else(unknown)?;
    let url = format!("{DOWNLOADS}/{version}/headless/linux64");
    let facts = [("version", version), ("url", url), ("digest", release.sha256)];
    Ok(facts.map(|(key, value)| Setting { key: key.to_owned(), value }).to_vec())
}

/// Three numbers. It becomes a part of an address.
fn is_version(text: &str) -> bool {
    let number = |part: &str| (1..=5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').count() == 3 && text.split('.').all(number)
}

/// A channel or a version: settings of a catalog have no pattern that the host could check.
pub(crate) fn is_choice(text: &str) -> bool {
    matches!(text, STABLE | EXPERIMENTAL) || is_version(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_files_are_told_from_all_others() {
        let digest = "a".repeat(64);
        let version = |file: &str| release(&format!("{digest}  {file}")).map(|each| each.version);
        assert_eq!(version("factorio-headless_linux_2.0.76.tar.xz").as_deref(), Some("2.0.76"));
        assert_eq!(version("factorio_headless_x64_1.1.110.tar.xz").as_deref(), Some("1.1.110"));
        for other in [
            "factorio-space-age_linux_2.0.76.tar.xz",
            "factorio-headless_linux_2.0.76.zip",
            "factorio-headless_linux_../x.1.2.tar.xz",
        ] {
            assert_eq!(version(other), None, "{other}");
        }
        assert!(release("abc  factorio-headless_linux_2.0.76.tar.xz").is_none(), "that is no digest");
    }

    #[test]
    fn only_a_channel_or_a_version_is_a_choice() {
        for choice in ["stable", "experimental", "2.0.76"] {
            assert!(is_choice(choice), "{choice}");
        }
        for other in ["", "latest", "2.0", "2.0.76/../x", "2.0.76.1", "2..1"] {
            assert!(!is_choice(other), "{other}");
        }
    }
}
