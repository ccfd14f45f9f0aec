//! Quake III Arena and games of its engine: ioquake3's dedicated server of Debian's package. The data of the game is not free,
//! so that whoever owns it puts it into the server's files.
//!
//! Modules in reading order: [`blueprint`], [`run`], [`actions`]; the query is [`gantry_wire::quake3`].

mod actions;
mod blueprint;
mod run;

use gantry_plugin::prelude::*;
use gantry_wire::quake3;

/// The plugin.
#[derive(Debug)]
pub struct Quake3;

impl Plugin for Quake3 {
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

impl Collector for Quake3 {
    fn collect(_server: &Server) -> Result<Sample, Failure> {
        quake3::sample("game")
    }
}

impl ConsoleEvents for Quake3 {
    fn parse(server: &Server, lines: &[String]) -> Vec<Found> {
        let mut found = quake3::console_events(lines);
        found.extend(run::console_events(server, lines));
        found.sort_by_key(|found| found.line);
        found
    }
}

impl Actions for Quake3 {
    fn offer(server: &Server) -> Vec<ServerAction> {
        actions::offer(server)
    }
    fn perform(_server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        actions::perform(id, form)
    }
}

impl Quiescing for Quake3 {
    fn broadcast(_server: &Server, text: &str) -> Vec<Effect> {
        actions::broadcast(text)
    }
    // Nothing of a match is in its files.
    fn quiesce(_server: &Server) -> Vec<Effect> {
        Vec::new()
    }
    fn resume(_server: &Server) -> Vec<Effect> {
        Vec::new()
    }
}

gantry_plugin::export!(Quake3);
