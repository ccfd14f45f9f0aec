//! What a component says of itself: a JSON document in a custom section, so that one file is a plugin.
//!
//! The manifest asks; it grants nothing. It is untrusted text from the component's author, so its size and every
//! field's length and alphabet are bounded before anybody sees it.

use gantry_types::names;
use serde::{Deserialize, Serialize};

use crate::capability::{CAPABILITIES, DOWNLOAD, HTTP, KV, SECRETS};
use crate::generations::Generation;

/// Name of the component-level custom section.
pub const MANIFEST_SECTION: &str = "gantry:manifest";

/// The contract that plugins are written for now; the host speaks older ones too.
pub const CONTRACT: &str = Generation::ALL[Generation::ALL.len() - 1].contract();

const MANIFEST_BYTES: usize = 64 * 1024;
const ID_CHARACTERS: usize = 64;
const LINE_CHARACTERS: usize = 128;
const TEXT_CHARACTERS: usize = 4_096;
const HOSTS: usize = 64;
const SECRET_NAMES: usize = 16;
const QUOTA_KIB: u32 = 64 * 1024;
const USUAL_QUOTA_KIB: u32 = 64;

/// A capability that the plugin asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityRequest {
    /// One of [`crate::CAPABILITIES`].
    pub name: String,
    /// For the administrator who decides.
    pub reason: String,
    /// Of `http` and `download`: where it wants to go, as names, `*.` before those that are meant with all that end so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Of `secrets`: which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Of `kv`: how much it wants to keep for each server and for itself, in KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_kib: Option<u32>,
}

/// The plugin in its author's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Lower-case letters, digits and single hyphens, beginning with a letter: `luanti`.
    pub id: String,
    /// For people.
    pub name: String,
    /// Three numbers, as in `1.4.0`, with an optional `-suffix`.
    pub version: String,
    /// Who made it.
    #[serde(default)]
    pub author: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// An SPDX expression.
    #[serde(default)]
    pub licence: String,
    /// The contract that it was built for: `0.2`.
    pub contract: String,
    /// What it asks for.
    #[serde(default)]
    pub capabilities: Vec<CapabilityRequest>,
}

/// Where something is missing or another kind of thing, in words of whatever file it was written in.
fn unread(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let (place, words) = (error.path().to_string(), error.inner().to_string());
    let is_elsewhere = error.inner().is_data();
    let words =
        words.split_once(" at line ").filter(|_| is_elsewhere).map_or(words.as_str(), |(words, _)| words);
    let place = if is_elsewhere && place != "." { format!("{place}: ") } else { String::new() };
    format!("its manifest cannot be read: {place}{words}")
}

impl Manifest {
    /// Reads the custom section's bytes. The error says what its author must change.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MANIFEST_BYTES {
            return Err(format!("its manifest has {} bytes; the limit is {MANIFEST_BYTES}", bytes.len()));
        }
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let manifest: Self = serde_path_to_error::deserialize(&mut reader).map_err(|error| unread(&error))?;
        reader.end().map_err(|error| format!("its manifest cannot be read: {error}"))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Whether it asks for `capability`.
    #[must_use]
    pub fn asks_for(&self, capability: &str) -> bool {
        self.request(capability).is_some()
    }

    /// The hosts that it names under `capability`.
    #[must_use]
    pub fn hosts(&self, capability: &str) -> Vec<String> {
        self.request(capability).map(|request| request.hosts.clone()).unwrap_or_default()
    }

    /// How many bytes it may keep for each server, and for itself.
    #[must_use]
    pub fn kept_bytes(&self) -> u64 {
        let quota = self.request(KV).and_then(|request| request.quota_kib);
        u64::from(quota.unwrap_or(USUAL_QUOTA_KIB)) * 1_024
    }

    /// Whether it asks for `name` under `capability`.
    pub(crate) fn asks_for_name(&self, capability: &str, name: &str) -> bool {
        self.request(capability).is_some_and(|request| request.names.iter().any(|each| each == name))
    }

    fn request(&self, capability: &str) -> Option<&CapabilityRequest> {
        self.capabilities.iter().find(|request| request.name == capability)
    }

    /// The generation of the contract that it was built for.
    pub(crate) fn generation(&self) -> Result<Generation, String> {
        Generation::of_contract(&self.contract).ok_or_else(|| {
            let spoken = Generation::ALL.map(Generation::contract).join(" and ");
            format!(
                "it was built for contract {:?}; this host speaks {spoken}; use a plugin or a Gantry that matches",
                bounded(&self.contract)
            )
        })
    }

    fn check(&self) -> Result<(), String> {
        // First of all, because a manifest of another contract may break every other rule.
        self.generation()?;
        if !is_id(&self.id, ID_CHARACTERS) {
            return Err(format!(
                "its manifest's id {:?} must be 1 to {ID_CHARACTERS} lower-case letters, digits and single hyphens, \
                 beginning with a letter",
                bounded(&self.id)
            ));
        }
        if !is_version(&self.version) {
            return Err(format!(
                "its manifest's version {:?} must be three numbers such as 1.4.0",
                bounded(&self.version)
            ));
        }
        check_text("name", &self.name, 1, LINE_CHARACTERS)?;
        check_text("author", &self.author, 0, LINE_CHARACTERS)?;
        check_text("licence", &self.licence, 0, LINE_CHARACTERS)?;
        check_text("description", &self.description, 0, TEXT_CHARACTERS)?;
        self.check_capabilities()
    }

    fn check_capabilities(&self) -> Result<(), String> {
        for (index, request) in self.capabilities.iter().enumerate() {
            if !CAPABILITIES.contains(&request.name.as_str()) {
                return Err(format!(
                    "its manifest asks for the capability {:?}, which this host does not have (it has: {})",
                    bounded(&request.name),
                    CAPABILITIES.join(", ")
                ));
            }
            if self.capabilities[..index].iter().any(|earlier| earlier.name == request.name) {
                return Err(format!("its manifest asks for the capability {:?} twice", request.name));
            }
            check_text("capability's reason", &request.reason, 1, TEXT_CHARACTERS)?;
            check_scope(request)?;
        }
        Ok(())
    }
}

/// A scope belongs to the capabilities that have one, and there it must be said.
fn check_scope(request: &CapabilityRequest) -> Result<(), String> {
    let name = request.name.as_str();
    let of = |field: &str, takers: &[&str], there: bool, needed: bool| match (takers.contains(&name), there) {
        (false, true) => {
            Err(format!("its manifest gives {field} to the capability {name:?}, which has none"))
        }
        (true, false) if needed => {
            Err(format!("its manifest asks for the capability {name:?} without {field}; say which"))
        }
        _ => Ok(()),
    };
    of("hosts", &[HTTP, DOWNLOAD], !request.hosts.is_empty(), true)?;
    of("names", &[SECRETS], !request.names.is_empty(), true)?;
    of("a quota", &[KV], request.quota_kib.is_some(), false)?;
    if request.hosts.len() > HOSTS {
        return Err(format!("its manifest names more than {} hosts for {name:?}", HOSTS));
    }
    if let Some(host) = request.hosts.iter().find(|host| !gantry_types::hosts::is_pattern(host)) {
        return Err(format!(
            "its manifest names the host {:?}; hosts are lower-case names such as api.example.org or *.example.org",
            bounded(host)
        ));
    }
    let names = &request.names;
    if names.len() > SECRET_NAMES || !names.iter().all(|each| is_id(each, ID_CHARACTERS)) {
        return Err(format!(
            "its manifest's secrets must be at most {SECRET_NAMES} names of lower-case letters, digits and hyphens"
        ));
    }
    match request.quota_kib {
        Some(quota) if !(1..=QUOTA_KIB).contains(&quota) => {
            Err(format!("its manifest's quota must be 1 to {QUOTA_KIB} KiB"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Lower-case letters, digits and single inner hyphens, beginning with a letter.
pub(crate) fn is_id(text: &str, most: usize) -> bool {
    text.len() <= most
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-')
}

fn is_version(text: &str) -> bool {
    let (numbers, suffix) =
        text.split_once('-').map_or((text, None), |(numbers, rest)| (numbers, Some(rest)));
    let parts: Vec<&str> = numbers.split('.').collect();
    text.len() <= ID_CHARACTERS
        && parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|each| each.is_ascii_digit()))
        && suffix.is_none_or(|rest| {
            !rest.is_empty() && rest.bytes().all(|each| each.is_ascii_alphanumeric() || b".-".contains(&each))
        })
}

fn check_text(field: &str, text: &str, least: usize, most: usize) -> Result<(), String> {
    let length = text.chars().count();
    if length < least || length > most {
        return Err(format!(
            "its manifest's {field} must have {least} to {most} characters; it has {length}"
        ));
    }
    if text.chars().any(|each| each.is_control() && each != '\n') {
        return Err(format!("its manifest's {field} must not contain control characters"));
    }
    // An administrator decides by these words.
    match text.lines().find_map(names::oddity) {
        Some(oddity) => Err(format!("its manifest's {field} must not contain {oddity}")),
        None => Ok(()),
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(ID_CHARACTERS).collect()
}
