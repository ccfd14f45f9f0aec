//! The author's command line: `gantry plugin …` and `gantry egg …`.
//!
//! It takes a plugin from its first file to a running game, and tells each fault with its place and what to do. What it
//! asks of plugins it asks through the host of production (`gantry-host`), edits are made by the daemon's own engine, and
//! `run` starts the daemon itself, so that what works here works there. No command needs a panel, a database or a setting.
//!
//! Each command is a module. What scripts may read is one JSON value on standard output under `--json`; words for people
//! go there otherwise, and what is done meanwhile to standard error.
//!
//! Modules in reading order: [`cli`], `fault`, `terminal`, `embedded`, `desk`, `origin`, `manifest`, `source`, `standing`; then the commands `new`, `make`,
//! `check`, `inspect`, `keys`, `carry`, `egg`, `test`, `run`, `replay`.

pub mod cli;

mod carry;
mod check;
mod desk;
mod egg;
mod embedded;
mod fault;
mod inspect;
mod keys;
mod make;
mod manifest;
mod memory;
mod new;
mod origin;
mod replay;
mod run;
mod source;
mod standing;
mod terminal;
mod test;

use cli::{EggArgs, EggCommand, PluginArgs, PluginCommand};
use desk::Desk;
use fault::Fault;
use std::process::ExitCode;
use terminal::Terminal;

/// The hidden subcommand that compiles a component: programs that have these commands answer it first thing in `main`.
pub const COMPILER: &str = "compile-component";

/// Does `gantry plugin …`.
#[must_use]
pub fn plugin(arguments: PluginArgs) -> ExitCode {
    let terminal = Terminal { json: arguments.common.json };
    let desk = Desk::new(&arguments.common, terminal);
    let outcome = in_runtime(async {
        match arguments.command {
            PluginCommand::New(asked) => new::new(&desk, &asked),
            PluginCommand::Sdk(asked) => new::sdk(&desk, &asked),
            PluginCommand::Build(asked) => make::build(&desk, &asked).await,
            PluginCommand::Check(asked) => check::check(&desk, &asked).await,
            PluginCommand::Test(asked) => test::test(&desk, &asked).await,
            PluginCommand::Run(asked) => run::run(&desk, &asked).await,
            PluginCommand::Inspect(asked) => inspect::inspect(&desk, &asked).await,
            PluginCommand::Replay(asked) => replay::replay(&desk, &asked).await,
            PluginCommand::Key(asked) => keys::key(&desk, asked),
            PluginCommand::Pack(asked) => carry::pack(&desk, &asked).await,
            PluginCommand::Sign(asked) => carry::sign(&desk, &asked).await,
            PluginCommand::Publish(asked) => carry::publish(&desk, &asked).await,
        }
    });
    terminal.end(outcome)
}

/// Does `gantry egg …`.
#[must_use]
pub fn egg(arguments: EggArgs) -> ExitCode {
    // Its answer is JSON however it is asked; faults are words unless they are asked for as JSON.
    let terminal = Terminal { json: arguments.common.json };
    let desk = Desk::new(&arguments.common, terminal);
    let outcome = in_runtime(async {
        match arguments.command {
            EggCommand::Convert(asked) => egg::convert(&desk, &asked).await,
        }
    });
    terminal.end(outcome)
}

fn in_runtime(
    work: impl Future<Output = Result<terminal::Verdict, Fault>>,
) -> Result<terminal::Verdict, Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Fault::io("no threads can be started", &error))?;
    let outcome = runtime.block_on(work);
    // What still follows a daemon that has ended is not waited for.
    runtime.shutdown_background();
    outcome
}
