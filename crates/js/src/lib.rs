//! The core for JavaScript. The public API is in `npm/src`, the only caller of this crate; nothing is
//! decided here.
//!
//! Calls made per decision pass only numbers ([`table`]); rare calls may pass an object, a list or an
//! error. On targets other than WebAssembly the crate is empty.
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
