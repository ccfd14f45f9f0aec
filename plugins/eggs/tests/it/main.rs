//! Eggs of our own for every feature, and those of the corpus where `GANTRY_CORPUS` names it.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod corpus;
mod edits;
mod hostile;
mod laravel;
mod samples;
mod silent;

use gantry_document::{
    model::{Document, Edit, Existing, FileFormat, Notation, Text},
    template::{EndpointPart, Limit, Place, ServerPart, Template},
};
use gantry_types::plan as types;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// A server's settings and ports.
struct Server<'a> {
    settings: BTreeMap<&'a str, &'a str>,
    ports: BTreeMap<&'a str, u16>,
}

impl Server<'_> {
    /// Every variable at its default, every port at a number of its own.
    fn usual(document: &Document) -> Server<'_> {
        let settings = document.variables.iter();
        let ports = document.endpoints.iter().zip(20_000..);
        Server {
            settings: settings
                .filter_map(|each| Some((each.key.as_str(), each.default.as_deref()?)))
                .collect(),
            ports: ports.map(|(each, port)| (each.name.as_str(), port)).collect(),
        }
    }

    fn text(&self, text: &Text) -> String {
        match text {
            Text::Literal(text) => text.clone(),
            Text::Template(template) => {
                Template::parse(template).unwrap().fill(&|place| Ok(self.value(place))).unwrap()
            }
            Text::Choose(choose) => self.text(&choose.from[&self.text(&choose.choose)]),
            Text::Script(_) => panic!("an import has no scripts in values"),
        }
    }

    fn value(&self, place: &Place) -> Option<String> {
        match place {
            Place::Setting(key) => self.settings.get(key.as_str()).map(|value| (*value).to_owned()),
            Place::Endpoint(name, EndpointPart::Port) => self.ports.get(name.as_str()).map(u16::to_string),
            Place::Endpoint(_, EndpointPart::Address) => Some("127.0.0.1".to_owned()),
            Place::Limit(Limit::Memory) => Some("2048".to_owned()),
            Place::Server(ServerPart::Id) => Some("0190".to_owned()),
            Place::Server(ServerPart::TimeZone) => Some("UTC".to_owned()),
            other => panic!("an import asks for {other:?}"),
        }
    }

    /// Edits as the daemon gets them, by path.
    fn edits(&self, document: &Document) -> Vec<(String, types::ConfigFormat, Vec<types::Edit>)> {
        let files = document.run.edits.iter().filter(|edit| edit.when.is_none());
        files
            .map(|file| {
                let edits = file.edits.iter().map(|edit| self.edit(edit)).collect();
                (self.text(&file.path), format(file.format), edits)
            })
            .collect()
    }

    fn edit(&self, edit: &Edit) -> types::Edit {
        types::Edit {
            at: self.text(&edit.at),
            value: self.text(&edit.value),
            condition: match (&edit.if_equals, &edit.if_matches, edit.only) {
                (Some(value), ..) => types::Condition::Equals(self.text(value)),
                (_, Some(pattern), _) => types::Condition::Matches(pattern.clone()),
                (_, _, Existing::Any) => types::Condition::Always,
                (_, _, Existing::Absent) => types::Condition::Absent,
                (_, _, Existing::Present) => types::Condition::Present,
            },
            notation: match edit.notation {
                Notation::LikeThere => types::Notation::LikeThere,
                Notation::Text => types::Notation::Text,
                Notation::Number => types::Notation::Number,
                Notation::Boolean => types::Notation::Boolean,
                Notation::Document => types::Notation::Document,
            },
        }
    }
}

const fn format(format: FileFormat) -> types::ConfigFormat {
    match format {
        FileFormat::Properties => types::ConfigFormat::Properties,
        FileFormat::Ini => types::ConfigFormat::Ini,
        FileFormat::Json => types::ConfigFormat::Json,
        FileFormat::Yaml => types::ConfigFormat::Yaml,
        FileFormat::Toml => types::ConfigFormat::Toml,
        FileFormat::Xml => types::ConfigFormat::Xml,
        FileFormat::Lines => types::ConfigFormat::Lines,
    }
}

/// Our own eggs.
fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
        .collect()
}

/// Every egg of the corpus, or none where nobody names one.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = std::env::var_os("GANTRY_CORPUS") else { return Vec::new() };
    let folder = PathBuf::from(folder).join("eggs");
    let index = fs::read(folder.join("index.json")).expect("a corpus has eggs/index.json");
    let index: Vec<serde_json::Value> = serde_json::from_slice(&index).unwrap();
    let file = |entry: &serde_json::Value| entry["file"].as_str().unwrap().to_owned();
    index.iter().map(file).map(|file| (file.clone(), fs::read(folder.join(&file)).unwrap())).collect()
}
