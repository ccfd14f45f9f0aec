//! Terraria: the dedicated server as Re-Logic publishes it, and TShock.
//!
//! Each is a blueprint of its own, because people look for "TShock" and not for a field of a form. The dedicated server
//! answers no query, and whoever connects to its port is announced in the game: who plays is read from its console, and what
//! stands beside it in a sample is what it was started with. TShock tells by REST. Modules in reading order: [`software`],
//! [`releases`], [`blueprint`], [`run`], [`files`], [`status`], [`console`], [`actions`].

mod actions;
mod blueprint;
mod console;
mod files;
mod releases;
mod run;
mod software;
mod status;

use gantry_plugin::prelude::*;
use software::Software;

/// The plugin.
#[derive(Debug)]
pub struct Terraria;

impl Plugin for Terraria {
    fn blueprints() -> Vec<Blueprint> {
        software::ALL.map(blueprint::blueprint).to_vec()
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

impl Catalog for Terraria {
    fn choices(name: &str, _settings: &[Setting]) -> Result<Vec<Choice>, Failure> {
        releases::choices(name)
    }
}

impl Facts for Terraria {
    fn resolve(server: &Server) -> Result<Vec<Setting>, Failure> {
        releases::resolve(server)
    }
}

impl Collector for Terraria {
    fn collect(server: &Server) -> Result<Sample, Failure> {
        match Software::of(server)? {
            Software::Vanilla => Ok(Sample {
                name: Some(server.name.clone()),
                map: Some(server.setting("world").to_owned()),
                version: Some(server.fact("version").to_owned()).filter(|version| !version.is_empty()),
                max_players: server.setting("max_players").parse().ok(),
                ..Sample::empty()
            }),
            Software::TShock => status::collect(),
        }
    }
}

impl ConsoleEvents for Terraria {
    fn parse(server: &Server, lines: &[String]) -> Vec<Found> {
        Software::of(server).map(|software| console::parse(software, lines)).unwrap_or_default()
    }
}

impl Actions for Terraria {
    fn offer(_server: &Server) -> Vec<ServerAction> {
        actions::offer()
    }
    fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        actions::perform(Software::of(server)?, id, form)
    }
}

impl ConfigFiles for Terraria {
    fn list(_server: &Server) -> Vec<ConfigFile> {
        files::all()
    }
}

impl Quiescing for Terraria {
    fn broadcast(_server: &Server, text: &str) -> Vec<Effect> {
        actions::broadcast(text)
    }
    // The game cannot be told to keep its files as they are; between two saves they are whole.
    fn quiesce(_server: &Server) -> Vec<Effect> {
        actions::save()
    }
    fn resume(_server: &Server) -> Vec<Effect> {
        Vec::new()
    }
}

gantry_plugin::export!(Terraria);
