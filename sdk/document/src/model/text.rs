//! A value that is computed for each server.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{collections::BTreeMap, fmt};

/// Text for one server: a template, the same text for all, one of several, or what a script answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// Text in which `{{settings.key}}` and the like are filled in.
    Template(String),
    /// `{ literal = "…" }`: text in which nothing is filled in.
    Literal(String),
    /// `{ choose = "{{settings.mode}}", from = { a = "…", b = "…" }, otherwise = "…" }`.
    Choose(Box<Choose>),
    /// `{ script = "…" }`: what a script in rhai answers.
    Script(String),
}

/// One of several texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Choose {
    /// What decides.
    pub choose: Text,
    /// The texts, by what `choose` may come to.
    pub from: BTreeMap<String, Text>,
    /// The text for everything else. Without it, anything else is an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Text>,
}

impl Default for Text {
    fn default() -> Self {
        Self::Template(String::new())
    }
}

impl From<&str> for Text {
    fn from(template: &str) -> Self {
        Self::Template(template.to_owned())
    }
}

impl From<String> for Text {
    fn from(template: String) -> Self {
        Self::Template(template)
    }
}

impl Text {
    /// Text that means itself, as a template wherever that is the same.
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.contains("{{") { Self::Literal(text) } else { Self::Template(text) }
    }
    /// Whether it is empty for every server.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Template(text) | Self::Literal(text) => text.is_empty(),
            Self::Choose(_) | Self::Script(_) => false,
        }
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = |key: &str, text: &str| BTreeMap::from([(key.to_owned(), text.to_owned())]);
        match self {
            Self::Template(text) => serializer.serialize_str(text),
            Self::Literal(text) => table("literal", text).serialize(serializer),
            Self::Script(text) => table("script", text).serialize(serializer),
            Self::Choose(choose) => choose.serialize(serializer),
        }
    }
}

/// The forms that are tables.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Form {
    /// Text in which nothing is filled in.
    literal: Option<String>,
    /// What this script in rhai answers.
    script: Option<String>,
    /// What decides between the texts of `from`.
    choose: Option<Text>,
    /// The texts, by what `choose` may come to.
    from: Option<BTreeMap<String, Text>>,
    /// The text for everything that is not in `from`. Without it, anything else is an error.
    otherwise: Option<Text>,
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyText)
    }
}

struct AnyText;

impl<'de> Visitor<'de> for AnyText {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, a boolean, or a table with `literal`, `script` or `choose`")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(text.into())
    }
    fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
        Ok(text.into())
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Text, E> {
        Ok(value.to_string().into())
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
        Ok(value.to_string().into())
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
        Ok(value.to_string().into())
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
        Ok(value.to_string().into())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
        let form = Form::deserialize(MapAccessDeserializer::new(map))?;
        match form {
            Form { literal: Some(text), script: None, choose: None, from: None, otherwise: None } => {
                Ok(Text::Literal(text))
            }
            Form { literal: None, script: Some(text), choose: None, from: None, otherwise: None } => {
                Ok(Text::Script(text))
            }
            Form { literal: None, script: None, choose: Some(choose), from: Some(from), otherwise } => {
                Ok(Text::Choose(Box::new(Choose { choose, from, otherwise })))
            }
            Form { .. } => Err(A::Error::custom(
                "a table for text has either `literal`, or `script`, or `choose` with `from`",
            )),
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let form = generator.subschema_for::<Form>();
        schemars::json_schema!({
            "description": "Text for one server. A plain text is a template: `{{settings.KEY}}`, `{{endpoints.NAME.port}}`, `{{limits.memory}}`, `{{server.name}}`, `{{facts.KEY}}` are filled in.",
            "anyOf": [{ "type": ["string", "number", "boolean"] }, form],
        })
    }
}
