//! The two engines: one that runs guests, one in the compiler child that makes code for it.
//!
//! Both share every setting that shapes code, so that what the child makes is what the host loads. Cranelift is the
//! only compiler that is built in. Whatever a plugin does not need is off, because each feature is attack surface.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::budgets::{Concurrency, MEMORY_CEILING_BYTES};
use crate::error::HostError;

/// Stack of a guest; deeper recursion traps.
const WASM_STACK_BYTES: usize = 512 * 1024;
/// The guest's stack and what host functions use above it.
const FIBER_STACK_BYTES: usize = 1024 * 1024;

// A component is made of modules. In one of Rust there are 3; around QuickJS and its stand-ins for WASI 13, with 3 memories;
// around CPython, whose libraries are modules of their own, 38. These are places in the pool: what a call may use of memory,
// all of its memories together, is its budget.
pub(crate) const MEMORIES_PER_COMPONENT: u32 = 4;
const TABLES_PER_COMPONENT: u32 = 16;
const CORE_INSTANCES_PER_COMPONENT: u32 = 48;
/// Entries of one table; a large interpreter has a few thousand functions.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;
const INSTANCE_METADATA_BYTES: usize = 1024 * 1024;
/// Pages that a guest wrote and that its slot keeps, put back to what they were. A quarter of it was too little for
/// OpenArena's collector, half of it for one in QuickJS, which took a quarter longer; more helps neither.
/// A slot that was used once keeps them for as long as the process lives.
const MEMORY_KEPT_BYTES: usize = 256 * 1024;
const TABLE_KEPT_BYTES: usize = 16 * 1024;

fn shared() -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .memory_init_cow(true)
        .wasm_memory64(false)
        .relaxed_simd_deterministic(true);
    config
}

/// The engine of the compiler child. It makes code and never runs any.
pub(crate) fn for_compiler() -> wasmtime::Result<Engine> {
    Engine::new(&shared())
}

/// The engine that guests run in: a pool of slots where the address space allows it, memory on demand where not.
pub(crate) fn for_guests(concurrency: &Concurrency) -> Result<Engine, HostError> {
    let mut config = shared();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(concurrency.instances)));
    match Engine::new(&config) {
        Ok(engine) => Ok(engine),
        // The pool reserves 4 GiB of addresses for each memory; a limit on address space forbids that.
        Err(cause) => {
            tracing::warn!(error = %format!("{cause:#}"), "plugins run without a memory pool; calls are slower");
            Engine::new(&shared())
                .map_err(|source| HostError::Engine { context: "cannot be started on this machine", source })
        }
    }
}

/// Every component can have its full share at the same time, so no plugin can exhaust the pool for another.
fn pool(instances: u32) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_stacks(instances)
        .total_core_instances(instances * CORE_INSTANCES_PER_COMPONENT)
        .total_memories(instances * MEMORIES_PER_COMPONENT)
        .total_tables(instances * TABLES_PER_COMPONENT)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_memories_per_module(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_component_instance_size(INSTANCE_METADATA_BYTES)
        .max_core_instance_size(INSTANCE_METADATA_BYTES)
        .max_memory_size(MEMORY_CEILING_BYTES)
        .table_elements(TABLE_ELEMENTS)
        // Where the kernel cannot say which pages were written, keeping some means to rewrite and to hold all of them.
        .linear_memory_keep_resident(0)
        .table_keep_resident(0);
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        // A page that stays need not be faulted in anew.
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(MEMORY_KEPT_BYTES)
            .table_keep_resident(TABLE_KEPT_BYTES);
    }
    pool
}

/// What code must have been made for to fit this engine: all settings, the compiler's version and the processor.
pub(crate) fn identity(engine: &Engine) -> [u8; 32] {
    use std::hash::Hash as _;
    let mut hasher = Fingerprint(blake3::Hasher::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    *hasher.0.finalize().as_bytes()
}

/// Collects what a value feeds to a hasher, so that 256 bits of it can be kept.
struct Fingerprint(blake3::Hasher);

impl std::hash::Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Unused: the fingerprint is read from the inner hasher.
    fn finish(&self) -> u64 {
        0
    }
}
