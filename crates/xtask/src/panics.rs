//! Checks that no panic is reachable from an export of the limiter component, in any of its worlds, or of
//! the plain module, unless memory runs out.
//!
//! Each is built as released, except that its panic handler calls an import. The calls in that module are
//! the edges of a graph, in which the import must be reachable from the exports only through the
//! standard library's functions listed here.

mod calls;

use anyhow::{Context as _, ensure};

use self::calls::Calls;
use crate::wasm;

/// The import that the panic handler calls.
const PANICKED: &str = "panicked";

/// Paths to a panic that no input can trigger, by substrings of function names.
const CLOSED: [&str; 6] = [
    // An allocation failed: the host gave too little memory. The second is called by the standard
    // library's handler for that, and by nothing else where debug assertions are off.
    "handle_alloc_error",
    "panic_nounwind_fmt",
    // An allocation failed, or is larger than the address space.
    "raw_vec12handle_error",
    "raw_vec17capacity_overflow",
    // The same for a hash table, inside the function that grows it.
    "hashbrown3raw21RawTable$LT$T$C$A$GT$14reserve_rehash",
    // Asserts that a vector's length does not exceed its capacity.
    "RawVecInner$LT$A$GT$6shrink",
];

/// Builds the modules, and fails with the path to the panic handler if there is one.
pub(crate) fn check() -> anyhow::Result<()> {
    for (name, module) in wasm::with_panic_imports()? {
        let functions = check_module(&module).with_context(|| name)?;
        println!("{name}: {functions} functions are reached from the exports, and no panic");
    }
    Ok(())
}

/// Returns how many functions are reached.
fn check_module(module: &[u8]) -> anyhow::Result<usize> {
    let calls = Calls::read(module)?;
    let panicked = calls.import(PANICKED).context("the panic handler is not linked in")?;
    // A graph without edges would pass, too.
    let everywhere = calls.reached(&[]);
    ensure!(everywhere.contains_key(&panicked), "nothing panics, not even where memory ends");
    let reached = calls.reached(&CLOSED);
    ensure!(!reached.contains_key(&panicked), "can panic:\n{}", calls.way(&reached, panicked));
    Ok(reached.len())
}
