//! The component in wasmtime.

use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::wasm;

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit/limiter", world: "limiter-component" });
}

pub(crate) use bindings::LimiterComponent;
pub(crate) use bindings::exports::tollgate::limiter as wit;

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
}

/// An id as the interface has it.
pub(crate) fn wit_id(id: tollgate_core::Id) -> wit::limiter::Id {
    let bits = id.as_u128();
    wit::limiter::Id { high: (bits >> 64) as u64, low: bits as u64 }
}
