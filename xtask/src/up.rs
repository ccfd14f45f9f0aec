//! `up`: from a fresh clone to a game server on the screen, and `down` again.
//!
//! The data directory keeps everything that a second `up` needs to come back as it was: the cluster, the keys, the
//! node's ledger and what [`crate::seed`] made. `up.json` is for people and programs: it is there when all is ready.

use crate::{
    api::{Client, text},
    components, docker, environment,
    postgres::Cluster,
    processes::Processes,
    seed::{IDENTITY, Seed, write_private},
    shell::{Result, cargo, run, say, target_directory},
    web,
};
use clap::Args;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

#[derive(Args)]
pub struct Options {
    /// Return once everything is ready; `down` stops it
    #[arg(long)]
    pub detach: bool,
    /// Do not create the sample server
    #[arg(long)]
    pub empty: bool,
    /// The panel's port; the first time a free one is taken from 7080 on
    #[arg(long)]
    pub port: Option<u16>,
    /// Everything that is kept
    #[arg(long, default_value = DATA)]
    pub data_dir: PathBuf,
    /// The address that players connect to; only this machine by default
    #[arg(long, default_value = "127.0.0.1")]
    pub address: String,
    /// Build with optimisation: slower to build, faster to run
    #[arg(long)]
    pub release: bool,
    /// Take the two binaries from this folder, as they are
    #[arg(long, conflicts_with = "release")]
    pub binaries: Option<PathBuf>,
    /// Requests a minute and person; the control plane's own default when left out
    #[arg(long)]
    pub rate_limit_general: Option<u32>,
}

#[derive(Args)]
pub struct DownOptions {
    /// The data directory of the `up` to stop
    #[arg(long, default_value = DATA)]
    pub data_dir: PathBuf,
    /// Delete everything that is kept, too: the data directory, and what its servers have in Docker
    #[arg(long)]
    pub delete: bool,
}

/// Where everything is kept unless one says otherwise.
const DATA: &str = ".gantry";
const RECORD: &str = "up.json";
/// So long games may take to stop, all of them at once: those that save a large world take their time.
const GAMES_PATIENCE: Duration = Duration::from_secs(120);
/// Where the daemon keeps everything, in a data directory.
pub const NODE: &str = "node";

/// What `up.json` says, once everything is ready.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Up {
    pub url: String,
    pub email: String,
    /// None once it was changed in the panel.
    pub password: Option<String>,
    pub node_id: String,
    /// None after `--empty`.
    pub server_id: Option<String>,
    /// What players type to join the sample server.
    pub server_address: Option<String>,
}

/// Starts everything and, unless detached, waits for Ctrl-C.
pub fn up(options: &Options) -> Result<()> {
    // Before anything starts, so that an early Ctrl-C still stops what began.
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(interrupted()))?;
    }
    fs::create_dir_all(&options.data_dir)?;
    let data = options.data_dir.canonicalize()?;
    let mut processes = Processes::open(&data)?;
    if let Some(process) = processes.alive().first() {
        return Err(format!(
            "this Gantry is up already ({} has pid {}{}); `cargo xtask down` stops it",
            process.name,
            process.pid,
            recorded(&data).map_or_else(String::new, |up| format!(", the panel is at {}", up.url))
        )
        .into());
    }
    let programs = prepare(options, &data)?;
    let started = start(options, &data, &programs, &mut processes);
    let up = match started {
        Ok(up) => up,
        Err(error) => {
            stop(&data, &mut processes)?;
            return Err(error);
        }
    };
    tell(&up);
    if options.detach {
        println!("\nType `{}` to stop it.", down_command(&options.data_dir));
        return Ok(());
    }
    println!("\nCtrl-C stops everything.");
    let ended = loop {
        if interrupted().load(Ordering::Relaxed) {
            break None;
        }
        if let Some(ended) = processes.ended() {
            break Some(ended);
        }
        thread::sleep(Duration::from_millis(100));
    };
    stop(&data, &mut processes)?;
    ended.map_or(Ok(()), |ended| Err(ended.into()))
}

fn recorded(data: &Path) -> Option<Up> {
    serde_json::from_slice(&fs::read(data.join(RECORD)).ok()?).ok()
}

/// What `up.json` says, for people.
fn tell(up: &Up) {
    println!(
        "\n  Gantry is up:  {}\n  e-mail         {}\n  password       {}\n  node           {}",
        up.url,
        up.email,
        up.password.as_deref().unwrap_or("as you changed it in the panel"),
        up.node_id
    );
    if let (Some(address), Some(id)) = (&up.server_address, &up.server_id) {
        println!("  game server    {address} (OpenArena, {id})");
    }
}

/// What stops it; the usual data directory goes without saying.
fn down_command(data: &Path) -> String {
    let named = format!(" --data-dir {}", data.display());
    format!("cargo xtask down{}", if data == Path::new(DATA) { "" } else { &named })
}

/// Stops what a data directory's `up` started.
pub fn down(options: &DownOptions) -> Result<()> {
    let data = options
        .data_dir
        .canonicalize()
        .map_err(|_| format!("{} is no data directory of an `up`", options.data_dir.display()))?;
    let mut processes = Processes::open(&data)?;
    if !options.delete {
        return stop(&data, &mut processes);
    }
    discard(&data, &mut processes)?;
    Ok(fs::remove_dir_all(&data)?)
}

/// Builds everything and answers the folder of the programs.
fn prepare(options: &Options, data: &Path) -> Result<PathBuf> {
    environment::c_toolchain()?;
    web::build()?;
    components::build(&data.join("plugins"))?;
    match &options.binaries {
        Some(folder) => Ok(folder.canonicalize()?),
        None => binaries(options.release),
    }
}

/// Builds the two binaries and answers their folder.
fn binaries(release: bool) -> Result<PathBuf> {
    say("building the control plane and the daemon", "quick when nothing has changed");
    let mut command = cargo();
    command.args(["build", "--package", "gantry-panel", "--package", "gantry-agent"]);
    if release {
        command.arg("--release");
    }
    run(&mut command)?;
    Ok(target_directory().join(if release { "release" } else { "debug" }))
}

fn start(options: &Options, data: &Path, programs: &Path, processes: &mut Processes) -> Result<Up> {
    // Whoever waits for this file waits for this start.
    fs::remove_file(data.join(RECORD)).or_else(if_missing)?;
    let mut seed = Seed::open(data)?;
    let port = seed.port(options.port)?;
    let mut client = control_plane(data, programs, port, options.rate_limit_general, processes)?;
    let url = client.url().to_owned();
    let node_directory = data.join(NODE);
    let sftp = seed.sftp(&options.address)?;
    let up = if seed.account(&mut client, &node_directory)? {
        let node = seed.node(&mut client, &programs.join("gantryd"), &node_directory, &options.address)?;
        daemon(programs, &url, &node_directory, sftp, processes)?;
        wait_for_node(processes, || is_connected(&client, &node))?;
        sample(options, &mut seed, &mut client, &node, processes)?;
        seed.up(&client, url, node)?
    } else {
        daemon(programs, &url, &node_directory, sftp, processes)?;
        wait_for_node(processes, || client.counts_a_node())?;
        seed.up_unseen(url)?
    };
    write_private(&data.join(RECORD), &serde_json::to_vec_pretty(&up)?)?;
    Ok(up)
}

fn daemon(
    programs: &Path,
    url: &str,
    folder: &Path,
    sftp: SocketAddr,
    processes: &mut Processes,
) -> Result<()> {
    say("starting the daemon", "it dials the control plane and runs the game servers");
    let mut command = Command::new(programs.join("gantryd"));
    command.args(["run", "--url", url, "--data-dir"]).arg(folder);
    command.arg("--socket").arg(folder.join("gantryd.sock"));
    command.args(["--sftp", &sftp.to_string()]);
    processes.start("gantryd", &mut command)
}

/// Docker Engine, PostgreSQL and the control plane, ready and as empty as its database.
pub fn control_plane(
    data: &Path,
    programs: &Path,
    port: u16,
    rate_limit_general: Option<u32>,
    processes: &mut Processes,
) -> Result<Client> {
    docker::ensure_engine(processes)?;
    docker::ensure_base_image()?;
    let database = match std::env::var("DATABASE_URL") {
        Ok(url) => url,
        Err(_) => {
            let cluster = Cluster::open(data)?;
            let pid = cluster.start()?;
            processes.record("postgres", pid)?;
            cluster.database("gantry")?
        }
    };
    let url = format!("http://127.0.0.1:{port}");
    say("starting the control plane", &url);
    let mut command = Command::new(programs.join("gantry"));
    command
        .env("DATABASE_URL", &database)
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--public-url", &url, "--data-dir"])
        .arg(data.join("control-plane"))
        .arg("--plugins-dir")
        .arg(data.join("plugins"));
    if let Some(limit) = rate_limit_general {
        command.args(["--rate-limit-general", &limit.to_string()]);
    }
    processes.start("gantry", &mut command)?;
    let client = Client::new(&url);
    client.wait_until_ready(Duration::from_secs(60), || alive(processes))?;
    Ok(client)
}

/// The sample server, made at the first run, as it was at later ones.
fn sample(
    options: &Options,
    seed: &mut Seed,
    client: &mut Client,
    node: &str,
    processes: &mut Processes,
) -> Result<()> {
    let is_first = seed.server_id().is_none();
    if !options.empty {
        seed.server(client, node)?;
    }
    let Some(server) = seed.server_id() else { return Ok(()) };
    let Some(failure) = follow(client, server, processes)? else { return Ok(()) };
    let failure = format!("the sample server could not be started: {failure}");
    if is_first {
        return Err(failure.into());
    }
    println!("    {failure}; the panel says more");
    Ok(())
}

fn if_missing(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Whether somebody typed Ctrl-C.
fn interrupted() -> &'static Arc<AtomicBool> {
    static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    INTERRUPTED.get_or_init(Arc::default)
}

/// Whether it makes sense to go on waiting.
fn alive(processes: &mut Processes) -> Result<()> {
    if interrupted().load(Ordering::Relaxed) {
        return Err("stopped by Ctrl-C".into());
    }
    match processes.ended() {
        Some(ended) => Err(format!("{ended}\n{}", processes.log_tail("gantry")).into()),
        None => Ok(()),
    }
}

fn is_connected(client: &Client, node: &str) -> Result<bool> {
    let view = client.get(&format!("/api/nodes/{node}"))?;
    Ok(text(&view, "/state")? == "connected")
}

fn wait_for_node(processes: &mut Processes, is_connected: impl Fn() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_connected()? {
        alive(processes)?;
        if Instant::now() > deadline {
            return Err(format!("the daemon did not connect:\n{}", processes.log_tail("gantryd")).into());
        }
        thread::sleep(Duration::from_millis(250));
    }
    Ok(())
}

/// Waits until the sample is as it is wanted, with its progress on the terminal; answers why it is not.
fn follow(client: &Client, server: &str, processes: &mut Processes) -> Result<Option<String>> {
    let deadline = Instant::now() + Duration::from_secs(900);
    let mut said = String::new();
    loop {
        // Somebody deleted it: that is how things were.
        let Some(view) = client.find(&format!("/api/servers/{server}"))? else { return Ok(None) };
        let state = text(&view, "/observed/state")?;
        let step =
            view.pointer("/operation/progress/step").and_then(serde_json::Value::as_str).unwrap_or_default();
        let reason = view.pointer("/observed/reason").and_then(serde_json::Value::as_str).unwrap_or(step);
        let line = if reason.is_empty() { state.clone() } else { format!("{state}: {reason}") };
        if line != said {
            println!("    {line}");
            said = line;
        }
        let wanted = text(&view, "/desired")?;
        // What the control plane last heard is from before this start, until the node tells it anew.
        if (state == "running" && docker::runs(server)?) || (wanted != "running" && state != "uninstalled") {
            return Ok(None);
        }
        if let Some(failure) = view.pointer("/operation/failure").filter(|failure| !failure.is_null()) {
            return Ok(Some(in_words(failure)));
        }
        alive(processes)?;
        if Instant::now() > deadline {
            return Ok(Some("it did not run within 15 minutes".to_owned()));
        }
        // The panel's own limit of 100 requests a minute counts for this client too.
        thread::sleep(Duration::from_secs(1));
    }
}

/// What failed, why, and what to do.
fn in_words(failure: &serde_json::Value) -> String {
    let part = |name| failure.pointer(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    format!("{}. {}", part("/message").trim_end_matches('.'), part("/remedy")).trim_end().to_owned()
}

/// Stops everything of a data directory, its game servers too.
///
/// Games are stopped by the daemon as each wants it, and are still meant to run: the next `up` brings them back.
pub fn stop(data: &Path, processes: &mut Processes) -> Result<()> {
    if processes.runs("gantryd") {
        say("stopping the game servers", "each as its game wants it, so that it can save");
        if !processes.stop("gantryd", Signal::USR1, GAMES_PATIENCE) {
            println!(
                "    not all of them stopped within {} s; what still runs is ended",
                GAMES_PATIENCE.as_secs()
            );
        }
    }
    stop_and(data, processes, docker::stop_containers)
}

/// The same when nobody comes back: nothing of its servers stays in Docker.
pub fn discard(data: &Path, processes: &mut Processes) -> Result<()> {
    if node_of(data).is_some() {
        docker::ensure_engine(processes)?;
    }
    stop_and(data, processes, docker::remove_servers)
}

fn stop_and(data: &Path, processes: &mut Processes, end: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    say("stopping", "");
    processes.stop("gantryd", Signal::TERM, Duration::from_secs(20));
    let containers = node_of(data).map_or(Ok(()), |node| end(&node));
    processes.stop("gantry", Signal::TERM, Duration::from_secs(20));
    processes.stop("postgres", Signal::INT, Duration::from_secs(30));
    processes.stop("dockerd", Signal::TERM, Duration::from_secs(30));
    containers
}

/// The node that was enrolled in a data directory.
fn node_of(data: &Path) -> Option<String> {
    let identity = fs::read(data.join(NODE).join(IDENTITY)).ok()?;
    text(&serde_json::from_slice(&identity).ok()?, "/nodeId").ok()
}
