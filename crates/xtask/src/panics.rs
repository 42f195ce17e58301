//! No panic can be reached from an export of the limiter component, or of the plain module, unless memory
//! ends.
//!
//! Each is built as it is released, but for its panic handler, which calls an import. Every call
//! in that module is an edge of a graph. From the exports the import must not be reachable but through
//! the functions of the standard library that are listed here.

mod calls;

use anyhow::{Context as _, ensure};

use self::calls::Calls;
use crate::wasm::{self, Total};

/// The import that the panic handler calls.
const PANICKED: &str = "panicked";

/// Ways to a panic that no input opens, by parts of the names of functions.
const CLOSED: [&str; 5] = [
    // An allocation failed: the host gave too little memory. The second is what the standard library's
    // handler of that calls, and nothing else where debug assertions are off.
    "handle_alloc_error",
    "panic_nounwind_fmt",
    // An allocation failed, or is larger than the address space.
    "raw_vec12handle_error",
    "raw_vec17capacity_overflow",
    // Asserts that a vector has no more items than room for them.
    "RawVecInner$LT$A$GT$6shrink",
];

/// Builds the modules, and fails with a way to the panic handler if there is one.
pub(crate) fn check() -> anyhow::Result<()> {
    Total::ALL.into_iter().try_for_each(check_one)
}

fn check_one(total: Total) -> anyhow::Result<()> {
    let calls = Calls::read(&wasm::with_panic_import(total)?)?;
    let panicked = calls.import(PANICKED).context("the panic handler is not linked in")?;
    // A graph that lost its edges would pass as well.
    let everywhere = calls.reached(&[]);
    ensure!(everywhere.contains_key(&panicked), "nothing panics, not even where memory ends");
    let reached = calls.reached(&CLOSED);
    ensure!(!reached.contains_key(&panicked), "can panic:\n{}", calls.way(&reached, panicked));
    let file = total.file();
    println!("{file}: {} functions are reached from the exports, and no panic", reached.len());
    Ok(())
}
