//! The core for JavaScript. `npm/src` has the face that people see; nothing here is called by anybody
//! else, and nothing is decided here.
//!
//! What is called per decision crosses the border in numbers alone ([`table`]); what is called seldom
//! may be an object, a list or an error. On a target other than WebAssembly the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]

extern crate alloc;

mod answer;
mod convert;
mod decided;
mod legs;
mod machine;
mod operation;
mod policy;
mod policy_builder;
mod pool;
mod table;

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// Nothing here panics on any input; where memory ends, JavaScript sees a `WebAssembly.RuntimeError`.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
