//! Requests to the control plane beside the bare baseline: the list of 50 servers and the session check, at 64
//! connections. The two take turns, so that whatever else the machine does hits both.

use crate::{
    load::{Load, Target},
    row::{Result, Timings, Unit, cpu_seconds, median, row},
    stack::{Engine, Parts, Running, Stack, Start},
};
use std::process::Command;

const SERVERS: usize = 50;
const ROUNDS: usize = 3;

pub(crate) async fn measure(parts: &Parts) -> Result<()> {
    let stack = Stack::start(parts, Engine::Simulated, 64).await?;
    for number in 0..SERVERS {
        stack.server("luanti:luanti", &format!("Server {number:02}"), Start::Stopped).await?;
    }
    let mut command = Command::new(std::env::current_exe()?);
    let (bare, address) = Running::that_tells(command.args(["bare-server", &stack.database]))?;
    let address = address.parse()?;
    let ours = |path: &str, begins, least_bytes| Target {
        address: stack.address,
        path: path.to_owned(),
        cookie: Some(stack.cookie()),
        begins,
        least_bytes,
    };
    let theirs = |path: &str, least_bytes| Target {
        address,
        path: path.to_owned(),
        cookie: None,
        begins: "{",
        least_bytes,
    };
    let pid = stack.control_plane.pid();
    compare(
        "server_list",
        pid,
        bare.pid(),
        &ours("/api/servers?limit=50", "{\"items\":[", 20_000),
        &theirs("/servers", 10_000),
    )
    .await?;
    compare(
        "session_check",
        pid,
        bare.pid(),
        &ours("/api/auth/get-session", "{\"user\":", 100),
        &theirs("/user", 50),
    )
    .await
}

async fn compare(name: &str, pid: u32, bare_pid: u32, ours: &Target, bare: &Target) -> Result<()> {
    let (mut one, mut other) = (Side::default(), Side::default());
    for _ in 0..ROUNDS {
        one.add(pid, ours).await?;
        other.add(bare_pid, bare).await?;
    }
    let per_second = one.rows(name);
    let bare = other.rows(&format!("{name}_bare"));
    row(&format!("{name}_ratio"), per_second / bare, "x");
    Ok(())
}

/// What one of the two showed over all rounds.
#[derive(Default)]
struct Side {
    per_second: Vec<f64>,
    timings: Timings,
    cpu: f64,
}

impl Side {
    async fn add(&mut self, pid: u32, target: &Target) -> Result<()> {
        let before = cpu_seconds(pid)?;
        let Load { per_second, timings } = target.load().await?;
        self.cpu += cpu_seconds(pid)? - before;
        self.per_second.push(per_second);
        self.timings.extend(timings);
        Ok(())
    }

    fn rows(mut self, name: &str) -> f64 {
        let per_second = median(self.per_second);
        row(&format!("{name}_rate"), per_second, "1/s");
        row(&format!("{name}_p99"), self.timings.quantile(0.99) * Unit::Milliseconds.per_second(), "ms");
        #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
        let each = self.cpu / self.timings.len() as f64;
        // The warm-up's work is in it as well: an eighth too much, on both sides.
        row(&format!("{name}_cpu"), each * 1e6, "us");
        per_second
    }
}
