//! A fixture as it is written: one server, and what to ask about it. A key that does not exist is an error with its place.

use crate::fault::Fault;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{collections::BTreeMap, fs, path::Path};

/// Values by key; numbers and booleans stand for their text.
pub(super) type Values = BTreeMap<String, Scalar>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Fixture {
    #[serde(default)]
    pub(super) server: Server,
    #[serde(default)]
    pub(super) validate: Vec<Plain>,
    #[serde(default)]
    pub(super) install: Vec<Plain>,
    #[serde(default)]
    pub(super) run: Vec<Plain>,
    #[serde(default)]
    pub(super) edit: Vec<Edit>,
    #[serde(default)]
    pub(super) collect: Vec<Asking>,
    #[serde(default)]
    pub(super) console: Vec<Console>,
    #[serde(default)]
    pub(super) offer: Vec<Plain>,
    #[serde(default)]
    pub(super) action: Vec<Action>,
    #[serde(default)]
    pub(super) command: Vec<Command>,
    #[serde(default)]
    pub(super) broadcast: Vec<Broadcast>,
    #[serde(default)]
    pub(super) config_files: Vec<Plain>,
    #[serde(default)]
    pub(super) event: Vec<Event>,
}

/// What the plugin is told of the server. What is left out is as a form that nobody changed would have it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Server {
    pub(super) blueprint: Option<String>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) time_zone: Option<String>,
    #[serde(default)]
    pub(super) settings: Values,
    #[serde(default)]
    pub(super) facts: Values,
    #[serde(default)]
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    pub(super) limits: Option<Limits>,
}

/// Where an endpoint is; `absent` for an optional one that the server has not.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Endpoint {
    pub(super) address: Option<String>,
    pub(super) port: Option<u16>,
    #[serde(default)]
    pub(super) absent: bool,
}

/// As in a document: MiB, hundredths of a core. What is left out is unlimited.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Limits {
    #[serde(default)]
    pub(super) memory: u32,
    #[serde(default)]
    pub(super) swap: u32,
    #[serde(default)]
    pub(super) cpu: u32,
    #[serde(default)]
    pub(super) disk: u32,
    #[serde(default)]
    pub(super) pids: u32,
}

/// A case that says nothing but how it differs from the others.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Plain {
    pub(super) name: Option<String>,
    /// In the place of the server's.
    #[serde(default)]
    pub(super) settings: Values,
    /// Where the answer stands, beside the fixture.
    pub(super) golden: Option<String>,
    /// The code of the refusal that is expected, in the place of an answer.
    pub(super) failure: Option<String>,
}

/// Edits of one file of the game, made on a sample of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Edit {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) settings: Values,
    /// `run`, or the id of a step of the installation.
    #[serde(default = "run")]
    pub(super) from: String,
    /// In the server's directory.
    pub(super) path: String,
    /// The sample; none where the file is missing.
    pub(super) before: Option<String>,
    pub(super) golden: Option<String>,
}

fn run() -> String {
    "run".to_owned()
}

/// A call that asks the game.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Asking {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) settings: Values,
    /// What was recorded: questions and answers.
    pub(super) exchange: Option<String>,
    pub(super) golden: Option<String>,
    pub(super) failure: Option<String>,
}

/// Lines of a console.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Console {
    pub(super) name: Option<String>,
    pub(super) transcript: String,
    pub(super) golden: Option<String>,
}

/// An action, with its form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Action {
    pub(super) name: Option<String>,
    pub(super) id: String,
    #[serde(default)]
    pub(super) form: Values,
    #[serde(default)]
    pub(super) settings: Values,
    pub(super) exchange: Option<String>,
    pub(super) golden: Option<String>,
    pub(super) failure: Option<String>,
}

/// A command that goes by way of the plugin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Command {
    pub(super) name: Option<String>,
    pub(super) line: String,
    #[serde(default)]
    pub(super) settings: Values,
    pub(super) exchange: Option<String>,
    pub(super) golden: Option<String>,
    pub(super) failure: Option<String>,
}

/// A message to everybody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Broadcast {
    pub(super) name: Option<String>,
    pub(super) text: String,
    pub(super) golden: Option<String>,
}

/// Something that happened, as a plugin that listens is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Event {
    pub(super) name: Option<String>,
    pub(super) id: Option<String>,
    pub(super) kind: String,
    /// Milliseconds since 1970.
    #[serde(default)]
    pub(super) at_ms: i64,
    pub(super) server: Option<About>,
    pub(super) actor: Option<String>,
    pub(super) summary: String,
    #[serde(default)]
    pub(super) details: Values,
    /// Those of the plugin as a whole; what is left out has its default.
    #[serde(default)]
    pub(super) settings: Values,
    /// What is answered to its requests, in turn.
    #[serde(default)]
    pub(super) answers: Vec<WebAnswer>,
    pub(super) golden: Option<String>,
}

/// The server that an event is about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct About {
    #[serde(default)]
    pub(super) id: String,
    pub(super) name: String,
    pub(super) blueprint: String,
    pub(super) node: String,
}

/// What somebody on the internet answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct WebAnswer {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: String,
}

/// A value as a setting has it: text, whatever it is written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scalar(pub(super) String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => Ok(Self(text)),
            toml::Value::Integer(number) => Ok(Self(number.to_string())),
            toml::Value::Float(number) => Ok(Self(number.to_string())),
            toml::Value::Boolean(value) => Ok(Self(value.to_string())),
            toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                Err(D::Error::custom("a value is text, a number, or true or false"))
            }
        }
    }
}

impl Fixture {
    /// Whether it asks nothing about a server.
    pub(super) fn only_events(&self) -> bool {
        let Self { server: _, validate, install, run, edit, collect, console, .. } = self;
        let Self { offer, action, command, broadcast, config_files, event: _, .. } = self;
        let plain = [validate, install, run, offer, config_files].into_iter().all(Vec::is_empty);
        plain
            && edit.is_empty()
            && collect.is_empty()
            && console.is_empty()
            && action.is_empty()
            && command.is_empty()
            && broadcast.is_empty()
    }

    /// Reads a file. The fault says where.
    pub(super) fn read(file: &Path) -> Result<Self, Fault> {
        let text = fs::read_to_string(file)
            .map_err(|error| Fault::io(format!("{} cannot be read", file.display()), &error))?;
        Self::parse(&text).map_err(|(line, way, message)| {
            let way = if matches!(way.as_str(), "" | ".") { String::new() } else { format!(" ({way})") };
            let remedy = "Correct it; sdk/tool/README.md lists what may stand there.";
            Fault::new("fixture", message, remedy).at(format!("{}:{line}{way}", file.display()))
        })
    }

    fn parse(text: &str) -> Result<Self, (usize, String, String)> {
        let line = |error: &toml::de::Error| {
            let offset = error.span().map_or(0, |span| span.start);
            text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1)
        };
        let told = |error: &toml::de::Error, way: String| (line(error), way, error.message().to_owned());
        let reader = toml::Deserializer::parse(text).map_err(|error| told(&error, String::new()))?;
        serde_path_to_error::deserialize(reader)
            .map_err(|error| told(error.inner(), error.path().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_does_not_exist_is_told_with_its_place() {
        let (line, way, message) =
            Fixture::parse("[server]\nname = \"a\"\n\n[[run]]\ngoldn = \"x\"\n").unwrap_err();
        assert_eq!((line, way.as_str()), (5, "run[0].goldn"));
        assert!(message.contains("unknown field `goldn`") && message.contains("`golden`"), "{message}");
    }

    #[test]
    fn values_stand_for_their_text() {
        let fixture = Fixture::parse("server.settings = { a = 1, b = true, c = \"x\", d = 1.5 }").unwrap();
        let values: Vec<&str> = fixture.server.settings.values().map(|value| value.0.as_str()).collect();
        assert_eq!(values, ["1", "true", "x", "1.5"]);
        let (_, way, _) = Fixture::parse("server.settings = { a = [1] }").unwrap_err();
        assert_eq!(way, "server.settings.a");
    }
}
