//! Teeworlds: a dedicated server of Debian's package, and what it says of itself.
//!
//! This is an example to copy. Each part of a plugin has a module of its own, in reading order: [`blueprint`] says what
//! can be set, [`run`] how the game gets onto the node and how it starts, [`info`] asks the running game who plays,
//! [`console`] reads who came and went. All of them are ordinary functions from data to data, tested without a host.

mod blueprint;
mod console;
mod info;
mod run;

use gantry_plugin::prelude::*;

/// The plugin. It has no state: each call gets a fresh instance.
#[derive(Debug)]
pub struct Teeworlds;

impl Plugin for Teeworlds {
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

impl Collector for Teeworlds {
    fn collect(_server: &Server) -> Result<Sample, Failure> {
        info::collect()
    }
}

impl ConsoleEvents for Teeworlds {
    fn parse(_server: &Server, lines: &[String]) -> Vec<Found> {
        console::parse(lines)
    }
}

gantry_plugin::export!(Teeworlds);
