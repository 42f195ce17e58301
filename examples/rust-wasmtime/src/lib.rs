//! The limiter component in a program of its own, with an `Engine` of its own: no server, no store, no
//! waiting.

mod error;
mod limiter;

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated from WIT")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit/limiter", world: "only-limiter" });
}

pub use bindings::exports::tollgate::limiter::limiter as wit;
pub use error::Error;
pub use limiter::{Bounds, Limiter, LimiterComponent};
