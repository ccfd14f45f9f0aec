//! How a game runs: computed for each start.

use super::{
    ConfigEdit, ImageText, Text,
    install::{data, is_data},
    is_yes, usual, yes,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the game runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Run {
    /// The image that it runs in.
    pub image: ImageText,
    /// Program and arguments; the image's own if nothing is said. No shell reads them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<Text>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, Text>,
    /// Where the server's directory is mounted and the command starts.
    #[serde(default = "data", skip_serializing_if = "is_data")]
    pub working_directory: String,
    /// Made before each start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<ConfigEdit>,
    /// All must pass before the server counts as running. None: it runs as soon as its process does, or as the console says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<Probe>,
    /// Not ready by then is told; the game is left running and asked on.
    #[serde(default = "a_minute")]
    pub ready_timeout_s: u32,
    /// In order; what still runs behind the last is killed. If nothing is said: SIGTERM, and ten seconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<StopStep>,
    /// Whether it has a terminal. Games that read plain lines do better without.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub terminal: bool,
    /// Whether everything outside of the server's directory is read-only.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub read_only_root: bool,
}

const fn a_minute() -> u32 {
    60
}

/// A sign that the game is ready. Exactly one is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Probe {
    /// A regular expression (RE2) on one line of the console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// The endpoint accepts connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<String>,
    /// The endpoint answers a datagram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub udp: Option<UdpProbe>,
    /// The endpoint answers an HTTP request with a status below 400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpProbe>,
    /// A condition in rhai; the probe is left out where it is not true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// A datagram, and any answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct UdpProbe {
    pub endpoint: String,
    /// What is sent, in hexadecimal.
    pub payload: String,
}

/// A request over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HttpProbe {
    pub endpoint: String,
    /// Begins with `/`.
    pub path: Text,
}

/// One step of stopping. Exactly one is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StopStep {
    /// A line typed into its console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Text>,
    /// A signal by name, such as `SIGINT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
    /// What Control-C does.
    #[serde(default, skip_serializing_if = "usual")]
    pub interrupt: bool,
    /// Waits for it to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_s: Option<u32>,
    /// One of the document's own actions, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// The bytes that a text in hexadecimal stands for.
#[must_use]
pub fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hexadecimal.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(pair).collect())?
}
