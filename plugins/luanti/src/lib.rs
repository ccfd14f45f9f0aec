//! Luanti (formerly Minetest): a dedicated server of Debian's package.
//!
//! The game has no status query, so the collector measures what its protocol offers: whether the server answers a first
//! packet, and how fast. Who plays is read from the console. Modules in reading order: [`blueprint`], [`run`],
//! [`files`], [`probe`], [`console`].

mod blueprint;
mod console;
mod files;
mod probe;
mod run;

use gantry_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct Luanti;

impl Plugin for Luanti {
    fn blueprints() -> Vec<Blueprint> {
        vec![blueprint::blueprint()]
    }
    fn install(server: &Server) -> Result<InstallPlan, Failure> {
        Ok(run::install(server))
    }
    fn run(server: &Server) -> Result<RunSpec, Failure> {
        run::run(server)
    }
}

impl Collector for Luanti {
    fn collect(server: &Server) -> Result<Sample, Failure> {
        probe::collect(server)
    }
}

impl ConsoleEvents for Luanti {
    fn parse(_server: &Server, lines: &[String]) -> Vec<Found> {
        console::parse(lines)
    }
}

impl ConfigFiles for Luanti {
    fn list(_server: &Server) -> Vec<ConfigFile> {
        files::all()
    }
}

gantry_plugin::export!(Luanti);
