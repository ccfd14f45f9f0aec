//! A blueprint as data: what a plugin says of a game, checked and stored by the control plane, drawn by the panel.
//!
//! The shapes follow `sdk/wit`, interface `blueprints`; the host converts between the two.

use crate::{server::Protocol, units::Limits};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub help: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TextRule {
    /// In characters, as is `max_length`.
    pub min_length: u32,
    pub max_length: u32,
    /// RE2 syntax, matched against the whole value.
    pub pattern: Option<String>,
    /// The pattern in words, shown when it does not match.
    pub pattern_help: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NumberRule {
    pub minimum: f64,
    pub maximum: f64,
    /// Zero allows any number between the two.
    pub step: f64,
    pub unit: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum VariableKind {
    Text(TextRule),
    Multiline(TextRule),
    /// Encrypted at rest, never shown again.
    Secret(TextRule),
    Number(NumberRule),
    Boolean,
    OneOf {
        choices: Vec<Choice>,
    },
    /// What the plugin lists at the moment under this name; `open` also takes what is not listed.
    FromCatalog {
        name: String,
        open: bool,
    },
}

/// Who may see or edit a variable; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    Administrators,
    Owners,
    Members,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    pub key: String,
    pub label: String,
    pub help: String,
    pub group: String,
    pub kind: VariableKind,
    pub default_value: Option<String>,
    pub required: bool,
    pub viewable: Audience,
    pub editable: Audience,
    pub needs_reinstall: bool,
    pub needs_restart: bool,
}

/// A port that the game needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointNeed {
    pub name: String,
    pub protocol: Protocol,
    pub help: String,
    pub default_port: Option<u16>,
    pub required: bool,
    /// At this distance from another endpoint's port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative_to: Option<RelativePort>,
}

/// A port that follows another; with the offset 0 it is the same number with the other protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelativePort {
    pub endpoint: String,
    pub offset: i32,
}

/// How a running game takes commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandDoor {
    /// It reads its standard input.
    #[default]
    Console,
    /// Its plugin hands them over.
    Plugin,
    /// It takes none.
    None,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Blueprint {
    /// Unique within its plugin: `openarena`.
    pub id: String,
    pub name: String,
    pub summary: String,
    pub documentation: String,
    pub tags: Vec<String>,
    /// A square SVG, drawn as an image and never as markup; empty for none.
    pub icon: String,
    pub variables: Vec<Variable>,
    pub endpoints: Vec<EndpointNeed>,
    pub least: Limits,
    pub recommended: Limits,
    /// How often the collector wants to be called; none has no collector.
    pub collect_every_ms: Option<u32>,
    #[serde(default)]
    pub commands: CommandDoor,
    /// Globs of files that people read and do not change.
    #[serde(default)]
    pub protected_files: Vec<String>,
}

/// What a person should be told about one variable. An empty key speaks about the whole form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FieldProblem {
    pub key: String,
    pub message: String,
    pub remedy: Option<String>,
}
