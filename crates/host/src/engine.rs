//! The wasmtime engine, which compiles every guest and bounds it.

use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Enabled, Engine, PoolingAllocationConfig};

/// How long a guest may compute before it yields to others and to the check of its time limit.
pub const EPOCH_INTERVAL: Duration = Duration::from_millis(10);

/// What the pool reserves for one instance, which is composed of several core modules.
const MEMORIES_PER_INSTANCE: u32 = 4;
const TABLES_PER_INSTANCE: u32 = 8;
const STACKS_PER_INSTANCE: u32 = 4;
const CORE_INSTANCES_PER_INSTANCE: u32 = 32;

/// Bytes of a memory and of a table that are zeroed rather than returned to the system when an
/// instance ends. This makes a new instance a third cheaper.
const MEMORY_BYTES_KEPT: usize = 1 << 20;
const TABLE_BYTES_KEPT: usize = 64 << 10;

/// An engine with room for `instances_max` instances, each with memories of at most
/// `memory_bytes_max`. Guests yield every [`EPOCH_INTERVAL`]; compiled code is kept between starts.
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

/// Reserves address space (some gigabytes for each linear memory) but commits no memory.
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
        // Zeroes only pages that were written. Without it the first pages are zeroed, which in a
        // guest belong to its stack, most of which is never used.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Wasmtime's own cache of compiled code, below the user's cache folder. Without it starting only takes
/// longer.
fn compile_cache() -> Option<Cache> {
    match Cache::new(CacheConfig::new()) {
        Ok(cache) => Some(cache),
        Err(error) => {
            tracing::warn!("compiled code is not kept for the next start: {error:#}");
            None
        }
    }
}

/// Advances the epoch until the engine is gone. It has its own thread because a runtime whose workers
/// are all busy with guests could not do it.
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
