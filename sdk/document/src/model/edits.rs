//! Changes to the game's own configuration files.

use super::{Text, is_yes, usual, yes};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// `key=value`, as Java reads it.
    Properties,
    /// `[section]` and `key = value`.
    Ini,
    Json,
    Yaml,
    Toml,
    Xml,
    /// Lines that are found by how they begin.
    Lines,
}

/// Whether something must stand there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Existing {
    /// Whether or not.
    #[default]
    Any,
    /// Only where nothing stands.
    Absent,
    /// Only where something stands.
    Present,
}

/// What a value is written as, in formats that tell text from numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
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

/// Edits of one file. Everything that is not edited stays as people left it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConfigEdit {
    /// Relative to the server's directory.
    pub path: Text,
    /// How the file is written.
    pub format: FileFormat,
    /// Whether a missing file is made.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub create: bool,
    /// Values by their place, for edits without conditions. They are made in alphabetical order, before `edits`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Text>,
    /// Edits in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<Edit>,
    /// A script in rhai that answers a list of further edits, each a map as in `edits`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// A condition in rhai; the file is left alone where it is not true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// One value of a file. At most one of `only`, `if-equals` and `if-matches` is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Edit {
    /// The place: a dotted path (`server.ports[0].number`, one `*` for every child), `[section].key`, a key, or the beginning
    /// of a line, by the format.
    pub at: Text,
    /// What is written there; for `lines` the whole line.
    pub value: Text,
    /// Only where nothing, or something, stands there.
    #[serde(default, skip_serializing_if = "usual")]
    pub only: Existing,
    /// Only where exactly this stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_equals: Option<Text>,
    /// Only where this regular expression (RE2) is found in what stands there; only what matched is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_matches: Option<String>,
    /// What the value is written as.
    #[serde(default, rename = "as", skip_serializing_if = "usual")]
    pub notation: Notation,
    /// A condition in rhai; the edit is left out where it is not true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}
