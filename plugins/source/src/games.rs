//! The games, each with what is its own.

mod ark;
mod cs2;
mod palworld;
mod rust;
mod valheim;

use crate::steam;
use gantry_plugin::prelude::*;

/// What is one game's own.
pub(crate) struct Game {
    pub(crate) id: &'static str,
    /// Steam's number of its dedicated server.
    pub(crate) app: u32,
    pub(crate) blueprint: fn() -> Blueprint,
    pub(crate) validate: fn(&Server) -> Vec<FieldProblem>,
    pub(crate) run: fn(&Server) -> Result<RunSpec, Failure>,
    pub(crate) event: fn(&str) -> Option<Event>,
    /// Whether commands go by RCON, for which there must be a password, and not to its standard input.
    pub(crate) by_rcon: bool,
    /// How it tells everybody something, around the text; none where it cannot.
    pub(crate) say: Option<(&'static str, &'static str)>,
    /// How it saves.
    pub(crate) save: Option<&'static str>,
    /// How it makes somebody leave, around who it is; and how that is asked for.
    pub(crate) kick: Option<(&'static str, &'static str)>,
    /// How it lists who plays.
    pub(crate) list: Option<&'static str>,
}

pub(crate) const ALL: &[&Game] = &[&cs2::GAME, &valheim::GAME, &rust::GAME, &ark::GAME, &palworld::GAME];

pub(crate) fn of(server: &Server) -> Result<&'static Game, Failure> {
    let found = ALL.iter().copied().find(|game| game.id == server.blueprint);
    found.ok_or_else(|| Failure::new("unknown_blueprint", format!("There is no game {}.", server.blueprint)))
}

fn nothing_wrong(_server: &Server) -> Vec<FieldProblem> {
    Vec::new()
}

/// What all of them share of a blueprint.
fn blueprint(id: &str, name: &str) -> Blueprint {
    Blueprint {
        icon: include_str!("icon.svg").trim().to_owned(),
        tags: vec!["steam".to_owned()],
        collect_every_ms: Some(10_000),
        ..Blueprint::new(id, name)
    }
}

/// A program below the game's folder, with Steam's library at hand.
fn spec(program: &str, arguments: Vec<String>) -> RunSpec {
    let mut command = vec![format!("/data/{}/{program}", steam::GAME)];
    command.extend(arguments);
    let mut spec = RunSpec::new(steam::image(), command).environment("HOME", "/data");
    spec.terminal = false;
    // They load for minutes, and the first time they make a world.
    spec.ready_timeout_ms = 30 * 60_000;
    spec
}

/// Text for a command line or a settings file of these engines, where a quote would end it.
fn name(default: &str) -> Variable {
    Variable::text("name", "Name shown to players", default, 60)
        .required()
        .pattern(r#"[A-Za-z0-9][^"'\\;?%$\x00-\x1f\x7f]*"#, "A letter or digit first; no quotes, semicolons, question marks, backslashes, percent or dollar signs.")
        .help("Shown in the list of servers.")
}

fn password(key: &str, label: &str) -> Variable {
    Variable::secret(key, label, 0, 64)
        .group("Access")
        .pattern("[A-Za-z0-9_.-]*", "Letters, digits, dot, underscore and hyphen.")
}

fn rcon_password() -> Variable {
    password("rcon_password", "Remote console password")
        .editable_by(Audience::Owners)
        .help("Opens the game's remote console, by which this page gives it commands. Empty keeps that shut.")
}

fn branch() -> Variable {
    Variable::text("branch", "Branch", "", 64)
        .group("Installation")
        .pattern("([A-Za-z0-9][A-Za-z0-9_.-]*)?", "Letters, digits, dot, underscore and hyphen.")
        .needs_reinstall()
        .help("A branch of the game's own, such as public-test. Empty is what everybody plays.")
}

fn port_of_query(port: u16) -> EndpointNeed {
    EndpointNeed::required(
        "query",
        Protocol::Udp,
        port,
        "Answers Steam's server list; where the game has no other, players connect to it too.",
    )
}

fn port_of_rcon(port: u16) -> EndpointNeed {
    EndpointNeed::required("rcon", Protocol::Tcp, port, "The game's remote console.")
}

/// Games that take the number above another of their ports without being told.
fn neighbours(server: &Server, first: &str, second: &str) -> Result<u16, Failure> {
    let port = server.port(first)?;
    if Some(server.port(second)?) == port.checked_add(1) {
        return Ok(port);
    }
    let message = format!(
        "The {second} port must be the {first} port and one. Give the server allocations with neighbouring ports."
    );
    Err(Failure::new("ports_apart", message))
}

fn strings<const COUNT: usize>(parts: [&str; COUNT]) -> Vec<String> {
    parts.map(str::to_owned).to_vec()
}

fn crash(cause: &str, remedy: &str) -> Event {
    Event::CrashCause(CrashCause { cause: cause.to_owned(), remedy: Some(remedy.to_owned()) })
}

#[cfg(test)]
pub(crate) mod tests;
