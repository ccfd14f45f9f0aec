//! `up`: from a fresh clone to a game server on the screen, and `down` again.
//!
//! The data directory keeps everything that a second `up` needs to come back as it was: the cluster, the keys, the
//! node's ledger, and `up.json` for people and programs.

use crate::{
    api::{Client, text},
    components, docker, environment,
    postgres::Cluster,
    processes::Processes,
    shell::{Result, cargo, free_port, random_hex, run, say, target_directory},
    web,
};
use clap::Args;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
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
    #[arg(long, default_value = ".gantry")]
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
    #[arg(long, default_value = ".gantry")]
    pub data_dir: PathBuf,
}

/// What `up.json` says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Up {
    pub url: String,
    pub email: String,
    pub password: String,
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
    let (data, programs) = prepare(options)?;
    let mut processes = Processes::open(&data)?;
    if let Some(process) = processes.alive().first() {
        return Err(format!(
            "{} of this data directory runs already (pid {}): type `cargo xtask down` first",
            process.name, process.pid
        )
        .into());
    }
    let started = start(options, &data, &programs, &mut processes);
    let up = match started {
        Ok(up) => up,
        Err(error) => {
            stop(&data, &mut processes)?;
            return Err(error);
        }
    };
    println!(
        "\n  Gantry is up:  {}\n  e-mail         {}\n  password       {}",
        up.url, up.email, up.password
    );
    if let Some(address) = &up.server_address {
        println!("  game server    {address} (OpenArena)");
    }
    if options.detach {
        println!("\nType `cargo xtask down --data-dir {}` to stop it.", options.data_dir.display());
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

/// Stops what a data directory's `up` started.
pub fn down(options: &DownOptions) -> Result<()> {
    let data = options
        .data_dir
        .canonicalize()
        .map_err(|_| format!("{} is no data directory of an `up`", options.data_dir.display()))?;
    stop(&data, &mut Processes::open(&data)?)
}

fn prepare(options: &Options) -> Result<(PathBuf, PathBuf)> {
    fs::create_dir_all(&options.data_dir)?;
    let data = options.data_dir.canonicalize()?;
    environment::c_toolchain()?;
    web::build()?;
    components::build(&data.join("plugins"))?;
    let programs = match &options.binaries {
        Some(folder) => folder.canonicalize()?,
        None => binaries(options.release)?,
    };
    Ok((data, programs))
}

/// Builds the two binaries and answers their folder.
fn binaries(release: bool) -> Result<PathBuf> {
    say("building the control plane and the daemon", "the first time takes as long as compiling takes");
    let mut command = cargo();
    command.args(["build", "--package", "gantry-panel", "--package", "gantry-agent"]);
    if release {
        command.arg("--release");
    }
    run(&mut command)?;
    Ok(target_directory().join(if release { "release" } else { "debug" }))
}

fn start(options: &Options, data: &Path, programs: &Path, processes: &mut Processes) -> Result<Up> {
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
    let known = known(data);
    let port = port(options, known.as_ref())?;
    let url = format!("http://127.0.0.1:{port}");
    say("starting the control plane", &url);
    let mut command = Command::new(programs.join("gantry"));
    command
        .env("DATABASE_URL", &database)
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--public-url", &url, "--data-dir"])
        .arg(data.join("control-plane"))
        .arg("--plugins-dir")
        .arg(data.join("plugins"));
    if let Some(limit) = options.rate_limit_general {
        command.args(["--rate-limit-general", &limit.to_string()]);
    }
    processes.start("gantry", &mut command)?;
    let mut client = Client::new(&url);
    client.wait_until_ready(Duration::from_secs(60), || alive(processes))?;
    let node_directory = data.join("node");
    let up = match known {
        Some(known) => Up { url, ..known },
        None => set_up(options, &mut client, programs, &node_directory, url)?,
    };
    // Before anything else can fail: the password stands nowhere else.
    write(data, &up)?;
    say("starting the daemon", "it dials the control plane and runs the game servers");
    processes.start(
        "gantryd",
        Command::new(programs.join("gantryd"))
            .args(["run", "--data-dir"])
            .arg(&node_directory)
            .arg("--socket")
            .arg(node_directory.join("gantryd.sock")),
    )?;
    let mut up = up;
    client.post("/api/auth/sign-in/email", &json!({ "email": up.email, "password": up.password }))?;
    if up.server_id.is_none() && !options.empty {
        wait_for_node(&client, &up.node_id, processes)?;
        create_sample(&mut client, &mut up)?;
        write(data, &up)?;
    }
    if let Some(server) = up.server_id.clone() {
        follow(&client, &server, processes)?;
    }
    Ok(up)
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

fn known(data: &Path) -> Option<Up> {
    serde_json::from_slice(&fs::read(data.join("up.json")).ok()?).ok()
}

fn write(data: &Path, up: &Up) -> Result<()> {
    let file = data.join("up.json");
    let temporary = data.join("up.json.part");
    fs::write(&temporary, serde_json::to_vec_pretty(up)?)?;
    fs::set_permissions(&temporary, fs::Permissions::from_mode(0o600))?;
    Ok(fs::rename(temporary, file)?)
}

/// The port that was asked for, the one of the last time, or a free one.
fn port(options: &Options, known: Option<&Up>) -> Result<u16> {
    if let Some(port) = options.port {
        return Ok(port);
    }
    let last = known.and_then(|up| up.url.rsplit_once(':')?.1.parse().ok());
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    last.into_iter().chain(7080..7100).find(is_free).map_or_else(free_port, Ok)
}

/// The administrator, a location, this machine as a node with allocations, and the daemon's identity.
fn set_up(
    options: &Options,
    client: &mut Client,
    programs: &Path,
    node_directory: &Path,
    url: String,
) -> Result<Up> {
    say("setting up", "an administrator, a location, and this machine as a node");
    let (email, password) = ("admin@gantry.local".to_owned(), random_hex(10)?);
    client.post("/api/setup", &json!({ "name": "Administrator", "email": email, "password": password }))?;
    let location =
        client.post("/api/locations", &json!({ "name": "Here", "description": "This machine" }))?;
    let node = client.post(
        "/api/nodes",
        &json!({
            "name": "this-machine", "description": "Runs beside the control plane", "locationId": text(&location, "/id")?,
            "memoryMib": memory_mib()?, "cpuPercent": cpu_percent(), "diskMib": disk_mib(node_directory)?,
        }),
    )?;
    let node_id = text(&node, "/id")?;
    for ports in ["27960-27969", "30000-30009"] {
        let body = json!({ "address": options.address, "ports": ports });
        client.post(&format!("/api/nodes/{node_id}/allocations"), &body)?;
    }
    let enrollment = client.post(&format!("/api/nodes/{node_id}/enrollment"), &json!({}))?;
    fs::create_dir_all(node_directory)?;
    let token_file = node_directory.join("enrollment-token");
    fs::write(&token_file, text(&enrollment, "/token")?)?;
    fs::set_permissions(&token_file, fs::Permissions::from_mode(0o600))?;
    let enrolled = crate::shell::output(
        Command::new(programs.join("gantryd"))
            .args(["enroll", "--url", &url, "--data-dir"])
            .arg(node_directory)
            .arg("--token-file")
            .arg(&token_file),
    );
    fs::remove_file(&token_file)?;
    enrolled?;
    Ok(Up { url, email, password, node_id, server_id: None, server_address: None })
}

fn memory_mib() -> Result<u64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .ok_or("/proc/meminfo has no MemTotal")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}

/// Hundredths of a core.
fn cpu_percent() -> usize {
    thread::available_parallelism().map_or(1, usize::from) * 100
}

fn disk_mib(folder: &Path) -> Result<u64> {
    fs::create_dir_all(folder)?;
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail * disk.f_frsize / (1024 * 1024))
}

fn wait_for_node(client: &Client, node: &str, processes: &mut Processes) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let view = client.get(&format!("/api/nodes/{node}"))?;
        if view.pointer("/connected").and_then(serde_json::Value::as_bool) == Some(true)
            || view.pointer("/state").and_then(serde_json::Value::as_str) == Some("connected")
        {
            return Ok(());
        }
        alive(processes)?;
        if Instant::now() > deadline {
            return Err(format!("the daemon did not connect:\n{}", processes.log_tail("gantryd")).into());
        }
        thread::sleep(Duration::from_millis(250));
    }
}

fn create_sample(client: &mut Client, up: &mut Up) -> Result<()> {
    say("creating a game server", "OpenArena, from a WebAssembly plugin");
    let body = json!({
        "name": "Sample arena", "description": "Made by cargo xtask up", "blueprintId": "openarena:openarena",
        "nodeId": up.node_id, "start": true, "variables": { "hostname": "Sample arena", "bots": "3" },
    });
    let created = client.post("/api/servers", &body)?;
    let server = created.pointer("/server").unwrap_or(&created);
    up.server_id = Some(text(server, "/id")?);
    let port = server.pointer("/endpoints/0/port").and_then(serde_json::Value::as_u64).unwrap_or_default();
    up.server_address = Some(format!("{}:{port}", text(server, "/endpoints/0/address")?));
    Ok(())
}

/// Waits until the sample runs, with its progress on the terminal.
fn follow(client: &Client, server: &str, processes: &mut Processes) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(900);
    let mut said = String::new();
    loop {
        let view = client.get(&format!("/api/servers/{server}"))?;
        let state = text(&view, "/observed/state")?;
        let step =
            view.pointer("/operation/progress/step").and_then(serde_json::Value::as_str).unwrap_or_default();
        let line = if step.is_empty() { state.clone() } else { format!("{state}: {step}") };
        if line != said {
            println!("    {line}");
            said = line;
        }
        let wanted = text(&view, "/desired")?;
        if state == "running" || (wanted != "running" && state != "uninstalled") {
            return Ok(());
        }
        if let Some(failure) = view.pointer("/operation/failure").filter(|failure| !failure.is_null()) {
            return Err(format!("the sample server could not be started: {failure}").into());
        }
        alive(processes)?;
        if Instant::now() > deadline {
            return Err("the sample server did not start within 15 minutes".into());
        }
        // The panel's own limit of 100 requests a minute counts for this client too.
        thread::sleep(Duration::from_secs(1));
    }
}

fn stop(data: &Path, processes: &mut Processes) -> Result<()> {
    say("stopping", "");
    processes.stop("gantryd", Signal::TERM, Duration::from_secs(20));
    let node = known(data).map(|up| up.node_id);
    let containers = node.map_or(Ok(()), |node| docker::stop_containers(&node));
    processes.stop("gantry", Signal::TERM, Duration::from_secs(20));
    processes.stop("postgres", Signal::INT, Duration::from_secs(30));
    processes.stop("dockerd", Signal::TERM, Duration::from_secs(30));
    containers
}

/// For the tests: the record of a data directory.
pub fn read(data: &Path) -> Result<Up> {
    known(&data.canonicalize()?).ok_or_else(|| format!("{} has no up.json", data.display()).into())
}
