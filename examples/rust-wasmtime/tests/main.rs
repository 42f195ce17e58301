//! The component in wasmtime: every shared vector, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bad_input;
#[path = "../../../tests/vectors/component_said.rs"]
mod component_said;
#[path = "../../../tests/vectors/format.rs"]
mod format;
#[path = "../../../crates/component/to_wit.rs"]
mod to_wit;
#[path = "../../../tests/vectors/transcript.rs"]
mod transcript;
mod vectors;

use tollgate_example_rust_wasmtime::{LimiterComponent, wit};

/// The bytes of a file that `cargo xtask wasm` built.
fn bytes(name: &str) -> Vec<u8> {
    let tests = std::env::current_exe().unwrap();
    let file = tests.ancestors().nth(3).unwrap().join("tollgate").join(name);
    std::fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; cargo xtask wasm makes it", file.display()))
}

fn component() -> LimiterComponent {
    LimiterComponent::new(&bytes("limiter.wasm")).unwrap()
}
