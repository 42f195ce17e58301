//! No panic can be reached from an export of the limiter component, in any of its worlds, or of the plain
//! module, unless memory ends.
//!
//! Each is built as it is released, but for its panic handler, which calls an import. Every call in that
//! module is an edge of a graph. From the exports the import must not be reachable but through
//! the functions of the standard library that are listed here.

mod calls;

use anyhow::{Context as _, ensure};

use self::calls::Calls;
use crate::wasm;

/// The import that the panic handler calls.
const PANICKED: &str = "panicked";

/// Ways to a panic that no input opens, by parts of the names of functions.
const CLOSED: [&str; 6] = [
    // An allocation failed: the host gave too little memory. The second is what the standard library's
    // handler of that calls, and nothing else where debug assertions are off.
    "handle_alloc_error",
    "panic_nounwind_fmt",
    // An allocation failed, or is larger than the address space.
    "raw_vec12handle_error",
    "raw_vec17capacity_overflow",
    // The same of a table of hashes, within what makes it larger.
    "hashbrown3raw21RawTable$LT$T$C$A$GT$14reserve_rehash",
    // Asserts that a vector has no more items than room for them.
    "RawVecInner$LT$A$GT$6shrink",
];

/// Builds the modules, and fails with a way to the panic handler if there is one.
pub(crate) fn check() -> anyhow::Result<()> {
    for (name, module) in wasm::with_panic_imports()? {
        let functions = check_module(&module).with_context(|| name)?;
        println!("{name}: {functions} functions are reached from the exports, and no panic");
    }
    Ok(())
}

/// Says how many functions are reached.
fn check_module(module: &[u8]) -> anyhow::Result<usize> {
    let calls = Calls::read(module)?;
    let panicked = calls.import(PANICKED).context("the panic handler is not linked in")?;
    // A graph that lost its edges would pass as well.
    let everywhere = calls.reached(&[]);
    ensure!(everywhere.contains_key(&panicked), "nothing panics, not even where memory ends");
    let reached = calls.reached(&CLOSED);
    ensure!(!reached.contains_key(&panicked), "can panic:\n{}", calls.way(&reached, panicked));
    Ok(reached.len())
}
