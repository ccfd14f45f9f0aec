//! The contract, answered by the document that is packed beside this program.
//!
//! Names alone are translated here. Every call reads the document anew, since every call has a fresh instance.
//!
//! Modules in reading order: [`blueprint`], [`plan`], [`doing`].

mod blueprint;
mod doing;
mod plan;

use crate::{
    Fault, check, console,
    fill::Filler,
    server::{Endpoint, Local, Server},
};
use gantry_document::{Document, Format, JSON_FILE, TOML_FILE, model as document};
use gantry_plugin::prelude as wit;
use std::collections::BTreeMap;

/// The plugin.
#[derive(Debug)]
pub struct Declarative;

fn failure(error: &dyn std::fmt::Display) -> wit::Failure {
    wit::Failure::new("document", error.to_string())
}

/// The document of this component; nothing where none was packed into it.
fn packed() -> Result<Option<Document>, String> {
    for (name, format) in [(JSON_FILE, Format::Json), (TOML_FILE, Format::Toml)] {
        if let Some(bytes) = wit::bundle::read(name) {
            let text = std::str::from_utf8(&bytes).map_err(|_| format!("{name} is not text in UTF-8"))?;
            let document = Document::read_again(format, text).map_err(|error| format!("{name}: {error}"))?;
            return Ok(Some(document));
        }
    }
    Ok(None)
}

/// The document, where there must be one because a server is asked about.
fn needed() -> Result<Document, wit::Failure> {
    let none = || wit::Failure::new("document", "No document is packed into this plugin.");
    packed().map_err(|error| failure(&error))?.ok_or_else(none)
}

/// For functions that cannot say no: what is wrong is written to the plugin's log.
fn or_log<T: Default>(answer: Result<T, wit::Failure>) -> T {
    answer.unwrap_or_else(|failure| {
        wit::log::write(wit::Level::Error, &failure.message);
        T::default()
    })
}

fn settings(list: &[wit::Setting]) -> BTreeMap<String, String> {
    list.iter().map(|setting| (setting.key.clone(), setting.value.clone())).collect()
}

fn server(given: &wit::Server) -> Server {
    let endpoint = |each: &wit::Endpoint| Endpoint {
        name: each.name.clone(),
        protocol: match each.protocol {
            wit::Protocol::Tcp => document::Protocol::Tcp,
            wit::Protocol::Udp => document::Protocol::Udp,
        },
        address: each.address.clone(),
        port: each.port,
    };
    let wit::Limits { memory, swap, cpu, disk, pids } = given.limits;
    Server {
        id: given.id.clone(),
        name: given.name.clone(),
        blueprint: given.blueprint.clone(),
        time_zone: given.time_zone.clone(),
        settings: settings(&given.settings),
        facts: settings(&given.facts),
        endpoints: given.endpoints.iter().map(endpoint).collect(),
        limits: document::Limits { memory, swap, cpu, disk, pids },
    }
}

impl wit::Plugin for Declarative {
    fn blueprints() -> Vec<wit::Blueprint> {
        match packed() {
            Ok(Some(document)) => {
                let broken = check::scripts(&document);
                assert!(broken.is_empty(), "the document cannot be used: {}", broken[0]);
                vec![blueprint::blueprint(document)]
            }
            Ok(None) => Vec::new(),
            // Whoever installs it is told by the log, with the place.
            Err(error) => panic!("the document cannot be used: {error}"),
        }
    }

    fn validate(given: &wit::Server) -> Vec<wit::FieldProblem> {
        let wrong = needed().and_then(|document| {
            check::settings(&document, &server(given)).map_err(|fault: Fault| failure(&fault))
        });
        let problem = |wrong: check::Wrong| wit::FieldProblem {
            key: wrong.key,
            message: wrong.message,
            remedy: (!wrong.remedy.is_empty()).then_some(wrong.remedy),
        };
        match wrong {
            Ok(wrong) => wrong.into_iter().map(problem).collect(),
            Err(failure) => {
                vec![wit::FieldProblem { key: String::new(), message: failure.message, remedy: None }]
            }
        }
    }

    fn install(given: &wit::Server) -> Result<wit::InstallPlan, wit::Failure> {
        let (document, server) = (needed()?, server(given));
        let filled = Filler::new(&document, &server, Local::Nothing).install();
        plan::install(filled.map_err(|fault| failure(&fault))?)
    }

    fn run(given: &wit::Server) -> Result<wit::RunSpec, wit::Failure> {
        let (document, server) = (needed()?, server(given));
        let filled = Filler::new(&document, &server, Local::Nothing).run();
        plan::run(filled.map_err(|fault| failure(&fault))?)
    }
}

impl wit::ConsoleEvents for Declarative {
    fn parse(given: &wit::Server, lines: &[String]) -> Vec<wit::Found> {
        let found = needed().and_then(|document| {
            console::parse(&document, &server(given), lines).map_err(|fault| failure(&fault))
        });
        or_log(found).into_iter().map(|(line, meaning)| doing::found(line, meaning)).collect()
    }
}

/// Effects of a part of the document.
fn effects(
    given: &wit::Server,
    local: Local,
    part: fn(&Document) -> (&'static str, &Vec<document::Effect>),
) -> Vec<wit::Effect> {
    or_log(needed().and_then(|document| {
        let server = server(given);
        let (at, effects) = part(&document);
        let filled = Filler::new(&document, &server, local).effects(at, effects);
        doing::effects(filled.map_err(|fault| failure(&fault))?)
    }))
}

impl wit::Quiescing for Declarative {
    fn broadcast(server: &wit::Server, text: &str) -> Vec<wit::Effect> {
        effects(server, Local::Text(text.to_owned()), |document| ("broadcast", &document.broadcast))
    }
    fn quiesce(server: &wit::Server) -> Vec<wit::Effect> {
        effects(server, Local::Nothing, |document| ("quiesce", &document.quiesce))
    }
    fn resume(server: &wit::Server) -> Vec<wit::Effect> {
        effects(server, Local::Nothing, |document| ("resume", &document.resume))
    }
}

impl wit::Actions for Declarative {
    fn offer(_: &wit::Server) -> Vec<wit::ServerAction> {
        or_log(needed().map(|document| document.actions.into_iter().map(doing::action).collect()))
    }

    fn perform(
        given: &wit::Server,
        id: &str,
        form: &[wit::Setting],
    ) -> Result<Vec<wit::Effect>, wit::Failure> {
        let (document, server) = (needed()?, server(given));
        let unknown = || wit::Failure::new("unknown_action", format!("There is no action {id}."));
        let number = document.actions.iter().position(|action| action.id == id).ok_or_else(unknown)?;
        let filler = Filler::new(&document, &server, Local::Form(settings(form)));
        let at = format!("actions[{number}].effects");
        let filled = filler.effects(&at, &document.actions[number].effects);
        doing::effects(filled.map_err(|fault| failure(&fault))?)
    }
}

impl wit::ConfigFiles for Declarative {
    fn list(given: &wit::Server) -> Vec<wit::ConfigFile> {
        let files = needed().and_then(|document| {
            let server = server(given);
            let filler = Filler::new(&document, &server, Local::Nothing);
            let files = document.config_files.iter().enumerate().map(|(number, file)| {
                let path = filler.text(&format!("config-files[{number}].path"), &file.path);
                Ok(doing::config_file(file, path.map_err(|fault| failure(&fault))?))
            });
            files.collect()
        });
        or_log(files)
    }
}

gantry_plugin::export!(Declarative);
