//! Teeworlds: a dedicated server of Debian's package, and what it says of itself.
//!
//! The game does not read its standard input. Commands go through its external console, a line protocol over TCP, which
//! it opens where there is a password. Modules in reading order: [`blueprint`], [`run`], [`info`], [`console`], [`econ`],
//! [`actions`].

mod actions;
mod blueprint;
mod console;
mod econ;
mod info;
mod run;

use gantry_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct Teeworlds;

impl Plugin for Teeworlds {
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

impl Commands for Teeworlds {
    fn send(server: &Server, line: &str) -> Result<String, Failure> {
        econ::send(server, line)
    }
}

impl Actions for Teeworlds {
    fn offer(server: &Server) -> Vec<ServerAction> {
        actions::offer(server)
    }
    fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        actions::perform(server, id, form)
    }
}

impl Quiescing for Teeworlds {
    fn broadcast(server: &Server, text: &str) -> Vec<Effect> {
        actions::broadcast(server, text)
    }
    // It writes nothing while it runs.
    fn quiesce(_server: &Server) -> Vec<Effect> {
        Vec::new()
    }
    fn resume(_server: &Server) -> Vec<Effect> {
        Vec::new()
    }
}

gantry_plugin::export!(Teeworlds);
