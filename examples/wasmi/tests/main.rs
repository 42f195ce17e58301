//! The module in wasmi: every shared vector, and what is refused.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod bad_input;
mod fields;
#[path = "../../../tests/vectors/format.rs"]
mod format;
#[path = "../../../tests/vectors/transcript.rs"]
mod transcript;
mod vectors;

use tollgate_example_wasmi::{Bounds, LimitFields, Limiter};

/// The bytes that `cargo xtask wasm` built.
fn module() -> Vec<u8> {
    let tests = std::env::current_exe().unwrap();
    let file = tests.ancestors().nth(3).unwrap().join("tollgate/module.wasm");
    std::fs::read(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; cargo xtask wasm makes it", file.display()))
}

fn limiter() -> Limiter {
    Limiter::new(&module(), Bounds::default()).unwrap()
}

/// Ten requests a second.
fn requests() -> LimitFields {
    let numbers = [10, 10, 1_000_000_000, 0, 0];
    LimitFields { name: "requests".into(), numbers, ..LimitFields::default() }
}
