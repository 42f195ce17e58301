//! What can go wrong, and what to do about it.

use crate::wit;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no component.
    #[error("this is no WebAssembly component; `cargo xtask wasm` makes limiter.wasm")]
    NoComponent(#[source] wasmtime::Error),
    /// The component has another interface.
    #[error(
        "this component does not export tollgate:limiter/limiter@0.1.0 alone: take limiter.wasm of the same release"
    )]
    OtherVersion(#[source] wasmtime::Error),
    /// The component has used all memory that it was given.
    #[error("all memory is used: raise `memory_bytes`; the instance is gone, make a new one")]
    OutOfMemory(#[source] wasmtime::Error),
    /// A call took too long.
    #[error(
        "a call took longer than its deadline: raise `deadline_ticks`; the instance is gone, make a new one"
    )]
    DeadlineExceeded(#[source] wasmtime::Error),
    /// The policy can't be.
    #[error("the policy is refused: {0:?}")]
    Policy(wit::OpenError),
    /// The request can't be decided on. Nothing was charged.
    #[error("the request is refused: {0:?}")]
    Decide(wit::DecideError),
}

impl Error {
    /// Of a call that ended without an answer.
    pub(crate) fn trapped(error: wasmtime::Error) -> Self {
        match error.downcast_ref::<wasmtime::Trap>() {
            Some(wasmtime::Trap::Interrupt) => Self::DeadlineExceeded(error),
            // The component never traps but where memory ends.
            _ => Self::OutOfMemory(error),
        }
    }
}
