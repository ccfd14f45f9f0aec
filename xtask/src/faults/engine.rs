//! The Docker Engine below the daemon: the machine's own, or a private one that may be hurt.

use super::{
    program::Program,
    socket,
    wait::{check, until},
};
use crate::{
    docker::BASE_IMAGE,
    shell::{Result, output, succeeds},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// For an answer of an engine that is well.
const ANSWER: Duration = Duration::from_secs(10);
const START: Duration = Duration::from_secs(60);

/// Whose containers outlive the engine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LiveRestore {
    On,
    Off,
}

/// An engine.
pub struct Engine {
    pub socket: PathBuf,
    pub own: Option<Program>,
    folder: Option<PathBuf>,
    _bridge: Option<Bridge>,
}

/// A container of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    pub id: String,
    pub server: String,
    pub purpose: String,
    pub running: bool,
    pub pid: i64,
    pub started_at: String,
}

impl Engine {
    /// The machine's own.
    pub fn shared() -> Self {
        Self { socket: PathBuf::from("/var/run/docker.sock"), own: None, folder: None, _bridge: None }
    }

    /// The same engine for another thread, which may look and not end it.
    pub fn seen_by_another(&self) -> Self {
        Self { socket: self.socket.clone(), own: None, folder: None, _bridge: None }
    }

    /// A private one with the base image in it. It keeps its hands off the machine's packet filter, where the other
    /// engine's rules are, and has a bridge of its own: one that is told to have none removes the other's.
    pub fn private(data: &Path, live_restore: LiveRestore) -> Result<Self> {
        let folder = data.join("docker");
        fs::create_dir_all(&folder)?;
        let socket = folder.join("s");
        // Paths of sockets are short, and the engine makes some of its own below this folder.
        let run = PathBuf::from(format!("/run/gantry-faults-{}", std::process::id()));
        fs::create_dir_all(&run)?;
        let bridge = Bridge::new()?;
        let command = {
            let (folder, socket, run) = (folder.clone(), socket.clone(), run.clone());
            let bridge = bridge.0.clone();
            move || {
                let mut command = Command::new("dockerd");
                command.arg("--data-root").arg(folder.join("data")).arg("--exec-root").arg(&run);
                command.arg("--pidfile").arg(folder.join("pid"));
                command.arg("-H").arg(format!("unix://{}", socket.display()));
                command.args([
                    "--bridge",
                    &bridge,
                    "--iptables=false",
                    "--ip6tables=false",
                    "--log-level=warn",
                ]);
                command.arg("--config-file").arg(folder.join("none.json"));
                if live_restore == LiveRestore::On {
                    command.arg("--live-restore");
                }
                command
            }
        };
        fs::write(folder.join("none.json"), "{}")?;
        let mut own = Program::new("dockerd", data, command);
        own.start()?;
        let engine = Self { socket, own: Some(own), folder: Some(run), _bridge: Some(bridge) };
        engine.wait_until_it_answers()?;
        engine.load_image(&folder)?;
        Ok(engine)
    }

    fn load_image(&self, folder: &Path) -> Result<()> {
        let archive = folder.join("image.tar");
        output(Command::new("docker").args(["save", "--output"]).arg(&archive).arg(BASE_IMAGE))?;
        output(self.docker().args(["load", "--input"]).arg(&archive))?;
        Ok(fs::remove_file(archive)?)
    }

    /// Its command line.
    pub fn docker(&self) -> Command {
        let mut command = Command::new("docker");
        command.arg("--host").arg(format!("unix://{}", self.socket.display()));
        command
    }

    pub fn wait_until_it_answers(&self) -> Result<()> {
        until("the engine answers", START, || {
            socket::get(&self.socket, "/version", ANSWER).map_err(|error| error.to_string())
        })
        .map(drop)
    }

    /// The containers with a label.
    pub fn containers(&self, label: &str) -> Result<Vec<Container>> {
        let filters = socket::encoded(&serde_json::json!({ "label": [label] }).to_string());
        let listed =
            socket::get(&self.socket, &format!("/containers/json?all=true&filters={filters}"), ANSWER)?;
        let mut containers = Vec::new();
        for one in listed.as_array().into_iter().flatten() {
            let id = one["Id"].as_str().unwrap_or_default().to_owned();
            // One that goes away between the two questions is not there.
            let Ok(seen) = socket::get(&self.socket, &format!("/containers/{id}/json"), ANSWER) else {
                continue;
            };
            let label = |name: &str| one["Labels"][name].as_str().unwrap_or_default().to_owned();
            containers.push(Container {
                id,
                server: label("gantry.server"),
                purpose: label("gantry.purpose"),
                running: seen["State"]["Running"] == true,
                pid: seen["State"]["Pid"].as_i64().unwrap_or_default(),
                started_at: seen["State"]["StartedAt"].as_str().unwrap_or_default().to_owned(),
            });
        }
        Ok(containers)
    }

    /// The one running container of a server.
    pub fn container(&self, server: &str) -> Result<Container> {
        let mut all = self.containers(&format!("gantry.server={server}"))?;
        all.retain(|container| container.running && container.purpose == "server");
        check(all.len() == 1, || format!("{} containers of the server run", all.len()))?;
        Ok(all.remove(0))
    }

    /// Ids of networks with a label.
    pub fn networks(&self, label: &str) -> Result<Vec<String>> {
        let filters = socket::encoded(&serde_json::json!({ "label": [label] }).to_string());
        let listed = socket::get(&self.socket, &format!("/networks?filters={filters}"), ANSWER)?;
        let ids = listed.as_array().into_iter().flatten().filter_map(|one| one["Id"].as_str());
        Ok(ids.map(str::to_owned).collect())
    }

    /// All that a private one consists of, and the games in it.
    pub fn processes(&self) -> Result<Vec<i32>> {
        let run = self.folder.as_ref().ok_or("this engine is not ours")?.display().to_string();
        let is_ours = |pid: &i32| {
            fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&run))
        };
        let mut ours: Vec<i32> = all_processes()?.into_iter().filter(is_ours).collect();
        for container in self.containers("gantry.purpose")? {
            ours.extend(i32::try_from(container.pid).ok().filter(|pid| *pid > 0));
        }
        Ok(ours)
    }

    /// Removes what a node has in it.
    pub fn clear(&self, node: &str) -> Result<()> {
        let label = format!("gantry.node={node}");
        for container in self.containers(&label)? {
            output(self.docker().args(["rm", "--force", &container.id]))?;
        }
        for network in self.networks(&label)? {
            output(self.docker().args(["network", "rm", &network]))?;
        }
        Ok(())
    }

    /// Ends a private one, its containers too.
    pub fn end(&mut self) -> Result<()> {
        let Some(mut own) = self.own.take() else { return Ok(()) };
        // Whatever a fault left it in.
        own.signal(rustix::process::Signal::CONT).ok();
        let listed = socket::get(&self.socket, "/containers/json?all=true", ANSWER).unwrap_or(Value::Null);
        for one in listed.as_array().into_iter().flatten() {
            output(self.docker().args(["rm", "--force", one["Id"].as_str().unwrap_or_default()])).ok();
        }
        own.stop()?;
        // An engine that found its containers again may leave their file systems mounted.
        if let Some(data) = self.socket.parent() {
            for mounted in mounts_below(data)? {
                output(Command::new("umount").arg("--lazy").arg(mounted))?;
            }
        }
        if let Some(folder) = &self.folder {
            fs::remove_dir_all(folder).ok();
        }
        Ok(())
    }
}

/// A bridge that goes away with its engine.
struct Bridge(String);

impl Bridge {
    fn new() -> Result<Self> {
        let number = std::process::id() % 250;
        let bridge = Self(format!("gantry-f{number}"));
        // One that a run left behind when it was killed.
        succeeds(Command::new("ip").args(["link", "delete", &bridge.0]));
        output(Command::new("ip").args(["link", "add", "name", &bridge.0, "type", "bridge"]))?;
        let address = format!("10.213.{number}.1/24");
        output(Command::new("ip").args(["address", "add", &address, "dev", &bridge.0]))?;
        output(Command::new("ip").args(["link", "set", &bridge.0, "up"]))?;
        Ok(bridge)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        succeeds(Command::new("ip").args(["link", "delete", &self.0]));
    }
}

/// Of the whole machine.
pub fn all_processes() -> Result<Vec<i32>> {
    let names = fs::read_dir("/proc")?.flatten().map(|entry| entry.file_name());
    Ok(names.filter_map(|name| name.to_str()?.parse().ok()).collect())
}

/// Deepest first.
fn mounts_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let table = fs::read_to_string("/proc/mounts")?;
    let points = table.lines().filter_map(|line| line.split(' ').nth(1)).map(PathBuf::from);
    let mut below: Vec<PathBuf> =
        points.filter(|point| point.starts_with(folder) && point != folder).collect();
    below.reverse();
    Ok(below)
}
