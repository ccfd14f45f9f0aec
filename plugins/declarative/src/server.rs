//! One server as a document sees it: what templates and scripts can ask.

use gantry_document::{
    model::{Document, Kind, Limits, Protocol},
    template::{EndpointPart, Limit, Place, ServerPart, TemplateError},
};
use rhai::{Dynamic, Map};
use std::collections::BTreeMap;

/// An allocated port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub name: String,
    pub protocol: Protocol,
    pub address: String,
    pub port: u16,
}

/// All that a document may know of a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    pub id: String,
    pub name: String,
    pub blueprint: String,
    pub time_zone: String,
    pub settings: BTreeMap<String, String>,
    pub facts: BTreeMap<String, String>,
    pub endpoints: Vec<Endpoint>,
    pub limits: Limits,
}

/// What there is beyond the server at some places of a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Local {
    #[default]
    Nothing,
    /// Groups of a pattern.
    Match(BTreeMap<String, String>),
    /// An action's form, as text.
    Form(BTreeMap<String, String>),
    /// What is told to everybody.
    Text(String),
}

impl Server {
    /// What stands at a place of a template. Nothing for what is not set and for ports that the server has not.
    pub(crate) fn value(&self, place: &Place, local: &Local) -> Result<Option<String>, TemplateError> {
        let endpoint = |name: &str| self.endpoints.iter().find(|each| each.name == name);
        Ok(match (place, local) {
            (Place::Setting(key), _) => self.settings.get(key).cloned(),
            (Place::Fact(key), _) => self.facts.get(key).cloned(),
            (Place::Endpoint(name, EndpointPart::Port), _) => {
                endpoint(name).map(|each| each.port.to_string())
            }
            (Place::Endpoint(name, EndpointPart::Address), _) => {
                endpoint(name).map(|each| each.address.clone())
            }
            (Place::Endpoint(name, EndpointPart::Protocol), _) => {
                endpoint(name).map(|each| protocol(each.protocol).to_owned())
            }
            (Place::Limit(limit), _) => Some(self.limit(*limit).to_string()),
            (Place::Server(ServerPart::Id), _) => Some(self.id.clone()),
            (Place::Server(ServerPart::Name), _) => Some(self.name.clone()),
            (Place::Server(ServerPart::Blueprint), _) => Some(self.blueprint.clone()),
            (Place::Server(ServerPart::TimeZone), _) => Some(self.time_zone.clone()),
            (Place::Quoted(text), _) => Some(text.clone()),
            (Place::Match(name), Local::Match(groups)) => groups.get(name).cloned(),
            (Place::Form(key), Local::Form(form)) => form.get(key).cloned(),
            (Place::Text, Local::Text(text)) => Some(text.clone()),
            (Place::Match(_) | Place::Form(_) | Place::Text, _) => {
                return Err(TemplateError("this is not there in this place".to_owned()));
            }
        })
    }

    const fn limit(&self, limit: Limit) -> u32 {
        match limit {
            Limit::Memory => self.limits.memory,
            Limit::Swap => self.limits.swap,
            Limit::Cpu => self.limits.cpu,
            Limit::Disk => self.limits.disk,
            Limit::Pids => self.limits.pids,
        }
    }

    /// What scripts see, by name. Values have the type of their variable's kind.
    pub(crate) fn variables(&self, document: &Document, local: &Local) -> Vec<(&'static str, Dynamic)> {
        let texts = |map: &BTreeMap<String, String>| -> Dynamic {
            let entry =
                |(key, value): (&String, &String)| (key.as_str().into(), Dynamic::from(value.clone()));
            Dynamic::from_map(map.iter().map(entry).collect())
        };
        let typed = |values: &BTreeMap<String, String>, questions: &[gantry_document::model::Variable]| {
            let kind = |key: &str| questions.iter().find(|each| each.key == key).map(|each| each.kind);
            let entry = |(key, value): (&String, &String)| {
                (key.as_str().into(), typed(kind(key).unwrap_or_default(), value))
            };
            Dynamic::from_map(values.iter().map(entry).collect())
        };
        let endpoint = |each: &Endpoint| {
            let map = Map::from([
                ("port".into(), i64::from(each.port).into()),
                ("address".into(), each.address.clone().into()),
                ("protocol".into(), protocol(each.protocol).into()),
            ]);
            (each.name.as_str().into(), Dynamic::from_map(map))
        };
        let limits = ["memory", "swap", "cpu", "disk", "pids"];
        let numbers = [Limit::Memory, Limit::Swap, Limit::Cpu, Limit::Disk, Limit::Pids];
        let limits = limits.into_iter().zip(numbers.map(|limit| i64::from(self.limit(limit)).into()));
        let server = [
            ("id", &self.id),
            ("name", &self.name),
            ("blueprint", &self.blueprint),
            ("time_zone", &self.time_zone),
        ];
        let server = server.into_iter().map(|(key, value)| (key.into(), value.clone().into()));
        let mut variables = vec![
            ("settings", typed(&self.settings, &document.variables)),
            ("endpoints", Dynamic::from_map(self.endpoints.iter().map(endpoint).collect())),
            ("limits", Dynamic::from_map(limits.map(|(key, value)| (key.into(), value)).collect())),
            ("server", Dynamic::from_map(server.collect())),
            ("facts", texts(&self.facts)),
        ];
        match local {
            Local::Nothing => {}
            Local::Match(groups) => variables.push(("groups", texts(groups))),
            Local::Form(form) => variables.push(("form", texts(form))),
            Local::Text(text) => variables.push(("text", text.clone().into())),
        }
        variables
    }
}

/// A value by its kind; text where it is not what the kind says, which the host does not let happen.
fn typed(kind: Kind, value: &str) -> Dynamic {
    match kind {
        Kind::Boolean => Dynamic::from(value == "true"),
        Kind::Number => match (value.parse::<i64>(), value.parse::<f64>()) {
            (Ok(whole), _) => whole.into(),
            (_, Ok(number)) => number.into(),
            _ => value.to_owned().into(),
        },
        Kind::Text | Kind::Multiline | Kind::Secret | Kind::OneOf => value.to_owned().into(),
    }
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}
