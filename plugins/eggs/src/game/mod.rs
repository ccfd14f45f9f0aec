//! From an egg's fields to a document, one module for each of its parts.
//!
//! Modules in reading order: [`names`], [`about`], [`ports`], [`variables`], [`values`], [`images`], [`startup`], [`install`],
//! [`placeholders`], [`files`], [`ready`], [`stop`], [`features`].

mod about;
mod features;
mod files;
mod images;
mod install;
mod names;
mod placeholders;
mod ports;
mod ready;
mod startup;
mod stop;
mod values;
mod variables;

use crate::{
    Loss,
    source::{Log, Node, read},
};
use gantry_document::{
    Document,
    model::{ConfigEdit, Install, Run},
};

/// Where the images of eggs expect the server's directory.
const HOME: &str = "/home/container";

/// An egg as a document, and what could not be kept.
#[derive(Clone, Debug)]
pub struct Conversion {
    pub document: Document,
    pub losses: Vec<Loss>,
}

/// Turns an egg into a document.
///
/// # Errors
/// Why the file is no egg, in words for whoever imports it.
pub fn convert(file_name: &str, content: &[u8]) -> Result<Conversion, String> {
    let tree = read(file_name, content)?;
    let log = Log::default();
    let document =
        document(&Node::root(&tree, &log), content).map_err(|why| format!("{file_name}: {why}"))?;
    let problems = gantry_document::check::all(&document);
    if let Some(problem) = problems.first() {
        return Err(format!("{file_name} would become a document that contradicts itself: {problem}"));
    }
    Ok(Conversion { document, losses: log.finish(&tree) })
}

fn document(egg: &Node<'_>, content: &[u8]) -> Result<Document, String> {
    let about = about::read(egg, content)?;
    let startup = startup::read(egg)?;
    let image = images::read(egg)?;
    let variables = variables::read(egg, &startup);
    let mut all = variables.variables.clone();
    all.extend(image.variable.clone());
    all.extend(startup.variable.clone());
    let features = features::read(egg, &variables);
    all.extend(features.variable.clone());
    let files = files::read(egg, &variables);
    all.extend(files.variable.clone());
    let environment = values::environment(egg, &variables, &startup);
    let mut steps: Vec<_> = install::read(egg, &environment).into_iter().collect();
    steps.extend(files.steps);
    let mut edits: Vec<ConfigEdit> = files.edits;
    edits.extend(features.edit);
    let ready = ready::read(egg);
    let mut console = ready.console;
    console.extend(features.console);
    Ok(Document {
        schema: None,
        plugin: about.plugin,
        blueprint: about.blueprint,
        variables: all,
        endpoints: variables.ports.endpoints(),
        checks: variables.checks,
        install: Install { version: None, steps },
        run: Run {
            image: image.image,
            // The images' own entrypoint reads STARTUP.
            command: Vec::new(),
            environment,
            working_directory: HOME.to_owned(),
            edits,
            ready: ready.probes,
            ready_timeout_s: ready::TIMEOUT_S,
            stop: stop::read(egg),
            terminal: true,
            read_only_root: true,
        },
        console,
        broadcast: Vec::new(),
        quiesce: Vec::new(),
        resume: Vec::new(),
        actions: Vec::new(),
        config_files: Vec::new(),
    })
}
