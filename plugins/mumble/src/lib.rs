//! Mumble: a voice server of Debian's package.
//!
//! It reads no commands, and its ping tells how many are there but not who; names come from the console. Modules in
//! reading order: [`blueprint`], [`run`], [`ping`], [`console`].

mod blueprint;
mod console;
mod ping;
mod run;

use gantry_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct Mumble;

impl Plugin for Mumble {
    fn blueprints() -> Vec<Blueprint> {
        vec![blueprint::blueprint()]
    }
    fn install(server: &Server) -> Result<InstallPlan, Failure> {
        run::install(server)
    }
    fn run(server: &Server) -> Result<RunSpec, Failure> {
        run::run(server)
    }
}

impl Collector for Mumble {
    fn collect(server: &Server) -> Result<Sample, Failure> {
        ping::collect(server)
    }
}

impl ConsoleEvents for Mumble {
    fn parse(_server: &Server, lines: &[String]) -> Vec<Found> {
        console::parse(lines)
    }
}

gantry_plugin::export!(Mumble);
