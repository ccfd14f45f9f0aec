//! What a plugin that never ends costs: how long after its deadline it is stopped, and what its neighbours notice meanwhile.

use super::{CALLS, ROUNDS, Side, WARM, calls, grants, open_with, runner, server};
use crate::row::{Result, Timings, Unit, row};
use gantry_host::{Budgets, CallContext, CallError, Plugin, StopReason};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

const STOPS: usize = 100;
/// Calls of the hostile plugin that run at a time.
const RUNNING: usize = 4;
/// Calls of the neighbour, each of which may have to wait for slices of others.
const BESIDE: usize = 2_000;
/// A deadline that comes long before the processor time is used up.
const WALL: Duration = Duration::from_millis(50);

/// A collector that takes its arguments and computes for ever.
const MODULE: &str = r#"(module
  (memory (export "memory") 4)
  (global $heap (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 7)) (i32.const -8)))
    (global.set $heap (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "gantry:plugin/collector@0.2.0#collect") (param i32) (result i32)
    (loop $again (br $again)) (unreachable)))"#;
const MANIFEST: &str = r#"{"id": "hostile", "name": "Hostile", "version": "1.0.0", "author": "Nobody",
  "description": "Never ends.", "licence": "Apache-2.0", "contract": "0.2", "capabilities": []}"#;

pub(super) async fn measure(cache: &Path, wasm: &Arc<[u8]>) -> Result<()> {
    let hostile: Arc<[u8]> = component()?.into();
    let budgets = Budgets::default();
    let host = open_with(cache, runner()?, budgets)?;
    let plugin = host.load(hostile.clone(), &grants()).await?;
    stops(&plugin, "plugin_stop_cpu_over", budgets.collect.cpu, StopReason::CpuTime).await?;

    let mut patient = budgets;
    patient.collect.wall = WALL;
    patient.collect.cpu = Duration::from_secs(10);
    let other = open_with(cache, runner()?, patient)?;
    let late = other.load(hostile, &grants()).await?;
    stops(&late, "plugin_stop_wall_over", WALL, StopReason::WallTime).await?;
    drop((late, other));

    let innocent = host.load(wasm.clone(), &grants()).await?;
    neighbours(&innocent, plugin).await
}

/// How long after its deadline each call was stopped.
async fn stops(plugin: &Plugin, name: &str, deadline: Duration, reason: StopReason) -> Result<()> {
    let mut over = Timings::default();
    for _ in 0..STOPS {
        let began = Instant::now();
        stop(plugin, reason).await?;
        over.push(began.elapsed().saturating_sub(deadline));
    }
    over.rows(name, Unit::Milliseconds);
    row(&format!("{name}_max"), over.quantile(1.0) * Unit::Milliseconds.per_second(), "ms");
    Ok(())
}

async fn stop(plugin: &Plugin, reason: StopReason) -> Result<()> {
    match plugin.collect(&CallContext::traced(grants()), &server()).await {
        Err(CallError::Stopped(stop)) if stop.reason == reason => Ok(()),
        other => Err(format!("the plugin that never ends answered {other:?}").into()),
    }
}

/// The same calls with nobody beside them, and with the hostile plugin's, by turns.
async fn neighbours(innocent: &Plugin, hostile: Plugin) -> Result<()> {
    calls(innocent, WARM, &mut Side::default()).await?;
    let (mut alone, mut beside) = (Side::default(), Side::default());
    for _ in 0..ROUNDS {
        calls(innocent, CALLS / ROUNDS, &mut alone).await?;
        let enough = Arc::new(AtomicBool::new(false));
        let running: Vec<_> = (0..RUNNING)
            .map(|_| {
                let (hostile, enough) = (hostile.clone(), enough.clone());
                tokio::spawn(async move {
                    while !enough.load(Ordering::Relaxed) {
                        stop(&hostile, StopReason::CpuTime).await?;
                    }
                    Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
                })
            })
            .collect();
        calls(innocent, BESIDE / ROUNDS, &mut beside).await?;
        enough.store(true, Ordering::Relaxed);
        for task in running {
            task.await??;
        }
    }
    alone.timings.rows("plugin_neighbour_alone", Unit::Microseconds);
    beside.timings.rows("plugin_neighbour_hostile", Unit::Microseconds);
    let ratio = beside.timings.quantile(0.99) / alone.timings.quantile(0.99);
    row("plugin_neighbour_p99_ratio", ratio, "x");
    Ok(())
}

fn component() -> Result<Vec<u8>> {
    let mut module = wat::parse_str(MODULE)?;
    let mut resolve = Resolve::default();
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/wit/since-v0.2");
    let (package, _) = resolve.push_dir(contract)?;
    let world = resolve.select_world(&[package], Some("collects"))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let mut component = ComponentEncoder::default().module(&module)?.encode()?;
    // A custom section, with the lengths of a manifest and of its name, which are in two bytes and in one.
    let name = b"gantry:manifest";
    let length = u16::try_from(1 + name.len() + MANIFEST.len())?;
    let low = u8::try_from(length & 0x7f)? | 0x80;
    component.extend([0, low, u8::try_from(length >> 7)?, u8::try_from(name.len())?]);
    component.extend(name);
    component.extend(MANIFEST.as_bytes());
    Ok(component)
}
