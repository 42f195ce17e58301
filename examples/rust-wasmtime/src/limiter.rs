//! The component, compiled, and instances of it.

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store, StoreLimits, StoreLimitsBuilder};

use crate::bindings::{OnlyLimiter, OnlyLimiterPre};
use crate::error::Error;
use crate::wit;

/// What an instance may use.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of memory.
    pub memory_bytes: usize,
    /// How often [`LimiterComponent::tick`] may be called before a call in progress is ended.
    pub deadline_ticks: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { memory_bytes: 16 << 20, deadline_ticks: 2 }
    }
}

/// The component, compiled.
#[derive(Clone)]
pub struct LimiterComponent {
    engine: Engine,
    instance: OnlyLimiterPre<StoreLimits>,
}

impl LimiterComponent {
    /// Compiles the bytes of `limiter.wasm`.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        let mut config = Config::new();
        // Nothing in a limiter waits, and the bookkeeping for tasks would cost more than the call.
        config.concurrency_support(false);
        config.epoch_interruption(true);
        let engine = Engine::new(&config).map_err(Error::NoComponent)?;
        let component = Component::new(&engine, bytes).map_err(Error::NoComponent)?;
        // It imports nothing, so nothing is linked.
        let instance = Linker::new(&engine).instantiate_pre(&component);
        let instance = OnlyLimiterPre::new(instance.map_err(Error::OtherVersion)?);
        Ok(Self { engine, instance: instance.map_err(Error::OtherVersion)? })
    }

    /// What a program calls every so often, from a thread of its own: each is a tick of the deadlines.
    pub fn tick(&self) {
        self.engine.increment_epoch();
    }

    /// An instance, for one thread at a time.
    pub fn start(&self, bounds: Bounds) -> Result<Limiter, Error> {
        let limits = StoreLimitsBuilder::new().memory_size(bounds.memory_bytes).build();
        let mut store = Store::new(&self.engine, limits);
        store.limiter(|limits| limits);
        store.set_epoch_deadline(bounds.deadline_ticks);
        let component = self.instance.instantiate(&mut store).map_err(Error::OutOfMemory)?;
        Ok(Limiter { store, component, deadline_ticks: bounds.deadline_ticks })
    }
}

/// An instance of the component.
pub struct Limiter {
    store: Store<StoreLimits>,
    component: OnlyLimiter,
    deadline_ticks: u64,
}

impl Limiter {
    /// Opens a policy; answers its id.
    pub fn open(&mut self, limits: &[wit::Limit]) -> Result<u32, Error> {
        self.store.set_epoch_deadline(self.deadline_ticks);
        let limiter = self.component.tollgate_limiter_limiter();
        let opened = limiter.call_open_policy(&mut self.store, limits);
        opened.map_err(Error::trapped)?.map_err(Error::Policy)
    }

    /// Does `operation` to a record at `now_ns`; to none of a key that was never seen.
    pub fn apply(
        &mut self,
        policy: u32,
        record: Option<&[u8]>,
        operation: &wit::Operation,
        now_ns: u64,
    ) -> Result<wit::Decision, Error> {
        self.store.set_epoch_deadline(self.deadline_ticks);
        let limiter = self.component.tollgate_limiter_limiter();
        let decided = limiter.call_apply(&mut self.store, policy, record, operation, now_ns);
        decided.map_err(Error::trapped)?.map_err(Error::Decide)
    }

    /// What is in force for the adaptive limit at this position; none for any other.
    pub fn capacity_of(
        &mut self,
        policy: u32,
        record: &[u8],
        limit: u32,
        now_ns: u64,
    ) -> Result<Option<wit::Capacity>, Error> {
        self.store.set_epoch_deadline(self.deadline_ticks);
        let limiter = self.component.tollgate_limiter_limiter();
        let said = limiter.call_capacity_of(&mut self.store, policy, Some(record), limit, now_ns);
        said.map_err(Error::trapped)?.map_err(Error::Decide)
    }
}
