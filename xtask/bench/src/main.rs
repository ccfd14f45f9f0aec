//! The figures that Gantry is held to, as rows `name value unit`.
//!
//! Each figure stands beside a baseline that the same run measured with the same tools: what the libraries underneath
//! need at least. Ratios travel between machines, absolute figures do not. Only right answers count: a request that is
//! not answered as it should be ends the run. `cargo xtask bench` builds everything with optimisation and starts this.
//! Modules in reading order: [`row`], [`plugin`], [`stack`], [`load`], [`bare`], [`http`], [`socket`], [`console`], [`process`], [`fleet`],
//! [`sftp`], [`backup`], [`update`]; and [`soak`] and [`herd`], which run by themselves.

#![expect(clippy::print_stdout, reason = "rows are what this program is for")]
#![expect(clippy::print_stderr, reason = "and why there are none")]

mod backup;
mod bare;
mod console;
mod fleet;
mod herd;
mod http;
mod load;
mod plugin;
mod process;
mod row;
mod sftp;
mod soak;
mod socket;
mod stack;
mod update;

use clap::{Args, Parser, Subcommand};
use row::Result;
use stack::Parts;
use std::{path::PathBuf, process::ExitCode};

#[derive(Parser)]
#[command(about = "Prints rows `name value unit`")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures
    Run(Options),
    /// Works for long, and looks whether anything grows or is lost
    Soak(soak::Options),
    /// The baseline's server; started by `run`
    #[command(hide = true)]
    BareServer { database: String },
    /// The baseline's server for files; started by `run`
    #[command(hide = true)]
    BareSftp { folder: PathBuf },
    /// Nodes and pages that lose their control plane together; started by `cargo xtask faults F33`
    #[command(hide = true)]
    Herd,
    /// The compiler of components; started by `run`
    #[command(hide = true)]
    CompileComponent,
    /// The process that plugins run in; started by `run`
    #[command(hide = true)]
    RunPlugins,
}

/// Where everything is that is measured.
#[derive(Args)]
struct Places {
    /// The folder with the binaries gantry and gantryd
    #[arg(long)]
    binaries: PathBuf,
    /// The folder with built plugins
    #[arg(long)]
    plugins: PathBuf,
    /// The folder with built examples
    #[arg(long)]
    examples: PathBuf,
    /// A superuser's address of a PostgreSQL cluster
    #[arg(long)]
    database: String,
}

impl Places {
    fn parts(&self) -> Parts {
        Parts {
            gantry: self.binaries.join("gantry"),
            gantryd: self.binaries.join("gantryd"),
            plugins: self.plugins.clone(),
            database: self.database.clone(),
        }
    }

    fn hello(&self) -> PathBuf {
        self.examples.join("hello-rust.wasm")
    }
}

#[derive(Args)]
struct Options {
    #[command(flatten)]
    places: Places,
    /// Only these groups; all by default
    #[arg(value_enum)]
    groups: Vec<Group>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Group {
    /// Calls, compiling and loading of components
    Plugin,
    /// Requests to the control plane
    Http,
    /// From a game's terminal to a browser and back
    Console,
    /// Start and memory of both programs
    Process,
    /// What many servers cost while nothing happens
    Fleet,
    /// Files there and back
    Sftp,
    /// All files of a server into one archive, and back
    Backup,
    /// Another release of a plugin while its servers are asked
    Update,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::CompileComponent => return gantry_host::compiler_main(),
        Command::RunPlugins => return gantry_host::runner_main(),
        Command::BareServer { database } => bare::serve(&database),
        Command::BareSftp { folder } => sftp::bare::serve(folder),
        Command::Run(options) => run(&options),
        Command::Soak(options) => soaked(&options),
        Command::Herd => gathered(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    drop(rustls::crypto::ring::default_provider().install_default());
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

fn run(options: &Options) -> Result<()> {
    let wanted = |group| options.groups.is_empty() || options.groups.contains(&group);
    let (parts, hello) = (options.places.parts(), options.places.hello());
    let runtime = runtime()?;
    if wanted(Group::Plugin) {
        runtime.block_on(plugin::measure(&parts.plugins.join("openarena.wasm"), &options.places.examples))?;
    }
    if wanted(Group::Http) {
        runtime.block_on(http::measure(&parts))?;
    }
    if wanted(Group::Console) {
        runtime.block_on(console::measure(&parts, &hello))?;
    }
    if wanted(Group::Process) {
        runtime.block_on(process::measure(&parts))?;
    }
    if wanted(Group::Fleet) {
        runtime.block_on(fleet::measure(&parts, &hello))?;
    }
    if wanted(Group::Sftp) {
        runtime.block_on(sftp::measure(&parts, &hello))?;
    }
    if wanted(Group::Backup) {
        runtime.block_on(backup::measure(&parts, &hello))?;
    }
    if wanted(Group::Update) {
        runtime.block_on(update::measure(&parts))?;
    }
    Ok(())
}

fn soaked(options: &soak::Options) -> Result<()> {
    runtime()?.block_on(soak::run(&options.places.parts(), &options.places.hello(), options))
}

fn gathered() -> Result<()> {
    runtime()?.block_on(herd::run())
}
