//! An instance of the component whose keys live in a store, and a store for it that breaks where it is
//! told to.

use std::collections::HashMap;

use tollgate_core::{Applied, Operation, Policy};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Store};

use crate::wasm;

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/limiter", world: "stored-limiter" });
}
#[path = "../../crates/component/to_wit.rs"]
mod to_wit;

pub(crate) use bindings::StoredLimiter;
pub(crate) use bindings::exports::tollgate::limiter::{limiter as wit, stored as wit_stored};
pub(crate) use bindings::tollgate::limiter::store::{self as wit_store, StoreError, Swapped};

/// What is wrong with a store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It can't load.
    Load(StoreError),
    /// It can't swap; whether it wrote before it said so.
    Swap(StoreError, bool),
    /// Others are faster so many times.
    Conflicts(u32),
}

/// A store in memory, and what was asked of it.
pub(crate) struct FakeStore {
    pub(crate) records: HashMap<String, Vec<u8>>,
    pub(crate) fault: Fault,
    /// How far each wait moves the clock.
    pub(crate) wait_ns: u64,
    pub(crate) now_ns: u64,
    pub(crate) loads: u32,
    pub(crate) swaps: u32,
    pub(crate) waits: Vec<u32>,
    pub(crate) forget_after_ns: u64,
}

impl wit_store::Host for FakeStore {
    fn load(&mut self, key: String) -> Result<Option<Vec<u8>>, StoreError> {
        self.loads += 1;
        match self.fault {
            Fault::Load(error) => Err(error),
            _ => Ok(self.records.get(&key).cloned()),
        }
    }

    fn swap(
        &mut self,
        key: String,
        before: Option<Vec<u8>>,
        after: Vec<u8>,
        forget_after: u64,
    ) -> Result<Swapped, StoreError> {
        self.swaps += 1;
        self.forget_after_ns = forget_after;
        assert_eq!(self.records.get(&key), before.as_ref(), "what was loaded is what is replaced");
        match &mut self.fault {
            Fault::Swap(error, false) => return Err(*error),
            Fault::Conflicts(left) if *left > 0 => {
                *left -= 1;
                return Ok(Swapped::Conflict);
            }
            _ => {}
        }
        self.records.insert(key, after);
        match self.fault {
            Fault::Swap(error, _) => Err(error),
            _ => Ok(Swapped::Done),
        }
    }

    fn wait(&mut self, attempt: u32) -> u64 {
        self.waits.push(attempt);
        self.now_ns = self.now_ns.saturating_add(self.wait_ns);
        self.now_ns
    }
}

/// An instance of the component over a store.
pub(crate) struct Stored {
    pub(crate) store: Store<FakeStore>,
    component: StoredLimiter,
}

impl Stored {
    pub(crate) fn new() -> Self {
        let engine = engine();
        let bytes = Component::new(&engine, wasm::bytes("stored-limiter.wasm")).unwrap();
        let mut linker = Linker::new(&engine);
        wit_store::add_to_linker::<_, HasSelf<_>>(&mut linker, |store| store).unwrap();
        let store = FakeStore {
            records: HashMap::new(),
            fault: Fault::None,
            wait_ns: 0,
            now_ns: 0,
            loads: 0,
            swaps: 0,
            waits: Vec::new(),
            forget_after_ns: 0,
        };
        let mut store = Store::new(&engine, store);
        let component = StoredLimiter::instantiate(&mut store, &bytes, &linker).unwrap();
        Self { store, component }
    }

    pub(crate) fn open_policy(&mut self, policy: &Policy) -> u32 {
        let limits: Vec<_> = policy.limits().iter().map(to_wit::limit).collect();
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_open_policy(&mut self.store, &limits).unwrap().unwrap()
    }

    pub(crate) fn apply(
        &mut self,
        policy: u32,
        key: &str,
        operation: &Operation,
        now: u64,
    ) -> Result<Applied, wit_stored::StoredError> {
        self.store.data_mut().now_ns = now;
        let operation = to_wit::operation(operation);
        let stored = self.component.tollgate_limiter_stored();
        stored
            .call_apply(&mut self.store, policy, key, &operation, now)
            .unwrap()
            .map(to_wit::applied)
    }
}

/// Nothing in a limiter waits but its host.
pub(crate) fn engine() -> Engine {
    let mut config = Config::new();
    config.concurrency_support(false);
    Engine::new(&config).unwrap()
}
