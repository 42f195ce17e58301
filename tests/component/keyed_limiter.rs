//! An instance of the component whose keys live in its memory.

use tollgate_core::{Applied, Operation, Policy};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::wasm;

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/limiter", world: "keyed-limiter" });
}
#[path = "../../crates/component/to_wit.rs"]
mod to_wit;

use bindings::KeyedLimiter;
use bindings::exports::tollgate::limiter::keyed::Guest;
pub(crate) use bindings::exports::tollgate::limiter::{keyed as wit_keyed, limiter as wit};

/// What the limiters of these tests are opened with.
const SEED: u64 = 7;

/// An instance of the component.
pub(crate) struct Keyed {
    pub(crate) store: Store<()>,
    component: KeyedLimiter,
}

impl Keyed {
    pub(crate) fn new() -> Self {
        let mut config = Config::new();
        config.concurrency_support(false);
        let engine = Engine::new(&config).unwrap();
        let bytes = Component::new(&engine, wasm::bytes("keyed-limiter.wasm")).unwrap();
        let mut store = Store::new(&engine, ());
        let linker = Linker::new(&engine);
        let component = KeyedLimiter::instantiate(&mut store, &bytes, &linker).unwrap();
        Self { store, component }
    }

    /// The interface, and the store that it is called with.
    pub(crate) fn keyed(&mut self) -> (&Guest, &mut Store<()>) {
        (self.component.tollgate_limiter_keyed(), &mut self.store)
    }

    pub(crate) fn open_policy(&mut self, policy: &Policy) -> u32 {
        let limits: Vec<_> = policy.limits().iter().map(to_wit::limit).collect();
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_open_policy(&mut self.store, &limits).unwrap().unwrap()
    }

    pub(crate) fn close_policy(&mut self, policy: u32) {
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_close_policy(&mut self.store, policy).unwrap();
    }

    /// A limiter of this policy.
    pub(crate) fn open(&mut self, policy: &Policy, keys_max: u32) -> u32 {
        let policy = self.open_policy(policy);
        let (keyed, store) = self.keyed();
        keyed.call_open(store, policy, keys_max, SEED).unwrap().unwrap()
    }

    pub(crate) fn intern(
        &mut self,
        limiter: u32,
        name: &str,
        now: u64,
    ) -> Result<u64, wit_keyed::KeyedError> {
        let (keyed, store) = self.keyed();
        keyed.call_intern(store, limiter, name, now).unwrap()
    }

    pub(crate) fn acquire(
        &mut self,
        limiter: u32,
        key: u64,
        cost: u64,
        now: u64,
    ) -> Result<wit_keyed::Admission, wit_keyed::KeyedError> {
        let (keyed, store) = self.keyed();
        keyed.call_acquire(store, limiter, key, cost, now).unwrap()
    }

    pub(crate) fn acquire_batch(
        &mut self,
        limiter: u32,
        keys: &[u64],
        costs: &[u64],
        now: u64,
    ) -> Result<wit_keyed::Admissions, wit_keyed::KeyedError> {
        let (keyed, store) = self.keyed();
        keyed.call_acquire_batch(store, limiter, keys, costs, now).unwrap()
    }

    pub(crate) fn apply(
        &mut self,
        limiter: u32,
        key: u64,
        operation: &Operation,
        now: u64,
    ) -> Result<Applied, wit_keyed::KeyedError> {
        let operation = to_wit::operation(operation);
        let (keyed, store) = self.keyed();
        keyed.call_apply(store, limiter, key, &operation, now).unwrap().map(to_wit::applied)
    }
}
