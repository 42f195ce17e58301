//! The machines that work on several keys of a store, for JavaScript. `npm/src/acquisition.ts` drives them;
//! nothing here is called by anybody else.
//!
//! It is a module of its own, which who limits in memory never loads. So it decides nothing: the module that
//! has the policies does ([`decider`]). On a target other than WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod decider;
mod legs;
mod machine;
