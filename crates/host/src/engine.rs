//! The wasmtime engine: what every guest is compiled and bounded by.

use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Enabled, Engine, PoolingAllocationConfig};

/// How long a guest may compute before it gives way to others, and to the check of its time limit.
pub const EPOCH_INTERVAL: Duration = Duration::from_millis(10);

/// Parts of one instance, composed of several core modules, that the pool has room for.
const MEMORIES_PER_INSTANCE: u32 = 4;
const TABLES_PER_INSTANCE: u32 = 8;
const STACKS_PER_INSTANCE: u32 = 4;
const CORE_INSTANCES_PER_INSTANCE: u32 = 32;

/// Bytes of a memory and of a table that are zeroed rather than given back to the system, when an
/// instance ends. It makes a new instance a third cheaper.
const MEMORY_BYTES_KEPT: usize = 1 << 20;
const TABLE_BYTES_KEPT: usize = 64 << 10;

/// An engine with room for `instances_max` instances, each with memories of at most
/// `memory_bytes_max`. Guests give way every [`EPOCH_INTERVAL`]; compiled code is kept between starts.
///
/// # Errors
/// When this machine can't run compiled WebAssembly.
pub fn engine(instances_max: u32, memory_bytes_max: usize) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    config.cache(compile_cache());
    let mut pooled = config.clone();
    pooled.allocation_strategy(pool(instances_max, memory_bytes_max));
    let engine = Engine::new(&pooled).or_else(|error| {
        tracing::warn!("instances cost more than they need, the pool can't be made: {error:#}");
        Engine::new(&config)
    })?;
    tick(&engine);
    Ok(engine)
}

/// Reserves address space, some gigabytes for each memory, but no memory.
fn pool(instances_max: u32, memory_bytes_max: usize) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances_max)
        .total_core_instances(instances_max.saturating_mul(CORE_INSTANCES_PER_INSTANCE))
        .total_memories(instances_max.saturating_mul(MEMORIES_PER_INSTANCE))
        .total_tables(instances_max.saturating_mul(TABLES_PER_INSTANCE))
        .total_stacks(instances_max.saturating_mul(STACKS_PER_INSTANCE))
        .max_memory_size(memory_bytes_max)
        .linear_memory_keep_resident(MEMORY_BYTES_KEPT)
        .table_keep_resident(TABLE_BYTES_KEPT)
        // Only pages that were written are zeroed: without it those that come first are, and in a
        // guest these are of its stack, most of which is never used.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Where wasmtime itself keeps compiled code, below the user's cache folder. Without it the start takes
/// longer, and that is all.
fn compile_cache() -> Option<Cache> {
    match Cache::new(CacheConfig::new()) {
        Ok(cache) => Some(cache),
        Err(error) => {
            tracing::warn!("compiled code is not kept for the next start: {error:#}");
            None
        }
    }
}

/// Counts epochs until the engine is gone, from a thread of its own: a runtime whose workers are all
/// busy with guests could not.
fn tick(engine: &Engine) {
    let engine = engine.weak();
    std::thread::spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH_INTERVAL);
        }
    });
}
