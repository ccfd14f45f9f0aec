//! A whole Gantry to be hurt: control plane, daemon, PostgreSQL and an engine, the link between them through a proxy.

use super::{
    chance::Chance,
    client::{Client, text},
    engine::{Engine, LiveRestore},
    program::{Program, Usage},
    proxy::Proxy,
    secrets::{Secrets, invented},
    socket,
    wait::until,
};
use crate::{
    postgres::Cluster,
    shell::{Result, free_port, output, succeeds, target_directory},
};
use serde_json::{Value, json};
use std::{
    fs,
    net::TcpListener,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// For whatever is quick on a machine that is well.
pub const SOON: Duration = Duration::from_secs(30);
/// Addresses for game servers.
const PORTS: u16 = 40;
/// Below those that the kernel gives to whoever connects somewhere.
const PLAYERS: Range<u16> = 10_000..25_000;
pub const ADMIN: &str = "admin@example.com";
const STRANGER: &str = "stranger@example.com";

/// What a world is made from.
#[derive(Clone)]
pub struct Parts {
    pub programs: PathBuf,
    /// The same, optimised; only there if an entry wants them.
    pub optimised: PathBuf,
    /// The folder with the bench's games alone.
    pub plugins: PathBuf,
    pub seed: u64,
}

impl Parts {
    /// With the programs that such a world runs.
    pub fn of(&self, kind: Kind) -> Self {
        let programs = if kind.optimised { &self.optimised } else { &self.programs };
        Self { programs: programs.clone(), ..self.clone() }
    }

    /// The moments of one entry.
    pub fn chance(&self, id: &str) -> Chance {
        Chance::of(self.seed, id)
    }
}

/// What is special about a world.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Kind {
    /// An engine of its own.
    pub engine: Option<LiveRestore>,
    /// A small disk below one part.
    pub small: Option<Small>,
    /// Programs built as people run them: where many are there, those of the tests would be measured and not Gantry.
    pub optimised: bool,
}

/// What has a small disk of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Small {
    Node,
    Engine,
    Database,
}

impl Small {
    /// Its folder in a world's, and how much fits: enough to work with, and little to fill.
    const fn disk(self) -> (&'static str, u32) {
        match self {
            Self::Node => ("node", 128),
            Self::Engine => ("docker", 700),
            Self::Database => ("postgres", 320),
        }
    }
}

/// Everything runs until it is hurt; nothing of it is left in the end.
pub struct World {
    pub control_plane: Program,
    pub daemon: Program,
    pub engine: Engine,
    pub proxy: Proxy,
    pub admin: Client,
    pub stranger: Client,
    pub node: String,
    /// A server that is installed and that nobody touches.
    pub idle: String,
    pub baseline: (Usage, Usage),
    pub cluster: Cluster,
    pub folder: PathBuf,
    /// What nobody may read anywhere.
    pub secrets: Secrets,
    url: String,
    mounted: Option<PathBuf>,
}

impl World {
    /// Sets up an administrator, somebody without any server, and an enrolled, connected node.
    pub fn start(parts: &Parts, folder: &Path, kind: Kind) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let mounted = kind.small.map(|small| mount(folder, small)).transpose()?;
        let engine = match kind.engine {
            Some(live_restore) => Engine::private(folder, live_restore)?,
            None => Engine::shared(),
        };
        let cluster = Cluster::durable(folder)?;
        cluster.start()?;
        let database = cluster.database("gantry")?;
        let node_folder = folder.join("node");
        fs::create_dir_all(&node_folder)?;
        let port = free_port()?;
        let proxy = Proxy::to(port)?;
        let url = format!("http://127.0.0.1:{port}");
        let control_plane = control_plane(parts, folder, &database, &url);
        let daemon = daemon(parts, &node_folder, proxy.port, &engine.socket);
        let mut world = Self {
            control_plane,
            daemon,
            engine,
            proxy,
            admin: Client::new(&url),
            stranger: Client::new(&url),
            node: String::new(),
            idle: String::new(),
            baseline: (Usage { memory_mib: 0, files: 0 }, Usage { memory_mib: 0, files: 0 }),
            cluster,
            folder: folder.to_owned(),
            secrets: Secrets::default(),
            url,
            mounted,
        };
        world.set_up(parts, &node_folder)?;
        Ok(world)
    }

    fn set_up(&mut self, parts: &Parts, node_folder: &Path) -> Result<()> {
        self.control_plane.start()?;
        self.wait_until_ready()?;
        let password = self.secrets.keep("the administrator's password", invented()?);
        let form = json!({ "name": "Admin", "email": ADMIN, "password": password });
        self.admin.must("POST", "/api/setup", Some(&form))?;
        self.secrets.keep("a session", self.admin.sign_in(ADMIN, &password)?);
        let password = self.secrets.keep("somebody's password", invented()?);
        let form = json!({ "name": "Stranger", "email": STRANGER, "password": password, "role": "user" });
        self.admin.must("POST", "/api/users", Some(&form))?;
        self.secrets.keep("a session", self.stranger.sign_in(STRANGER, &password)?);
        let location = self.admin.must("POST", "/api/locations", Some(&json!({ "name": "Here" })))?;
        let form = json!({ "name": "node", "locationId": location["id"] });
        self.node = text(&self.admin.must("POST", "/api/nodes", Some(&form))?, "/id")?;
        let first = free_ports()?;
        let ports = json!({ "address": "127.0.0.1", "ports": format!("{first}-{}", first + PORTS - 1) });
        self.admin.must("POST", &format!("/api/nodes/{}/allocations", self.node), Some(&ports))?;
        self.enroll(parts, node_folder)?;
        self.daemon.start()?;
        self.wait_until_connected(SOON)?;
        let token = self.secrets.keep("a secret variable", invented()?);
        self.idle = self.installed("idle", &json!({ "steps": "2", "token": token }))?;
        self.keep_its_secrets()?;
        self.baseline = (self.control_plane.usage()?, self.daemon.usage()?);
        Ok(())
    }

    fn enroll(&mut self, parts: &Parts, node_folder: &Path) -> Result<()> {
        let enrollment = self.admin.must("POST", &format!("/api/nodes/{}/enrollment", self.node), None)?;
        let token = self.folder.join("token");
        fs::write(&token, self.secrets.keep("an enrolment token", text(&enrollment, "/token")?))?;
        let mut enroll = Command::new(parts.programs.join("gantryd"));
        enroll.args(["enroll", "--url", &self.url, "--data-dir"]).arg(node_folder);
        output(enroll.arg("--token-file").arg(&token))?;
        Ok(fs::remove_file(token)?)
    }

    /// Until the control plane says that it can serve.
    pub fn wait_until_ready(&self) -> Result<()> {
        until("the control plane is ready", SOON, || self.admin.is_ready())
    }

    /// Until the control plane hears the daemon.
    pub fn wait_until_connected(&self, patience: Duration) -> Result<()> {
        self.wait_for_node("connected", patience)
    }

    pub fn wait_for_node(&self, state: &str, patience: Duration) -> Result<()> {
        let path = format!("/api/nodes/{}", self.node);
        until(&format!("the node is {state}"), patience, || {
            let view = self.admin.get(&path).map_err(|error| error.to_string())?;
            if view["state"] == state { Ok(()) } else { Err(format!("it is {}", view["state"])) }
        })
    }

    /// The daemon dies and is started again at once.
    pub fn crash_daemon(&mut self) -> Result<()> {
        self.daemon.kill()?;
        self.daemon.start()
    }

    /// The control plane dies and is started again at once.
    pub fn crash_control_plane(&mut self) -> Result<()> {
        self.control_plane.kill()?;
        self.control_plane.start()
    }

    /// The daemon's own interface, beside the control plane.
    pub fn ask_daemon(&self, path: &str) -> Result<Value> {
        socket::get(&self.folder.join("node/gantryd.sock"), path, Duration::from_secs(5))
    }

    /// The same, to change something; answers status and body.
    pub fn tell_daemon(&self, method: &str, path: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        socket::ask(&self.folder.join("node/gantryd.sock"), method, path, body, Duration::from_secs(10))
    }

    /// One value of the database, seen by its superuser.
    pub fn sql(&self, query: &str) -> Result<String> {
        Ok(self.cluster.query("gantry", query)?.trim().to_owned())
    }

    /// Where a server's files are.
    pub fn files(&self, server: &str) -> PathBuf {
        self.folder.join("node/servers").join(server).join("data")
    }

    /// Ends everything.
    pub fn end(mut self) -> Result<()> {
        self.daemon.stop().ok();
        self.engine.clear(&self.node).ok();
        self.control_plane.stop().ok();
        self.engine.end()?;
        self.cluster.stop()?;
        if let Some(mounted) = &self.mounted {
            until(
                "a disk is unmounted",
                SOON,
                || if unmount(mounted) { Ok(()) } else { Err("it is in use") },
            )?;
        }
        self.cluster.remove()?;
        Ok(fs::remove_dir_all(&self.folder)?)
    }

    /// Puts the logs of both programs where they outlive this world, for whoever looks into a failure.
    pub fn keep_logs(&self, id: &str) -> Result<PathBuf> {
        let kept = target_directory().join("faults").join(id);
        fs::create_dir_all(&kept)?;
        for log in ["gantry.log", "gantryd.log"] {
            fs::copy(self.folder.join(log), kept.join(log))?;
        }
        Ok(kept)
    }
}

fn control_plane(parts: &Parts, folder: &Path, database: &str, url: &str) -> Program {
    let (program, plugins) = (parts.programs.join("gantry"), parts.plugins.clone());
    let (data, database, url) = (folder.join("control-plane"), database.to_owned(), url.to_owned());
    Program::new("gantry", folder, move || {
        let mut command = Command::new(&program);
        command.env("DATABASE_URL", &database).args(["serve", "--listen", url.trim_start_matches("http://")]);
        command.args(["--public-url", &url, "--rate-limit-general", "1000000000"]);
        command.args(["--rate-limit-files", "1000000000", "--data-dir"]).arg(&data);
        command.arg("--plugins-dir").arg(&plugins);
        command
    })
}

fn daemon(parts: &Parts, data: &Path, port: u16, engine: &Path) -> Program {
    let (program, folder) = (parts.programs.join("gantryd"), data.parent().unwrap_or(data).to_owned());
    let (data, engine) = (data.to_owned(), engine.to_owned());
    Program::new("gantryd", &folder, move || {
        let mut command = Command::new(&program);
        command.args(["run", "--url", &format!("http://127.0.0.1:{port}"), "--data-dir"]).arg(&data);
        command.arg("--socket").arg(data.join("gantryd.sock")).arg("--docker-socket").arg(&engine);
        command.args(["--sftp", "127.0.0.1:0"]);
        command
    })
}

/// A small file system of its own, as a disk would be: memory that is mounted would count as the game's.
fn mount(world: &Path, small: Small) -> Result<PathBuf> {
    let (name, mib) = small.disk();
    let folder = &world.join(name);
    fs::create_dir_all(folder)?;
    let disk = folder.with_extension("disk");
    fs::File::create(&disk)?.set_len(u64::from(mib) << 20)?;
    output(Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&disk))?;
    output(Command::new("mount").args(["-o", "loop"]).arg(&disk).arg(folder))?;
    Ok(folder.to_owned())
}

fn unmount(folder: &Path) -> bool {
    succeeds(Command::new("umount").arg(folder))
}

/// The first of neighbouring ports on which nobody listens. Each bench begins to look elsewhere, since a server's port is
/// free until it starts.
fn free_ports() -> Result<u16> {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let firsts: Vec<u16> = PLAYERS.step_by(PORTS.into()).collect();
    let begin = usize::try_from(std::process::id())? % firsts.len();
    let mut firsts = firsts[begin..].iter().chain(&firsts[..begin]).copied();
    let found = firsts.find(|first| (*first..first + PORTS).all(|port| is_free(&port)));
    found.ok_or_else(|| "no free ports for game servers".into())
}
