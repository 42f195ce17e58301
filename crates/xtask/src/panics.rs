//! No panic can be reached from an export of the limiter component, unless memory ends.
//!
//! The limiter is built as it is released, but for its panic handler, which calls an import. Every call
//! in that module is an edge of a graph. From the exports the import must not be reachable but through
//! the functions that the standard library calls where memory ends: an allocation failed, or is larger
//! than the address space.

mod calls;

use anyhow::{Context as _, ensure};

use self::calls::Calls;
use crate::wasm;

/// The import that the panic handler calls.
const PANICKED: &str = "panicked";

/// Where memory ends, by parts of their names.
const OUT_OF_MEMORY: [&str; 3] =
    ["handle_alloc_error", "raw_vec12handle_error", "capacity_overflow"];

/// Builds the module, and fails with a way to the panic handler if there is one.
pub(crate) fn check() -> anyhow::Result<()> {
    let calls = Calls::read(&wasm::limiter_with_panic_import()?)?;
    let panicked = calls.import(PANICKED).context("the panic handler is not linked in")?;
    // A graph that lost its edges would pass as well.
    let everywhere = calls.reached(&[]);
    ensure!(everywhere.contains_key(&panicked), "nothing panics, not even where memory ends");
    let reached = calls.reached(&OUT_OF_MEMORY);
    ensure!(!reached.contains_key(&panicked), "can panic:\n{}", calls.way(&reached, panicked));
    println!("{} functions are reached from the exports, and no panic", reached.len());
    Ok(())
}
