//! The author's commands on their own, as the program `gantry` has them: for tests, and for authors who want no control plane.

use clap::{Parser, Subcommand};
use gantry_tool::cli::{EggArgs, PluginArgs};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "gantry-tool", version, about = "The commands of people who write plugins for Gantry")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes, tries and publishes plugins
    Plugin(PluginArgs),
    /// Turns games of other panels into documents
    Egg(EggArgs),
}

fn main() -> ExitCode {
    // The compiler child sets its own limits before any thread starts.
    if std::env::args_os().nth(1).is_some_and(|first| first == gantry_tool::COMPILER) {
        return gantry_host::compiler_main();
    }
    match Cli::parse().command {
        Command::Plugin(arguments) => gantry_tool::plugin(arguments),
        Command::Egg(arguments) => gantry_tool::egg(arguments),
    }
}
