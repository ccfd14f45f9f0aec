//! What can be set, and which ports there are.

use super::{Text, is_yes, usual, yes};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::fmt;

/// What a server may use. Zero means unlimited, but for swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Limits {
    /// Memory in MiB.
    pub memory: u32,
    /// Swap beyond the memory, in MiB.
    #[serde(default)]
    pub swap: u32,
    /// Hundredths of a core.
    pub cpu: u32,
    /// Disk in MiB.
    pub disk: u32,
    /// Processes and threads.
    #[serde(default = "pids")]
    pub pids: u32,
}

const fn pids() -> u32 {
    256
}

impl Limits {
    pub(crate) const fn least() -> Self {
        Self { memory: 128, swap: 0, cpu: 10, disk: 256, pids: pids() }
    }
    pub(crate) const fn recommended() -> Self {
        Self { memory: 512, swap: 0, cpu: 100, disk: 1024, pids: pids() }
    }
}

/// How a running game takes commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CommandDoor {
    /// On its standard input.
    #[default]
    Console,
    /// Not at all.
    None,
}

/// What a variable's value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// One line of text.
    #[default]
    Text,
    /// Several lines of text.
    Multiline,
    /// Text that is encrypted at rest and never shown again.
    Secret,
    /// A number.
    Number,
    /// Yes or no: "true" or "false".
    Boolean,
    /// One of `choices`.
    OneOf,
}

impl Kind {
    /// As it is written in a document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Multiline => "multiline",
            Self::Secret => "secret",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::OneOf => "one-of",
        }
    }
}

/// Who may see or edit; each includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Administrators alone.
    Administrators,
    /// The server's owner too.
    Owners,
    /// Every member with the right permission.
    #[default]
    Members,
}

/// A typed question: a setting of the server, or a field of an action's form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Variable {
    /// Letters, digits and `_-.`, beginning with a letter. Templates say `{{settings.KEY}}`.
    pub key: String,
    /// The question in few words.
    pub label: String,
    /// What its value is.
    #[serde(default, skip_serializing_if = "usual")]
    pub kind: Kind,
    /// The value of who sets none, written as what the kind is: a number and a boolean as such, all else in quotes. It keeps to
    /// the variable's own rule.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "plain")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Plain>"))]
    pub default: Option<String>,
    /// Whether there must be a value.
    #[serde(default, skip_serializing_if = "usual")]
    pub required: bool,
    /// A sentence below the field.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// The heading under which it stands.
    #[serde(default = "general")]
    pub group: String,
    /// For texts: fewest characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    /// For texts: most characters; 1,000 if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// For texts: a regular expression (RE2) that the whole value matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The pattern in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern_help: Option<String>,
    /// For numbers: the least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// For numbers: the greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// For numbers: the distance between two that are possible; 1 if nothing is said, and 0 for any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// For numbers: what they count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// For `one-of`: the values, each as text or with a label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Who may see it.
    #[serde(default, skip_serializing_if = "usual")]
    pub viewable: Audience,
    /// Who may edit it.
    #[serde(default, skip_serializing_if = "usual")]
    pub editable: Audience,
    /// A change takes effect only after a reinstallation.
    #[serde(default, skip_serializing_if = "usual")]
    pub needs_reinstall: bool,
    /// A change takes effect only after a restart.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub needs_restart: bool,
}

/// A value that is the same for all servers: in TOML and JSON it may be written as what it is.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "it is there for the schema alone")]
enum Plain {
    Text(String),
    Number(f64),
    Boolean(bool),
}

fn general() -> String {
    "General".to_owned()
}

/// Text, or what is written as text: a number or a boolean.
fn plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Any;
    impl Visitor<'_> for Any {
        type Value = Option<String>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text, a number or a boolean")
        }
        fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
            Ok(Some(value.to_owned()))
        }
        fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }
        fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }
        fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }
        fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
            Ok(Some(value.to_string()))
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Any)
}

/// One value of `one-of`, with how people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Choice {
    pub value: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub help: String,
}

/// A choice with a label of its own.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChoiceTable {
    /// What the setting is then.
    value: String,
    /// How people read it; the value if nothing is said.
    #[serde(default)]
    label: String,
    /// What it means.
    #[serde(default)]
    help: String,
}

impl Choice {
    /// How people read it.
    pub fn shown(&self) -> &str {
        if self.label.is_empty() { &self.value } else { &self.label }
    }
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Choice;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table with `value` and `label`")
            }
            fn visit_str<E: Error>(self, value: &str) -> Result<Choice, E> {
                Ok(Choice { value: value.to_owned(), label: String::new(), help: String::new() })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Choice, A::Error> {
                let table = ChoiceTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Choice { value: table.value, label: table.label, help: table.help })
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Choice {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Choice".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let table = generator.subschema_for::<ChoiceTable>();
        schemars::json_schema!({
            "description": "One value of `one-of`: a text, or a table with a label.",
            "anyOf": [{ "type": "string" }, table],
        })
    }
}

/// How a port is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    Tcp,
    Udp,
}

/// A port that the game uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Endpoint {
    /// Lower-case letters, digits and single hyphens. Templates say `{{endpoints.NAME.port}}`.
    pub name: String,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// The number that the game usually has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// Whether the game cannot do without.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub required: bool,
    /// Its number is at a fixed distance from another endpoint's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative_to: Option<Relative>,
}

/// A fixed distance from another endpoint's port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Relative {
    /// The other endpoint's name.
    pub endpoint: String,
    /// How far behind it; 0 is the same number with the other protocol.
    #[serde(default)]
    pub offset: i32,
}

/// A rule that is asked whenever settings change. Exactly one of `matches`, `matches-not` and `fails-when` is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Check {
    /// The variable that is at fault; empty for the form as a whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// What is looked at; the variable's value if nothing is said. Where it is empty, patterns are not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Text>,
    /// A regular expression that must be found in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// A regular expression that must not be found in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matches_not: Option<String>,
    /// A condition in rhai that is true where something is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails_when: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}
