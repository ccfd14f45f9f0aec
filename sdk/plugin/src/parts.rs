//! The parts that a plugin may have, each a cargo feature and a trait.
//!
//! A part that is left out is not exported at all, so the host neither calls nor pays for it.

use crate::bindings::gantry::plugin::types::{
    Choice, Effect, Failure, FieldProblem, Server, Setting, Variable,
};

#[cfg(feature = "actions")]
pub use crate::bindings::acts::exports::gantry::plugin::actions::{Action as ServerAction, Availability};
#[cfg(feature = "collector")]
pub use crate::bindings::collects::exports::gantry::plugin::collector::{Player, Sample, Series};
#[cfg(feature = "config-files")]
pub use crate::bindings::describes_files::exports::gantry::plugin::config_files::{ConfigFile, Field};
#[cfg(feature = "game")]
pub use crate::bindings::game::exports::gantry::plugin::{
    blueprints::{Blueprint, CommandDoor, EndpointNeed},
    plans::{
        Action, Algorithm, ArchiveFormat, ConsoleProbe, ContainerRun, Digest, Download, Extract, HttpProbe,
        Image, InstallPlan, Probe, Recipe, RunSpec, Step, StopStep, UdpProbe, User, Write,
    },
};
#[cfg(feature = "importer")]
pub use crate::bindings::imports_games::exports::gantry::plugin::importer::{Imported, Loss, Severity};
#[cfg(feature = "hooks")]
pub use crate::bindings::listens::exports::gantry::plugin::hooks::{About, Event as HookEvent};
#[cfg(feature = "console-events")]
pub use crate::bindings::reads_console::exports::gantry::plugin::console_events::{CrashCause, Event, Found};
#[cfg(feature = "tabs")]
pub use crate::bindings::shows_tabs::exports::gantry::plugin::tabs::{
    Alignment, Block, Chart, Column, Fact, Note, Row, RowAction, Tab, Table, Tone,
};

/// A game. Feature `game`, which is there by default.
#[cfg(feature = "game")]
pub trait Plugin {
    /// The games that it knows. Pure: the host asks once, when the plugin is installed.
    fn blueprints() -> Vec<Blueprint>;

    /// Rules that cross variables. Each variable's own rules have been checked.
    fn validate(_server: &Server) -> Vec<FieldProblem> {
        Vec::new()
    }

    /// How the game gets onto the disk.
    ///
    /// # Errors
    /// A [`Failure`] that tells people why this server cannot be installed.
    fn install(server: &Server) -> Result<InstallPlan, Failure>;

    /// How the game runs, computed for each start.
    ///
    /// # Errors
    /// A [`Failure`] that tells people why this server cannot start.
    fn run(server: &Server) -> Result<RunSpec, Failure>;
}

/// What a running game is doing. Feature `collector`.
#[cfg(feature = "collector")]
pub trait Collector {
    /// Samples the game. Reaches out by [`query`](crate::prelude::query) only.
    ///
    /// # Errors
    /// A [`Failure`] when the game does not answer or its answer makes no sense.
    fn collect(server: &Server) -> Result<Sample, Failure>;
}

/// What console lines mean. Feature `console-events`.
#[cfg(feature = "console-events")]
pub trait ConsoleEvents {
    /// Events in a batch of lines, in order; [`Found::line`] is an index into the batch.
    fn parse(server: &Server, lines: &[String]) -> Vec<Found>;
}

/// What people do to a game beyond power. Feature `actions`.
#[cfg(feature = "actions")]
pub trait Actions {
    /// What there is for this server. Pure.
    fn offer(server: &Server) -> Vec<ServerAction>;

    /// Does one, with a form that has been checked. What is to happen to the game it answers as effects.
    ///
    /// # Errors
    /// A [`Failure`] that tells who asked why it cannot be done.
    fn perform(server: &Server, id: &str, form: &[Setting]) -> Result<Vec<Effect>, Failure>;
}

/// What the host asks of a running game on its own. Feature `quiescing`.
#[cfg(feature = "quiescing")]
pub trait Quiescing {
    /// Tells everybody who plays.
    fn broadcast(server: &Server, text: &str) -> Vec<Effect>;
    /// Makes the files on the disk whole and keeps them so.
    fn quiesce(server: &Server) -> Vec<Effect>;
    /// Lets the game write again; must bear to be done without [`Self::quiesce`].
    fn resume(server: &Server) -> Vec<Effect>;
}

/// Commands to games that do not read them from their standard input. Feature `commands`.
#[cfg(feature = "commands")]
pub trait Commands {
    /// Sends one line, and answers what the game said to it.
    ///
    /// # Errors
    /// A [`Failure`] when the game does not take it.
    fn send(server: &Server, line: &str) -> Result<String, Failure>;
}

/// Lists that change with the world. Feature `catalog`.
#[cfg(feature = "catalog")]
pub trait Catalog {
    /// The choices under a name that a variable gave, with the other values of its form so far.
    ///
    /// # Errors
    /// A [`Failure`] when the world does not answer.
    fn choices(name: &str, settings: &[Setting]) -> Result<Vec<Choice>, Failure>;
}

/// What must be looked up before a plan can be made. Feature `facts`.
#[cfg(feature = "facts")]
pub trait Facts {
    /// Called before each installation; plans find the answer in the server's facts.
    ///
    /// # Errors
    /// A [`Failure`] when the world does not answer, or has no such thing.
    fn resolve(server: &Server) -> Result<Vec<Setting>, Failure>;
}

/// Foreign descriptions of games. Feature `importer`.
#[cfg(feature = "importer")]
pub trait Importer {
    /// Makes a document of a file. Pure.
    ///
    /// # Errors
    /// A [`Failure`] that tells where the file makes no sense.
    fn convert(file_name: &str, content: &[u8]) -> Result<Imported, Failure>;
}

/// Forms for a game's own files. Feature `config-files`.
#[cfg(feature = "config-files")]
pub trait ConfigFiles {
    /// The files of this server and the questions that stand for their values. Pure.
    fn list(server: &Server) -> Vec<ConfigFile>;
}

/// Pages of a server. Feature `tabs`.
#[cfg(feature = "tabs")]
pub trait Tabs {
    /// The pages that there are for this server. Pure.
    fn offer(server: &Server) -> Vec<Tab>;

    /// What stands on one.
    ///
    /// # Errors
    /// A [`Failure`] that is shown in the page's place.
    fn render(server: &Server, tab: &str) -> Result<Vec<Block>, Failure>;
}

/// Hears what happens in Gantry. Feature `hooks`.
#[cfg(feature = "hooks")]
pub trait Hooks {
    /// Which kinds of events it wants; `server.*` is all of a family. Pure.
    fn wants() -> Vec<String>;

    /// What an administrator may set for the plugin as a whole. Pure.
    fn settings() -> Vec<Variable> {
        Vec::new()
    }

    /// Hears of one, at least once.
    ///
    /// # Errors
    /// A [`Failure`]; the event is told again later: after the time that it has, or else a limited number of times.
    fn handle(event: &HookEvent, settings: &[Setting]) -> Result<(), Failure>;
}

/// Which of the shared words are used depends on the parts that there are.
const _: Option<(Choice, Effect, FieldProblem, Setting, Variable, Failure, Server)> = None;
