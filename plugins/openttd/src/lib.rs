//! OpenTTD: a dedicated server of Debian's package, and what it says of itself.
//!
//! The game reads commands from its standard input and answers its own server list over TCP. Modules in reading order:
//! [`blueprint`], [`run`], [`files`], [`info`], [`console`], [`actions`].

mod actions;
mod blueprint;
mod console;
mod files;
mod info;
mod run;

use gantry_plugin::prelude::*;

/// The plugin.
#[derive(Debug)]
pub struct OpenTtd;

impl Plugin for OpenTtd {
    fn blueprints() -> Vec<Blueprint> {
        vec![blueprint::blueprint()]
    }
    fn install(_server: &Server) -> Result<InstallPlan, Failure> {
        Ok(run::install())
    }
    fn run(server: &Server) -> Result<RunSpec, Failure> {
        run::run(server)
    }
}

impl Collector for OpenTtd {
    fn collect(_server: &Server) -> Result<Sample, Failure> {
        info::collect()
    }
}

impl ConsoleEvents for OpenTtd {
    fn parse(_server: &Server, lines: &[String]) -> Vec<Found> {
        console::parse(lines)
    }
}

impl Actions for OpenTtd {
    fn offer(_server: &Server) -> Vec<ServerAction> {
        actions::offer()
    }
    fn perform(_server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        actions::perform(id, form)
    }
}

impl ConfigFiles for OpenTtd {
    fn list(_server: &Server) -> Vec<ConfigFile> {
        files::all()
    }
}

impl Quiescing for OpenTtd {
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

gantry_plugin::export!(OpenTtd);
