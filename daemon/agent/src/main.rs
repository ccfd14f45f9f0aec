//! `gantryd`: the command line of the daemon.

use clap::{Args, Parser, Subcommand, ValueEnum};
use gantry_agent::{
    enroll::{Enrollment, enroll},
    report::AGENT_VERSION,
    run::{COMPILE_SUBCOMMAND, RUN_SUBCOMMAND, RunOptions, RuntimeKind, SftpAt, WORK_SUBCOMMAND, run},
};
use std::{
    error::Error,
    io::{IsTerminal, Read},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};
use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, filter::FilterFn, fmt, layer::SubscriberExt, util::SubscriberInitExt};

#[derive(Parser)]
#[command(name = "gantryd", version, about = "The Gantry daemon: runs the game servers of one node")]
struct Cli {
    /// Writes the log as JSON lines. The filter is read from GANTRY_LOG.
    #[arg(long, global = true, env = "GANTRY_LOG_JSON")]
    log_json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the node.
    Run(RunArgs),
    /// Buys this node its identity with a one-time token.
    Enroll(EnrollArgs),
    /// Compiles a component from standard input; the daemon starts this itself.
    #[command(hide = true)]
    CompileComponent,
    /// Runs plugins; the daemon starts this itself.
    #[command(hide = true)]
    RunPlugins,
    /// Works on a server's files; the daemon starts this itself.
    #[command(hide = true)]
    Work,
}

#[derive(Args)]
struct RunArgs {
    /// Where the node keeps everything.
    #[arg(long, env = "GANTRYD_DATA_DIR")]
    data_dir: PathBuf,
    /// The panel's address, where it is no longer the one of the enrollment; the panel must still prove its key.
    #[arg(long, env = "GANTRYD_URL")]
    url: Option<url::Url>,
    /// What runs the containers.
    #[arg(long, value_enum, default_value = "docker", env = "GANTRYD_RUNTIME")]
    runtime: RuntimeArg,
    /// The container engine's socket.
    #[arg(long, env = "GANTRYD_DOCKER_SOCKET")]
    docker_socket: Option<PathBuf>,
    /// Lets images come from this registry although it is an address or not on the public internet; as images name it, with
    /// its port if they do. May be given several times.
    #[arg(
        long = "allow-registry",
        value_name = "HOST[:PORT]",
        env = "GANTRYD_ALLOW_REGISTRY",
        value_delimiter = ','
    )]
    registries: Vec<gantry_runtime::docker::Registry>,
    /// Serves the node's interface on this unix socket as well.
    #[arg(long, env = "GANTRYD_SOCKET")]
    socket: Option<PathBuf>,
    /// A PEM file of certificate authorities to trust besides the system's.
    #[arg(long, env = "GANTRYD_CA")]
    ca: Option<PathBuf>,
    /// Where file programs reach the servers' files over SFTP; port 2022 of all addresses if nothing is said.
    #[arg(long, value_name = "ADDRESS", env = "GANTRYD_SFTP", conflicts_with = "no_sftp")]
    sftp: Option<SocketAddr>,
    /// Serves no SFTP.
    #[arg(long, env = "GANTRYD_NO_SFTP")]
    no_sftp: bool,
    /// Lets install steps download from loopback addresses; for tests.
    #[arg(long, hide = true)]
    allow_loopback_downloads: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum RuntimeArg {
    Docker,
    Simulated,
}

#[derive(Args)]
struct EnrollArgs {
    /// Where the node will keep everything.
    #[arg(long, env = "GANTRYD_DATA_DIR")]
    data_dir: PathBuf,
    /// The panel's address, such as https://panel.example.com
    #[arg(long)]
    url: url::Url,
    #[command(flatten)]
    token: TokenArgs,
    /// A PEM file of certificate authorities to trust besides the system's.
    #[arg(long, env = "GANTRYD_CA")]
    ca: Option<PathBuf>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct TokenArgs {
    /// Reads the one-time token from this file.
    #[arg(long)]
    token_file: Option<PathBuf>,
    /// Reads the one-time token from standard input.
    #[arg(long)]
    token_stdin: bool,
}

fn main() -> ExitCode {
    // Children give up their power before anything else is loaded or started.
    match std::env::args_os().nth(1) {
        Some(first) if first == COMPILE_SUBCOMMAND => return gantry_host::compiler_main(),
        Some(first) if first == RUN_SUBCOMMAND => return gantry_host::runner_main(),
        Some(first) if first == WORK_SUBCOMMAND => return gantry_files::worker_main(),
        _ => {}
    }
    let cli = Cli::parse();
    start_log(cli.log_json);
    match act(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{}", chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn start_log(json: bool) {
    let filter = EnvFilter::try_from_env("GANTRY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter).with(FilterFn::new(is_meant_to_be_read));
    let lines = fmt::layer().with_writer(std::io::stderr);
    if json {
        registry.with(lines.json()).init();
    } else {
        registry.with(lines.with_ansi(std::io::stderr().is_terminal())).init();
    }
}

/// Below `info`, libraries write down what passes through them, passwords and keys among it; the SSH library does so at
/// every level. Whatever the filter asks for, those lines are left out.
fn is_meant_to_be_read(event: &Metadata<'_>) -> bool {
    let target = event.target();
    target.starts_with("gantry") || (*event.level() <= Level::INFO && !target.starts_with("russh"))
}

fn act(command: Command) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        match command {
            Command::Run(args) => run(args.into()).await.map_err(Into::into),
            Command::Enroll(args) => enroll_node(args).await,
            Command::CompileComponent | Command::RunPlugins | Command::Work => {
                Err("it must stand first on the command line".into())
            }
        }
    });
    // Work on files that was called off may take a moment; nothing waits for its answer.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    done
}

async fn enroll_node(args: EnrollArgs) -> Result<(), Box<dyn Error>> {
    let token = match &args.token.token_file {
        Some(path) => std::fs::read_to_string(path)?,
        None => {
            let mut token = String::new();
            std::io::stdin().take(4_096).read_to_string(&mut token)?;
            token
        }
    };
    let enrollment = Enrollment {
        url: args.url,
        token: token.trim().to_owned(),
        data_dir: args.data_dir,
        extra_ca: args.ca,
        agent_version: AGENT_VERSION.to_owned(),
    };
    let identity = enroll(enrollment).await?;
    tracing::info!(node.id = %identity.node_id, name = identity.name, "this node is enrolled");
    Ok(())
}

impl From<RunArgs> for RunOptions {
    fn from(args: RunArgs) -> Self {
        let runtime = match args.runtime {
            RuntimeArg::Docker => RuntimeKind::Docker,
            RuntimeArg::Simulated => RuntimeKind::Simulated,
        };
        let sftp = match (args.no_sftp, args.sftp) {
            (true, _) => SftpAt::Nowhere,
            (false, None) => SftpAt::Usual,
            (false, Some(address)) => SftpAt::Address(address),
        };
        Self {
            data_dir: args.data_dir,
            url: args.url,
            runtime,
            docker_socket: args.docker_socket,
            registries: args.registries,
            socket: args.socket,
            ca: args.ca,
            sftp,
            allow_loopback_downloads: args.allow_loopback_downloads,
        }
    }
}

/// An error with all its causes.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
