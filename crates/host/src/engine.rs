//! The wasmtime engine: what every guest is compiled and bounded by.

use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine};

/// How long a guest may compute before it gives way to others, and to the check of its time limit.
pub const EPOCH_INTERVAL: Duration = Duration::from_millis(10);

/// An engine whose guests give way every [`EPOCH_INTERVAL`], with compiled code cached between starts.
///
/// # Errors
/// When this machine can't run compiled WebAssembly.
pub fn engine() -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    config.epoch_interruption(true);
    config.cache(compile_cache());
    let engine = Engine::new(&config)?;
    tick(&engine);
    Ok(engine)
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
