//! What the second wall costs: the same call with the guest in this process and in the child, by turns; the first call when there
//! is no child, which starts it; and the memory of a child that has served one plugin.

use super::{CALLS, PEOPLE, ROUNDS, Side, WARM, calls, calls_answered, open, open_with, runner};
use crate::{
    process::pss_mib,
    row::{Result, Unit, row},
};
use gantry_host::{Budgets, Plugin};
use std::{path::Path, sync::Arc, time::Duration};

const STARTS: usize = 20;
const IDLE: Duration = Duration::from_millis(20);

pub(super) async fn measure(cache: &Path, wasm: &Arc<[u8]>, within: &Plugin) -> Result<()> {
    let host = open(cache, runner()?)?;
    let beyond = host.load(wasm.clone(), &super::grants()).await?;
    calls(&beyond, WARM, &mut Side::default()).await?;
    let (mut one, mut other) = (Side::default(), Side::default());
    for _ in 0..ROUNDS {
        calls(within, CALLS / ROUNDS, &mut one).await?;
        calls(&beyond, CALLS / ROUNDS, &mut other).await?;
    }
    let near = one.rows("plugin_call_within");
    let extra = other.rows("plugin_call_wall") - near;
    row("plugin_call_wall_extra", extra * 1e6, "us");
    // The first asks its game twice, as it does where it may have bots.
    let (mut one, mut other) = (Side::default(), Side::default());
    for _ in 0..ROUNDS {
        calls_answered(within, PEOPLE, CALLS / ROUNDS, &mut one).await?;
        calls_answered(&beyond, PEOPLE, CALLS / ROUNDS, &mut other).await?;
    }
    let near = one.rows("plugin_call_once_within");
    let extra = other.rows("plugin_call_once_wall") - near;
    row("plugin_call_once_wall_extra", extra * 1e6, "us");
    let runner = host.runner_pid().ok_or("plugins do not run in a process of their own")?;
    row("plugin_runner_memory", pss_mib(runner)?, "MiB");
    first_calls(cache, wasm).await
}

/// Each of them finds no child, because nobody called for a while.
async fn first_calls(cache: &Path, wasm: &Arc<[u8]>) -> Result<()> {
    let mut budgets = Budgets::default();
    budgets.concurrency.idle = IDLE;
    let host = open_with(cache, runner()?, budgets)?;
    let plugin = host.load(wasm.clone(), &super::grants()).await?;
    let mut first = Side::default();
    for _ in 0..STARTS {
        while host.runner_pid().is_some() {
            tokio::time::sleep(IDLE / 4).await;
        }
        calls(&plugin, 1, &mut first).await?;
    }
    first.timings.rows("plugin_first_call", Unit::Milliseconds);
    Ok(())
}
