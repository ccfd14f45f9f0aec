//! OpenArena: a dedicated server of Debian's package, and what it says of itself.
//!
//! Settings reach the engine so that no text becomes a command; [`run`] says how. Modules in reading order: [`blueprint`],
//! [`run`], [`actions`], [`tabs`].

mod actions;
mod blueprint;
mod run;
mod tabs;

use gantry_plugin::prelude::*;
use gantry_wire::quake3;

/// The plugin.
#[derive(Debug)]
pub struct OpenArena;

impl Plugin for OpenArena {
    fn blueprints() -> Vec<Blueprint> {
        vec![blueprint::blueprint()]
    }
    fn validate(server: &Server) -> Vec<FieldProblem> {
        blueprint::validate(server)
    }
    fn install(_server: &Server) -> Result<InstallPlan, Failure> {
        Ok(run::install())
    }
    fn run(server: &Server) -> Result<RunSpec, Failure> {
        run::run(server)
    }
}

impl Collector for OpenArena {
    fn collect(_server: &Server) -> Result<Sample, Failure> {
        quake3::sample("game")
    }
}

impl Actions for OpenArena {
    fn offer(server: &Server) -> Vec<ServerAction> {
        actions::offer(server)
    }
    fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        actions::perform(server, id, form)
    }
}

impl Quiescing for OpenArena {
    fn broadcast(_server: &Server, text: &str) -> Vec<Effect> {
        actions::broadcast(text)
    }
    // It writes its files when it ends, and nothing of them is a match's.
    fn quiesce(_server: &Server) -> Vec<Effect> {
        Vec::new()
    }
    fn resume(_server: &Server) -> Vec<Effect> {
        Vec::new()
    }
}

impl Tabs for OpenArena {
    fn offer(_server: &Server) -> Vec<Tab> {
        tabs::offer()
    }
    fn render(_server: &Server, tab: &str) -> Result<Vec<Block>, Failure> {
        tabs::render(tab)
    }
}

impl ConsoleEvents for OpenArena {
    fn parse(_server: &Server, lines: &[String]) -> Vec<Found> {
        quake3::console_events(lines)
    }
}

gantry_plugin::export!(OpenArena);
