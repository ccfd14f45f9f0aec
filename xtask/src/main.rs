//! The commands of people who work on Gantry, or who try it: `cargo xtask up`, `cargo xtask test` and their kin.
//!
//! A fresh Debian or Ubuntu machine with a Rust toolchain is enough: each command first finds or installs what it
//! needs, says what it does and why, and names the exact command where it cannot do it itself. Nothing here is part of
//! the product. Modules in reading order: [`shell`], [`environment`], [`components`], [`guests`], [`web`], [`postgres`],
//! [`docker`], [`seed`], [`up`], [`test`], [`machine`], [`faults`], [`bench`], [`fuzz`], [`check`], [`generate`], [`contract`].

mod api;
mod bench;
mod check;
mod components;
mod contract;
mod docker;
mod edges;
mod environment;
mod faults;
mod fuzz;
mod generate;
mod guests;
mod machine;
mod packages;
mod postgres;
mod processes;
mod quake;
mod seed;
mod shell;
mod test;
mod up;
mod web;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Work on Gantry, or try it")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build and start everything, with a real game server, until Ctrl-C
    Up(up::Options),
    /// Stop what `up --detach` started
    Down(up::DownOptions),
    /// Set up and run all tests: unit, PostgreSQL, Docker with real games, browser
    Test(test::Options),
    /// Measure the figures that Gantry is held to, on optimised programs
    Bench(bench::Options),
    /// Keep hundreds of simulated servers busy and watched, and see that nothing grows or is lost
    Soak(bench::SoakOptions),
    /// Break what can break, on purpose, and see that nothing is lost
    Faults(faults::Options),
    /// Hostile bytes at the parsers of untrusted input
    Fuzz(fuzz::Options),
    /// Formatting, lints, licences, crate edges, generated files
    Check,
    /// Regenerate what is generated: the API document, the TypeScript client, the query data
    Gen(generate::Options),
    /// Build the first-party plugins as components into a folder
    Plugins {
        /// Where the components go
        #[arg(long, default_value = ".gantry/plugins")]
        out: std::path::PathBuf,
        /// Build those of `examples/` too, into the folder `examples` there
        #[arg(long)]
        examples: bool,
    },
}

fn main() -> std::process::ExitCode {
    let result = match Arguments::parse().command {
        Command::Up(options) => up::up(&options),
        Command::Down(options) => up::down(&options),
        Command::Test(options) => test::test(&options),
        Command::Bench(options) => bench::bench(&options),
        Command::Soak(options) => bench::soak(&options),
        Command::Faults(options) => faults::faults(&options),
        Command::Fuzz(options) => fuzz::fuzz(&options),
        Command::Check => check::run(),
        Command::Gen(options) => generate::generate(&options),
        Command::Plugins { out, examples } => plugins(&out, examples),
    };
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn plugins(out: &std::path::Path, examples: bool) -> shell::Result<()> {
    components::build(out)?;
    if examples {
        components::build_examples(&out.join("examples"))?;
    }
    Ok(())
}
