//! The wasmtime engine: what every guest is compiled and bounded by.

use std::sync::Weak;
use std::time::Duration;

use wasmtime::{Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy};
use wasmtime::{EngineWeak, PoolingAllocationConfig};

/// How often a guest that computes must give way to others, and to the check of its time limit.
pub const EPOCH_INTERVAL: Duration = Duration::from_millis(10);
