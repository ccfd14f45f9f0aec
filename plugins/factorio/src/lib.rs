//! Factorio: Wube's headless server.
//!
//! Nobody is told anything by the game without a password, and collectors know none: who plays is read from the console, and
//! what stands beside it in a sample is what the server was started with. Modules in reading order: [`releases`],
//! [`blueprint`], [`run`], [`files`], [`console`], [`actions`].

mod actions;
mod blueprint;
mod console;
mod files;
mod releases;
mod run;

use gantry_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct Factorio;

impl Plugin for Factorio {
    fn blueprints() -> Vec<Blueprint> {
        vec![blueprint::blueprint()]
    }
    fn validate(server: &Server) -> Vec<FieldProblem> {
        blueprint::validate(server)
    }
    fn install(server: &Server) -> Result<InstallPlan, Failure> {
        run::install(server)
    }
    fn run(server: &Server) -> Result<RunSpec, Failure> {
        run::run(server)
    }
}

impl Catalog for Factorio {
    fn choices(name: &str, _settings: &[Setting]) -> Result<Vec<Choice>, Failure> {
        releases::choices(name)
    }
}

impl Facts for Factorio {
    fn resolve(server: &Server) -> Result<Vec<Setting>, Failure> {
        releases::resolve(server)
    }
}

impl Collector for Factorio {
    fn collect(server: &Server) -> Result<Sample, Failure> {
        Ok(Sample {
            name: Some(server.setting("name").to_owned()),
            version: Some(server.fact("version").to_owned()).filter(|version| !version.is_empty()),
            // Zero lets in as many as come.
            max_players: server.setting("max_players").parse().ok().filter(|slots| *slots > 0),
            ..Sample::empty()
        })
    }
}

impl ConsoleEvents for Factorio {
    fn parse(_server: &Server, lines: &[String]) -> Vec<Found> {
        console::parse(lines)
    }
}

impl Actions for Factorio {
    fn offer(server: &Server) -> Vec<ServerAction> {
        actions::offer(server)
    }
    fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        actions::perform(server, id, form)
    }
}

impl ConfigFiles for Factorio {
    fn list(_server: &Server) -> Vec<ConfigFile> {
        files::all()
    }
}

impl Quiescing for Factorio {
    fn broadcast(_server: &Server, text: &str) -> Vec<Effect> {
        actions::broadcast(text)
    }
    // The game cannot be told to keep its files as they are; a save is a whole file, put into its place in one step.
    fn quiesce(_server: &Server) -> Vec<Effect> {
        actions::save()
    }
    fn resume(_server: &Server) -> Vec<Effect> {
        Vec::new()
    }
}

gantry_plugin::export!(Factorio);
