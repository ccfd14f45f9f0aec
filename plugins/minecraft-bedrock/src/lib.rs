//! Minecraft, Bedrock Edition: Mojang's own dedicated server.
//!
//! It is a program for Debian-like systems that keeps its world beside itself. Modules in reading order: [`blueprint`],
//! [`source`], [`run`], [`ping`], [`console`], [`actions`], [`properties`].

mod actions;
mod blueprint;
mod console;
mod ping;
mod properties;
mod run;
mod source;

use gantry_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct MinecraftBedrock;

impl Plugin for MinecraftBedrock {
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

impl Facts for MinecraftBedrock {
    fn resolve(server: &Server) -> Result<Vec<Setting>, Failure> {
        source::resolve(server)
    }
}

impl Collector for MinecraftBedrock {
    fn collect(_server: &Server) -> Result<Sample, Failure> {
        ping::collect()
    }
}

impl ConsoleEvents for MinecraftBedrock {
    fn parse(_server: &Server, lines: &[String]) -> Vec<Found> {
        console::parse(lines)
    }
}

impl Actions for MinecraftBedrock {
    fn offer(_server: &Server) -> Vec<ServerAction> {
        actions::offer()
    }
    fn perform(_server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        actions::perform(id, form)
    }
}

impl Quiescing for MinecraftBedrock {
    fn broadcast(_server: &Server, text: &str) -> Vec<Effect> {
        actions::broadcast(text)
    }
    fn quiesce(_server: &Server) -> Vec<Effect> {
        actions::quiesce()
    }
    fn resume(_server: &Server) -> Vec<Effect> {
        actions::resume()
    }
}

impl ConfigFiles for MinecraftBedrock {
    fn list(_server: &Server) -> Vec<ConfigFile> {
        properties::files()
    }
}

gantry_plugin::export!(MinecraftBedrock);
