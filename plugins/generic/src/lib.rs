//! Any image of a registry, where no plugin knows the game: what other plugins know is asked for as settings.
//!
//! Nothing that people type goes through a shell: [`words`] cuts a command into its arguments and fills in what stands for the
//! server's ports and memory. Modules in reading order: [`blueprint`], [`words`], [`run`].

mod blueprint;
mod run;
mod words;

use gantry_plugin::prelude::*;
use gantry_wire::{a2s, quake3};

/// The plugin.
#[derive(Debug)]
pub struct AnyImage;

impl Plugin for AnyImage {
    fn blueprints() -> Vec<Blueprint> {
        vec![blueprint::blueprint()]
    }
    fn validate(server: &Server) -> Vec<FieldProblem> {
        run::validate(server)
    }
    fn install(_server: &Server) -> Result<InstallPlan, Failure> {
        // The image is fetched with the first start, and what it wants it finds or makes in its directory.
        Ok(InstallPlan::new())
    }
    fn run(server: &Server) -> Result<RunSpec, Failure> {
        run::run(server)
    }
}

impl Collector for AnyImage {
    fn collect(server: &Server) -> Result<Sample, Failure> {
        match server.setting("query") {
            blueprint::A2S => a2s::sample("udp"),
            blueprint::QUAKE3 => quake3::sample("udp"),
            // Nothing is known of it, and that is no failure.
            _ => Ok(Sample::empty()),
        }
    }
}

impl ConsoleEvents for AnyImage {
    fn parse(server: &Server, lines: &[String]) -> Vec<Found> {
        match server.setting("query") {
            blueprint::QUAKE3 => quake3::console_events(lines),
            _ => Vec::new(),
        }
    }
}

impl Quiescing for AnyImage {
    fn broadcast(server: &Server, text: &str) -> Vec<Effect> {
        run::broadcast(server, text)
    }
    fn quiesce(server: &Server) -> Vec<Effect> {
        run::typed(server.setting("quiesce_command"))
    }
    fn resume(server: &Server) -> Vec<Effect> {
        run::typed(server.setting("resume_command"))
    }
}

gantry_plugin::export!(AnyImage);
