//! What a plugin that never ends costs: how long after its deadline it is stopped, and what its neighbours notice meanwhile.

use super::{ROUNDS, Side, calls, grants, languages, open_with, runner, server};
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
/// Calls of a neighbour that hardly computes, in each round, alone and then beside: longer than the hostile calls take to begin,
/// to be stopped and to be made anew.
const LIGHT_CALLS: usize = 4_000;
/// Calls of one in Python, which computes for two milliseconds and asks twice.
const LONG_CALLS: usize = 100;
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

pub(super) async fn measure(cache: &Path, wasm: &Arc<[u8]>, examples: &Path) -> Result<()> {
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

    let light = host.load(wasm.clone(), &grants()).await?;
    neighbours("plugin_neighbour", &plugin, async |timings: &mut Timings| {
        let mut side = Side::default();
        calls(&light, LIGHT_CALLS, &mut side).await?;
        timings.extend(side.timings);
        Ok(())
    })
    .await?;
    let long = languages::load(&host, examples, "python").await?;
    neighbours("plugin_neighbour_python", &plugin, async |timings: &mut Timings| {
        languages::run(&long, LONG_CALLS, timings).await
    })
    .await
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
async fn neighbours(
    name: &str,
    hostile: &Plugin,
    calls: impl AsyncFn(&mut Timings) -> Result<()>,
) -> Result<()> {
    calls(&mut Timings::default()).await?;
    let (mut alone, mut beside) = (Timings::default(), Timings::default());
    for _ in 0..ROUNDS {
        calls(&mut alone).await?;
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
        calls(&mut beside).await?;
        enough.store(true, Ordering::Relaxed);
        for task in running {
            task.await??;
        }
    }
    let ratio = beside.quantile(0.99) / alone.quantile(0.99);
    for (side, timings) in [("alone", &mut alone), ("hostile", &mut beside)] {
        let name = format!("{name}_{side}");
        timings.rows(&name, Unit::Microseconds);
        row(
            &format!("{name}_p999"),
            timings.quantile(0.999) * Unit::Microseconds.per_second(),
            Unit::Microseconds.name(),
        );
    }
    row(&format!("{name}_p99_ratio"), ratio, "x");
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
