//! The machines that work on several keys of a store, for JavaScript. `npm/src/acquisition.ts` drives them
//! and is the only caller.
//! A separate module, so that limiters in memory need not load it. It decides nothing: the module that has
//! the policies does ([`decider`]). On targets other than WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod decider;
mod legs;
mod machine;
