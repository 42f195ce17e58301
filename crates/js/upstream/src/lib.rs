//! What callers of an upstream share, for JavaScript: cooldowns, barriers, and what response headers say.
//! `npm/src/upstream` has the face that people see; nothing here is called by anybody else.
//!
//! It is a module of its own, since who limits their own callers needs none of it. On a target other than
//! WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod answer;
mod barrier;
mod cooldown;
mod feedback;
