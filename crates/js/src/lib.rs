//! The core for JavaScript. `npm/src` has the face that people see; nothing here is called by anybody
//! else, and nothing is decided here.
//!
//! What is called per decision crosses the border in numbers alone ([`table`]); what is called seldom
//! may be an object, a list or an error. On a target other than WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod answer;
mod decided;
mod operation;
mod policy;
mod policy_builder;
mod pool;
mod table;
