//! What the second wall costs: the same call with the guest in this process and in the child, by turns.

use super::{CALLS, ROUNDS, Side, WARM, calls, open, runner};
use crate::row::{Result, row};
use gantry_host::Plugin;
use std::{path::Path, sync::Arc};

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
    Ok(())
}
