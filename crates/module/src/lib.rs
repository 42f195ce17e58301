//! The core as a plain WebAssembly module without imports, for hosts without components
//! (documented in `docs/module.md`).
//!
//! Nothing is decided here: numbers are read from the exchange, the core is called, its answer is written
//! back. On targets other than WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod answer;
mod error;
mod exchange;
mod exports;
#[path = "../../component/guest.rs"]
mod guest;
mod limit;
mod operation;
mod slots;
mod state;
