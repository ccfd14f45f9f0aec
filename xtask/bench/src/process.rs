//! What both programs cost before anybody uses them: the time from start to the first answer, with components cached, and
//! the memory that is theirs (PSS) once idle, their children's with it.

use crate::{
    row::{Result, Timings, Unit, row},
    stack::{self, Engine, Parts, Stack},
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};

const STARTS: usize = 10;
const POLL: Duration = Duration::from_micros(500);
/// After this nothing of the start is left.
const SETTLED: Duration = Duration::from_secs(10);

pub(crate) async fn measure(parts: &Parts) -> Result<()> {
    let mut stack = Stack::start(parts, Engine::Simulated, 4).await?;
    tokio::time::sleep(SETTLED).await;
    row("control_plane_idle", family_pss_mib(stack.control_plane.pid())?, "MiB");
    row("daemon_idle", family_pss_mib(stack.daemon.pid())?, "MiB");

    let (mut daemons, mut planes) = (Timings::default(), Timings::default());
    let folder = stack.folder.path().to_owned();
    let socket = folder.join("node/gantryd.sock");
    for _ in 0..STARTS {
        let old = std::mem::replace(&mut stack.daemon, idle(&folder)?);
        drop(old);
        fs::remove_file(&socket).ok();
        let began = Instant::now();
        stack.daemon = stack::daemon(parts, Engine::Simulated, &folder)?;
        while !socket_answers(&socket).await {
            tokio::time::sleep(POLL).await;
        }
        daemons.push(began.elapsed());

        let old = std::mem::replace(&mut stack.control_plane, idle(&folder)?);
        drop(old);
        let began = Instant::now();
        stack.control_plane = stack::control_plane(parts, &stack.database, stack.address, &folder)?;
        while !port_answers(stack.address).await {
            tokio::time::sleep(POLL).await;
        }
        planes.push(began.elapsed());
    }
    row("daemon_start", daemons.quantile(0.5) * Unit::Milliseconds.per_second(), "ms");
    row("control_plane_start", planes.quantile(0.5) * Unit::Milliseconds.per_second(), "ms");
    for (name, program) in [("control_plane", &parts.gantry), ("daemon", &parts.gantryd)] {
        #[expect(clippy::cast_precision_loss, reason = "the size of a file")]
        let bytes = fs::metadata(program)?.len() as f64;
        row(&format!("{name}_binary"), bytes / 1e6, "MB");
    }
    Ok(())
}

/// A place holder while a process is exchanged.
fn idle(folder: &Path) -> Result<stack::Running> {
    stack::Running::start(&mut std::process::Command::new("true"), &folder.join("log"))
}

async fn socket_answers(path: &Path) -> bool {
    let asked = async {
        let mut stream = UnixStream::connect(path).await?;
        stream.write_all(b"GET /v1/node HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n").await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer.starts_with(b"HTTP/1.1 "))
    };
    asked.await.unwrap_or(false)
}

async fn port_answers(address: std::net::SocketAddr) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /ready HTTP/1.1\r\nhost: panel\r\nconnection: close\r\n\r\n").await?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer.starts_with(b"HTTP/1.1 200"))
    };
    asked.await.unwrap_or(false)
}

/// The same of a process with all that it started and those that they started.
pub(crate) fn family_pss_mib(pid: u32) -> Result<f64> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(child) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // One that has ended meanwhile takes nothing.
        let Ok(stat) = fs::read_to_string(format!("/proc/{child}/stat")) else { continue };
        let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let parent = after_name.split(' ').nth(1).and_then(|parent| parent.parse().ok());
        parents.push((child, parent.unwrap_or(0)));
    }
    let mut family = vec![pid];
    let mut seen = 0;
    while let Some(parent) = family.get(seen).copied() {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        seen += 1;
    }
    family.into_iter().map(pss_mib).sum()
}

/// Proportional set size: shared pages count by their share.
pub(crate) fn pss_mib(pid: u32) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("smaps_rollup has no Pss")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<f64>()? / 1024.0)
}
