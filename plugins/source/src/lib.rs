//! Games of Steam: presets of one way to install, ask and command.
//!
//! Each game says in [`games`] what is its own: Steam's number, how it starts, its settings, whether it takes commands on its
//! standard input or by RCON, and what its console means. Modules in reading order: [`steam`], [`games`], [`console`],
//! [`actions`].

mod actions;
mod console;
mod games;
mod steam;

use gantry_plugin::prelude::*;
use gantry_wire::{a2s, rcon};

/// The plugin.
#[derive(Debug)]
pub struct SteamGames;

impl Plugin for SteamGames {
    fn blueprints() -> Vec<Blueprint> {
        games::ALL.iter().map(|game| (game.blueprint)()).collect()
    }
    fn validate(server: &Server) -> Vec<FieldProblem> {
        games::of(server).map(|game| (game.validate)(server)).unwrap_or_default()
    }
    fn install(server: &Server) -> Result<InstallPlan, Failure> {
        Ok(steam::install(games::of(server)?, server))
    }
    fn run(server: &Server) -> Result<RunSpec, Failure> {
        (games::of(server)?.run)(server)
    }
}

impl Collector for SteamGames {
    fn collect(_server: &Server) -> Result<Sample, Failure> {
        a2s::sample("query")
    }
}

impl ConsoleEvents for SteamGames {
    fn parse(server: &Server, lines: &[String]) -> Vec<Found> {
        games::of(server).map(|game| console::parse(game, lines)).unwrap_or_default()
    }
}

impl Commands for SteamGames {
    fn send(server: &Server, line: &str) -> Result<String, Failure> {
        rcon::send("rcon", server.setting("rcon_password"), line)
    }
}

impl Actions for SteamGames {
    fn offer(server: &Server) -> Vec<ServerAction> {
        games::of(server).map(|game| actions::offer(game, server)).unwrap_or_default()
    }
    fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure> {
        actions::perform(games::of(server)?, server, id, form)
    }
}

impl Quiescing for SteamGames {
    fn broadcast(server: &Server, text: &str) -> Vec<Effect> {
        games::of(server).map(|game| actions::broadcast(game, server, text)).unwrap_or_default()
    }
    // None of them can be told to keep its files as they are; what can save does so, and its saves are whole files.
    fn quiesce(server: &Server) -> Vec<Effect> {
        games::of(server).map(|game| actions::saved(game, server)).unwrap_or_default()
    }
    fn resume(_server: &Server) -> Vec<Effect> {
        Vec::new()
    }
}

gantry_plugin::export!(SteamGames);
