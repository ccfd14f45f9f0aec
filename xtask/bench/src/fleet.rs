//! What many servers cost while nothing happens: the processor's time of both programs for twenty real games that say
//! nothing, beside a program that is attached to the same containers and hears their statistics, and for five hundred
//! simulated ones. A hundred per cent is one core.

use crate::{
    row::{Result, cpu_seconds, row},
    stack::{Engine, Parts, Stack},
};
use bollard::{
    Docker,
    query_parameters::{AttachContainerOptions, ListContainersOptionsBuilder, StatsOptions},
};
use futures_util::StreamExt;
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const REAL: usize = 20;
const SIMULATED: usize = 500;
/// After this nothing of the starts is left.
const SETTLED: Duration = Duration::from_secs(10);
/// Long enough for the kernel's clock ticks of 10 ms to matter little.
const MEASURED: Duration = Duration::from_secs(30);

pub(crate) async fn measure(parts: &Parts, hello: &Path) -> Result<()> {
    real(parts, hello).await?;
    let stack = Stack::start(parts, Engine::Simulated, 4).await?;
    stack.upload(hello).await?;
    stack.servers("hello:hello", SIMULATED).await?;
    tokio::time::sleep(SETTLED).await;
    programs("simulated_servers", &stack).await.map(drop)
}

async fn real(parts: &Parts, hello: &Path) -> Result<()> {
    let stack = Stack::start(parts, Engine::Docker, 4).await?;
    stack.upload(hello).await?;
    let servers = stack.servers("hello:hello", REAL).await?;
    tokio::time::sleep(SETTLED).await;
    let ours = programs("silent_consoles", &stack).await?;
    let bare = attached(&stack.node).await?;
    row("silent_consoles_bare", bare, "%");
    row("silent_consoles_ratio", ours / bare, "x");
    for server in &servers {
        stack.delete(server).await?;
    }
    Ok(())
}

/// Rows for both programs; answers the daemon's.
async fn programs(name: &str, stack: &Stack) -> Result<f64> {
    let (daemon, plane) = (stack.daemon.pid(), stack.control_plane.pid());
    let (began, before) = (Instant::now(), (cpu_seconds(daemon)?, cpu_seconds(plane)?));
    tokio::time::sleep(MEASURED).await;
    let percent = 100.0 / began.elapsed().as_secs_f64();
    let daemon = (cpu_seconds(daemon)? - before.0) * percent;
    row(&format!("{name}_daemon"), daemon, "%");
    row(&format!("{name}_control_plane"), (cpu_seconds(plane)? - before.1) * percent, "%");
    Ok(daemon)
}

/// This program, attached to every container of the node and hearing its statistics each second.
async fn attached(node: &str) -> Result<f64> {
    let docker = Docker::connect_with_socket_defaults()?.negotiate_version().await?;
    let filters = [("label".to_owned(), vec![format!("gantry.node={node}")])];
    let options = ListContainersOptionsBuilder::new().filters(&filters.into()).build();
    let mut following = JoinSet::new();
    for container in docker.list_containers(Some(options)).await? {
        let id = container.id.ok_or("a container has no id")?;
        let options =
            AttachContainerOptions { stdin: true, stdout: true, stream: true, ..Default::default() };
        let mut console = docker.attach_container(&id, Some(options)).await?;
        let mut statistics = docker.stats(&id, Some(StatsOptions { stream: true, one_shot: false }));
        following.spawn(async move {
            loop {
                tokio::select! {
                    Some(_) = console.output.next() => {}
                    Some(_) = statistics.next() => {}
                    else => break,
                }
            }
        });
    }
    if following.len() != REAL {
        return Err(format!("{} containers run, not {REAL}", following.len()).into());
    }
    tokio::time::sleep(SETTLED).await;
    let (began, before) = (Instant::now(), cpu_seconds(std::process::id())?);
    tokio::time::sleep(MEASURED).await;
    let used = (cpu_seconds(std::process::id())? - before) * 100.0 / began.elapsed().as_secs_f64();
    if following.len() != REAL {
        return Err("a container ended".into());
    }
    Ok(used)
}
