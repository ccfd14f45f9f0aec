//! OpenArena: a dedicated server of Debian's package, and what it says of itself.
//!
//! Settings reach the engine so that no text becomes a command; [`run`] says how. Modules in reading order: [`blueprint`],
//! [`run`], [`status`].

mod blueprint;
mod run;
mod status;

use gantry_plugin::prelude::*;

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
        let replies = query::datagram("game", status::REQUEST, 1, 1_500)?;
        let reply = replies
            .first()
            .ok_or_else(|| Failure::new("no_answer", "The game did not answer its status query."))?;
        let mut sample = status::parse(&reply.payload)
            .ok_or_else(|| Failure::new("bad_answer", "The game's status answer could not be read."))?;
        sample.latency_ms = Some(reply.after_us as f64 / 1_000.0);
        Ok(sample)
    }
}

impl ConsoleEvents for OpenArena {
    fn parse(_server: &Server, lines: &[String]) -> Vec<Found> {
        status::console_events(lines)
    }
}

gantry_plugin::export!(OpenArena);
