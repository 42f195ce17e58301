//! Cooldowns, barriers and feedback from response headers, for JavaScript. `npm/src/upstream` is the public
//! API, and the only caller.
//! A separate module, since limiting one's own callers needs none of it. On targets other than WebAssembly
//! the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod answer;
mod barrier;
mod cooldown;
mod feedback;
