//! The program `gantry`: picks a subcommand. What each does stands in the library.

use clap::Parser;
use gantry_panel::{
    cli::{Cli, Command},
    commands,
};
use std::{io::Write, process::ExitCode};

fn main() -> ExitCode {
    // Children give up their power before any thread starts.
    match std::env::args_os().nth(1) {
        Some(first) if first == commands::COMPILER => return gantry_host::compiler_main(),
        Some(first) if first == commands::RUNNER => return gantry_host::runner_main(),
        _ => {}
    }
    let outcome = match Cli::parse().command {
        Command::Serve(args) => commands::serve(*args),
        Command::Migrate(args) => commands::migrate(args),
        Command::Openapi => commands::openapi(),
        Command::Plugin(args) => return gantry_tool::plugin(args),
        Command::Egg(args) => return gantry_tool::egg(args),
        Command::CompileComponent => return gantry_host::compiler_main(),
        Command::RunPlugins => return gantry_host::runner_main(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nowhere left to report that stderr is closed.
            drop(writeln!(std::io::stderr(), "gantry: {}", commands::with_causes(&*error)));
            ExitCode::FAILURE
        }
    }
}
