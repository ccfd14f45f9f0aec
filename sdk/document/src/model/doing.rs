//! What happens while the game runs: what its console means, what is done to it, its files as forms.

use super::{Audience, ConfigEdit, FileFormat, Notation, Text, Variable, usual};
use serde::{Deserialize, Serialize};

/// What a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The game is ready.
    Ready,
    /// Somebody came. The name is `player`, by default the group of that name.
    Joined,
    /// Somebody left. The name is `player`.
    Left,
    /// Somebody said something: `player` and `text`.
    Chat,
    /// Something that whoever runs the game should read: `text`, by default the whole line.
    Warning,
    /// Why the game is about to end: `cause` and `remedy`.
    CrashCause,
}

/// One meaning of lines. The first rule that matches a line decides. Templates here have the groups of the pattern:
/// `{{match.NAME}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConsoleRule {
    /// A regular expression with named groups `(?P<player>…)`, found anywhere in a line without its colours.
    pub pattern: String,
    pub event: Event,
    /// Who, for `joined`, `left` and `chat`; the group `player` if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub player: Option<Text>,
    /// What, for `chat` and `warning`; the group `text` if nothing is said, or the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Why, for `crash-cause`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Text>,
    /// What helps, for `crash-cause`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Text>,
}

/// One thing that is done to a running game. Exactly one is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Effect {
    /// A line typed into its console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Text>,
    /// Waits until a line of the console matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub await_line: Option<AwaitLine>,
    /// Waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_ms: Option<u32>,
    /// Edits a configuration file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<ConfigEdit>,
    /// Shown to who asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Text>,
    /// A condition in rhai; the effect is left out where it is not true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

/// A line that must come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AwaitLine {
    /// A regular expression (RE2).
    pub pattern: String,
    /// Where none came by then it has failed, and nothing behind it is done.
    pub timeout_ms: u32,
}

/// When an action can be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    #[default]
    Running,
    Stopped,
    Always,
}

/// What people can do to the game: a button with a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Action {
    /// Lower-case letters, digits and single hyphens.
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// A name of the panel's set, such as `megaphone`, `user-x` or `save`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub icon: String,
    /// Its questions; templates of the effects say `{{form.KEY}}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form: Vec<Variable>,
    /// Whom it is for.
    #[serde(default, skip_serializing_if = "usual")]
    pub audience: Audience,
    #[serde(default, skip_serializing_if = "usual")]
    pub available: Presence,
    /// Asked before it is done, where it cannot be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
    /// Done in order; the first that fails ends the rest.
    pub effects: Vec<Effect>,
}

/// One of the game's own files as a form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConfigFile {
    /// Lower-case letters, digits and single hyphens.
    pub id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// Relative to the server's directory.
    pub path: Text,
    /// How the file is written.
    pub format: FileFormat,
    pub fields: Vec<ConfigField>,
}

/// One value of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ConfigField {
    /// Its place, as in an edit.
    pub at: String,
    /// What it is written as.
    #[serde(default, rename = "as", skip_serializing_if = "usual")]
    pub notation: Notation,
    /// What people are asked for it.
    pub question: Variable,
}
