//! Minecraft, Java Edition: vanilla, Paper, Purpur and Fabric.
//!
//! Each software is a blueprint of its own, because people look for "Paper" and not for a field of a form. They share all
//! but where their versions come from. What must be looked up (the build, its address and digest, the Java that it wants) is
//! a fact, so that plans stay pure. Modules in reading order: [`software`], [`blueprint`], [`web`], [`sources`], [`java`],
//! [`run`], [`ping`], [`status`], [`remote`], [`collect`], [`console`], [`actions`], [`properties`].

mod actions;
mod blueprint;
mod collect;
mod console;
mod ends;
mod java;
mod ping;
mod properties;
mod remote;
mod run;
mod software;
mod sources;
mod status;
mod web;

use gantry_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct MinecraftJava;

impl Plugin for MinecraftJava {
    fn blueprints() -> Vec<Blueprint> {
        blueprint::all()
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

impl Catalog for MinecraftJava {
    fn choices(name: &str, settings: &[Setting]) -> Result<Vec<Choice>, Failure> {
        sources::choices(name, settings)
    }
}

impl Facts for MinecraftJava {
    fn resolve(server: &Server) -> Result<Vec<Setting>, Failure> {
        sources::resolve(server)
    }
}

impl Collector for MinecraftJava {
    fn collect(server: &Server) -> Result<Sample, Failure> {
        collect::collect(server)
    }
}

impl ConsoleEvents for MinecraftJava {
    fn parse(_server: &Server, lines: &[String]) -> Vec<Found> {
        console::parse(lines)
    }
}

impl Actions for MinecraftJava {
    fn offer(server: &Server) -> Vec<ServerAction> {
        actions::offer(server)
    }
    fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        actions::perform(server, id, form)
    }
}

impl Quiescing for MinecraftJava {
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

impl ConfigFiles for MinecraftJava {
    fn list(_server: &Server) -> Vec<ConfigFile> {
        properties::files()
    }
}

gantry_plugin::export!(MinecraftJava);
