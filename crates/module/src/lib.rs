//! The core as a plain WebAssembly module without imports, for hosts that know no components
//! (`docs/module.md` is its documentation).
//!
//! Nothing is decided here. Numbers are read from the exchange, the core is asked, its answer is written
//! back. On a target other than WebAssembly the crate is empty.
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
