//! Install plans and run specs: what a plugin computes and the daemon does.
//!
//! The shapes follow `sdk/wit`, interface `plans`. Paths are relative to the server's directory and are untrusted until
//! the daemon's jail has resolved them.

use crate::server::Setting;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DigestAlgorithm {
    Sha256,
    Sha512,
    Sha1,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Digest {
    pub algorithm: DigestAlgorithm,
    pub hex: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Download {
    pub url: String,
    pub path: String,
    pub expect: Option<Digest>,
    pub max_bytes: u64,
    /// Where it may come from, redirects included: names, or `*.` and what they end with. Empty: from anywhere public.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArchiveFormat {
    Tar,
    TarGz,
    TarXz,
    TarBz2,
    TarZst,
    Zip,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Extract {
    pub archive: String,
    pub format: ArchiveFormat,
    pub into: String,
    pub strip_components: u32,
    /// Cap on the sum of unpacked bytes.
    pub max_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Write {
    pub path: String,
    pub content: String,
    /// Unix permission bits; all but 0o777 are dropped.
    pub mode: u32,
    pub only_if_missing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfigFormat {
    Properties,
    Ini,
    Json,
    Yaml,
    Toml,
    Xml,
    Lines,
}

/// When an edit is made, by the value that stands there.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Condition {
    #[default]
    Always,
    Absent,
    Present,
    Equals(String),
    /// RE2 syntax; only what matched is replaced.
    Matches(String),
}

/// What a value is written as, in formats that tell text from numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notation {
    /// As what stands there; where nothing stands, as what it looks like.
    #[default]
    LikeThere,
    Text,
    Number,
    Boolean,
    /// JSON text that stands for a whole tree.
    Document,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Edit {
    /// A dotted path, `section.key`, a key, or a line's beginning, by the format.
    pub at: String,
    pub value: String,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub condition: Condition,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub notation: Notation,
}

/// What earlier versions could not say is left out, so that what they wrote and what is written now are the same.
fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Edit {
    /// An edit that is made whatever stands there, and looks like that.
    pub fn new(at: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            value: value.into(),
            condition: Condition::Always,
            notation: Notation::LikeThere,
        }
    }
}

/// An edited value may be a secret, so it is never printed.
impl std::fmt::Debug for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edit").field("at", &self.at).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigEdit {
    pub path: String,
    pub format: ConfigFormat,
    pub edits: Vec<Edit>,
    /// Whether a missing file is made; otherwise it is an error.
    pub create: bool,
}

/// A file of a recipe's build context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecipeFile {
    pub path: String,
    pub content: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Image {
    /// A registry reference.
    Reference { reference: String },
    /// A Dockerfile that the node builds once and keeps by the digest of its text.
    Recipe { dockerfile: String, files: Vec<RecipeFile> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContainerRun {
    pub image: Image,
    /// Program and arguments, instead of the image's own; empty is the image's own.
    pub command: Vec<String>,
    pub environment: Vec<Setting>,
    /// Whether the container may reach the network.
    pub network: bool,
    /// Where the server's directory is mounted and the command starts.
    #[serde(default = "data")]
    pub working_directory: String,
    /// Text files that the container finds read-only, by absolute path outside the server's directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<RecipeFile>,
    #[serde(default, skip_serializing_if = "is_usual")]
    pub user: StepUser,
    pub timeout_ms: u32,
}

/// Who the command of a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepUser {
    /// The server's own user, as at play.
    #[default]
    Server,
    /// Root of the container, with few of root's powers; what it leaves behind is given to the server's user.
    Root,
}

/// Where commands of plans find the server's directory unless they say otherwise.
fn data() -> String {
    "/data".to_owned()
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    Download(Download),
    Extract(Extract),
    Write(Write),
    EditConfig(ConfigEdit),
    BuildImage {
        image: Image,
    },
    Run(ContainerRun),
    MakeDirectory {
        path: String,
    },
    Remove {
        path: String,
    },
    Copy {
        from: String,
        to: String,
    },
    Move {
        from: String,
        to: String,
    },
    /// Unix permission bits; all but 0o777 are dropped.
    SetMode {
        path: String,
        mode: u32,
    },
    /// A symbolic link at `path` that names `target`, both within the server's directory.
    Link {
        path: String,
        target: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Unique within the plan; the journal's key.
    pub id: String,
    pub title: String,
    pub action: Action,
    /// Share of the whole work, for progress; at least 1.
    pub weight: u32,
    /// Whether the plan goes on without it.
    #[serde(default)]
    pub may_fail: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstallPlan {
    pub steps: Vec<Step>,
    pub installed_version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Probe {
    /// A regular expression on one console line, with escape sequences removed.
    Console { pattern: String },
    /// An endpoint, by name, that accepts connections.
    Tcp { endpoint: String },
    /// An endpoint, by name, that answers a datagram.
    Udp { endpoint: String, payload: Vec<u8> },
    /// An endpoint, by name, that answers a GET of this path with a status below 400.
    Http { endpoint: String, path: String },
    /// The collector answers.
    Collector,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StopStep {
    /// A line typed into the console.
    Console {
        command: String,
    },
    /// A signal by name, such as `SIGINT`.
    Signal {
        signal: String,
    },
    /// What Control-C does in a terminal.
    Interrupt,
    Wait {
        ms: u32,
    },
    /// An action of the plugin, by its id.
    Action {
        id: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunSpec {
    pub image: Image,
    /// Program and arguments, instead of the image's own; empty is the image's own.
    pub command: Vec<String>,
    pub environment: Vec<Setting>,
    /// Where the server's directory is mounted and the command starts.
    pub working_directory: String,
    pub edits: Vec<ConfigEdit>,
    /// All must pass before the server counts as running.
    pub ready: Vec<Probe>,
    pub ready_timeout_ms: u32,
    /// In order; the host kills when they are exhausted.
    pub stop: Vec<StopStep>,
    pub terminal: bool,
    pub read_only_root: bool,
}
