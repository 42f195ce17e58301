//! An instance of the limiter component in wasmtime.

use tollgate_core::Policy;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::{to_wit, wasm};

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/limiter", world: "limiter-component" });
}

pub(crate) use bindings::LimiterComponent;
pub(crate) use bindings::exports::tollgate::limiter as interfaces;
pub(crate) use interfaces::limiter as wit;

/// An instance of the limiter component.
pub(crate) struct Limiter {
    pub(crate) store: Store<()>,
    pub(crate) component: LimiterComponent,
}

impl Limiter {
    pub(crate) fn new() -> Self {
        let mut config = Config::new();
        config.concurrency_support(false);
        let engine = Engine::new(&config).unwrap();
        let bytes = Component::new(&engine, wasm::bytes("limiter.wasm")).unwrap();
        let mut store = Store::new(&engine, ());
        let linker = Linker::new(&engine);
        let component = LimiterComponent::instantiate(&mut store, &bytes, &linker).unwrap();
        Self { store, component }
    }

    pub(crate) fn open(&mut self, policy: &Policy) -> u32 {
        let limits: Vec<_> = policy.limits().iter().map(to_wit::limit).collect();
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_open_policy(&mut self.store, &limits).unwrap().unwrap()
    }

    pub(crate) fn apply(
        &mut self,
        policy: u32,
        record: Option<&[u8]>,
        operation: &wit::Operation,
        now: u64,
    ) -> Result<wit::Decision, wit::DecideError> {
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_apply(&mut self.store, policy, record, operation, now).unwrap()
    }

    pub(crate) fn decide_batch(
        &mut self,
        policy: u32,
        batch: &wit::Batch,
    ) -> Result<wit::BatchDecisions, wit::DecideError> {
        let limiter = self.component.tollgate_limiter_limiter();
        limiter.call_decide_batch(&mut self.store, policy, batch).unwrap()
    }

    pub(crate) fn capacity(
        &mut self,
        policy: u32,
        record: &[u8],
        limit: u32,
        now: u64,
    ) -> Option<wit::Capacity> {
        let limiter = self.component.tollgate_limiter_limiter();
        let capacity = limiter.call_capacity_of(&mut self.store, policy, Some(record), limit, now);
        capacity.unwrap().unwrap()
    }
}

/// A request that is charged these costs.
pub(crate) fn charge(costs: &[u64]) -> wit::Operation {
    let costs = costs.to_vec();
    wit::Operation::Acquire(wit::Acquire { costs, share_permille: 1_000, hold: None, once: None })
}

/// An id as the interface has it.
pub(crate) fn wit_id(id: tollgate_core::Id) -> wit::Id {
    let bits = id.as_u128();
    wit::Id { high: (bits >> 64) as u64, low: bits as u64 }
}
