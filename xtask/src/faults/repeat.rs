//! Messages to the daemon that come twice, or in the wrong order: by its own interface, on a daemon that no control plane
//! knows.

use super::{
    engine::Engine,
    program::Program,
    socket,
    wait::{check, until},
    watch::Watch,
    world::{Parts, SOON, World},
};
use crate::shell::{Result, output};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{fs, path::PathBuf, process::Command, time::Duration};

const ANSWER: Duration = Duration::from_secs(10);
/// Of the server and of its operations; any will do, they are the lone daemon's alone.
const SERVER: &str = "0190f2f0-0000-7000-8000-00000000f030";

/// A daemon that serves its socket alone.
struct Lone {
    program: Program,
    socket: PathBuf,
    digest: String,
    engine: Engine,
}

impl Lone {
    fn start(parts: &Parts, world: &World, name: &str) -> Result<Self> {
        let folder = world.folder.join(name);
        fs::create_dir_all(&folder)?;
        let socket = folder.join("s");
        let engine = world.engine.seen_by_another();
        let (binary, data) = (parts.programs.join("gantryd"), folder.join("data"));
        let (path, docker) = (socket.clone(), engine.socket.clone());
        let mut program = Program::new("lone", &folder, move || {
            let mut command = Command::new(&binary);
            command.args(["run", "--data-dir"]).arg(&data).arg("--socket").arg(&path);
            command.arg("--docker-socket").arg(&docker).args(["--sftp", "127.0.0.1:0"]);
            command
        });
        program.start()?;
        let component = fs::read(parts.plugins.join("counter.wasm"))?;
        let digest = hex::encode(Sha256::digest(&component));
        let lone = Self { program, socket, digest, engine };
        lone.wait_until_it_serves()?;
        let (status, body) =
            socket::ask(&lone.socket, "PUT", &format!("/v1/plugins/{}", lone.digest), &component, ANSWER)?;
        check(status == 204, || {
            format!("the plugin was answered {status} {}", String::from_utf8_lossy(&body))
        })?;
        Ok(lone)
    }

    fn wait_until_it_serves(&self) -> Result<()> {
        let look =
            || socket::get(&self.socket, "/v1/servers", ANSWER).map(drop).map_err(|error| error.to_string());
        until("the daemon serves its socket", SOON, look)
    }

    /// What a control plane would say.
    fn wish(&self, generation: u64, desired: &str, operation: (u32, &str)) -> Value {
        let (number, kind) = operation;
        json!({
            "id": SERVER, "generation": generation, "name": "Lone", "desired": desired, "holds": [],
            "blueprint": {
                "plugin": "Counter", "digest": self.digest, "blueprint": "counter", "collectEveryMs": null,
                "capabilities": ["container-run"],
            },
            "settings": [{ "key": "steps", "value": "1" }, { "key": "pause_ms", "value": "50" }], "secrets": [],
            "endpoints": [], "timeZone": "",
            "limits": { "memoryMib": 64, "swapMib": 0, "cpuPercent": 50, "diskMib": 64, "pids": 64 },
            "operation": {
                "id": format!("0190f2f0-0000-7000-8000-{number:012}"), "kind": kind,
                "requestedAt": "2020-01-01T00:00:00Z", "deadline": "2999-01-01T00:00:00Z",
            },
        })
    }

    fn say(&self, wish: &Value) -> Result<(u16, Value)> {
        let path = format!("/v1/servers/{SERVER}");
        let (status, body) = socket::ask(&self.socket, "PUT", &path, wish.to_string().as_bytes(), ANSWER)?;
        Ok((status, serde_json::from_slice(&body)?))
    }

    fn must(&self, wish: &Value) -> Result<()> {
        let (status, body) = self.say(wish)?;
        check(status == 200, || format!("the daemon answered {status} {body}"))
    }

    /// Until the daemon shows a state, with the latest operation ended.
    fn wait_for(&self, state: &str) -> Result<Value> {
        until(&format!("the lone server is {state}"), SOON, || {
            let servers =
                socket::get(&self.socket, "/v1/servers", ANSWER).map_err(|error| error.to_string())?;
            let one = servers[0].clone();
            let is_over = !matches!(one["operation"]["state"].as_str(), Some("pending" | "running"));
            if one["observed"]["state"] == state && is_over { Ok(one) } else { Err(servers.to_string()) }
        })
    }

    /// Everything that it told, by operation: how often each ended.
    fn ends(&self, number: u32) -> Result<usize> {
        let id = format!("0190f2f0-0000-7000-8000-{number:012}");
        let events = socket::events(&self.socket)?.into_iter();
        let of_it = events.filter(|event| event["event"]["operation"]["id"] == id.as_str());
        let ended = of_it.filter(|event| {
            matches!(
                event["event"]["operation"]["state"].as_str(),
                Some("succeeded" | "failed" | "cancelled")
            )
        });
        Ok(ended.count())
    }

    fn end(mut self) -> Result<()> {
        self.program.stop()?;
        let label = format!("gantry.server={SERVER}");
        for container in self.engine.containers(&label)? {
            output(self.engine.docker().args(["rm", "--force", &container.id]))?;
        }
        for network in self.engine.networks(&label)? {
            output(self.engine.docker().args(["network", "rm", &network]))?;
        }
        Ok(())
    }
}

/// F30: each message five times, and once more after the daemon was killed.
pub fn duplicates(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    with_lone(parts, world, "twice", |lone| {
        let install = lone.wish(1, "running", (1, "install"));
        for _ in 0..5 {
            lone.must(&install)?;
        }
        lone.wait_for("running")?;
        let restart = lone.wish(2, "running", (2, "restart"));
        for _ in 0..5 {
            lone.must(&restart)?;
        }
        lone.wait_for("running")?;
        let process = lone.engine.container(SERVER)?;
        lone.program.kill()?;
        lone.program.start()?;
        lone.wait_until_it_serves()?;
        // A control plane that has lost count says the same with a higher generation.
        for generation in [2, 3, 4] {
            lone.must(&lone.wish(generation, "running", (2, "restart")))?;
        }
        let told = lone.wait_for("running")?;
        check(told["operation"]["state"] == "succeeded", || format!("the stored outcome is {told}"))?;
        check(lone.engine.container(SERVER)? == process, || "a repeated message had a second effect".into())?;
        for number in [1, 2] {
            let ends = lone.ends(number)?;
            check(ends == 1, || format!("operation {number} ended {ends} times"))?;
        }
        Ok(())
    })
}

/// F31: a start that comes after the stop that followed it.
pub fn reordered(world: &mut World, _: &mut Watch, parts: &Parts) -> Result<()> {
    with_lone(parts, world, "late", |lone| {
        lone.must(&lone.wish(9, "running", (1, "install")))?;
        lone.wait_for("running")?;
        lone.must(&lone.wish(11, "stopped", (3, "stop")))?;
        let (status, refusal) = lone.say(&lone.wish(10, "running", (2, "start")))?;
        let stale = status == 409 && refusal["code"] == "stale_generation";
        check(stale, || format!("the late start was answered {status} {refusal}"))?;
        let told = lone.wait_for("offline")?;
        check(told["generation"] == 11, || format!("the daemon holds {told}"))?;
        check(lone.engine.container(SERVER).is_err(), || "it runs".into())
    })
}

fn with_lone(
    parts: &Parts,
    world: &World,
    name: &str,
    hurt: impl FnOnce(&mut Lone) -> Result<()>,
) -> Result<()> {
    let mut lone = Lone::start(parts, world, name)?;
    let outcome = hurt(&mut lone);
    let ended = lone.end();
    outcome.and(ended)
}
