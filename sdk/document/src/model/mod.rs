//! The document's shape, one module for each of its parts.
//!
//! Names are those of the contract (`sdk/wit`) wherever it has one. What can be one of several things is a table of which
//! exactly one field is given (`download = { … }`, `extract = { … }`), so that an error has a place and a name can be
//! guessed. Field comments are the reference: the schema and `REFERENCE.md` are made from them.
//!
//! Modules in reading order: [`text`], [`variables`], [`edits`], [`install`], [`run`], [`doing`].

mod doing;
mod edits;
mod install;
mod run;
mod text;
mod variables;

pub use doing::{Action, AwaitLine, ConfigField, ConfigFile, ConsoleRule, Effect, Event, Presence};
pub use edits::{ConfigEdit, Edit, Existing, FileFormat, Notation};
pub use install::{
    Archive, Copy, Digest, Download, Extract, ImageText, Install, Link, Mode, Recipe, RunStep, Step, User,
    Write,
};
pub use run::{HttpProbe, Probe, Run, StopStep, UdpProbe, bytes};
pub use text::{Choose, Text};
pub use variables::{
    Audience, Check, Choice, ChoiceTable, CommandDoor, Endpoint, Kind, Limits, Protocol, Relative, Variable,
};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A declarative blueprint: one game as a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Document {
    /// Where the document's schema is, for editors of JSON. TOML says it in a comment: `#:schema blueprint.schema.json`.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What the plugin that is made from this document says of itself.
    pub plugin: Plugin,
    /// The game as the gallery shows it.
    pub blueprint: Blueprint,
    /// What people can set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// The ports that the game uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<Endpoint>,
    /// Rules that a variable's own kind cannot say, or that look at several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// How the game gets onto the disk.
    #[serde(default, skip_serializing_if = "usual")]
    pub install: Install,
    /// How the game runs.
    pub run: Run,
    /// What lines of the console mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub console: Vec<ConsoleRule>,
    /// How everybody who plays is told something; `{{text}}` is what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broadcast: Vec<Effect>,
    /// How the files on the disk are made whole, and kept so, for a backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quiesce: Vec<Effect>,
    /// How the game is let write again after a backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resume: Vec<Effect>,
    /// What people can do to the game beyond power.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// The game's own files as forms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub config_files: Vec<ConfigFile>,
}

/// What the plugin that is made from this document says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plugin {
    /// Lower-case letters, digits and single hyphens, beginning with a letter; unique among plugins.
    pub id: String,
    /// Three numbers, such as `1.0.0`.
    pub version: String,
    /// Who made it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// The document's licence as an SPDX expression.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub licence: String,
    /// Hosts that downloads go to beyond those that stand in their addresses, such as `example.com` or `*.example.com`: for
    /// addresses that templates and scripts make, and for redirects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub download_hosts: Vec<String>,
    /// Why each capability is needed, by its name, for the administrator who grants it. A capability that the document
    /// uses is asked for in any case; one that a script alone uses is asked for by giving a reason here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<String, String>,
}

/// The game as the gallery shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Blueprint {
    /// Lower-case letters, digits and single hyphens, beginning with a letter.
    pub id: String,
    /// For people.
    pub name: String,
    /// One sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What people should know: how to join, what the first player may do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub documentation: String,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A square picture as SVG text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// With less it does not run.
    #[serde(default = "Limits::least")]
    pub least: Limits,
    /// With this it runs well.
    #[serde(default = "Limits::recommended")]
    pub recommended: Limits,
    /// How the running game takes commands.
    #[serde(default, skip_serializing_if = "usual")]
    pub commands: CommandDoor,
    /// Globs of files that only the game and its plugin write, relative to the server's directory: `*` stands for any part of
    /// a name, `**` between slashes for any folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected_files: Vec<String>,
}

/// What a field is where nothing is said is left out.
pub(crate) fn usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(crate) const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
pub(crate) const fn is_yes(value: &bool) -> bool {
    *value
}
